"""What a provider has still to forget (RGT-6): an address, sealed until the provider has said that it holds it no more."""

from shared.domain.hashing import WrappedKey
from shared.domain.records import Instant, Record


class Forgetting(Record):
    """One address that the mail provider has to delete; `id` is that of the request, or of the account that goes.

    The address is sealed under a key of its own, which is wrapped under a master key that lies in no store. Both go with
    this record once the provider has confirmed, and no backup ever holds them.
    """

    id: str
    sealed: str
    key: WrappedKey
    owed_since: Instant
