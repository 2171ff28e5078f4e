"""Vouchers (COL-9): a code that its holder shows in a shop, so that the purchase counts for the ambassador."""

import secrets
from datetime import datetime, timedelta

from shared.domain.contact import Contact
from shared.domain.records import Instant, Record

# Without I, L, O and U: what is read aloud or copied by hand is read one way.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_GROUPS, _OF = 3, 4
A_MAIL_EVERY = timedelta(days=1)


class Redeemed(Record):
    """By which order a voucher was used up: its hash, and what the answer to a repeat says again."""

    order: str
    at: Instant
    amount: str
    currency: str


class Voucher(Record):
    """One voucher; `id` is its code, which says nothing of anybody.

    `contact_id` stands until the voucher was redeemed and the purchase stands with its person: then the two are parted.
    """

    id: str
    ambassador_id: str
    contact_id: str | None
    issued_at: Instant
    expires_at: Instant
    redeemed: Redeemed | None = None

    @property
    def used(self) -> Redeemed:
        """How it was used up; raises ValueError when it was not."""
        if self.redeemed is None:
            raise ValueError("the voucher is not redeemed")
        return self.redeemed


def new_code() -> str:
    """60 random bits as three groups of four characters that are easy to type."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _OF)]
    return "-".join("".join(letters[start : start + _OF]) for start in range(0, len(letters), _OF))


def clean_code(text: str) -> str | None:
    """The code that somebody typed: in small letters, without its dashes, an O for a zero; None for what is none."""
    letters = "".join(text.upper().split()).replace("-", "").translate(_READ_AS)
    if len(letters) != _GROUPS * _OF or set(letters) - set(_ALPHABET):
        return None
    return "-".join(letters[start : start + _OF] for start in range(0, len(letters), _OF))


def mailed_lately(contact: Contact, now: datetime) -> bool:
    """Whether the contact was mailed a voucher within a day: asking again and again is no way to fill a mailbox."""
    return contact.voucher is not None and now - contact.voucher.at < A_MAIL_EVERY
