"""Comparing what is stored with what the reference model wants, document by document."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain import containers
from shared.usecases.verify_ledger import verify_ledger
from tests.support.reference import Entry, Model
from tests.support.reference_standing import Broken
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
    happened: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Adds up."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Stored:
    """Every contact's document of each brand: what changed since the last look is read, and all when something is gone."""

    known: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)

    async def of(self, world: World, brand: str) -> dict[str, dict[str, Any]]:
        """The documents of a brand, by id."""
        feed = world.ports.store.brand(brand, containers.CONTACTS)
        found = self.known.setdefault(brand, {})
        for _ in range(2):
            more = True
            while more:
                page = await feed.changes(self.positions.get(brand))
                found.update((document["id"], document) for document in page.items)
                self.positions[brand], more = page.position, page.more
            if await feed.count(()) == len(found):
                return found
            found.clear()
            del self.positions[brand]
        raise AssertionError("the store counts otherwise than it lists")

    def forget(self) -> None:
        """The store is another one."""
        self.known.clear()
        self.positions.clear()


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
        if entry.restricted and "outgoing" not in document:
            if entry.frozen not in (None, document):
                raise Broken("RET-14: a restricted record changed")
            entry.frozen = document
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
    opened = await world.brands.what_is_left(brand)
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
        due = entry.due(model.brands[entry.brand].days)
        if due and due[0] == "RET-2" and due[1] <= at and rested and model.works(entry):
            raise Broken("RET-2: the second invitation is past its day")
        return
    if entry.last_call is not None or stored is None:
        raise Broken("RET-3: the second invitation is not noted")
    if not entry.troubled:
        raise Broken("RET-19: a second invitation is noted that never left")
    entry.last_call = stored  # it was due and could not go, so the time runs from there
