"""What a brand's database sends of its contacts (COL-3, COL-12): rows by the brand's own key, and the answer to each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.collecting import Said
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact
from shared.domain.errors import FieldError
from shared.domain.hashing import Hasher
from shared.domain.records import Record

# An address may follow the brand's database only where nothing is about the old one: no act of the person, no mail.
_FOLLOWS = frozenset({
    AmbassadorOptIn.NEW, AmbassadorOptIn.SOCIAL_ONLY, AmbassadorOptIn.STORAGE_ONLY, AmbassadorOptIn.OPT_IN_BRAND_IMPORT,
    AmbassadorOptIn.OPT_IN_ORDER, AmbassadorOptIn.OPT_IN_OTHER,
})  # fmt: skip


class SyncKey(Record):
    """Which contact a key of the brand's database stands for; `id` is the key's hash, and goes with the contact."""

    id: str
    ambassador_id: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class Upsert:
    """One contact as the brand has it. `fields` are a contact's by name, None for what is to be emptied."""

    key: str = field(repr=False)
    ambassador: str = field(repr=False)
    said: Said
    fields: Mapping[str, Any] = field(repr=False)


class RowResult(StrEnum):
    """What became of one row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer to one row; `errors` say why it was not taken."""

    result: RowResult
    contact: str | None = None
    errors: tuple[FieldError, ...] = ()


def refused(field: str, reason: str, result: RowResult = RowResult.REFUSED) -> RowAnswer:
    """A row that stored nothing."""
    return RowAnswer(result, errors=(FieldError(field, reason),))


def key_refs(hasher: Hasher, key: str) -> tuple[str, ...]:
    """What a key's document may be called, newest first."""
    return hasher.refs(f"sync-key.{to_the_letter(key)}")


def to_the_letter(key: str) -> str:
    """A brand's key as text that no normalising changes: two keys are told apart to the letter, as addresses are not."""
    return hashlib.sha256(key.encode()).hexdigest()


def may_change_address(contact: Contact) -> bool:
    """Whether the contact can get another address: what was agreed, refused or mailed under one is not another's."""
    written_to = contact.mails or contact.outgoing or contact.doubted
    return contact.ambassador_opt_in in _FOLLOWS and not written_to
