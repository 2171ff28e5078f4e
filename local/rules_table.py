"""`./dev rules`: makes docs/rules.md, the table rule → code → tests, from the list, the docstrings and the tests' marks.

It makes docs/collection.md, docs/data-map.md and infra/suite.json too, from the tables of the code.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import collection_table, data_map_table
from local.infra import suite
from local.project import ROOT

LIST = ROOT / "docs" / "rules.toml"
TABLE = ROOT / "docs" / "rules.md"
_RULE = re.compile(r"\b([A-Z]{2,4})-(\d+)(?:…(\d+))?\b")

_HEAD = """# Rules, code and tests

Made by `./dev rules` from `rules.toml`, the docstrings and the tests' marks; a test fails when it is out of date, or when a
rule that is built has no code that names it or no test that proves it.

| rule | says | code | tests |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row."""

    id: str
    says: str
    built: bool
    by_tests_alone: bool
    code: tuple[str, ...]
    tests: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        """Why the row is not good."""
        if self.built and not self.tests:
            yield f"{self.id}: no test is marked with it"
        if self.built and not self.code and not self.by_tests_alone:
            yield f"{self.id}: no code names it"


def main(argv: Sequence[str]) -> int:
    """Writes the table and prints what is missing; 0 when nothing is."""
    if argv:
        print("usage: ./dev rules")
        return 2
    rules = read_rules()
    TABLE.write_text(table(rules), encoding="utf-8")
    collection_table.DOCUMENT.write_text(collection_table.document(), encoding="utf-8")
    data_map_table.DOCUMENT.write_text(data_map_table.document(), encoding="utf-8")
    suite.DOCUMENT.write_text(suite.document(), encoding="utf-8")
    faults = [fault for rule in rules for fault in rule.faults()]
    print(
        "\n".join(faults)
        or f"{sum(rule.built for rule in rules)} of {len(rules)} rules are built, each with its tests."
    )
    return 1 if faults else 0


def read_rules() -> list[Rule]:
    """Every rule of the list with the code that names it and the tests that are marked with it."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    code, tests = _code(), _tests()
    unknown = sorted(set(tests) - set(listed))
    if unknown:
        raise ValueError(f"tests are marked with rules that are not listed: {', '.join(unknown)}")
    return [
        Rule(
            id=id,
            says=row["says"],
            built=row.get("built", True),
            by_tests_alone=row.get("by_tests_alone", False),
            code=tuple(code.get(id, ())),
            tests=tuple(tests.get(id, ())),
        )
        for id, row in listed.items()
    ]


def table(rules: Sequence[Rule]) -> str:
    """The document."""
    return _HEAD + "".join(_row(rule) for rule in rules)


def _row(rule: Rule) -> str:
    if not rule.built:
        return f"| {rule.id} | {rule.says} | *not built yet* | |\n"
    files: dict[str, int] = {}
    for test in rule.tests:
        file = test.partition("::")[0]
        files[file] = files.get(file, 0) + 1
    tests = "<br>".join(f"`{file}` ({count})" for file, count in files.items())
    return f"| {rule.id} | {rule.says} | {'<br>'.join(f'`{file}`' for file in rule.code)} | {tests} |\n"


def _code() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in _python("shared", "functions"):
        text = path.read_text(encoding="utf-8")
        for id in sorted({id for match in _RULE.finditer(text) for id in _spelled_out(match)}):
            found.setdefault(id, []).append(path.relative_to(ROOT).as_posix())
    return found


def _spelled_out(match: re.Match[str]) -> list[str]:
    group, first, last = match.groups()
    return [f"{group}-{number}" for number in range(int(first), int(last or first) + 1)]


def _tests() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in _python("tests"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        everywhere = [id for node in tree.body if _is_pytestmark(node) for id in _marks(node)]
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            marked = [id for decorator in node.decorator_list for id in _marks(decorator)]
            if node.name.startswith("test"):
                marked += everywhere
            for id in dict.fromkeys(marked):
                found.setdefault(id, []).append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return found


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)


def _marks(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "rule":
            yield from (str(arg.value) for arg in call.args if isinstance(arg, ast.Constant))


def _python(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))
