"""Wraps the brands' keys under master keys that are kept apart from the data (BAK-5)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from shared.domain.hashing import WrappedKey

_VERSION = "k1"
_MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12


class EnvelopeVault:
    """AES-256-GCM under the first master key; what the others wrapped is still unwrapped, so they can rotate.

    A wrapped key reads `k1.<which master key>.<nonce and ciphertext>`. Raises ValueError for a master key
    that is not 32 bytes, or when there is none.
    """

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        if not master_keys or any(len(key) != _MASTER_KEY_BYTES for key in master_keys):
            raise ValueError("a vault needs master keys of 32 bytes")
        self._newest = _key_id(master_keys[0])
        self._keys = {_key_id(key): key for key in master_keys}

    def wrap(self, key: bytes) -> WrappedKey:
        """Encrypts a key for storage."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, nonce = f"{_VERSION}.{self._newest}", secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._keys[self._newest]).encrypt(nonce, key, head.encode())
        return WrappedKey(f"{head}.{base64.urlsafe_b64encode(sealed).decode()}")

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Decrypts a stored key; raises ValueError when no master key that is here wrapped it."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, _, body = wrapped.rpartition(".")
        version, _, key_id = head.partition(".")
        if version != _VERSION or key_id not in self._keys:
            raise ValueError("not wrapped under a master key of this vault")
        try:
            sealed = base64.b64decode(body, altchars=b"-_", validate=True)
            nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return AESGCM(self._keys[key_id]).decrypt(nonce, ciphertext, head.encode())
        except (InvalidTag, ValueError):
            raise ValueError("the wrapped key was changed") from None

    def is_newest(self, wrapped: WrappedKey) -> bool:
        """Whether the first master key wrapped it."""
        return wrapped.startswith(f"{_VERSION}.{self._newest}.")


def _key_id(key: bytes) -> str:
    return hmac.digest(key, b"which master key", hashlib.sha256)[:6].hex()
