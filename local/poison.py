"""`./dev poison`: the messages of a state folder that failed five times, whether or not its suite runs."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from functions.catalogue import QUEUES
from local.suite_ports import run, suite_of
from shared import app
from shared.usecases import poison

FUNCTIONS = {messages.queue: name for name, messages in QUEUES.items()}


def main(argv: list[str]) -> int:
    """0 when it did what was asked; 1 when nothing was found to do it with, or some messages cannot go back."""
    parser = argparse.ArgumentParser(prog="./dev poison", description=__doc__)
    parser.add_argument("act", nargs="?", choices=("list", "replay", "drop"), default="list")
    parser.add_argument("queue", nargs="?", help="a queue as the functions know it, without -poison")
    parser.add_argument("--id", help="one message alone")
    parser.add_argument("--all", action="store_true", help="every message of the queue, for drop")
    parser.add_argument("--state", default=".state", help="the state directory of ./dev run")
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    asked = parser.parse_args(argv)
    if asked.act != "list" and asked.queue not in FUNCTIONS:
        parser.error(f"name a queue: {', '.join(sorted(FUNCTIONS))}")
    if asked.act == "drop" and not (asked.id or asked.all):
        parser.error("drop deletes for good: name a message by --id, or say --all")
    with suite_of(Path(asked.state), asked.port):
        return run(do(asked.act, asked.queue, asked.id))


async def do(act: str, queue: str | None, id: str | None) -> int:
    """Does it over the ports of the suite; gives the exit code."""
    if act == "list" or queue is None:
        return await _list(queue)
    if act == "drop":
        dropped = await poison.drop(app.backlog(), queue, id=id)
        print(f"{queue}: {dropped} deleted")
        return 0 if dropped else 1
    done = await poison.replay(app.backlog(), app.ports_of_the_suite().queue, queue, _note, id=id)
    unfit = f", {done.unfit} are none of the queue's and stay" if done.unfit else ""
    print(f"{queue}: {done.moved} put back{unfit}")
    return 0 if done.moved and not done.unfit else 1


async def _list(only: str | None) -> int:
    counts = await poison.counts(app.backlog())
    waiting = {queue: count for queue, count in counts.items() if count and only in (None, queue)}
    for queue, count in waiting.items():
        print(f"{queue}: about {count}, for {FUNCTIONS[queue]}")
        for message in await poison.look(app.backlog(), queue):
            what = message.fault or " ".join(f"{name}={value}" for name, value in message.ids.items())
            print(f"  {message.id}  since {message.since:%Y-%m-%d %H:%M}  taken {message.dequeue_count} times  {what}")
    if not waiting:
        print("No message is kept aside.")
    return 0


async def _note(brands: Mapping[str, int]) -> None:
    print(", ".join(f"{brand}: {count}" for brand, count in sorted(brands.items())))
