"""The brand's own database sends its contacts (COL-3, COL-12): a batch a call, an answer a row."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import azure.functions as func
from pydantic import Field, StringConstraints, model_validator

from functions.http import ROWS_LIMIT, Answer, Body, ShortText, answer, operation, parse
from functions.identity import api_key
from functions.rows import ROWS_A_CALL, RowError, key_of, read_rows, shown_errors
from shared.domain.api_keys import ApiScope
from shared.domain.collecting import Said
from shared.domain.errors import BrandSuspendedError, FeatureOffError, FieldError
from shared.domain.syncing import RowAnswer, RowResult, Upsert
from shared.usecases.sync_contacts import check_taking_in, delete_contacts, upsert_contacts

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
OF_THE_ROW = ("key", "ambassador", "opt_in")


class SyncedOptIn(Body):
    """Who may write to the person, as the brand knows it; left out where not. Partners take a box ticked by the person."""

    ambassador: bool | None = None
    brand: bool | None = None
    partners: Literal[False] | None = None


class SyncedContact(Body):
    """One contact. What is left out stays as it is, null empties a field; `optIn` alone stands for ambassador and brand."""

    key: Key
    ambassador: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    opt_in: bool | SyncedOptIn | None = None
    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)] | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    customer_id: ShortText | None = None
    type: Literal["hostess", "customer", "prospect"] | None = None
    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: ShortText | None = None
    country: ShortText | None = None
    mobile_phone: ShortText | None = None
    home_phone: ShortText | None = None
    language: Literal["en", "fr"] | None = None

    def upsert(self) -> Upsert:
        """What the row says."""
        said = self.opt_in
        agreed = Said(said, said) if isinstance(said, bool) else Said(said.ambassador, said.brand) if said else Said()
        fields = {name: getattr(self, name) for name in self.model_fields_set if name not in OF_THE_ROW}
        return Upsert(self.key, self.ambassador, agreed, fields)


class DeletedContact(Body):
    """A contact that the brand no longer has."""

    key: Key


class SyncBody(Body):
    """Deletions are done before the rest, so that a key can be deleted and sent anew in one call."""

    upserts: list[SyncedContact] = Field(default=[], max_length=ROWS_A_CALL)
    deletes: list[DeletedContact] = Field(default=[], max_length=ROWS_A_CALL)


class SyncRows(Body):
    """The same with its rows unread."""

    upserts: list[Any] = Field(default=[])
    deletes: list[Any] = Field(default=[])

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.upserts) + len(self.deletes) > ROWS_A_CALL:
            raise ValueError(f"holds at most {ROWS_A_CALL} rows a call")
        return self


class SyncedRow(Answer):
    """What became of one row; `key` is null where the row had none that can be repeated."""

    key: str | None
    result: RowResult
    contact_id: str | None
    errors: list[RowError]


class SyncAnswer(Answer):
    """An answer for each row in the order they were sent: the upserts, then the deletes."""

    items: list[SyncedRow]


@operation(
    auth="api_key",
    body=SyncBody,
    up_to=ROWS_LIMIT,
    answers={200: SyncAnswer},
    while_suspended=True,
    problems=(BrandSuspendedError, FeatureOffError),
)
async def sync_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """Takes in the contacts of the brand's database. Rows sent again change nothing; a bad row costs no good one."""
    brand = await api_key(req, ApiScope.SYNC)
    body = parse(req, SyncRows)
    if body.upserts:
        check_taking_in(brand)
    deletes = list(read_rows(body.deletes, DeletedContact))
    upserts = list(read_rows(body.upserts, SyncedContact))
    deleted = await delete_contacts(brand, [row.key for row in deletes if isinstance(row, DeletedContact)])
    taken = await upsert_contacts(brand, [row.upsert() for row in upserts if isinstance(row, SyncedContact)])
    items = [*_answers(body.upserts, upserts, taken), *_answers(body.deletes, deletes, deleted)]
    return answer(200, SyncAnswer(items=items))


def _answers(
    sent: Sequence[Any], read: Sequence[Body | tuple[FieldError, ...]], done: Sequence[RowAnswer]
) -> list[SyncedRow]:
    """The answers to all rows, also to those that could not be read."""
    answers = iter(done)
    return [
        _row(
            key_of(row, "key"), RowAnswer(RowResult.REFUSED, errors=said) if isinstance(said, tuple) else next(answers)
        )
        for row, said in zip(sent, read, strict=True)
    ]


def _row(key: str | None, row: RowAnswer) -> SyncedRow:
    return SyncedRow(key=key, result=row.result, contact_id=row.contact, errors=shown_errors(row.errors))
