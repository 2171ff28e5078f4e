"""The compiler's own word, on a machine that has it; the project's has not."""

import shutil
import subprocess

import pytest

from local.project import ROOT

BICEP = shutil.which("bicep")


@pytest.mark.skipif(BICEP is None, reason="no Bicep compiler is here")
@pytest.mark.parametrize(
    "command",
    [("build", "main.bicep"), ("build-params", "small.bicepparam"), ("build-params", "large.bicepparam")],
    ids=lambda command: command[1],
)
def test_the_compiler_takes_it(command: tuple[str, str]) -> None:
    verb, name = command
    ran = subprocess.run(
        [str(BICEP), verb, str(ROOT / "infra" / name), "--stdout"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
