"""The search for traces of who was erased (DEL-8): every document, file, tombstone and backup, opened where it is sealed.

It reads by the ports alone, so it is the same on one machine and on Azure. What it tells of a find is where, whose and in what
form; the value itself is repeated nowhere, not even where a document's own id holds it.
"""

import base64
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from pydantic_core import from_json, to_json

from shared.domain import containers as c
from shared.domain.auditing import Finding, FindingKind, Searched
from shared.domain.backups import begun
from shared.domain.canaries import Match, Sought
from shared.domain.containers import Container
from shared.domain.hashing import WrappedKey
from shared.domain.sealing import SealBrokenError, unseal, unseal_text
from shared.ports import Document, Documents, Files, Ports
from shared.usecases.brands import Brand, keys_path
from shared.usecases.import_contacts import file_path

Look = Callable[[bytes], Iterable[Match]]
"""Finds what is sought in some bytes."""

A_PAGE = 500
SHORTEST_SEALED = 40  # characters: what is wrapped carries its nonce and its tag
_SEALED = b"sealed"


@dataclass(slots=True)
class Search:
    """A search under way: what was read so far, and what was found."""

    ports: Ports
    sought: Sought
    look: Look
    tell: Callable[[str], None]
    findings: list[Finding] = field(default_factory=list)
    _searched: dict[tuple[str | None, str], Searched] = field(default_factory=dict)

    @property
    def searched(self) -> list[Searched]:
        """Every place that was read."""
        return list(self._searched.values())

    async def brand(self, brand: Brand) -> None:
        """Searches everything of one brand."""
        keys: dict[str, str] = {}
        for container in c.BRAND_CONTAINERS:
            documents = brand.ports.store.brand(brand.id, container)  # in the brand's own account
            async for document in self._documents(documents, brand.id, container):
                keys.update(_files_opened_by(brand, container, document))
        await self._files(self.ports.files, "files", brand.id, keys)
        await self._files(self.ports.tombstones, "tombstones", brand.id, {})
        await self._backups(brand)

    async def platform(self, known: Iterable[str]) -> None:
        """Searches what belongs to no brand: the platform's documents, and files in nobody's folder."""
        for container in c.PLATFORM_CONTAINERS:
            async for _ in self._documents(self.ports.store.platform(container), None, container):
                continue
        brands = frozenset(known)
        for place in ("files", "tombstones", "backups"):
            files: Files = getattr(self.ports, place)
            async for path in files.list(""):
                if path.partition("/")[0] not in brands:
                    await self._file(files, place, None, path, None)

    def read(self, place: str, brand: str | None, what: str, data: bytes, *, items: int = 1) -> None:
        """Searches some bytes; `what` says where they are from."""
        self.note(place, brand, items=items, bytes=len(data))
        self._found(self.look(data), place, brand, what)

    def note(self, place: str, brand: str | None, **more: int) -> None:
        """Counts what was read: items, bytes, unopened, skipped."""
        before = self._searched.get((brand, place)) or Searched(brand=brand, place=place, items=0, bytes=0)
        self._searched[brand, place] = before.changed(
            **{name: getattr(before, name) + count for name, count in more.items()}
        )

    async def _documents(
        self, documents: Documents, brand: str | None, container: Container
    ) -> AsyncIterator[Document]:
        place = f"store: {container.name}"
        self.tell(f"{brand or 'platform'}: {container.name}")
        self.note(place, brand)
        position: str | None = None
        while True:
            page = await documents.changes(position, A_PAGE)
            texts = [to_json(document) for document in page.items]
            whole = b"\n".join(texts)
            self.note(place, brand, items=len(texts), bytes=len(whole))
            somewhere = bool(self._wrong(self.look(whole), brand))
            for document, text in zip(page.items, texts, strict=True):
                if somewhere:
                    self._in_document(place, brand, container, document, text)
                await self._sealed_in_document(place, brand, partial(self._named, container, document), document)
                yield document
            position = page.position
            if not page.more:
                return

    def _in_document(
        self, place: str, brand: str | None, container: Container, document: Document, text: bytes
    ) -> None:
        matches = set(self._wrong(self.look(text), brand))
        if not matches:
            return
        where, located = self._named(container, document), set[Match]()
        for path, value in _leaves(document):
            here = matches.intersection(self.look(value.encode()))
            self._found(here, place, brand, f"{where}: {self._hidden(path)}")
            located |= here
        self._found(matches - located, place, brand, where)  # over more than one field

    async def _sealed_in_document(
        self,
        place: str,
        brand: str | None,
        named: Callable[[], str],
        document: Document,
        written: datetime | None = None,
    ) -> None:
        """Texts that are wrapped under a master key, or sealed under a key that stands beside them, wrapped."""
        for path, value in _leaves(document):
            if len(value) < SHORTEST_SEALED or " " in value:
                continue
            with suppress(ValueError):
                opened = self.ports.vault.unwrap(WrappedKey(value))
                where = f"{named()}: {self._hidden(path)}, opened"
                self._found(self.look(opened), place, brand, where, written)
                sealed = document.get("sealed")
                if path == "key" and isinstance(sealed, str):
                    text = await unseal_text(sealed, base64.urlsafe_b64encode(opened).decode())
                    self._found(self.look(text.encode()), place, brand, f"{named()}: sealed, opened", written)

    async def _files(self, files: Files, place: str, brand: str, keys: Mapping[str, str]) -> None:
        self.tell(f"{brand}: {place}")
        self.note(place, brand)
        async for path in files.list(f"{brand}/"):
            await self._file(files, place, brand, path, keys.get(path))

    async def _file(self, files: Files, place: str, brand: str | None, path: str, key: str | None) -> None:
        """Searches a file in pieces that overlap; one that is sealed, opened, too."""
        self._found(self.look(path.encode()), place, brand, "a path")
        self.note(place, brand, items=1)
        with suppress(FileNotFoundError):  # it went in this moment
            sealed = await self._pieces(files.read(path), place, brand, path)
            if sealed and key is None:
                self.note(place, brand, unopened=1)
            elif sealed and key:
                try:
                    await self._pieces(unseal(files.read(path), key), place, brand, path)
                except SealBrokenError:
                    self.note(place, brand, unopened=1)

    async def _pieces(self, pieces: AsyncIterator[bytes], place: str, brand: str | None, path: str) -> bool:
        """Searches what comes, and says whether it is sealed."""
        kept, sealed, matches = b"", None, set()
        async for piece in pieces:
            sealed = piece.startswith(_SEALED) if sealed is None else sealed
            matches |= set(self.look(kept + piece))
            kept = (kept + piece)[-2 * self.sought.longest :] if self.sought.longest else b""
            self.note(place, brand, bytes=len(piece))
        self._found(matches, place, brand, self._hidden(path))
        return bool(sealed)

    async def _backups(self, brand: Brand) -> None:
        """Opens each backup that is younger than an erasure; what is older is erased again when it is restored (BAK-3)."""
        files, place = self.ports.backups, "backups"
        self.note(place, brand.id)
        async for path in files.list(f"{brand.id}/"):
            began = begun(path)
            if began and self.sought.is_past(brand.id, began):
                self.note(place, brand.id, skipped=1)
                continue
            self.tell(f"{brand.id}: {place}")
            with suppress(FileNotFoundError):
                await self._backup(brand, files, place, path, began)

    async def _backup(self, brand: Brand, files: Files, place: str, path: str, began: datetime | None) -> None:
        self._found(self.look(path.encode()), place, brand.id, "a path", began)
        if path == keys_path(brand.id) or not brand.backup_key:
            await self._file(files, place, brand.id, path, None)
            return
        try:
            opened = b"".join([piece async for piece in unseal(files.read(path), brand.backup_key)])
            data = zlib.decompress(opened) if "/parts/" in path else opened
        except (SealBrokenError, zlib.error):
            self.note(place, brand.id, items=1, unopened=1)
            self.findings.append(
                Finding(kind=FindingKind.UNREADABLE, brand=brand.id, place=place, what=self._hidden(path))
            )
            return
        self.note(place, brand.id, items=1, bytes=len(data))
        self._found(self.look(data), place, brand.id, self._hidden(path), began)
        for line in data.splitlines() if "/parts/" in path else ():
            document = from_json(line)[1]
            if isinstance(document, dict):
                await self._sealed_in_document(place, brand.id, partial(self._hidden, path), document, began)

    def _wrong(self, matches: Iterable[Match], brand: str | None, written: datetime | None = None) -> list[Match]:
        return [match for match in matches if self.sought.is_wrong(match, brand, written)]

    def _found(
        self, matches: Iterable[Match], place: str, brand: str | None, what: str, written: datetime | None = None
    ) -> None:
        for canary, label, form in sorted(self._wrong(matches, brand, written)):
            self.findings.append(
                Finding(
                    kind=FindingKind.TRACE,
                    brand=brand,
                    place=place,
                    what=what,
                    canary=canary,
                    value=label,
                    form=form,
                )
            )

    def _named(self, container: Container, document: Document) -> str:
        """Where a document lies."""
        return self._hidden("/".join(dict.fromkeys((str(document[container.partition]), str(document["id"])))))

    def _hidden(self, name: str) -> str:
        """The name, unless a value stands in it."""
        return "(a name that holds it)" if set(self.look(name.encode())) else name


def _files_opened_by(brand: Brand, container: Container, document: Document) -> Iterator[tuple[str, str]]:
    """Which files the document holds the keys of."""
    if container is c.JOBS and document.get("fileKey"):
        yield file_path(brand, document["id"]), document["fileKey"]
    for holder in (document, document.get("photo")):
        if isinstance(holder, dict) and {"file", "key"} <= holder.keys():
            yield holder["file"], holder["key"]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document with its path, the names of fields among them."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield f"{path} (a name)".strip(), name
            yield from _leaves(inside, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inside in value:
            yield from _leaves(inside, f"{path}[]")
    elif value is not None and not isinstance(value, bool):
        yield path, str(value)
