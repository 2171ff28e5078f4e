"""Signed links and sessions (MAIL-3): opaque, single-purpose, expiring; they carry ids, never an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

# Compressed tokens begin with a dot, and a path that does looks like a hidden file to some servers and mail programs.
_FIRST = "t"


class Purpose(StrEnum):
    """What a token is good for, and nothing else: each has a key of its own."""

    INVITATION = "invitation"
    OPT_OUT = "opt-out"
    CONFIRM_SIGN_UP = "confirm-sign-up"
    RESET_PASSWORD = "reset-password"  # noqa: S105  the name of a purpose
    CONFIRM_CONTACT = "confirm-contact"
    SESSION = "session"
    STAFF_SESSION = "staff-session"
    CSRF = "csrf"
    STOP_NOTICES = "stop-notices"
    LEAVE = "leave"
    RIGHTS = "rights"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs with the first key and recognises any, so that keys can be rotated."""

    keys: Sequence[bytes]

    def issue(self, purpose: Purpose, claims: Mapping[str, str], expires: datetime) -> str:
        """A URL-safe token that says these claims until it expires."""
        content = {**claims, "exp": int(expires.timestamp())}
        return _FIRST + str(self._serializer(purpose).dumps(content))

    def read(self, purpose: Purpose, token: str, now: datetime) -> dict[str, str] | None:
        """The claims; None when the token is forged, for another purpose, or expired. Compares in constant time."""
        from itsdangerous import BadData

        if not token.startswith(_FIRST):
            return None
        try:
            claims = self._serializer(purpose).loads(token[len(_FIRST) :])
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
