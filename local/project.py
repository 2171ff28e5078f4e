"""Where the project and its tools are on this machine."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NODE_MODULES = ROOT / "node_modules"


def run_tool(module: str, arguments: Sequence[str]) -> int:
    """Runs an installed tool in the project's folder and gives its exit code."""
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode
