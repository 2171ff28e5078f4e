"""`./dev backup`: makes a backup of every brand of a state folder now, whether or not its suite runs."""

import argparse
from pathlib import Path

from local.suite_ports import run, suite_of
from shared import app
from shared.domain.backups import Backup, BackupState
from shared.ports import Query
from shared.usecases import back_up


def main(argv: list[str]) -> int:
    """Prints a line a brand; 0 when each backup was read back and found right."""
    parser = argparse.ArgumentParser(prog="./dev backup", description=__doc__)
    parser.add_argument("--state", default=".state", help="the state directory of ./dev run")
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    arguments = parser.parse_args(argv)
    with suite_of(Path(arguments.state), arguments.port):
        return run(_back_up())


async def _back_up() -> int:
    for id in await app.brands().all():
        await back_up.start_backup(app.brands(), id, now=True)
        done = await _finished(id)
        documents = sum(done.documents.values())
        print(f"{id}: {done.kind}, {documents} documents, {done.deleted} gone, {done.bytes} bytes, {done.name}")
    return 0


async def _finished(id: str) -> Backup:
    """The newest backup, made to its end; the queue's message for it finds nothing more to do."""
    brand = await app.brand(id)
    while True:
        (newest,), _ = await brand.backups.page(Query(order_by="startedAt", descending=True, limit=1))
        if newest.record.state is BackupState.DONE:
            return newest.record
        await back_up.run_backup(brand, newest.record.id)
