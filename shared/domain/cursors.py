"""Cursors that say nothing: a store's own may tell how many records lie before it, also those the reader may not see (VIS-2)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_STEP = 96  # every cursor of a list is as long as the next


def veil(cursor: str | None, key: bytes) -> str | None:
    """The cursor as an outsider may hold it: encrypted under the key, and of a length that tells nothing."""
    if cursor is None:
        return None
    plain = cursor.encode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, plain.ljust(-(-len(plain) // _STEP) * _STEP), None)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unveil(cursor: str | None, key: bytes) -> str | None:
    """What `veil` hid; raises ValueError for anything else."""
    from cryptography.exceptions import InvalidTag

    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode().rstrip()
    except (InvalidTag, binascii.Error, ValueError):
        raise ValueError("not a cursor of this list") from None


def _cipher(key: bytes) -> "AESGCM":
    # Here and not above: the import costs a cold start, and most requests turn no page.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hmac.digest(key, b"cursors", hashlib.sha256))
