"""The files of a backup: lines of JSON, compressed, sealed under the brand's backup key, and read back before they count."""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence

from pydantic_core import from_json, to_json

from shared.domain.backups import Backup, Manifest, Part
from shared.domain.errors import TryAgainError
from shared.domain.ids import new_short_id
from shared.domain.sealing import SealBrokenError, seal, unseal
from shared.ports import Document, Files

# Documents of one brand are alike: of the drill's contacts a twelfth is left. Level 6 takes four times as long for a fourteenth.
LEVEL = 3

Line = tuple[str, Document] | tuple[str, str, str]
"""A container and a document in it; or a container, a partition and an id of what is gone."""


class BrokenBackupError(Exception):
    """A file of a backup is missing, or not what was written; says which, and nothing of what it holds."""


def encode(line: Line) -> bytes:
    """One line."""
    return to_json(line) + b"\n"


async def write_part(
    files: Files, brand: str, backup: Backup, key: str, lines: Sequence[bytes], *, again: bool
) -> Part:
    """Writes a part and reads it back; raises TryAgainError when what is there is not what was written."""
    # A part of an earlier try may still be on its way: each has a name of its own.
    path = f"{brand}/parts/{backup.name}/{len(backup.parts):05}.{new_short_id()}"
    plain = b"".join(lines)
    sealed = await asyncio.to_thread(lambda: list(seal([zlib.compress(plain, LEVEL)], key)))
    await files.write(path, sealed)
    part = Part(
        path=path,
        lines=len(lines),
        bytes=sum(map(len, sealed)),
        digest=hashlib.sha256(plain).hexdigest(),
        again=again,
    )
    try:
        await read_plain(files, part, key)
    except BrokenBackupError:
        raise TryAgainError("a part of a backup was not stored as it was written") from None
    return part


async def read_plain(files: Files, part: Part, key: str) -> bytes:
    """The lines of a part; raises BrokenBackupError."""
    try:
        packed = b"".join([piece async for piece in unseal(files.read(part.path), key)])
        plain = await asyncio.to_thread(zlib.decompress, packed)
    except (FileNotFoundError, SealBrokenError, zlib.error):
        raise BrokenBackupError(part.path) from None
    if hashlib.sha256(plain).hexdigest() != part.digest or plain.count(b"\n") != part.lines:
        raise BrokenBackupError(part.path)
    return plain


async def read_part(files: Files, part: Part, key: str) -> Iterator[Line]:
    """The lines of a part, the last first; raises BrokenBackupError."""
    return (tuple(from_json(line)) for line in reversed((await read_plain(files, part, key)).splitlines()))


async def write_manifest(files: Files, manifest: Manifest, key: str) -> None:
    """Writes what makes the parts a backup, and reads it back."""
    # Nothing is written over: where backups are kept it may be immutable. A try that was cut short leaves a file of its own.
    path = f"{manifest.brand.id}/manifests/{manifest.backup.name}.{new_short_id()}"
    await files.write(path, seal([manifest.model_dump_json(by_alias=True).encode()], key))
    if await _manifest(files, path, key) != manifest:
        raise TryAgainError("a manifest was not stored as it was written")


async def manifests(files: Files, brand: str, key: str) -> AsyncIterator[Manifest]:
    """Every finished backup of a brand that is still kept, oldest first; of two tries at one, that which went further."""
    best: Manifest | None = None
    async for path in files.list(f"{brand}/manifests/"):
        found = await _manifest(files, path, key)
        if best is not None and best.backup.id == found.backup.id:
            best = max(best, found, key=lambda manifest: len(manifest.backup.parts))
            continue
        if best is not None:
            yield best
        best = found
    if best is not None:
        yield best


async def _manifest(files: Files, path: str, key: str) -> Manifest:
    try:
        return Manifest.model_validate_json(b"".join([piece async for piece in unseal(files.read(path), key)]))
    except (FileNotFoundError, SealBrokenError):
        raise BrokenBackupError(path) from None
