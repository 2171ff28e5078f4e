"""Pseudonymisation (DEL-10): keyed hashes of normalised values, with key versions that can be rotated."""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NewType

WrappedKey = NewType("WrappedKey", str)


def normalise(value: str) -> str:
    """One spelling for one address, no provider's tricks: the domain as IDNA 2008 has it, the rest Unicode case folded."""
    value = value.strip()
    lowered = value.lower()
    if value.isascii() and "xn--" not in lowered:  # nearly all are, and an import hashes each address
        return lowered
    local, at, domain = value.replace("＠", "@").replace("﹫", "@").rpartition("@")
    # Split first: case folding would make `straße` `strasse`, which in a domain is somebody else.
    return (_folded(local) + at + _domain(domain)).strip() if at else _folded(value).strip()


def _domain(domain: str) -> str:
    """The domain's one spelling in ASCII; what is no domain, folded like any text."""
    import idna  # its tables are large, and nearly no address needs them

    folded = _folded(domain)
    for spelling in (domain, folded):
        with suppress(UnicodeError):
            return idna.encode(spelling, uts46=True, transitional=False).decode()
    return folded


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Hasher:
    """The hash keys of one brand; one version writes, every version is recognised.

    What it makes are pseudonyms, not anonymous data: who holds the key can test a guess, who does not recovers nothing.
    """

    keys: Mapping[int, bytes]
    writes: int | None = None  # None is the newest; a key that not every instance knows yet is newer than that

    @property
    def version(self) -> int:
        """The version that new hashes are made under."""
        return self.writes or max(self.keys)

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
