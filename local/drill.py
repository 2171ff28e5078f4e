"""`./dev drill`: loses a brand's store after thousands erased or opted out, restores it, and counts whom that wronged."""

import argparse
import asyncio
import time

from local.bench.embedded import scratch_folder
from local.bench.losing import CONTACTS_HELD, Act, drill
from local.bench.terminal import Teller


def main(argv: list[str]) -> int:
    """Prints what was done and found; 0 when nobody was resurrected, nobody else hit, and a second replay changed nothing."""
    parser = argparse.ArgumentParser(prog="./dev drill", description=__doc__)
    parser.add_argument("--contacts", type=int, default=CONTACTS_HELD, help="how many contacts the brand holds")
    arguments = parser.parse_args(argv)
    teller = Teller("drill")
    began = time.perf_counter()
    with scratch_folder() as folder:
        found = asyncio.run(drill(folder, arguments.contacts, teller))
    teller.finish()
    for act in Act:
        print(f"{found.acts[act]:>8,}  {act}")
    for name, seconds in found.seconds.items():
        print(f"{seconds:>8.1f}  seconds: {name}")
    print(f"{found.held:,} contacts, {found.tombstones:,} tombstones, {found.bytes / 1e6:.1f} MB of backups")
    print(f"{found.resurrected} resurrected, {found.innocents_hit} innocents hit")
    print(f"a second replay changes {found.changed_again or 'nothing'}")
    print(f"{time.perf_counter() - began:.1f} seconds in all")
    return 0 if found.right else 1
