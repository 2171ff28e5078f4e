"""What a brand's directory sends of its ambassadors (REG-2, DEL-2): rows by the brand's own key, and the answer to each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.ambassador import Ambassador
from shared.domain.errors import FieldError
from shared.domain.policy import Policy

# What an account cannot be without, whatever the brand's policy asks for.
REQUIRED = {
    "email": "email",
    "first_name": "firstName",
    "last_name": "lastName",
    "gender": "gender",
    "language": "language",
}


class DirectoryResult(StrEnum):
    """What became of one row."""

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    NOT_REGISTERED = "not_registered"  # no account of ours: nothing of the row is kept
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """One ambassador as the directory has it. `fields` are an account's by name, None for what is to be emptied."""

    key: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def customer_id(self) -> str:
        """The brand's customer ID of the row: its own field, or else the key."""
        return self.fields.get("customer_id") or self.key


@dataclass(frozen=True, slots=True)
class DirectoryAnswer:
    """The answer to one row; `errors` say why it was not taken."""

    result: DirectoryResult
    ambassador: str | None = None
    errors: tuple[FieldError, ...] = ()


def refused(field: str, reason: str) -> DirectoryAnswer:
    """A row that changed nothing."""
    return DirectoryAnswer(DirectoryResult.REFUSED, errors=(FieldError(field, reason),))


def emptied(row: DirectoryRow, policy: Policy) -> list[FieldError]:
    """The fields that the row would empty though an account must have them."""
    asked = {"customerId": "customer_id", "dateOfBirth": "date_of_birth", "position": "position"}
    needed = REQUIRED | {asked[name]: name for name in policy.required_ambassador_fields if name in asked}
    return [
        FieldError(shown, "cannot be emptied")
        for name, shown in needed.items()
        if name in row.fields and row.fields[name] is None
    ]


def with_row(account: Ambassador, row: DirectoryRow) -> Ambassador:
    """The account with what the directory says, and the key that it is called by; what the row leaves out stays.

    A customer ID that the row names, or is called by, is vouched for from then on.
    """
    after = account.changed(**row.fields, brand_key=row.key)
    known = after.customer_id is not None and after.customer_id == row.customer_id
    return after.changed(customer_id_vouched=known or (account.customer_id_vouched and "customer_id" not in row.fields))
