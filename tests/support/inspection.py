"""Comparing what is stored with what the reference model wants, document by document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain import containers
from shared.ports import Query
from shared.usecases.verify_ledger import verify_ledger
from tests.support.reference import Broken, Entry, Model
from tests.support.world import World

PERSONAL = ("email", "firstName", "lastName", "mobilePhone", "comments", "photoUrl", "search", "mails", "outgoing",
            "doubted")  # fmt: skip


@dataclass(slots=True)
class Counts:
    """What was checked."""

    histories: int = 0
    mails: int = 0
    sweeps: int = 0
    records: int = 0

    def add(self, other: "Counts") -> None:
        """Adds up."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


async def documents(world: World, brand: str) -> dict[str, dict[str, Any]]:
    """Every contact's document, by id."""
    found: dict[str, dict[str, Any]] = {}
    cursor = None
    while True:
        page = await world.ports.store.brand(brand, containers.CONTACTS).query(Query(limit=1000, cursor=cursor))
        found.update((item.document["id"], item.document) for item in page.items)
        if (cursor := page.cursor) is None:
            return found


def compare(model: Model, brand: str, stored: Mapping[str, Mapping[str, Any]], at: datetime, *, rested: bool) -> None:
    """Raises Broken unless each record is what the rules make of it; `rested` says that no mail can be under way.

    A record that is still there past its day, and one that went before it, both differ from the model here.
    """
    wanted = {entry.id: entry for entry in model.entries if entry.brand == brand and entry.place != "nowhere"}
    for id in stored.keys() - wanted.keys():
        raise Broken(f"RET-1: a record in state {stored[id]['ambassadorOptIn']} is past its day")
    for id, entry in wanted.items():
        if id not in stored:
            raise Broken(f"RET-19: a record in state {entry.state} went before its day")
        document = stored[id]
        if entry.place == "anonymous":
            _anonymous(entry, document)
        elif entry.place == "brand":
            if "detachedAt" not in document or "anonymisedAt" in document:
                raise Broken("RET-15: the brand's part is not there alone")
        else:
            _in_the_book(model, entry, document, at, rested)


def note_what_the_system_knows(model: Model, brand: str, stored: Mapping[str, Mapping[str, Any]]) -> None:
    """Tells the model what it cannot know: which mails are under way, and which second invitations could not go."""
    for entry in model.alive():
        if entry.brand == brand and entry.id in stored:
            document = stored[entry.id]
            entry.claimed, entry.doubted = "outgoing" in document, "doubted" in document
            if entry.state == "invitation_sent" and not entry.claimed and document["ambassadorOptIn"] == entry.state:
                _last_call(model, entry, document, entry.since, rested=False)


async def check_ledger(world: World, brand: str) -> None:
    """Raises Broken unless every chain is whole (CON-7)."""
    opened = await world.brand(brand)
    verdicts = [verdict async for verdict in verify_ledger(opened)]
    if verdicts and verdicts[-1].faults:
        raise Broken(f"CON-7: {len(verdicts[-1].faults)} faults in the ledger")


def _anonymous(entry: Entry, document: Mapping[str, Any]) -> None:
    if "anonymisedAt" not in document:
        raise Broken(f"RET-5, RET-6: a record in state {entry.state} is past its day")
    kept = [name for name in PERSONAL if name in document]
    if kept or (not entry.searched and entry.address in json.dumps(document)):
        raise Broken(f"DEL-4: an anonymised record still has {', '.join(kept) or 'the address somewhere'}")
    entry.searched = True


def _in_the_book(model: Model, entry: Entry, document: Mapping[str, Any], at: datetime, rested: bool) -> None:
    gone = [name for name in ("anonymisedAt", "detachedAt") if name in document]
    if gone:
        raise Broken(f"RET-19: a record in state {entry.state} went before its day")
    if "outgoing" in document:
        if rested:
            raise Broken("MAIL-4: a mail is stuck under way")
        return
    if document["ambassadorOptIn"] != entry.state:
        raise Broken(f"CON-4, CON-6: {document['ambassadorOptIn']} is stored where the rules say {entry.state}")
    if datetime.fromisoformat(document["ambassadorOptInAt"]) != entry.since:
        raise Broken(f"CON-7: {entry.state} since another time than it is")
    if document.get("emailStatus", "not_verified") != entry.status():
        raise Broken(f"CON-3: {document.get('emailStatus')} is stored where the events say {entry.status()}")
    if entry.state == "invitation_sent":
        _last_call(model, entry, document, at, rested)


def _last_call(model: Model, entry: Entry, document: Mapping[str, Any], at: datetime, rested: bool) -> None:
    stored = datetime.fromisoformat(document["lastCallAt"]) if "lastCallAt" in document else None
    if stored == entry.last_call:
        due = entry.due(model.days[entry.brand])
        if due and due[0] == "RET-2" and due[1] <= at and rested and entry.ambassador not in model.left:
            raise Broken("RET-2: the second invitation is past its day")
        return
    if entry.last_call is not None or stored is None:
        raise Broken("RET-3: the second invitation is not noted")
    if not entry.troubled:
        raise Broken("RET-19: a second invitation is noted that never left")
    entry.last_call = stored  # it was due and could not go, so the time runs from there
