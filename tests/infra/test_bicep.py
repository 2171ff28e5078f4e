"""infra/ holds together: what can be told without a compiler, and each check fails on a defect that is put in."""

from pathlib import PurePosixPath

import pytest

from local.infra import suite
from local.infra.offline import MAIN, findings, parsed, texts

MODULES = PurePosixPath("infra/modules")
SMALL, LARGE = PurePosixPath("infra/small.bicepparam"), PurePosixPath("infra/large.bicepparam")


def with_defect(path: PurePosixPath, old: str, new: str) -> dict[PurePosixPath, str]:
    """The project's files, with another text in place of the first of its kind in one of them."""
    files = texts()
    assert old in files[path], f"{path} has no {old}"
    return {**files, path: files[path].replace(old, new, 1)}


def test_every_template_and_parameter_file_holds_together() -> None:
    assert [str(finding) for finding in findings(texts())] == []


def test_there_is_something_to_check() -> None:
    files = parsed(texts())
    assert {MAIN, SMALL, LARGE} < files.keys()
    assert len(files[MAIN].sorted_by("module")) >= 10
    assert sum(len(file.sorted_by("resource")) for file in files.values()) >= 40


def test_what_the_templates_know_of_the_suite_is_what_the_code_says() -> None:
    assert suite.DOCUMENT.read_text(encoding="utf-8") == suite.document(), "run ./dev rules"


DEFECTS: dict[str, tuple[PurePosixPath, str, str, str]] = {
    "an unknown symbol": (
        MODULES / "storage.bicep", "parent: account", "parent: acount", "unknown symbol acount",
    ),
    "an unknown symbol in a text": (
        MODULES / "vault.bicep", "'kv-${token}'", "'kv-${tokens}'", "unknown symbol tokens",
    ),
    "a loop's name outside of the loop": (
        MODULES / "backups.bicep", "name: 'stb${token}'", "name: 'stb${kind.container}'",
        "unknown symbol kind",
    ),
    "an unknown function": (
        MAIN, "uniqueString(subscription", "unique(subscription", "unknown function unique",
    ),
    "an unknown decorator": (
        MODULES / "database.bicep", "@batchSize(1)", "@batch(1)", "unknown decorator batch",
    ),
    "a file that is not there": (
        MODULES / "database.bicep", "'../suite.json'", "'../suites.json'",
        "loads a file that is not there",
    ),
    "what a loaded file has not": (
        MODULES / "storage.bicep", "suite.queues", "suite.queue", "suite has no queue",
    ),
    "a missing parameter": (
        MAIN, "    throughput: platformThroughput\n", "", "module platform lacks throughput",
    ),
    "a parameter that a module has not": (
        MAIN, "    actionGroupId: monitoring.outputs.actionGroupId\n",
        "    actionGroupId: monitoring.outputs.actionGroupId\n    group: 'x'\n",
        "module alerts has no parameter group",
    ),
    "a parameter of another type": (
        MAIN, "throughput: platformThroughput", "throughput: 'much'", "throughput is int, not string",
    ),
    "an output as a parameter of another type": (
        MAIN, "alertEmails: alertEmails", "alertEmails: identity.outputs.principalId",
        "alertEmails is array, not string",
    ),
    "an output that a module has not": (
        MAIN, "vaultName: vault.outputs.name", "vaultName: vault.outputs.vaultName",
        "module vault puts out no vaultName",
    ),
    "a module that is no file": (
        MAIN, "'modules/budget.bicep'", "'modules/budgets.bicep'",
        "module budget is no file: modules/budgets.bicep",
    ),
    "a file that lacks a parameter": (
        SMALL, "param monthlyBudget = 300\n", "", "the file lacks monthlyBudget",
    ),
    "a file with a parameter that the template has not": (
        SMALL, "param serverless = true", "param serverles = true",
        "the file has no parameter serverles",
    ),
    "a file with a value of another type": (
        LARGE, "param isolated = true", "param isolated = 'true'", "isolated is bool, not string",
    ),
    "a region that is not allowed": (
        LARGE, "param location = 'westeurope'", "param location = 'eastus'",
        "location cannot be eastus",
    ),
    "a number beyond its limit": (
        LARGE, "param maximumInstances = 200", "param maximumInstances = 2000",
        "maximumInstances is beyond its maxValue",
    ),
    "a list beyond its limit": (
        SMALL, "param alertEmails = [\n  'operations@example.com'\n]", "param alertEmails = [\n]",
        "alertEmails is beyond its minLength",
    ),
    "a file for no template": (
        SMALL, "using './main.bicep'", "using './mains.bicep'", "is for no template that is here",
    ),
    "what is never used": (
        MAIN, "var token =", "var other = 1\nvar token =", "other is never used",
    ),
    "what is declared twice": (
        MODULES / "identity.bicep", "param location string", "param name string\nparam location string",
        "name is declared twice, first in line 2",
    ),
    "a part of another resource": (
        MODULES / "storage.bicep", "  parent: blobs\n", "  parent: queues\n",
        "containers is no part of queues",
    ),
    "a resource without a version": (
        MODULES / "identity.bicep", "userAssignedIdentities@2023-01-31", "userAssignedIdentities",
        "identity has no API version",
    ),
    "what is not plain": (
        MODULES / "database.bicep", "options: serverless ?", "options: !serverless ?",
        "not plain syntax: no lambda, no spread, no !",
    ),
    "what is no Bicep": (
        MODULES / "identity.bicep", "param tags object", "param tags object {", "not understood",
    ),
    "a module that nobody calls": (
        MAIN, "'modules/budget.bicep'", "'modules/alerts.bicep'", "is called by nobody",
    ),
}  # fmt: skip


# What is missing is said of the whole that it is missing in.
ELSEWHERE = ("lacks", "is for no template", "is called by nobody", "is declared twice", "module alerts lacks")


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_where_it_is(defect: str) -> None:
    path, old, new, says = DEFECTS[defect]
    found = [finding for finding in findings(with_defect(path, old, new)) if finding.says == says]
    assert found, [str(finding) for finding in findings(with_defect(path, old, new))]
    if not any(word in says for word in ELSEWHERE):
        before = texts()[path].partition(old)[0]
        first = before.count("\n") + 1
        assert (found[0].file, found[0].line) in {
            (str(path), line) for line in range(first, first + new.count("\n") + 1)
        }
