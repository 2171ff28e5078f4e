"""Where the suite keeps files, messages and backups is what the templates make, for as long as the code says."""

import re
from collections import Counter
from pathlib import PurePosixPath

import pytest

from functions.catalogue import QUEUES
from local.infra.bicep import literal, properties
from local.infra.offline import parsed, texts
from local.infra.suite import described
from local.project import ROOT
from shared.adapters.backup_files import KEPT, KEYS
from shared.adapters.store_contract import check_brand
from shared.domain.backups import Kind

STORAGE = texts()[PurePosixPath("infra/modules/storage.bicep")]
BACKUPS = texts()[PurePosixPath("infra/modules/backups.bicep")]


def made(template: str, kind: str) -> list[str]:
    """The names of the rows of a variable that a template loops over."""
    rows = template.partition(f"var {kind} = [")[2].partition("\n]")[0]
    return re.findall(r"^\s+(?:container: )?'([^']+)'$", rows, re.MULTILINE)


def test_every_queue_that_a_function_listens_to_is_made_and_where_its_failures_go() -> None:
    queues = described()["queues"]
    assert {messages.queue for messages in QUEUES.values()} <= set(queues)
    assert {f"{queue}-poison" for queue in queues if not queue.endswith("-poison")} <= set(queues)
    assert "for name in suite.queues" in STORAGE


def test_every_container_of_files_is_made() -> None:
    root = (ROOT / "shared" / "app.py").read_text(encoding="utf-8")
    used = {name or "files" for name in re.findall(r'StorageFiles\(storage(?:, "(\w+)")?\)', root)}
    assert used == {"files", "tombstones"}
    assert set(made(STORAGE, "containerNames")) == used | {"packages"}


@pytest.mark.rule("BAK-1")
def test_BAK_1_each_kind_of_backup_has_a_container_with_a_rule_and_cannot_be_changed_before() -> None:
    assert set(made(BACKUPS, "kinds")) == set(KEPT.values())
    assert f"var keysContainer = '{KEYS}'" in BACKUPS
    for container in ("hourly", "monthly"):
        row = BACKUPS.partition(f"container: 'backups-{container}'\n")[2].partition("}")[0]
        assert row.strip() == f"days: suite.backupDays.{container}"
    days = described()["backupDays"]
    assert {days[kind.value] for kind in Kind if KEPT[kind] == "backups-hourly"} == {41}
    assert {days[kind.value] for kind in Kind if KEPT[kind] == "backups-monthly"} == {366}
    assert "immutabilityPeriodSinceCreationInDays: kind.days - 1" in BACKUPS
    assert "daysAfterCreationGreaterThan: kind.days" in BACKUPS


@pytest.mark.rule("DEL-8")
def test_DEL_8_what_is_deleted_is_kept_in_no_bin() -> None:
    for template in (STORAGE, BACKUPS):
        assert "isVersioningEnabled: false" in template
        assert re.search(r"\bdeleteRetentionPolicy: \{\s+enabled: false\s+\}", template)


@pytest.mark.rule("BAK-2")
def test_BAK_2_data_can_be_put_nowhere_but_in_two_regions_of_the_EU() -> None:
    main = texts()[PurePosixPath("infra/main.bicep")]
    before = main.partition("\nparam location string")[0].rpartition("@allowed")[2]
    assert re.findall(r"'(\w+)'", before) == ["westeurope", "northeurope"]
    assert "var secondLocation = location == 'westeurope' ? 'northeurope' : 'westeurope'\n" in main
    given = re.findall(r"^ +(?:location|secondLocation): (.+)$", main, re.MULTILINE)
    assert set(given) == {"location", "secondLocation"}


@pytest.mark.parametrize("size", ["small", "large"])
def test_every_brand_names_an_account_that_has_room_for_it(size: str) -> None:
    file = parsed(texts())[PurePosixPath(f"infra/{size}.bicepparam")].declared
    accounts = (
        [literal(one) for one in file["storeAccounts"].value.named_children] if file["storeAccounts"].value else []
    )
    brands = [properties(one) for one in file["brands"].value.named_children] if file["brands"].value else []
    assert accounts
    assert brands
    placed = Counter(literal(brand["account"]) for brand in brands)
    assert set(placed) <= set(accounts)
    assert max(placed.values()) <= 30
    for brand in brands:
        check_brand(literal(brand["id"]) or "")
