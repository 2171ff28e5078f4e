"""The keys by which a brand's own machines call: scoped, two valid at once, and only a hash of each is stored."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.errors import TooManyKeysError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.records import Instant, Record

AT_ONCE = 2
LAST_USE_EVERY = timedelta(minutes=15)
_PREFIX = "pk"


class ApiScope(StrEnum):
    """What a key may be used for."""

    SYNC = "sync"
    ORDERS = "orders"
    VOUCHERS = "vouchers"
    FORMS = "forms"


class ApiKey(Record):
    """One key. Its secret is 256 random bits, so that a plain SHA-256 of it can be neither guessed nor looked up."""

    id: str
    name: str | None = None
    scopes: tuple[ApiScope, ...]
    secret_hash: str
    created_at: Instant
    created_by: str
    expires_at: Instant | None = None
    last_used_at: Instant | None = None

    def valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or self.expires_at > now

    def opens_with(self, secret: str) -> bool:
        """Whether this is the key's secret, in constant time."""
        return hmac.compare_digest(self.secret_hash, _hashed(secret))

    def use_is_news(self, now: datetime) -> bool:
        """Whether this use is worth a write: the last one shown is a quarter of an hour old."""
        return self.last_used_at is None or now - self.last_used_at >= LAST_USE_EVERY


class KeyRing(Record):
    """Every key of a brand in one document: what may be valid at once is then one conditional write's to decide."""

    id: str
    keys: tuple[ApiKey, ...] = ()

    def get(self, id: str) -> ApiKey | None:
        """The key of this id."""
        return next((key for key in self.keys if key.id == id), None)

    def with_key(self, key: ApiKey, now: datetime) -> "KeyRing":
        """The ring with one more key, and without expired ones of its scopes; raises TooManyKeysError for a third at once."""
        alike = [other for other in self.keys if other.scopes == key.scopes]
        if sum(other.valid(now) for other in alike) >= AT_ONCE:
            raise TooManyKeysError
        kept = (other for other in self.keys if other not in alike or other.valid(now))
        return self.changed(keys=(*kept, key))

    def without(self, id: str) -> "KeyRing":
        """The ring without a key; raises UnknownObjectError when there is none of this id."""
        if self.get(id) is None:
            raise UnknownObjectError
        return self.changed(keys=tuple(key for key in self.keys if key.id != id))

    def used(self, id: str, now: datetime) -> "KeyRing":
        """The ring with the key's last use."""
        return self.changed(keys=tuple(key.changed(last_used_at=now) if key.id == id else key for key in self.keys))


def new_key(
    scopes: set[ApiScope],
    now: datetime,
    by: str,
    *,
    name: str | None = None,
    expires_at: datetime | None = None,
    secret: str | None = None,
) -> tuple[ApiKey, str]:
    """A key with its secret, which is told once and stored nowhere; `by` names the member of staff."""
    secret = secret or secrets.token_urlsafe(32)
    key = ApiKey(
        id=new_id(),
        name=name,
        scopes=tuple(sorted(scopes)),
        secret_hash=_hashed(secret),
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    return key, secret


def key_text(brand: str, id: str, secret: str) -> str:
    """The key as it is sent: the brand and the id in it find the key by one point read."""
    return "_".join((_PREFIX, brand, id, secret))


def parsed_key(text: str) -> tuple[str, str, str] | None:
    """Brand, id and secret of a key; None for what is none."""
    parts = text.strip().split("_", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == _PREFIX else None


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
