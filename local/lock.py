"""`./dev lock`: resolves requirements*.in for every supported Python, with hashes."""

from collections.abc import Sequence

from local.project import run_tool

LOCKED = {
    "requirements.in": "requirements.txt",
    "requirements-dev.in": "requirements-dev.txt",
    "requirements-infra.in": "requirements-infra.txt",
}
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-strip-extras",  # pip takes `name[extra]` of a dependency for another package than a locked `name`
    "--no-annotate",
    "--no-header",
)


def main(argv: Sequence[str]) -> int:
    """Writes the lock files; arguments such as `--upgrade` go to `uv pip compile`."""
    for source, locked in LOCKED.items():
        print(f"{source} → {locked}", flush=True)
        failed = run_tool("uv", ["pip", "compile", "--quiet", *OPTIONS, *argv, source, "-o", locked])
        if failed:
            return failed
    return 0
