"""Each property that a template sets is one that Microsoft's SDK knows, and takes its value."""

from pathlib import PurePosixPath

import pytest

from local.infra.models import DOCUMENT, WrittenModels, unknown
from local.infra.offline import parsed, texts

MODULES = PurePosixPath("infra/modules")
MODELS = WrittenModels(DOCUMENT.read_text(encoding="utf-8"))


def said(files: dict[PurePosixPath, str]) -> list[str]:
    """What is found in the templates among these files."""
    templates = [file for path, file in parsed(files).items() if path.suffix == ".bicep"]
    return [str(finding) for file in templates for finding in unknown(file, MODELS)]


def test_every_property_is_known_and_takes_its_value() -> None:
    assert said(texts()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("storage", "allowSharedKeyAccess: false", "allowSharedKeyAcces: false",
         "no property is called allowSharedKeyAcces here"),
        ("storage", "allowSharedKeyAccess: false", "allowSharedKeyAccess: 'false'", "'false' is not bool"),
        ("storage", "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: '1.2'",
         "'1.2' is not TLS1_0|TLS1_1|TLS1_2|TLS1_3"),
        ("functions", "instanceMemoryMB: 2048", "instanceMemory: 2048", "no property is called instanceMemory here"),
        ("functions", "maximumInstanceCount: maximumInstances", "maximumInstanceCount: '40'", "'40' is not int"),
        ("functions", "            name: 'http'\n", "            trigger: 'http'\n",
         "no property is called trigger here"),
        ("backups", "daysAfterCreationGreaterThan: kind.days", "daysAfterCreation: kind.days",
         "no property is called daysAfterCreation here"),
        ("store", "'Continuous7Days'", "'Continuous7Day'", "'Continuous7Day' is not Continuous7Days|Continuous30Days"),
        ("alerts", "minFailingPeriodsToAlert: 1", "minFailingPeriods: 1", "no property is called minFailingPeriods here"),
        ("network", "subnets: [", "subnet: [", "no property is called subnet here"),
        ("network", "        '10.20.0.0/16'\n", "        16\n", "16 is not string"),
        ("monitoring", "retentionInDays: 365", "retentionInDays: [\n      365\n    ]",
         "a list where there is int to be"),
        ("identity", "userAssignedIdentities@", "systemAssignedIdentities@",
         "no model of Microsoft.ManagedIdentity/systemAssignedIdentities: refresh models.json"),
    ],
)  # fmt: skip
def test_a_property_that_is_wrong_is_found_where_it_is(file: str, old: str, new: str, says: str) -> None:
    files, path = texts(), MODULES / f"{file}.bicep"
    before, found, after = files[path].partition(old)
    assert found
    first = before.count("\n") + 1
    lines = range(first, first + new.count("\n") + 1)
    (finding,) = said({**files, path: before + new + after})
    assert finding in {f"{path}:{line}: {says}" for line in lines}
