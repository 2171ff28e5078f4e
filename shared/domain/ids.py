"""Ids that are random and say nothing."""

import base64
import secrets


def new_id() -> str:
    """120 random bits as 24 lower-case letters and digits; safe in URLs, file names and document ids."""
    return base64.b32encode(secrets.token_bytes(15)).decode().lower()


def new_short_id() -> str:
    """40 random bits in 8 characters, for what must be told apart only within one record."""
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()
