"""`./dev format`: sorts the imports, repairs what the linter can and formats the code."""

from collections.abc import Sequence

from local.project import run_tool


def main(argv: Sequence[str]) -> int:
    """Formats the paths given, or all; not 0 when the linter is left with something."""
    linted = run_tool("ruff", ["check", "--fix", *argv])
    return run_tool("ruff", ["format", *argv]) or linted
