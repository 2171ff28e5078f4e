"""Taking in what comes from anywhere but the ambassador's own hand (COL): judged by the tables, saved with its proof.

A repeat of an arrival finds what the first left and changes nothing, so that every source may send again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.domain.ambassador import Ambassador
from shared.domain.collecting import Arrival, Arrived, Decision, Outcome, Place, Source, Way, decide, way
from shared.domain.contact import Contact, MailKind, Origin
from shared.domain.errors import ChangedMeanwhileError, TooManyRequestsError
from shared.domain.ids import new_id
from shared.domain.jobs import MailBatch
from shared.domain.ledger import Evidence
from shared.domain.merging import fresh, met, place_of
from shared.domain.pending import asked, asked_again, mail_is_due, nothing_new, with_mail
from shared.domain.suppression import SuppressionReason
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.account_mails import queue_account_mail
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.confirm import complete, pass_on
from shared.usecases.contacts import checked
from shared.usecases.invite import QUEUE, mail_of
from shared.usecases.limiting import count_against, give_back
from shared.usecases.saving import ATTEMPTS, Edit, save, save_many
from shared.usecases.suppressing import UNLISTED, Listing, listings

_REFUSALS = {
    Decision.SUPPRESSED: Outcome.SUPPRESSED,
    Decision.OPTED_OUT: Outcome.OPTED_OUT,
    Decision.RESTRICTED: Outcome.RESTRICTED,
    Decision.SALE: Outcome.SALE_ONLY,
    Decision.SALE_AND_ASK: Outcome.SALE_ONLY,
}
_ASKED = (Decision.ASK, Decision.TAKE_AND_ASK, Decision.SALE_AND_ASK)
_TAKEN = (Decision.TAKE, Decision.TAKE_BESIDE, Decision.TAKE_AND_ASK)


@dataclass(slots=True)
class Book:
    """What one ambassador's book holds of the people who arrive."""

    standing: dict[str, Versioned[Contact]] = field(default_factory=dict)  # by address hash, row key or Twitter hash
    pending: dict[str, Versioned[Contact]] = field(default_factory=dict)  # beside, by address hash


async def arrive(brand: Brand, arrival: Arrival) -> Arrived:
    """Takes in one person (COL-3…10, COL-13), or says why nothing was stored.

    Raises InvalidInputError unless something says who the person is (CON-1); TryAgainError, with nothing stored, while too
    many messages wait for the ambassador.
    """
    (arrived,) = await arrive_many(brand, [arrival])
    return arrived


async def arrive_many(brand: Brand, arrivals: Sequence[Arrival]) -> list[Arrived]:
    """Takes in up to 100 people with a look at the black list, a query for each ambassador and a batch of writes.

    Each has its own result, in input order; the same person twice is taken in turn. Raises InvalidInputError, with nothing
    stored, when one of them has nothing that says who it is, or no good address.
    """
    left = dict(enumerate([replace(arrival, fields=checked(dict(arrival.fields))) for arrival in arrivals]))
    done: dict[int, Arrived] = {}
    in_vain = 0
    while left:
        settled = await _take(brand, _one_of_each(brand, left))
        done |= settled
        left = {number: arrival for number, arrival in left.items() if number not in done}
        in_vain = 0 if settled else in_vain + 1
        if in_vain == ATTEMPTS:
            raise ChangedMeanwhileError
    return [done[number] for number in range(len(arrivals))]


def _one_of_each(brand: Brand, left: Mapping[int, Arrival]) -> dict[int, Arrival]:
    """The first arrival of each person."""
    first: dict[tuple[str, str], int] = {}
    for number, arrival in left.items():
        first.setdefault((arrival.ambassador, _names(brand, arrival)[0]), number)
    return {number: left[number] for number in first.values()}


async def _take(brand: Brand, arrivals: Mapping[int, Arrival]) -> dict[int, Arrived]:
    """Judges and saves; what somebody else's write came before is not among the results."""
    black_list = await listings(brand, [a.fields["email"] for a in arrivals.values() if a.fields.get("email")])
    books = await _books(brand, arrivals.values())
    done: dict[int, Arrived] = {}
    edits: dict[int, Edit] = {}
    asks: dict[int, tuple[Versioned[Contact] | None, Place]] = {}
    for number, arrival in arrivals.items():
        standing = _known(books[arrival.ambassador].standing, _names(brand, arrival))
        listing = black_list.get(arrival.fields.get("email") or "", UNLISTED)
        place = _place(listing, standing)
        decision = decide(place, _way(arrival, listing, standing))
        if decision in _TAKEN:
            edit = await _taken(brand, arrival, standing, decision, objects=listing.objected_at is not None)
            if edit:
                edits[number] = edit
        elif decision in _REFUSALS:
            done[number] = Arrived(_REFUSALS[decision])
        if decision in _ASKED:
            asks[number] = standing, place
    changed = {
        number: edit for number, edit in edits.items() if edit.before is None or edit.after is not edit.before.record
    }
    owing = [await _with_message(brand, arrivals[number], edit.after) for number, edit in changed.items()]
    saved = dict(zip(changed, await save_many(brand, list(changed.values())), strict=True))
    for number, edit in edits.items():
        if number not in changed:
            done[number] = Arrived(Outcome.UNCHANGED, edit.after.id)
        elif saved[number]:
            done[number] = Arrived(Outcome.UPDATED if edit.before else Outcome.CREATED, edit.after.id)
    await queue_account_mail(brand, *(account for account in owing if account))
    for number, (standing, place) in asks.items():
        arrival = arrivals[number]
        beside = _known(books[arrival.ambassador].pending, _names(brand, arrival))
        outcome = await _ask(brand, arrival, standing, beside, place)
        if outcome and (number in done or number not in edits):
            done[number] = Arrived(outcome, done[number].contact if number in done else None)
        else:
            done.pop(number, None)  # both or none: asking again mails nothing again
    return done


async def _with_message(brand: Brand, arrival: Arrival, contact: Contact) -> Ambassador | None:
    """The account that is owed the message which came with what is taken in; of who opted out none is passed on."""
    if not arrival.message or contact.ambassador_opt_in.opted_out:
        return None
    tells = brand.hasher.ref(f"{arrival.source}\n{arrival.key}\n{arrival.message}").partition(".")[2][:24]
    return await pass_on(brand, arrival.ambassador, arrival.message, about=f"{contact.id}.{tells}")


async def _ask(
    brand: Brand,
    arrival: Arrival,
    standing: Versioned[Contact] | None,
    beside: Versioned[Contact] | None,
    place: Place,
) -> Outcome | None:
    """Keeps what was entered until it is confirmed, and queues the mail that asks; None when somebody wrote meanwhile.

    The mail's batch is stored before the record that says which mail may go, and queued after it: whatever a crash leaves
    is either found by the recovery timer and sent, or refused when it is about to leave.
    """
    before = standing if standing and standing.record.pending else beside
    known = before.record if before else None
    if known and known.asking and known.asking.confirmed:
        await complete(brand, known.ambassador_id, known.id)
        return None
    if standing and nothing_new(standing.record, arrival):
        return Outcome.UNCHANGED
    now = brand.now()  # and not the arrival's time, which may be long ago
    after = asked_again(known, arrival, now) if known else asked(arrival, standing.record.id if standing else None, now)
    batch, counted = None, _counted(place)
    if (
        after.asking
        and mail_is_due(after.asking, now)
        and await _may_be_mailed(brand, arrival.fields["email"], counted)
    ):
        recipients = ((after.ambassador_id, after.id),)
        batch = MailBatch(mail_kind=MailKind.CONFIRMATION, recipients=recipients, started_at=now, open_since=now)
        await brand.batches.create(batch)
        after = with_mail(after, after.asking, mail_of(batch), now)
    try:
        await save(brand, Edit(before, after))
    except (ConflictError, StaleError):
        for limit in counted if batch else ():  # nothing was asked: the next try may
            await give_back(brand, limit, arrival.fields["email"])
        return None
    if batch:
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "batch": batch.id}])
    return Outcome.CONFIRMATION_ASKED


def _counted(place: Place) -> tuple[str, ...]:
    """What a question to an address counts against, whichever ambassador it is about; who opted out of all has one a day."""
    return ("way-back", "confirmation") if place is Place.LISTED_BY_THE_PERSON else ("confirmation",)


async def _may_be_mailed(brand: Brand, email: str, counted: Sequence[str]) -> bool:
    """Whether the address had no more questions today than it may have (SUP-4); nobody who enters it is told."""
    try:
        for limit in counted:
            await count_against(brand, limit, email)
    except TooManyRequestsError:
        return False
    return True


async def _taken(
    brand: Brand, arrival: Arrival, standing: Versioned[Contact] | None, decision: Decision, *, objects: bool
) -> Edit | None:
    """The edit that takes an arrival in; None when a pending record could not step aside just now."""
    origin = _origin(brand, arrival)
    if standing and decision is not Decision.TAKE_BESIDE:
        return Edit(standing, met(standing.record, arrival, origin, objects=objects), _evidence(arrival))
    contact = fresh(arrival, origin, new_id(), objects=objects)
    if standing:
        try:
            await save(brand, Edit(standing, standing.record.changed(beside=contact.id)))
        except StaleError:
            return None
    return Edit(None, contact, _evidence(arrival))


def _place(listing: Listing, standing: Versioned[Contact] | None) -> Place:
    place = place_of(standing.record if standing else None, objects=listing.objected_at is not None)
    if listing.reasons and set(listing.reasons) != {SuppressionReason.GLOBAL_OPT_OUT}:
        return Place.LISTED_FOR_AN_ERROR
    if listing.reasons and place is not Place.RESTRICTED:
        return Place.LISTED_BY_THE_PERSON
    return place


def _way(arrival: Arrival, listing: Listing, standing: Versioned[Contact] | None) -> Way:
    """How much the arrival may do: a box ticked before the person opted out, or objected, is none any more (CON-6)."""
    how = way(arrival.source, arrival.said)
    noes = [listing.reasons.get(SuppressionReason.GLOBAL_OPT_OUT), listing.objected_at]
    if standing:
        noes.append(standing.record.objected_at)
    if standing and standing.record.ambassador_opt_in.opted_out:
        noes.append(standing.record.ambassador_opt_in_at)
    since = max((no for no in noes if no), default=None)
    return Way.ORDER if how is Way.TICKED_POPIN and since and arrival.at < since else how


async def _books(brand: Brand, arrivals: Iterable[Arrival]) -> dict[str, Book]:
    wanted: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        wanted.setdefault(arrival.ambassador, []).append(arrival)
    read = [_book(brand, ambassador, people) for ambassador, people in wanted.items()]
    return dict(zip(wanted, await asyncio.gather(*read), strict=True))


async def _book(brand: Brand, ambassador: str, arrivals: Sequence[Arrival]) -> Book:
    book = Book()
    names = [name for arrival in arrivals for name in _names(brand, arrival)]
    fields = {
        "emailHash": [name for name in names if name.startswith("email:")],
        "twitterHash": [name for name in names if name.startswith("twitter:")],
        "addressKey": [name for name in names if name.startswith("key:")],
    }
    for path, wanted in fields.items():
        if not wanted:
            continue
        values = tuple(dict.fromkeys(name.partition(":")[2] for name in wanted))
        async for page in brand.contacts.pages(Query((Where(path, "in", values),), ambassador)):
            for item in page:
                _shelve(book, path, item)
    return book


def _shelve(book: Book, path: str, item: Versioned[Contact]) -> None:
    record = item.record
    if path == "twitterHash":
        book.standing.setdefault(f"twitter:{record.twitter_hash}", item)
    elif path == "addressKey":
        book.standing[f"key:{record.address_key}"] = item
    elif record.address_key == record.email_hash:
        book.standing[f"email:{record.email_hash}"] = item
    elif record.pending:
        book.pending[f"email:{record.email_hash}"] = item


def _known(shelf: Mapping[str, Versioned[Contact]], names: Iterable[str]) -> Versioned[Contact] | None:
    return next((shelf[name] for name in names if name in shelf), None)


def _names(brand: Brand, arrival: Arrival) -> list[str]:
    """What the person may be known by, surest first: the address, else what the source calls the person."""
    email, twitter = arrival.fields.get("email"), arrival.fields.get("twitter_id")
    if email:
        return [f"email:{ref}" for ref in brand.hasher.refs(email)]
    known = [f"key:{_row(brand, arrival)}.0"]
    return known + [f"twitter:{ref}" for ref in (brand.hasher.refs(twitter) if twitter else ())]


def _row(brand: Brand, arrival: Arrival) -> str:
    """What tells a person without address from others of the source; always under the first key."""
    return brand.hasher.ref(f"{arrival.source}\n{arrival.key}", min(brand.hasher.keys)).partition(".")[2][:24]


def _origin(brand: Brand, arrival: Arrival) -> Origin:
    if arrival.fields.get("email"):
        return Origin(mechanism=arrival.source)
    return Origin(mechanism=arrival.source, job=_row(brand, arrival), row=0)


def _evidence(arrival: Arrival) -> Evidence:
    by_ambassador = arrival.source in (Source.CRM, Source.CRM_WITH_EVIDENCE, Source.ADDRESS_BOOK)
    return Evidence(
        actor=f"ambassador:{arrival.ambassador}" if by_ambassador else "brand",
        mechanism=arrival.source,
        text_version=arrival.text_version,
        ip_hash=arrival.ip_hash,
        mail=arrival.form,
    )
