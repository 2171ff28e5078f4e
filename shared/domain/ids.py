"""Ids that are random and say nothing."""

import hashlib
import secrets

_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
# Every letter for eight byte values, so that each is as likely as the others.
_LETTERS = bytes(_ALPHABET[value % 32] for value in range(256))


def new_id() -> str:
    """120 random bits as 24 lower-case letters and digits; safe in URLs, file names and document ids."""
    return _letters(24)


def derived_id(*parts: object) -> str:
    """The same in form, made of what it is told: the same again gives the same id. It is as random as one of the parts."""
    digest = hashlib.sha256(".".join(map(str, parts)).encode()).digest()
    return digest[:24].translate(_LETTERS).decode()


def new_short_id() -> str:
    """40 random bits in 8 characters, for what must be told apart only within one record."""
    return _letters(8)


def _letters(count: int) -> str:
    return secrets.token_bytes(count).translate(_LETTERS).decode()
