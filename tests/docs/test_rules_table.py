"""The rules table is complete and up to date."""

import re

import pytest

from local import collection_table, data_map_table
from local.project import ROOT
from local.rules_table import TABLE, read_rules, table
from shared.domain.collecting import Source


def test_every_rule_that_is_built_has_code_that_names_it_and_a_test_that_is_marked_with_it() -> None:
    assert [fault for rule in read_rules() for fault in rule.faults()] == []


def test_the_rules_table_in_the_documents_is_up_to_date() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(read_rules()), "run ./dev rules"


@pytest.mark.rule("CON-6")
def test_the_table_of_what_becomes_of_arrivals_is_up_to_date_and_has_no_empty_cell() -> None:
    written = collection_table.DOCUMENT.read_text(encoding="utf-8")
    assert written == collection_table.document(), "run ./dev rules"
    met = written.partition("## What it meets")[2]
    rows = [line.strip("|").split("|") for line in met.splitlines() if line.startswith(("| `", "| n"))]
    assert len(rows) > len(Source)
    assert all(cell.strip() for row in rows for cell in row)


@pytest.mark.rule("DEL-4")
def test_the_map_of_what_is_kept_of_people_is_up_to_date() -> None:
    written = data_map_table.DOCUMENT.read_text(encoding="utf-8")
    assert written == data_map_table.document(), "run ./dev rules"


@pytest.mark.rule("BAK-4")
def test_every_address_in_tests_samples_and_demonstrations_is_of_a_domain_that_belongs_to_nobody() -> None:
    address = re.compile(rb"[A-Za-z0-9_.+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})")
    reserved = re.compile(rb"(^|[.-])(example\.(com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE)
    others = {
        match.group(0)
        for folder in ("tests", "local")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".csv", ".vcf", ".txt", ".html")
        for match in address.finditer(path.read_bytes())
        if not reserved.search(match.group(1))
    }
    assert others == set()


@pytest.mark.rule("BAK-5")
def test_the_settings_file_with_secrets_is_not_tracked() -> None:
    assert "local.settings.json" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
