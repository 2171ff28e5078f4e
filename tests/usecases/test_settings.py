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


def test_accounts_are_named_each_once() -> None:
    read = read_settings({**ENVIRONMENT, "STORE_ACCOUNTS": "a=https://a.test:443/, b=https://b.test/"})
    assert read.store_accounts == {"a": "https://a.test:443/", "b": "https://b.test/"}
    assert read_settings(ENVIRONMENT).store_accounts == {}
    for wrong in (
        "https://a.test",
        "a=",
        "a=a.test",
        "A=https://a.test",
        "a=https://a.test,a=https://b.test",
        "=https://a",
    ):
        with pytest.raises(SettingError, match="STORE_ACCOUNTS"):
            read_settings({**ENVIRONMENT, "STORE_ACCOUNTS": wrong})
