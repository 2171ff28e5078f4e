"""The role at the store holds what the adapter does, and nothing else."""

import re
from pathlib import PurePosixPath

from local.infra.offline import texts
from local.project import ROOT

DATA = "Microsoft.DocumentDB/databaseAccounts/"
CONTAINERS = DATA + "sqlDatabases/containers/"
# What each call of the SDK needs; a batch what its operations need.
NEEDS = {
    "create_item": "items/create",
    "read_item": "items/read",
    "read_items": "executeQuery",
    "replace_item": "items/replace",
    "delete_item": "items/delete",
    "upsert_item": "items/upsert",
    "query_items": "executeQuery",
    "query_items_change_feed": "readChangeFeed",
    "execute_item_batch": None,
    "read_feed_ranges": None,
}


def test_the_role_at_the_store_holds_what_the_adapter_calls_and_no_more() -> None:
    adapter = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shared" / "adapters").glob("cosmos*.py"))
    calls = set(re.findall(r"(?:container|proxy)\.(\w+)\(", adapter))
    assert {"create_item", "query_items"} < calls
    assert calls <= NEEDS.keys(), "say what it needs"
    needed = {need for need in map(NEEDS.get, calls) if need}
    role = texts()[PurePosixPath("infra/modules/store.bicep")].partition("dataActions: [")[2].partition("]")[0]
    assert set(re.findall(r"'([^']+)'", role)) == {DATA + "readMetadata", *(CONTAINERS + need for need in needed)}


def test_no_role_is_given_beyond_a_single_resource() -> None:
    for path, text in texts().items():
        for block in text.split("\nresource ")[1:]:
            if "Microsoft.Authorization/roleAssignments@" in block.partition("\n")[0]:
                assert re.search(r"^  scope: (?!resourceGroup|subscription)\w+", block, re.MULTILINE), path
