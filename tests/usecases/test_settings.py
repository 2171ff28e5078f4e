"""The settings that decide where backups go."""

import pytest

from shared.settings import SettingError, read_settings
from tests.functions.suite import ENVIRONMENT


@pytest.mark.rule("BAK-2")
def test_BAK_2_nothing_starts_without_an_account_for_the_backups() -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if name != "BACKUP_STORAGE"}
    with pytest.raises(SettingError, match="BACKUP_STORAGE"):
        read_settings(without)
    by_identity = read_settings({**without, "BACKUP_STORAGE__blobServiceUri": "https://north.blob.core.test"})
    assert (by_identity.backup_storage, by_identity.backup_blob_uri) == (None, "https://north.blob.core.test")
