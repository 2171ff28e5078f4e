"""`./dev verify-ledger`: reads the consent ledger of every brand and says whether each chain is whole."""

import argparse
import asyncio
import os
from pathlib import Path

from local.addresses import Ports
from local.environment import functions_environment
from local.project import ROOT
from local.state import State
from shared import app
from shared.usecases.verify_ledger import Verdict, verify_ledger


def main(argv: list[str]) -> int:
    """Prints a line a brand and every fault; 0 when there is none, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="./dev verify-ledger", description=__doc__)
    parser.add_argument("--state", default=".state", help="the state directory of ./dev run")
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    args = parser.parse_args(argv)
    os.environ.update(functions_environment(ROOT, Ports(args.port), State(Path(args.state).resolve())))
    return asyncio.run(_verify())


async def _verify() -> int:
    wrong = 0
    brands = app.brands()
    for id in [*await brands.all(), *await brands.destroyed()]:
        verdict = Verdict()
        async for verdict in verify_ledger(await brands.what_is_left(id)):
            print(f"\r{id}: {verdict.entries} entries, {verdict.subjects} chains", end="", flush=True)
        print(f"\r{id}: {verdict.entries} entries in {verdict.subjects} chains, {len(verdict.faults)} faults")
        for fault in verdict.faults:
            print(f"  {fault}")
        wrong += len(verdict.faults)
    await app.close()
    return 1 if wrong else 0
