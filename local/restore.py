"""`./dev restore --at <time>`: puts every brand, or one, back into an empty store, and applies what people said since."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from local.suite_ports import run, suite_of
from shared import app
from shared.domain.errors import RestoreRefusedError
from shared.usecases.restore import restore


def main(argv: list[str]) -> int:
    """Prints what was put back; 0 when every brand was, 1 when one was refused."""
    parser = argparse.ArgumentParser(prog="./dev restore", description=__doc__)
    parser.add_argument("--at", required=True, type=_moment, help="RFC 3339, or `now`: the newest backup before it")
    parser.add_argument("--brand", help="only this one")
    parser.add_argument("--state", default=".state", help="the state directory of ./dev run")
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    arguments = parser.parse_args(argv)
    with suite_of(Path(arguments.state), arguments.port):
        return run(_restore(arguments.brand, arguments.at))


async def _restore(only: str | None, at: datetime | None) -> int:
    refused = 0
    ports = app.ports_of_the_suite()
    moment = at or ports.clock.now()
    known = dict.fromkeys([path.partition("/")[0] async for path in ports.backups.list("")])
    for id in [only] if only else known:
        try:
            done = await restore(app.brands(), id, moment)
        except RestoreRefusedError as error:
            print(f"{id}: {error.detail}")
            refused += 1
            continue
        replayed, pictures = done.replayed, done.pictures
        print(
            f"{id}: as of {done.made_at:%Y-%m-%dT%H:%M:%SZ}, {done.documents} documents, {pictures.back} pictures"
            f" ({pictures.lost} lost), {done.seats} users; of {replayed.tombstones} tombstones {replayed.contacts} contacts,"
            f" {replayed.accounts} accounts, {replayed.listings} listings changed"
        )
    return 1 if refused or not known else 0


def _moment(text: str) -> datetime | None:
    if text == "now":
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
