"""Signed links and sessions (MAIL-3): opaque, single-purpose, expiring; they carry ids, never an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What a token is good for, and nothing else: each has a key of its own."""

    INVITATION = "invitation"
    OPT_OUT = "opt-out"
    CONFIRM_ADDRESS = "confirm-address"
    CONFIRM_SIGN_UP = "confirm-sign-up"
    SESSION = "session"
    STAFF_SESSION = "staff-session"
    CSRF = "csrf"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs with the first key and recognises any, so that keys can be rotated."""

    keys: Sequence[bytes]

    def issue(self, purpose: Purpose, claims: Mapping[str, str], expires: datetime) -> str:
        """A URL-safe token that says these claims until it expires."""
        content = {**claims, "exp": int(expires.timestamp())}
        token = self._serializer(purpose).dumps(content)
        return token if isinstance(token, str) else token.decode()

    def read(self, purpose: Purpose, token: str, now: datetime) -> dict[str, str] | None:
        """The claims; None when the token is forged, for another purpose, or expired. Compares in constant time."""
        from itsdangerous import BadData

        try:
            claims = self._serializer(purpose).loads(token)
        except BadData:
            return None
        if not isinstance(claims, dict) or not isinstance(claims.get("exp"), int):
            return None
        return None if claims["exp"] <= now.timestamp() else claims

    def expiry(self, purpose: Purpose, token: str) -> datetime | None:
        """When a genuine token expires, or expired."""
        claims = self.read(purpose, token, datetime.fromtimestamp(0, UTC))
        return datetime.fromtimestamp(int(claims["exp"]), UTC) if claims else None

    def _serializer(self, purpose: Purpose) -> Any:
        import hashlib

        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(
            list(reversed(self.keys)),
            salt=f"popsell.{purpose}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
