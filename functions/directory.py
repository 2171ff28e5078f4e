"""The brand's own directory sends its ambassadors (REG-2, DEL-2): a batch a call, an answer a row."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import Field, StringConstraints, field_validator

from functions.accounts import DateOfBirth, PostalAddress, a_day_in_the_past
from functions.http import ROWS_LIMIT, Answer, Body, ShortText, answer, operation, parse
from functions.identity import api_key
from functions.rows import ROWS_A_CALL, RowError, key_of, read_rows, shown_errors
from functions.sync import DeletedContact as DeletedAmbassador
from functions.sync import Key, SyncRows
from shared.domain.ambassador import Address, Gender
from shared.domain.api_keys import ApiScope
from shared.domain.directory import DirectoryAnswer, DirectoryResult, DirectoryRow
from shared.domain.errors import FieldError
from shared.usecases.sync_ambassadors import delete_ambassadors, upsert_ambassadors


class DirectoryAmbassador(Body):
    """One ambassador. What is left out stays as it is, null empties a field that may be empty."""

    key: Key
    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)] | None = None
    customer_id: ShortText | None = None
    gender: Literal["female", "male", "other", "undisclosed"] | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    language: Literal["en", "fr"] | None = None
    date_of_birth: DateOfBirth | None = None
    address: PostalAddress | None = None
    position: ShortText | None = None

    @field_validator("date_of_birth")
    @classmethod
    def _in_the_past(cls, value: str | None) -> str | None:
        return a_day_in_the_past(value)

    def row(self) -> DirectoryRow:
        """What the row says."""
        fields = {name: getattr(self, name) for name in self.model_fields_set - {"key"}}
        if self.gender:
            fields["gender"] = Gender(self.gender)
        if "address" in fields:
            fields["address"] = Address(**self.address.model_dump()) if self.address else Address()
        return DirectoryRow(self.key, fields)


class DirectoryBody(Body):
    """Deletions are done after the rest."""

    upserts: list[DirectoryAmbassador] = Field(default=[], max_length=ROWS_A_CALL)
    deletes: list[DeletedAmbassador] = Field(default=[], max_length=ROWS_A_CALL)


class DirectoryRowAnswer(Answer):
    """What became of one row; `key` is null where the row had none that can be repeated."""

    key: str | None
    result: DirectoryResult
    ambassador_id: str | None
    errors: list[RowError]


class DirectoryAnswers(Answer):
    """An answer for each row in the order they were sent: the upserts, then the deletes."""

    items: list[DirectoryRowAnswer]


@operation(auth="api_key", body=DirectoryBody, up_to=ROWS_LIMIT, answers={200: DirectoryAnswers})
async def sync_ambassadors(req: func.HttpRequest) -> func.HttpResponse:
    """Brings accounts up to date or ends them, as the brand's directory has them; no account is made without accepted terms."""
    brand = await api_key(req, ApiScope.SYNC)
    body = parse(req, SyncRows)
    deletes = list(read_rows(body.deletes, DeletedAmbassador))
    upserts = list(read_rows(body.upserts, DirectoryAmbassador))
    taken = await upsert_ambassadors(brand, [row.row() for row in upserts if isinstance(row, DirectoryAmbassador)])
    deleted = await delete_ambassadors(brand, [row.key for row in deletes if isinstance(row, DeletedAmbassador)])
    items = [*_answers(body.upserts, upserts, taken), *_answers(body.deletes, deletes, deleted)]
    return answer(200, DirectoryAnswers(items=items))


def _answers(
    sent: Sequence[Any], read: Sequence[Body | tuple[FieldError, ...]], done: Sequence[DirectoryAnswer]
) -> list[DirectoryRowAnswer]:
    """The answers to all rows, also to those that could not be read."""
    answers = iter(done)
    return [
        _row(
            key_of(row, "key"),
            DirectoryAnswer(DirectoryResult.REFUSED, errors=said) if isinstance(said, tuple) else next(answers),
        )
        for row, said in zip(sent, read, strict=True)
    ]


def _row(key: str | None, row: DirectoryAnswer) -> DirectoryRowAnswer:
    return DirectoryRowAnswer(key=key, result=row.result, ambassador_id=row.ambassador, errors=shown_errors(row.errors))
