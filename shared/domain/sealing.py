"""Files encrypted under a key of their own: forgetting the key erases what storage still keeps (DEL-8)."""

import base64
import binascii
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FRAME_BYTES = 64 * 1024

_MAGIC = b"sealed1\n"
_PREFIX_BYTES = 7
_TAG_BYTES = 16
_HEADER_BYTES = len(_MAGIC) + _PREFIX_BYTES


class SealBrokenError(ValueError):
    """The file was cut, changed, or sealed under another key."""


def new_file_key() -> str:
    """256 random bits as text, for one file; to be kept in the document that the file belongs to."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def seal(chunks: Iterable[bytes], key: str) -> Iterator[bytes]:
    """Encrypts a file as it streams by: AES-256-GCM in frames of 64 KiB; memory holds a frame and a chunk.

    Each frame's nonce is a random prefix of the file, the frame's number, and whether it is the last (the
    STREAM construction), so frames cannot be cut off, swapped or taken from another file. Raises ValueError
    for a bad key.
    """
    cipher, prefix = _cipher(key), secrets.token_bytes(_PREFIX_BYTES)
    yield _MAGIC + prefix
    number, waiting = 0, bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > FRAME_BYTES:  # not >=: what could be the last frame waits
            yield cipher.encrypt(_nonce(prefix, number, last=False), _taken(waiting, FRAME_BYTES), _MAGIC)
            number += 1
    yield cipher.encrypt(_nonce(prefix, number, last=True), bytes(waiting), _MAGIC)


async def unseal(chunks: AsyncIterable[bytes], key: str) -> AsyncIterator[bytes]:
    """Decrypts what `seal` made; raises SealBrokenError, and ValueError for a bad key.

    Every chunk given is genuine, but only the end tells that nothing was cut off: act on the whole, or be
    ready to undo.
    """
    cipher, prefix, number = _cipher(key), b"", 0
    waiting, sealed_frame = bytearray(), FRAME_BYTES + _TAG_BYTES
    async for chunk in chunks:
        waiting += chunk
        if not prefix and len(waiting) >= _HEADER_BYTES:
            prefix = _prefix(_taken(waiting, _HEADER_BYTES))
        while prefix and len(waiting) > sealed_frame:
            yield _opened(cipher, _nonce(prefix, number, last=False), _taken(waiting, sealed_frame))
            number += 1
    if not prefix:
        raise SealBrokenError("the header is missing")
    last = _opened(cipher, _nonce(prefix, number, last=True), bytes(waiting))
    if last:
        yield last


def seal_text(text: str, key: str) -> str:
    """Encrypts a short text under a key as `new_file_key` makes it; raises ValueError for a bad key."""
    return base64.urlsafe_b64encode(b"".join(seal([text.encode()], key))).decode()


async def unseal_text(sealed: str, key: str) -> str:
    """Decrypts what `seal_text` made; raises SealBrokenError, and ValueError for a bad key."""

    async def whole() -> AsyncIterator[bytes]:
        yield base64.urlsafe_b64decode(sealed)

    return b"".join([piece async for piece in unseal(whole(), key)]).decode()


def _cipher(key: str) -> "AESGCM":
    # Here and not above: the import costs a cold start, and most requests touch no file.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(key, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError("not a file key")
    return AESGCM(raw)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _opened(cipher: "AESGCM", nonce: bytes, frame: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(nonce, frame, _MAGIC)
    except (InvalidTag, ValueError):
        raise SealBrokenError("a frame was cut, changed, or sealed under another key") from None


def _prefix(header: bytes) -> bytes:
    if not header.startswith(_MAGIC):
        raise SealBrokenError("not a sealed file")
    return header[len(_MAGIC) :]


def _taken(waiting: bytearray, count: int) -> bytes:
    taken = bytes(waiting[:count])
    del waiting[:count]
    return taken
