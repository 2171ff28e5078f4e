"""Pseudonymisation (DEL-10): keyed hashes of normalised values, with key versions that can be rotated."""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

WrappedKey = NewType("WrappedKey", str)


def normalise(value: str) -> str:
    """One spelling for one address: Unicode compatibility and case folded, spaces trimmed, no provider's tricks."""
    value = value.strip()
    if value.isascii():  # nearly all are, and the rest is then done: an import hashes each address
        return value.lower()
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = unicodedata.normalize("NFKC", folded).rpartition("@")
    if not at or domain.isascii():
        return local + at + domain
    try:
        return local + at + domain.encode("idna").decode()
    except UnicodeError:
        return local + at + domain


@dataclass(frozen=True, slots=True)
class Hasher:
    """The hash keys of one brand; the newest version writes, every version is still recognised.

    What it makes are pseudonyms, not anonymous data: who holds the key can test a guess, who does not recovers nothing.
    """

    keys: Mapping[int, bytes]

    @property
    def version(self) -> int:
        """The version that new hashes are made under."""
        return max(self.keys)

    def ref(self, value: str, version: int | None = None) -> str:
        """HMAC-SHA-256 of the normalised value as `v<version>.<64 hex>`."""
        version = version or self.version
        digest = hmac.digest(self.keys[version], normalise(value).encode(), hashlib.sha256)
        return f"v{version}.{digest.hex()}"

    def refs(self, value: str) -> tuple[str, ...]:
        """The hashes of a value under every version, newest first: what to look for."""
        return tuple(self.ref(value, version) for version in sorted(self.keys, reverse=True))

    def matches(self, ref: str, value: str) -> bool:
        """Whether a stored hash is that of the value, whatever its version, in constant time."""
        version = _version_of(ref)
        return version in self.keys and hmac.compare_digest(ref.encode(), self.ref(value, version).encode())


def _version_of(ref: str) -> int:
    head, _, _ = ref.partition(".")
    return int(head[1:]) if head[1:].isascii() and head[1:].isdigit() else 0
