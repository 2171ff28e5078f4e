"""The teams take over contacts from before the law applied (COL-13): a batch a call, an answer a row."""

from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import ROWS_LIMIT, Answer, Body, ShortText, answer, operation, parse
from functions.identity import staff
from functions.rows import ROWS_A_CALL, Moment, RowError, read_rows, shown_errors
from shared.domain.access_log import Act, Seen
from shared.domain.collecting import Outcome
from shared.domain.errors import FieldError
from shared.domain.staff import MAY_MIGRATE
from shared.usecases import migrate_contacts as migrating
from shared.usecases.migrate_contacts import Migrated, OldContact

OF_THE_ROW = ("ambassador", "email", "last_activity_at")


class OldContactBody(Body):
    """One contact; `lastActivityAt` is the person's last click, answer or order, and left out where there was none."""

    ambassador: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    last_activity_at: Moment | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    customer_id: ShortText | None = None
    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: ShortText | None = None
    country: ShortText | None = None
    mobile_phone: ShortText | None = None
    home_phone: ShortText | None = None
    language: Literal["en", "fr"] | None = None

    def old_contact(self) -> OldContact:
        """What the row says."""
        names = [name for name in self.model_fields_set if name not in OF_THE_ROW]
        fields = {name: value for name in names if (value := getattr(self, name)) is not None}
        return OldContact(self.ambassador, self.email, fields, self.last_activity_at)


class MigrationBody(Body):
    """Up to a thousand contacts."""

    contacts: list[OldContactBody] = Field(min_length=1, max_length=ROWS_A_CALL)


class MigrationRows(Body):
    """The same with its rows unread."""

    contacts: list[Any] = Field(min_length=1, max_length=ROWS_A_CALL)


class MigratedContact(Answer):
    """What became of one row; `row` counts from 0."""

    row: int
    result: Outcome | Literal["refused"]
    contact_id: str | None
    errors: list[RowError]


class MigrationAnswer(Answer):
    """An answer for each row, in the order they were sent."""

    items: list[MigratedContact]


@operation(auth="staff", body=MigrationBody, up_to=ROWS_LIMIT, answers={200: MigrationAnswer})
async def migrate_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """Takes old contacts over; each ambassador is told by one mail. Rows sent again change nothing."""
    caller = await staff(req, MAY_MIGRATE)
    read = list(read_rows(parse(req, MigrationRows).contacts, OldContactBody))
    rows = [row.old_contact() for row in read if isinstance(row, OldContactBody)]
    await caller.sees(Seen.CONTACTS, len(rows), Act.CHANGED)
    done = iter(await migrating.migrate_contacts(caller.brand, rows))
    items = [_shown(place, row if isinstance(row, tuple) else next(done)) for place, row in enumerate(read)]
    return answer(200, MigrationAnswer(items=items))


def _shown(place: int, done: Migrated | tuple[FieldError, ...]) -> MigratedContact:
    migrated = Migrated(None, errors=done) if isinstance(done, tuple) else done
    return MigratedContact(
        row=place,
        result=migrated.outcome or "refused",
        contact_id=migrated.contact,
        errors=shown_errors(migrated.errors),
    )
