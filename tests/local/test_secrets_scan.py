"""No secret is under version control, and one that is put there is found (BAK-5)."""

import base64
import hashlib
from pathlib import Path

import pytest

from local import secrets_scan
from local.secrets_scan import KNOWN, scan, under_version_control

# Made here, piece by piece, so that none of them stands in this file.
RANDOM = base64.b64encode(hashlib.sha512(b"no secret").digest()).decode()
SEEDED = {
    "a storage key": f"AccountName=acme;AccountKey={RANDOM}",
    "a key in a setting": f'"MASTER_KEYS": "{RANDOM[:43]}="',
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "credentials in an address": "https://user:" + "pa55word@mailjet.example/v3",
    "a GitHub token": "ghp_" + "a1B2c3D4" * 4 + "e5F6",
    "an AWS key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a session": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + RANDOM[:43].replace("+", "-").replace("/", "_"),
}  # fmt: skip


@pytest.mark.rule("BAK-5")
def test_no_secret_is_under_version_control() -> None:
    assert list(scan(under_version_control())) == []


@pytest.mark.rule("BAK-5")
@pytest.mark.parametrize("what", SEEDED)
def test_a_seeded_secret_is_found_and_not_repeated(tmp_path: Path, what: str) -> None:
    (tmp_path / "settings.py").write_text(f"first = 1\n{SEEDED[what]}\n")
    found = list(scan(["settings.py"], tmp_path))
    assert found, what
    assert {one.line for one in found} == {2}
    assert SEEDED[what] not in repr(found)


def test_what_is_known_is_still_there_and_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_scan, "KNOWN", {})
    assert {(one.path, one.hash) for one in scan({path for path, _ in KNOWN})} == set(KNOWN)
    assert all(KNOWN.values())
