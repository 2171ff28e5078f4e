"""`python -m local.infra.refresh_models`: writes models.json anew from Microsoft's SDK, as far as the templates use it.

For whoever uses a resource or an object that models.json does not know. It makes an environment of its own, for the
packages are large and nothing else needs them.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.project import ROOT

PACKAGES = (
    "azure-mgmt-applicationinsights==4.1.0", "azure-mgmt-authorization==4.0.0", "azure-mgmt-consumption==11.0.0",
    "azure-mgmt-cosmosdb==10.0.0", "azure-mgmt-keyvault==14.1.0", "azure-mgmt-loganalytics==14.0.0",
    "azure-mgmt-monitor==7.0.0", "azure-mgmt-msi==7.1.0", "azure-mgmt-network==33.1.0", "azure-mgmt-privatedns==2.0.0",
    "azure-mgmt-resource==26.0.0", "azure-mgmt-storage==25.3.0", "azure-mgmt-web==11.0.1", "tree-sitter",
    "tree-sitter-bicep",
)  # fmt: skip


def main() -> int:
    """Writes the file; 0 when every template fits it."""
    uv = [sys.executable, "-m", "uv"]
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES], check=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([str(python), "-m", "local.infra.sdk_models"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
