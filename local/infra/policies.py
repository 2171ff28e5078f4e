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
    """0 when infra/ has no violation and every file of it was read; else says what is wrong."""
    faults = list(violations(ROOT / "infra"))
    print("\n".join(faults) or "infra/ keeps to the policies; its exceptions are explained where they stand.")
    return 1 if faults else 0


def violations(folder: Path) -> Iterator[str]:
    """What is against a policy without a reason beside it, and files that could not be read: those would pass unread."""
    # Nothing is asked of anybody: no account, no update, no download.
    environment = {**os.environ, "CHECKOV_DISABLE_UPDATE_CHECK": "true", "LOG_LEVEL": "ERROR"}
    command = [str(_python()), "-m", "checkov.main", *OPTIONS, "--directory", str(folder)]
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
    digest = hashlib.sha256(LOCKED.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)], check=True)
        sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(LOCKED)]
        subprocess.run([*uv, *sync], check=True)
        stamp.write_text(digest)
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
