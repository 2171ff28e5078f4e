"""What an access request tells of a record (RGT-3): for every field how it is told, and whether the person provided it.

A field without a row fails at import: nothing that is stored of a person can be left out by forgetting it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.contact import Contact
from shared.domain.ledger import Entry
from shared.domain.policy import Durations
from shared.domain.records import stamp
from shared.domain.retention import RULES, due_at
from shared.domain.rights import RightsRequest


class Told(StrEnum):
    """How a field is told."""

    PROVIDED = "provided"  # what the person is and said, whoever entered it: portable (art. 20)
    OBSERVED = "observed"  # what came of it
    SOURCE = "source"
    CONSENT = "consent"
    PSEUDONYM = "pseudonym"  # hashes: told with what they are of
    MACHINE = "machine"  # made of other fields, or of the ledger, which is told whole


CONTACT_TOLD: Mapping[str, Told] = {
    "id": Told.OBSERVED,
    "ambassador_id": Told.OBSERVED,
    **dict.fromkeys((
        "first_name", "last_name", "email", "facebook_id", "twitter_id", "instagram_id", "photo_url", "customer_id",
        "street", "city", "postal_code", "country", "mobile_phone", "home_phone", "language", "form_answers",
    ), Told.PROVIDED),
    **dict.fromkeys((
        "type", "comments", "tags", "mails", "outgoing", "doubted", "last_call_at", "events", "sales", "voucher",
        "last_activity_at", "email_status", "owned_by_brand_sync", "detached_at", "anonymised_at", "beside",
    ), Told.OBSERVED),
    **dict.fromkeys(("created_at", "created_by", "modified_at", "modified_by"), Told.SOURCE),
    **dict.fromkeys((
        "ambassador_opt_in", "ambassador_opt_in_at", "becomes", "asking", "brand_opt_in", "brand_opt_in_at",
        "partners_opt_in", "partners_opt_in_at", "objected_at", "restricted_at", "opt_in_evidence",
    ), Told.CONSENT),
    **dict.fromkeys(("email_hash", "facebook_hash", "twitter_hash", "instagram_hash"), Told.PSEUDONYM),
    **dict.fromkeys(("address_key", "search", "brand_sees", "brand_search", "clock", "proof"), Told.MACHINE),
}  # fmt: skip

if set(CONTACT_TOLD) != set(Contact.model_fields):
    raise TypeError(f"held: {', '.join(sorted(set(CONTACT_TOLD) ^ set(Contact.model_fields)))}")


def told_of_contact(contact: Contact, *, only: Told | None = None) -> dict[str, Any]:
    """The record's fields as JSON knows them, without empty ones; `only` those that are told in one way."""
    wanted = {n for n, told in CONTACT_TOLD.items() if (told is only if only else told is not Told.MACHINE)}
    whole = contact.model_dump(mode="json", by_alias=True, include=wanted)
    return {name: value for name, value in whole.items() if value not in (None, "", [], {}, ())}


def will_happen(contact: Contact, durations: Durations) -> dict[str, Any] | None:
    """What will happen to the record, by which rule and when (RET-17); None when nothing will by itself."""
    due = due_at(contact.clock, durations)
    if contact.clock is None or due is None:
        return None
    return {"rule": contact.clock.rule.value, "action": RULES[contact.clock.rule].action.value, "at": due}


# Why data are processed, and on what ground (art. 15(1)(a)); the pages say each in a sentence.
PURPOSES = ("invitation", "mail_by_consent", "brand_relation", "proof", "block_list")
# To whom data are given (art. 15(1)(c)).
RECIPIENTS = ("ambassador", "brand", "processor", "mail_provider", "hosting")


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """One record of the person's, whose it is, and the proof of its consents."""

    contact: Contact
    ambassador: str | None  # a name, while there is one
    ledger: Sequence[Entry]
    will_happen: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held."""

    at: datetime
    email: str | None
    records: Sequence[HeldRecord]
    listed: Sequence[tuple[str, datetime]]  # on the black list by hash alone: why, and since when
    objected_at: datetime | None  # in the brand, by hash alone (art. 21)
    white_listed: bool
    has_account: bool
    requests: Sequence[RightsRequest]

    @property
    def by_hash_alone(self) -> bool:
        """Whether no record says in clear who the person is."""
        return all(record.contact.email is None for record in self.records)

    def as_json(self) -> dict[str, Any]:
        """The answer to an access request as a document."""
        return {
            "at": stamp(self.at),
            "email": self.email,
            "purposes": list(PURPOSES),
            "recipients": list(RECIPIENTS),
            "records": [
                {
                    **told_of_contact(record.contact),
                    "ambassador": record.ambassador,
                    "heldAsHashOnly": record.contact.anonymised_at is not None,
                    "retention": record.will_happen and {**record.will_happen, "at": stamp(record.will_happen["at"])},
                    "ledger": [
                        entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in record.ledger
                    ],
                }
                for record in self.records
            ],
            "blockList": [
                {"reason": reason, "since": stamp(since), "heldAsHashOnly": True} for reason, since in self.listed
            ],
            "objectedAt": self.objected_at and stamp(self.objected_at),
            "whiteListed": self.white_listed,
            "ambassadorAccount": self.has_account,
            "requests": [
                {"kind": r.kind, "state": r.state, "receivedAt": stamp(r.received_at), "dueAt": stamp(r.due_at)}
                for r in self.requests
            ],
        }

    def provided_json(self) -> list[dict[str, Any]]:
        """What the person provided, a document a record (art. 20)."""
        return [told_of_contact(r.contact, only=Told.PROVIDED) for r in self.records if r.contact.anonymised_at is None]
