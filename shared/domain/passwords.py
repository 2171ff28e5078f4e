"""Passwords (AMB-7): bcrypt over a digest, so that nothing beyond 72 bytes is silently cut off."""

import base64
import hashlib

SHORTEST, LONGEST = 10, 1000
"""How many characters a password may have; all of them count."""

_SCHEME = "bcrypt-sha384$"


def hash_password(password: str, cost: int) -> str:
    """The hash to store. Takes tens of milliseconds by design: call it in a thread."""
    import bcrypt

    return _SCHEME + bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def verify_password(password: str, stored: str) -> bool:
    """Whether the password is the one of the stored hash. As slow as hashing: call it in a thread."""
    import bcrypt

    if not stored.startswith(_SCHEME):
        return False
    return bcrypt.checkpw(_digest(password), stored.removeprefix(_SCHEME).encode())


def _digest(password: str) -> bytes:
    """64 characters without NUL, whatever the password's length: bcrypt reads 72 bytes at most."""
    return base64.b64encode(hashlib.sha384(password.encode()).digest())
