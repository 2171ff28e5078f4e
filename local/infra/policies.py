"""`checkov` over infra/: policies of good practice, each exception explained beside what it is about.

It pins much of what the suite uses in newer versions, so it lives in an environment of its own, made when first asked for.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from local.project import ROOT

LOCKED = ROOT / "requirements-infra.txt"
ENVIRONMENT = ROOT / ".venv" / f"infra-{sys.version_info[0]}.{sys.version_info[1]}"
OPTIONS = ("--framework", "bicep", "--skip-download", "--compact", "--output", "json")


def main(argv: Sequence[str]) -> int:
    """0 when infra/ has no violation and every file of it was read; else says what is wrong. What was clean is not read again."""
    python = _python()
    clean, now = (
        ENVIRONMENT / ".clean.sha256",
        _digest(*sorted((ROOT / "infra").rglob("*.bicep")), LOCKED, Path(__file__)),
    )
    if clean.exists() and clean.read_text() == now:
        print("infra/ is as it was when it last kept to the policies.")
        return 0
    faults = list(violations(ROOT / "infra", python))
    print("\n".join(faults) or "infra/ keeps to the policies; its exceptions are explained where they stand.")
    if faults:
        return 1
    clean.write_text(now)
    return 0


def violations(folder: Path, python: Path) -> Iterator[str]:
    """What is against a policy without a reason beside it, and files that could not be read: those would pass unread."""
    # Nothing is asked of anybody, and the same is answered each time.
    environment = {**os.environ, "LOG_LEVEL": "ERROR", "PYTHONHASHSEED": "0"}
    command = [str(python), "-m", "checkov.main", *OPTIONS, "--directory", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(ran.stdout)
    except ValueError:
        yield f"checkov did not answer: {ran.stderr.strip()[-500:]}"
        return
    results = report["results"]
    for check in results["failed_checks"]:
        yield f"{check['file_path']}:{check['file_line_range'][0]}: {check['check_id']} {check['check_name']}"
    for path in results["parsing_errors"]:
        yield f"{path}: not understood"
    for check in results["skipped_checks"]:
        if not check["check_result"].get("suppress_comment", "").strip():
            yield f"{check['file_path']}: {check['check_id']} is skipped without a reason"
    if "Failed to run check" in ran.stderr:
        yield f"a check broke off: {ran.stderr.strip()[:500]}"
    if not results["passed_checks"]:
        yield "nothing was checked"


def _python() -> Path:
    """The interpreter of the environment that checkov lives in, made or brought up to date when needed."""
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / ".requirements.sha256"
    if not stamp.exists() or stamp.read_text() != _digest(LOCKED):
        # uv, since pip takes half a minute for the same hundred packages.
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)], check=True)
        sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(LOCKED)]
        subprocess.run([*uv, *sync], check=True)
        stamp.write_text(_digest(LOCKED))
    return python


def _digest(*paths: Path) -> str:
    """The SHA-256 of files, with their places in the project, in hexadecimal."""
    found = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
