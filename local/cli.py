"""Hands a command of `./dev` to the module that does it, importing no other."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

MODULES = {
    "run": "local.supervisor",
    "test": "local.checks",
    "demo": "local.demo",
    "ways-in": "local.ways_in",
    "bench": "local.bench",
    "verify-ledger": "local.verify_ledger",
    "audit": "local.audit",
    "backup": "local.backup",
    "restore": "local.restore",
    "drill": "local.drill",
    "poison": "local.poison",
    "rules": "local.rules_table",
    "audit-dependencies": "local.audit_dependencies",
    "lock": "local.lock",
    "format": "local.format_code",
}


def main(argv: Sequence[str]) -> int:
    """Runs one command with the arguments that follow it and gives its exit code."""
    parser = argparse.ArgumentParser(prog="./dev")
    parser.add_argument("command", choices=MODULES)
    chosen = parser.parse_args(argv[:1])
    return int(import_module(MODULES[chosen.command]).main(list(argv[1:])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
