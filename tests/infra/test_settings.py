"""A setting is the same in the code, in the documents, on a developer's machine and in Azure (BAK-5)."""

from itertools import pairwise
from pathlib import PurePosixPath

import pytest

from local.infra import settings
from local.infra.offline import parsed, texts
from local.project import ROOT

FUNCTIONS = PurePosixPath("infra/modules/functions.bicep")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in (settings.DOCUMENTS, settings.EXAMPLE)}


def said(changed: str = "", old: str = "", new: str = "") -> list[str]:
    """What the comparison says when a text in one of the three is another."""
    files, others = texts(), dict(TEXTS)
    if changed in others:
        assert old in others[changed]
        others[changed] = others[changed].replace(old, new, 1)
    elif changed:
        assert old in files[PurePosixPath(changed)]
        files[PurePosixPath(changed)] = files[PurePosixPath(changed)].replace(old, new, 1)
    found = settings.sets(parsed(files), others[settings.DOCUMENTS], others[settings.EXAMPLE])
    return [str(finding) for finding in settings.compare(found)]


@pytest.mark.rule("BAK-5")
def test_the_four_places_know_the_same_settings() -> None:
    assert said() == []
    found = settings.sets(parsed(texts()), TEXTS[settings.DOCUMENTS], TEXTS[settings.EXAMPLE])
    assert min(map(len, found)) > 20


AZURE, EXAMPLE, DOCUMENTS = str(FUNCTIONS), settings.EXAMPLE, settings.DOCUMENTS


@pytest.mark.parametrize(
    ("changed", "old", "new", "says"),
    [
        (AZURE, "name: 'MASTER_KEYS'", "name: 'MASTER_KEY'", ["docs/operations.md: MASTER_KEY has no line",
         "infra: MASTER_KEYS is missing", "infra: MASTER_KEY is read by nobody"]),
        (AZURE, "name: 'PUBLIC_URL'", "name: 'IDENTITY_SANDBOX_URL'", ["infra: PUBLIC_URL is missing",
         "infra: IDENTITY_SANDBOX_URL must not be there: lets anybody in as anybody"]),
        (DOCUMENTS, "| `BCRYPT_COST` |", "| the cost |", ["docs/operations.md: BCRYPT_COST has no line"]),
        (DOCUMENTS, "| `BCRYPT_COST` |", "| `BCRYPT_COST`, `SCRYPT_COST` |",
         ["docs/operations.md: SCRYPT_COST is read by nobody"]),
        (EXAMPLE, '    "CRM_URL": "",\n', "", [f"{EXAMPLE}: CRM_URL is missing"]),
        (EXAMPLE, '    "CRM_URL": "",\n', '    "CRM_URL": "",\n    "CRM_URLS": "",\n',
         ["docs/operations.md: CRM_URLS has no line", f"{EXAMPLE}: CRM_URLS is read by nobody"]),
    ],
)  # fmt: skip
def test_a_setting_that_is_missing_somewhere_is_found(changed: str, old: str, new: str, says: list[str]) -> None:
    assert said(changed, old, new) == says


@pytest.mark.rule("BAK-5")
def test_a_secret_is_a_reference_to_the_vault_or_nothing() -> None:
    lines = texts()[FUNCTIONS].splitlines()
    values = {
        line.split("'")[1]: after.strip() for line, after in pairwise(lines) if line.strip().startswith("name: '")
    }
    secrets = [name for name in values if name.endswith(("_SECRET", "_SECRETS", "_KEY", "_KEYS", "_CREDENTIALS"))]
    assert len(secrets) >= 9
    for name in secrets:
        texts_in_it = values[name].split("'")[1::2]
        assert all(text == "" or text.startswith("${secretStart}") for text in texts_in_it), name
