"""docs/data-map.md, made by `./dev rules` from the code: what is kept of people, why, how long, who sees it, and how it ends."""

from collections.abc import Iterable, Mapping

from local.project import ROOT
from shared.domain.anonymisation import Fate
from shared.domain.containers import Container
from shared.domain.data_map import INSIDE, PLACES
from shared.domain.data_map_rows import Place
from shared.domain.messages import MESSAGES, Schema
from shared.domain.visibility import AMBASSADOR, CONTACT, Standing, Table

DOCUMENT = ROOT / "docs" / "data-map.md"

HEAD = """# What is kept of people

Made by `./dev rules` from `shared/domain/data_map.py`, `anonymisation.py`, `visibility.py` and `messages.py`; a test fails when
it is out of date, and a field of a model that has no row here does not load (DEL-4).

## Records

| record | where | whose | what for | ground | until | recipients | seen by |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
FATES = """
## What becomes of each field

When a person is erased or a record's time has come. *keep*: it stays, and says nothing of who it was; *hash*: the value goes,
its keyed hash stays; *coarsen*: less of it stays, as said below; *erase*: it is emptied; *delete*: it goes with the whole
record; *set* and *derived*: written by the erasure itself; *plain*: it says nothing of a person.

| record | fate | fields |
| --- | --- | --- |
"""
LEFT = """
### What is left of a coarsened field

| in it | fate | fields |
| --- | --- | --- |
"""
SEEN = """
## Who sees a contact and an account

Field by field; what stands in no row is shown to nobody (VIS-2 to VIS-4). A contact's own ambassador does not see the address of
somebody who opted out, and brand users see those contacts alone that said yes to the brand.
"""
QUEUES = """
## What a queue's message may hold

Ids, keyed hashes and times: a queue, or a poison queue, holds nobody (DEL-8). Every message that any test sends is held
against this.

| queue | names in a message |
| --- | --- |
"""


def document() -> str:
    """The whole text."""
    records = "".join(_row(*_record(place)) for place in PLACES)
    fates = "".join(_fates(place.name, place.fields) for place in PLACES)
    left = "".join(_fates(model.__name__, rows) for model, rows in INSIDE.items())
    queues = "".join(
        _row(f"`{queue}`", _names(schema)) for queue, schemas in sorted(MESSAGES.items()) for schema in schemas
    )
    seen = SEEN + _seen("contact", CONTACT) + _seen("account", AMBASSADOR)
    return HEAD + records + FATES + fates + LEFT + left + seen + QUEUES + queues


def _record(place: Place) -> Iterable[str]:
    where = f"`{place.where.name}`" if isinstance(place.where, Container) else place.where
    yield from (place.name, where, place.whose, place.purpose, place.ground, place.until, place.recipients)
    yield place.seen_by


def _fates(name: str, rows: Mapping[str, Fate]) -> str:
    by_fate = {fate: [field for field, of in rows.items() if of is fate] for fate in Fate}
    return "".join(_row(name, fate.value, _code(fields)) for fate, fields in by_fate.items() if fields)


def _seen(what: str, table: Table) -> str:
    viewers: dict[str, list[str]] = {}
    for viewer, standings in table.items():
        for field in standings.get(Standing.SHOWN, ()):
            viewers.setdefault(field, []).append(viewer.value)
    rows = "".join(_row(f"`{field}`", ", ".join(viewers[field])) for field in sorted(viewers))
    return f"\n| {what} | seen by |\n| --- | --- |\n{rows}"


def _names(schema: Schema) -> str:
    names = []
    for name, inside in schema.items():
        items = inside[0] if isinstance(inside, list) else None
        names.append(f"`{name}` ({_names(items)})" if isinstance(items, Mapping) else f"`{name}`")
    return ", ".join(names)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
