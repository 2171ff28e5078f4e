"""The folder that holds everything a local suite writes, and the secrets made for it."""

import base64
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = ".popsell-state"
LOCK = ".lock"


class NotAStateFolderError(Exception):
    """The folder holds something that no suite of ours put there."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a local suite's parts know of each other and outsiders do not; keys are base64 of 32 bytes."""

    master_keys: str
    token_keys: str
    mailjet_api_key: str
    mailjet_api_secret: str
    webhook_user: str
    webhook_password: str
    function_key: str


@dataclass(frozen=True, slots=True)
class State:
    """The paths inside a state folder."""

    root: Path

    @property
    def store(self) -> Path:
        """The embedded store, a file a brand."""
        return self.root / "store"

    @property
    def azurite(self) -> Path:
        """Queues and blobs."""
        return self.root / "azurite"

    @property
    def mail(self) -> Path:
        """What the mail sandbox received."""
        return self.root / "mail"

    @property
    def logs(self) -> Path:
        """A file a process, and the functions' own."""
        return self.root / "logs"

    @property
    def clock(self) -> Path:
        """How far the suite's clock is ahead."""
        return self.root / "clock.json"

    @property
    def timers(self) -> Path:
        """When each timer ran last."""
        return self.root / "timers.json"

    def open(self) -> None:
        """Makes the folder ours; raises NotAStateFolderError when it holds somebody else's files."""
        if self.root.exists() and not self.root.is_dir():
            raise NotAStateFolderError(f"{self.root} is not a folder")
        if self.root.exists() and not (self.root / MARKER).exists() and any(self.root.iterdir()):
            raise NotAStateFolderError(f"{self.root} is not empty and not a state folder of this suite")
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / MARKER).touch()
        self.logs.mkdir(exist_ok=True)

    def empty(self) -> None:
        """Deletes what an opened state folder holds."""
        for entry in self.root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in (MARKER, LOCK):
                entry.unlink()
        self.logs.mkdir()

    def secrets(self) -> Secrets:
        """The folder's secrets, made at the first asking and readable by the owner only."""
        path = self.root / "secrets.json"
        if not path.exists():
            # Linking is atomic and keeps the first: two processes that start together agree.
            beside = self.root / f"secrets.{os.getpid()}.new"
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
                json.dump(asdict(_new_secrets()), handle, indent=2)
            try:
                path.hardlink_to(beside)
            except FileExistsError:
                pass
            finally:
                beside.unlink()
        return Secrets(**json.loads(path.read_text()))


def _new_secrets() -> Secrets:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return Secrets(
        master_keys=key(),
        token_keys=key(),
        mailjet_api_key=secrets.token_hex(16),
        mailjet_api_secret=secrets.token_hex(16),
        webhook_user="mailjet",
        webhook_password=secrets.token_urlsafe(18),
        function_key=secrets.token_urlsafe(24),
    )
