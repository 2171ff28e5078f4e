"""How the Cosmos DB emulator from npm is started and reached; what it lacks is listed in tests/contracts/test_cosmos.py."""

from local.addresses import LOOPBACK
from local.project import NODE_MODULES, ROOT

KEY = "a2V5"  # it accepts any


def emulator_command(port: int, *, as_published: bool = False) -> list[str]:
    """Serves documents from memory (port 0: any free one); mended by `cosmosdb.cjs`, or as npm has it."""
    mended = [] if as_published else ["--require", str(ROOT / "local" / "cosmosdb.cjs")]
    program = NODE_MODULES / "@vercel" / "cosmosdb-server" / "lib" / "cli.js"
    return ["node", *mended, str(program), "--no-ssl", "--host", LOOPBACK, "--port", str(port)]
