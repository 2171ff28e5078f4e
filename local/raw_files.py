"""Every file below a state folder as it lies on the disk: the store's pages and log, Azurite's extents, logs, clocks."""

from collections.abc import Iterator
from pathlib import Path

from local.state import State

A_PIECE = 4 * 1024 * 1024


def raw_files(state: State) -> Iterator[tuple[str, str | None, Path]]:
    """Each file with the place that it is counted under, and the brand that alone writes to it.

    The mail sandbox's folder is left out: it stands for the provider, who is asked to forget by its own means (RGT-6).
    """
    for path in sorted(state.root.rglob("*")):
        if not path.is_file() or path.is_relative_to(state.mail):
            continue
        folder = path.relative_to(state.root).parts[0] if path.parent != state.root else "."
        brand = path.name.partition(".")[0] if path.parent == state.store else None
        yield f"disk: {folder}", None if brand == "platform" else brand, path


def pieces(path: Path, overlap: int) -> Iterator[bytes]:
    """A file in pieces that overlap, so that nothing sought is cut in two; one that goes meanwhile ends."""
    kept = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(A_PIECE):
                yield kept + piece
                kept = (kept + piece)[-overlap:] if overlap else b""
    except FileNotFoundError:
        return
