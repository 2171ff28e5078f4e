"""Each threat of docs/threats.md names a test that is there and is run."""

import ast
import re
from pathlib import Path

import pytest

from local.project import ROOT

ROWS = [line for line in (ROOT / "docs/threats.md").read_text().splitlines() if re.match(r"\| (?!threat |---)", line)]


def is_collected(id: str, root: Path = ROOT) -> bool:
    """Whether pytest finds a test of this id: a function of the module itself, in a file that it looks into, not skipped."""
    path, _, name = id.partition("::")
    file = root / path
    if not (re.fullmatch(r"tests/([a-z_]+/)*test_\w+\.py", path) and name.startswith("test_") and file.is_file()):
        return False
    tests = [
        node
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    return any("skip" not in " ".join(map(ast.unparse, test.decorator_list)) for test in tests)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_what_answers_a_threat_is_proved(row: str) -> None:
    _, threat, answer, proof, _ = (cell.strip() for cell in row.split("|"))
    assert threat
    assert answer
    ids = re.findall(r"`([^`]+)`", proof)
    assert ids
    assert all(is_collected(id) for id in ids), ids


def test_the_threats_are_many_and_no_test_is_taken_on_trust(tmp_path: Path) -> None:
    assert len(ROWS) > 20
    (tmp_path / "tests").mkdir()
    lines = [
        "def helper():",
        "    def test_inside(): pass",
        "@pytest.mark.skip",
        "def test_skipped(): pass",
        "def test_run(): pass",
    ]
    (tmp_path / "tests/test_a.py").write_text("\n".join(lines))
    found = {
        name: is_collected(f"tests/test_a.py::{name}", tmp_path) for name in ("test_run", "test_skipped", "test_inside")
    }
    assert found == {"test_run": True, "test_skipped": False, "test_inside": False}
    assert not is_collected("tests/test_b.py::test_run", tmp_path)
