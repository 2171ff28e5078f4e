"""Looks for secrets in what is under version control: a key that was committed once is in every clone (BAK-5)."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector

from local.project import ROOT

# Lines that can hold one: a long word, the head of a private key, or credentials in an address. All others, nearly the whole
# repository, need no detector.
MAY_HOLD_ONE = re.compile(r"[A-Za-z0-9+/_=-]{20}|-----BEGIN|://[^/\s:@]+:[^/\s@]+@")
DETECTORS: tuple[BasePlugin, ...] = (
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    Base64HighEntropyString(limit=4.5),
    BasicAuthDetector(),
    GitHubTokenDetector(),
    JwtTokenDetector(),
    NpmDetector(),
    PrivateKeyDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
)
LOCKS = ("requirements.txt", "requirements-dev.txt", "package-lock.json")  # hashes and nothing else
# What looks like a secret and is none: the file, the beginning of the value's hash as the scan prints it, and why.
KNOWN: dict[tuple[str, str], str] = {
    ("docs/deploying.md", "1c2b0d17c738"): "a placeholder for a password",
    ("local.settings.example.json", "5666459779d6"): "the account key of Azurite, the same on every machine and public",
    (
        "local.settings.example.json",
        "9a060ce9c32f",
    ): "an example of a master key, for a developer's machine",
    (
        "local.settings.example.json",
        "03b0fd60e96f",
    ): "an example of a token key, for a developer's machine",
    ("local/azurite.py", "726684b05966"): "the account key of Azurite, the same on every machine and public",
    ("shared/domain/ids.py", "5831a784a378"): "the alphabet of ids",
    ("shared/domain/rights.py", "5831a784a378"): "the alphabet of ids",
    ("shared/domain/vouchers.py", "3ea6cf17f95e"): "the alphabet of vouchers",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that looks like a secret; its value is in no report."""

    path: str
    line: int
    kind: str
    hash: str


def scan(files: Iterable[str], root: Path = ROOT) -> Iterator[Found]:
    """What these files hold and `KNOWN` does not explain."""
    for path in files:
        if Path(path).name not in LOCKS:
            yield from (found for found in _scan(path, root) if (path, found.hash) not in KNOWN)


def under_version_control() -> list[str]:
    """Every file that a clone has."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (ROOT / path).is_file()]


def _scan(path: str, root: Path) -> Iterator[Found]:
    for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
        if MAY_HOLD_ONE.search(line):
            for detector in DETECTORS:
                for secret in detector.analyze_line(path, line, number):
                    yield Found(path, number, secret.type, secret.secret_hash[:12])
