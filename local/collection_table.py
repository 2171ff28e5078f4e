"""docs/collection.md, made by `./dev rules` from the code: what each source brings, and what becomes of it, cell by cell."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from local.project import ROOT
from shared.domain.collecting import Arrival, Decision, Place, Said, Source, brings, decide, way
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, brand_stands
from shared.domain.contact import Confirmed, Contact, Origin
from shared.domain.merging import fresh, met, place_of
from shared.domain.pending import asked, in_its_own_place, joined, nothing_new

DOCUMENT = ROOT / "docs" / "collection.md"
START = datetime(2030, 1, 1, tzinfo=UTC)
LATER = START + timedelta(days=1)
ANSWERS = (True, False, None)
WORDS = {True: "yes", False: "no", None: "nothing"}
ORIGIN = Origin(mechanism="table")

HEAD = """# How contacts come in

Made by `./dev rules` from `shared/domain/collecting.py`, `merging.py` and `pending.py`; a test fails when it is out of date.

## What each source brings
To a person whom nobody knows. *By mail*: only once the button behind a confirmation mail was pressed (COL-11); until then the
record is `blog_pending` and seen by nobody. Where there is no row for *nothing* said, it counts as *no*.

| source | says of the ambassador | says of the brand | ambassador opt-in | brand opt-in | by mail |
| --- | --- | --- | --- | --- | --- |
"""
MEETING = """
## What it meets
Each row is what stands under the address with this ambassador, each column what the source says of the ambassador / of the
brand, each cell the ambassador opt-in afterwards. *Asked* means a confirmation mail, and the state once its button was pressed;
nothing changes before, and nothing is asked that was confirmed before (*nothing new*, CON-8). *Refused* stores nothing and says
why. *Sale only*: nothing of the person is stored, the order counts as a sale. One pending record may wait beside any other.
"""
BRANDS = """
## The brand's opt-in
What stands (rows) meets what comes (columns). An explicit one replaces every other; else the one that says more stays. Only a
brand's own `no`, by sync or order, takes `brand_database` back to `storage_only`.

"""


def document() -> str:
    """The whole text."""
    brought = "".join(
        _row(source, *_said(source, said), *_brought(source, said)) for source in Source for said in _variants(source)
    )
    tables = "".join(_table_of(source) for source in Source)
    return HEAD + brought + MEETING + tables + BRANDS + _brand_table()


def _brought(source: Source, said: Said) -> tuple[object, ...]:
    what = brings(source, said)
    return what.ambassador, what.brand, "yes" if what.by_mail else ""


def _variants(source: Source) -> Iterator[Said]:
    """What the source may say, each meaning once: what makes no difference anywhere is said as the first of its kind."""
    seen: set[tuple[str, ...]] = set()
    for ambassador, brand in itertools.product(ANSWERS, repeat=2):
        said = Said(ambassador, brand)
        meaning = tuple(_cell(existing, source, said) for _, existing in _everything()) + tuple(
            map(str, _brought(source, said))
        )
        if meaning not in seen:
            seen.add(meaning)
            yield said


def _table_of(source: Source) -> str:
    variants = list(_variants(source))
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, existing in _everything():
        rows.setdefault(tuple(_cell(existing, source, said) for said in variants), []).append(name)
    head = _row("under the address", *(" / ".join(_said(source, said)) for said in variants))
    ruler = "| --- |" + " --- |" * len(variants) + "\n"
    body = "".join(_row(", ".join(names), *cells) for cells, names in rows.items())
    return f"\n### {source}\n{head}{ruler}{body}"


def _said(source: Source, said: Said) -> tuple[str, str]:
    """In words; *any* where the source's word makes no difference."""
    others = list(_variants(source))
    ambassador = {other.ambassador for other in others}
    brand = {other.brand for other in others}
    return (
        WORDS[said.ambassador] if len(ambassador) > 1 else "any",
        WORDS[said.brand] if len(brand) > 1 else "any",
    )


Existing = tuple[Place, Contact | None]


def _everything() -> Iterable[tuple[str, Existing]]:
    """All that may stand under an address."""
    yield "nobody", (Place.NOBODY, None)
    yield "somebody unknown who objects (art. 21)", (Place.OBJECTED, None)
    for state in AmbassadorOptIn:
        contact = _contact(state)
        yield f"`{state}`", (place_of(contact), contact)
    yield "opted out or invited, and only a hash left", (Place.SHUT_OUT, None)
    yield "restricted", (Place.RESTRICTED, None)
    yield "listed: opted out of all", (Place.LISTED_BY_THE_PERSON, None)
    yield "listed: mail error", (Place.LISTED_FOR_AN_ERROR, None)


def _cell(existing: Existing, source: Source, said: Said) -> str:
    place, contact = existing
    arrival = Arrival(
        source=source, ambassador="a", fields={"email": "grace@example.org"}, said=said, at=LATER, key="1"
    )
    standing = None if place in (Place.PENDING, Place.LISTED_BY_THE_PERSON) else contact
    objects = place is Place.OBJECTED
    taken = met(standing, arrival, ORIGIN) if standing else fresh(arrival, ORIGIN, objects=objects)
    state = _after(standing, taken)
    known = standing is not None and nothing_new(standing, arrival)
    decision = decide(place, way(source, said))
    return {
        Decision.TAKE: state,
        Decision.TAKE_BESIDE: f"{state}, the pending one beside it",
        Decision.ASK: "nothing new" if known else f"asked: {_confirmed(standing, arrival)}",
        Decision.TAKE_AND_ASK: f"{state}; asked: {_confirmed(standing, arrival)}",
        Decision.SALE: "sale only",
        Decision.SALE_AND_ASK: f"sale only; asked: {_confirmed(standing, arrival)}",
        Decision.SUPPRESSED: "refused: suppressed",
        Decision.OPTED_OUT: "refused: opted out",
        Decision.RESTRICTED: "refused: restricted",
    }[decision]


def _confirmed(standing: Contact | None, arrival: Arrival) -> str:
    pending, yes = asked(arrival, standing.id if standing else None, arrival.at), Confirmed(at=LATER, mail="m")
    if pending.asking is None:
        raise ValueError("a form asks")
    after = (
        joined(standing, pending, pending.asking, yes) if standing else in_its_own_place(pending, pending.asking, yes)
    )
    return _after(standing, after)


def _after(standing: Contact | None, after: Contact) -> str:
    stays = standing is not None and standing.ambassador_opt_in is after.ambassador_opt_in
    return "stays" if stays else f"`{after.ambassador_opt_in}`"


def _contact(state: AmbassadorOptIn) -> Contact:
    return Contact(
        ambassador_id="a", email="grace@example.org", ambassador_opt_in=state, ambassador_opt_in_at=START,
        created_at=START, created_by=ORIGIN, modified_at=START, modified_by=ORIGIN,
    )  # fmt: skip


def _brand_table() -> str:
    states: Sequence[BrandOptIn] = list(BrandOptIn)
    head = _row("", *(f"`{state}`" for state in states)) + "| --- |" + " --- |" * len(states) + "\n"
    return head + "".join(
        _row(f"`{now}`", *(f"`{now if brand_stands(now, incoming) else incoming}`" for incoming in states))
        for now in states
    )


def _row(*cells: object) -> str:
    return "| " + " | ".join(_word(cell) for cell in cells) + " |\n"


def _word(cell: object) -> str:
    return f"`{cell}`" if isinstance(cell, AmbassadorOptIn | BrandOptIn) else str(cell)
