"""Every check of infra/ that needs neither Azure nor a compiler, over texts: the project's own, or a copy with a defect."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from local.infra import modules, symbols
from local.infra.bicep import Bicep, Finding, read, syntax
from local.project import ROOT

Texts = Mapping[PurePosixPath, str]
MAIN = PurePosixPath("infra/main.bicep")


def texts() -> dict[PurePosixPath, str]:
    """The files of infra/ by their paths in the project."""
    found = sorted(path for path in (ROOT / "infra").rglob("*") if path.suffix in (".bicep", ".bicepparam", ".json"))
    return {PurePosixPath(path.relative_to(ROOT).as_posix()): path.read_text(encoding="utf-8") for path in found}


def parsed(files: Texts) -> dict[PurePosixPath, Bicep]:
    """The templates and parameter files among them."""
    return {path: read(path, text) for path, text in files.items() if path.suffix != ".json"}


def findings(files: Texts) -> Iterator[Finding]:
    """What is wrong with the files among themselves."""
    read_files = parsed(files)
    for path, file in read_files.items():
        yield from syntax(file)
        yield from symbols.unresolved(file, files)
        if path.suffix == ".bicepparam":
            yield from modules.parameter_file(file, read_files)
            continue
        yield from symbols.unused(file)
        yield from symbols.parents(file)
        yield from modules.calls(file, read_files)
        yield from modules.outputs(file, read_files)
    yield from _orphans(read_files)


def _orphans(files: Mapping[PurePosixPath, Bicep]) -> Iterator[Finding]:
    called = {
        symbols.beside(path, module.type or "") for path, file in files.items() for module in file.sorted_by("module")
    }
    for path in files:
        if path.suffix == ".bicep" and path != MAIN and path not in called:
            yield Finding(str(path), 0, "is called by nobody")
