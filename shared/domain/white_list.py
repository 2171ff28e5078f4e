"""Who may register (REG-3): hashes of addresses and customer IDs, in loads of which the list names the one that counts."""

from enum import StrEnum

from shared.domain.records import Instant, Record

LIST = "list"


class Entitled(StrEnum):
    """What an entry is a hash of."""

    EMAIL = "email"
    CUSTOMER_ID = "customer_id"


class Loading(Record):
    """One call that is storing entries of a load just now."""

    id: str
    load: str
    since: Instant


class WhiteList(Record):
    """Which load counts. A load is named here before its first entry is stored, and until its last one is gone."""

    id: str  # LIST: there is one
    load: str | None = None
    coming: tuple[Loading, ...] = ()
    going: tuple[str, ...] = ()
    changed_at: Instant  # the recovery timer finds the list by it


class Allowed(Record):
    """One entry; `id` is the load, the kind and the keyed hash, so that it is found by a point read."""

    id: str
    load: str
    kind: Entitled


def entry_id(load: str, kind: Entitled, ref: str) -> str:
    """The id of the entry of a hash in a load."""
    return f"{load}.{kind}.{ref}"
