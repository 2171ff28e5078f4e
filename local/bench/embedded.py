"""The suite's use cases on the embedded store in a temporary folder, with queue and files inside the process."""

import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.adapters.clock import SystemClock
from shared.adapters.mailjet import MailjetMailer
from shared.adapters.sqlite import SqliteStore
from shared.adapters.vault import EnvelopeVault
from shared.domain.policy import BrandRecord, Policy, Sender, SweepGuard
from shared.domain.tokens import Tokens
from shared.ports import Clock, Ports
from shared.usecases.brands import Brand, Brands

BRAND = "acme"
QUEUE_IS = "inside the process"
_PIECE = 1 << 20
_MASTER_KEY = b"opens nothing but a benchmark's."


class InProcessQueue:
    """Messages in memory, in the order they came."""

    def __init__(self) -> None:
        self.messages: deque[tuple[str, Mapping[str, Any]]] = deque()

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Keeps each message; a delay is not waited for."""
        self.messages.extend((queue, message) for message in messages)


class FolderFiles:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the chunks as one file."""
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.writelines(chunks)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks."""
        with (self._folder / path).open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    async def delete(self, path: str) -> None:
        """Deletes the file."""
        (self._folder / path).unlink(missing_ok=True)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """The paths that begin so, in order."""
        folder = self._folder / prefix.rpartition("/")[0]
        paths = (str(path.relative_to(self._folder)) for path in folder.rglob("*") if path.is_file())
        for path in sorted(path for path in paths if path.startswith(prefix)):
            yield path


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that goes with everything in it."""
    with TemporaryDirectory(prefix="popsell-bench-") as folder:
        yield Path(folder)


class Embedded:
    """One brand, opened, on a store of its own; with `store` the store lies elsewhere than the files."""

    def __init__(self, folder: Path, *, store: Path | None = None, clock: Clock | None = None) -> None:
        self.queue = InProcessQueue()
        self.store = SqliteStore(store or folder / "store")
        self.brands = Brands(_ports(self.store, self.queue, folder / "files", [_MASTER_KEY], clock))

    async def brand(self) -> Brand:
        """The brand; made at the first asking."""
        policy = Policy(
            display_name="Acme Cosmetics",
            sender=Sender(email="hello@acme.example", name="Acme Cosmetics"),
            privacy_policy_url="https://acme.example/privacy",
            # As if a person had confirmed: the plan is made, and stops nothing (RET-18).
            sweep_guard=SweepGuard(share=1.0),
        )
        await self.brands.create(BrandRecord(id=BRAND, policy=policy))
        return await self.brands.get(BRAND)

    async def close(self) -> None:
        """Closes the files."""
        await self.store.close()


@asynccontextmanager
async def brand_beside_host(store_url: str, master_keys: Sequence[bytes], brand: str) -> AsyncIterator[Brand]:
    """A brand of a suite that runs, on the same files; what it would queue goes nowhere."""
    folder = Path(store_url.removeprefix("sqlite://"))
    store = SqliteStore(folder)
    try:
        yield await Brands(_ports(store, InProcessQueue(), folder, master_keys)).get(brand)
    finally:
        await store.close()


def _ports(
    store: SqliteStore, queue: InProcessQueue, files: Path, master_keys: Sequence[bytes], clock: Clock | None = None
) -> Ports:
    return Ports(
        store=store,
        queue=queue,
        files=FolderFiles(files / "files"),
        tombstones=FolderFiles(files / "tombstones"),
        backups=FolderFiles(files / "backups"),
        mailer=MailjetMailer("http://127.0.0.1:9", "nobody", "nothing"),  # it connects when it sends, and nothing does
        clock=clock or SystemClock(),
        vault=EnvelopeVault(master_keys),
        tokens=Tokens([secrets.token_bytes(32)]),
        public_url="http://localhost",
    )
