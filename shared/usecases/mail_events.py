"""The mail provider's callbacks: queued before they are answered, applied once, whatever their order (CON-3, SUP-1, RET-13)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, Origin, SeenEvent, in_order, last_activity, repeated_soft_bounce
from shared.domain.custom_id import CustomId, parse_custom_id
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.ledger import Evidence
from shared.domain.mail_events import EventKind, ProviderEvent, Unusable, parse_event
from shared.domain.quarantine import QuarantinedEvent
from shared.domain.records import Instant, Record
from shared.domain.suppression import SuppressionReason, reason_of, reasons_of
from shared.ports import Query, Queue, Where
from shared.usecases.answer import opt_out_of_ambassador, opted_out_by_mail
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Change, Collection, chunks
from shared.usecases.counting import count_opens
from shared.usecases.quarantining import aside, count, put_aside
from shared.usecases.saving import ATTEMPTS, Edit, save_many
from shared.usecases.send_mails import as_sent
from shared.usecases.suppressing import suppress, withdraw

QUEUE = "mail-events"
A_MESSAGE = 100
ASIDE_AT_MOST = 1000
MINOR_AT_MOST = 100


class QueuedEvent(Record):
    """An event as its message holds it: ids, hashes and a time; neither the address nor anything else of the person."""

    custom_id: str
    kind: EventKind
    at: Instant
    addresses: tuple[str, ...]  # keyed hashes, under every key version of that moment
    key: str  # keyed hash of what makes the event itself: tells a repeat


@dataclass(frozen=True, slots=True)
class Received:
    """The answer to the provider."""

    accepted: int
    quarantined: int


async def receive_events(brands: Brands, quarantine: Collection[QuarantinedEvent], raw: Sequence[object]) -> Received:
    """Takes in a batch: the good events are on the queue when this returns, each other one is kept aside with its reason.

    A body of nothing but rubbish leaves no more than `ASIDE_AT_MOST` entries; the answer counts every one.
    """
    now = brands.ports.clock.now()
    good: dict[str, list[QueuedEvent]] = defaultdict(list)
    kept: dict[str, QuarantinedEvent] = {}
    reasons: list[str] = []
    bad = 0
    for item in raw:
        event = parse_event(item, now)
        reason = event.reason if isinstance(event, Unusable) else None
        if isinstance(event, ProviderEvent):
            about = parse_custom_id(event.custom_id)
            brand = await _brand_of(brands, about)
            if about and brand:
                good[brand.id].append(_queued(brand, event))
                if event.kind is EventKind.NOT_THEIR_FAULT:  # it changes no contact: it is for staff to look into
                    reasons.append(f"not_their_fault.{event.error or 'unknown'}")
                    entry = aside(brands.ports, reasons[-1], _spelled(item), event.custom_id)
                    kept[entry.id] = entry
                continue
            reason = "unknown_custom_id"
        bad += 1
        reasons.append(reason or "unusable")
        if bad <= ASIDE_AT_MOST:
            entry = aside(brands.ports, reasons[-1], _spelled(item))
            kept[entry.id] = entry
    for brand_id, events in good.items():
        messages = [
            {"brand": brand_id, "events": [event.to_document() for event in chunk]}
            for chunk in chunks(events, A_MESSAGE)
        ]
        await brands.ports.queue.send(QUEUE, messages)
    await quarantine.write_many([Change(None, entry) for entry in kept.values()])
    count(reasons)
    return Received(sum(map(len, good.values())), bad)


def _spelled(item: object) -> str:
    """What tells one bad event from another."""
    try:
        return repr(item)
    except RecursionError:  # read by a whisker
        return "too_deep"


async def apply_events(brand: Brand, quarantine: Collection[QuarantinedEvent], events: Sequence[QueuedEvent]) -> None:
    """Applies events to their contacts; repeated, late or in any order, the end is the same."""
    groups: dict[tuple[str, str], list[QueuedEvent]] = defaultdict(list)
    for event in events:
        about = parse_custom_id(event.custom_id)
        if about is None or about.brand != brand.id:
            await put_aside(quarantine, brand.ports, "foreign_brand", event.key)
        elif about.contact:
            groups[about.ambassador, about.contact].append(event)
    left = groups
    for _ in range(ATTEMPTS):
        if not left:
            return
        left = await _apply(brand, quarantine, left)
    raise ChangedMeanwhileError


Groups = dict[tuple[str, str], list[QueuedEvent]]


async def _apply(brand: Brand, quarantine: Collection[QuarantinedEvent], groups: Groups) -> Groups:
    """One try for every contact; gives those that changed meanwhile."""
    found = await brand.contacts.get_many(list(groups))
    edits: list[Edit] = []
    for key, events in groups.items():
        item = found.get(key)
        if item and (item.record.restricted_at or not item.record.in_the_book):
            await _apply_to_what_is_closed(brand, quarantine, item.record, events)
            continue
        strange = [event for event in events if not item or not _belongs(brand, item.record, event)]
        for event in strange:
            reason = "unknown_mail" if item else "unknown_contact"
            await put_aside(quarantine, brand.ports, reason, event.key, event.custom_id)
        known = [_after_its_mail(item.record, event) for event in events if item and event not in strange]
        if item is None or not known:
            continue
        after = _after(_proven(item.record, known), known)
        if after != item.record:
            await _list_or_unlist(brand, item.record, after)
            await count_opens(brand, item.record, after)
            edits.append(Edit(item, after, _evidence(known)))
    saved = await save_many(brand, edits)
    lost = [edit.after for edit, item in zip(edits, saved, strict=True) if item is None]
    return {key: groups[key] for key in ((c.ambassador_id, c.id) for c in lost)}


async def _apply_to_what_is_closed(
    brand: Brand, quarantine: Collection[QuarantinedEvent], contact: Contact, events: Sequence[QueuedEvent]
) -> None:
    """What still counts when only a hash is left of the contact, or its person restricted it (RET-14): the address's fate
    (SUP-1), and a no."""
    for event in events:
        reason = reason_of(event.kind)
        event = _after_its_mail(contact, event)
        if contact.email_hash is None or contact.email_hash not in event.addresses:
            await put_aside(quarantine, brand.ports, "unknown_mail", event.key, event.custom_id)
        elif reason:
            await suppress(brand, contact.email_hash, reason, event.at)
        elif event.kind is EventKind.UNSUBSCRIBE:
            await opt_out_of_ambassador(brand, contact, event.at, _evidence([event]))


def _belongs(brand: Brand, contact: Contact, event: QueuedEvent) -> bool:
    """Whether the contact was sent that mail at that address: anything else is a stranger's event."""
    about, email = parse_custom_id(event.custom_id), contact.email
    if about is None or email is None or about.mail not in _left_at(contact):
        return False
    return any(brand.hasher.matches(ref, email) for ref in event.addresses)


def _left_at(contact: Contact) -> dict[str, datetime]:
    """When each mail to the contact left, or may have left, by its id."""
    claims = {claim.mail: claim.at for claim in (contact.doubted, contact.outgoing) if claim}
    return claims | {mail.id: mail.at for mail in contact.mails}


def _after_its_mail(contact: Contact, event: QueuedEvent) -> QueuedEvent:
    """The event, not before the mail it is about: an opt-out dated years back would be due for anonymisation at once."""
    about = parse_custom_id(event.custom_id)
    left = _left_at(contact).get(about.mail) if about else None
    return event.changed(at=max(event.at, left or contact.created_at))


def _proven(contact: Contact, events: Sequence[QueuedEvent]) -> Contact:
    """The contact; with the mail that the provider did not know of at its look-up, and that an event proves to have left.

    Of two tries of that mail it may have been the later one, and its interval must not run from the earlier (RET-19).
    """
    doubted = contact.doubted
    about = [parse_custom_id(event.custom_id) for event in events]
    if doubted and any(one and one.mail == doubted.mail for one in about):
        again = contact.outgoing if contact.outgoing and contact.outgoing.mail == doubted.mail else None
        return as_sent(contact, again or doubted)
    return contact


def _after(contact: Contact, events: Sequence[QueuedEvent]) -> Contact:
    """The contact after these events; those already seen change nothing."""
    seen = {event.key for event in contact.events}
    telling = (event for event in events if event.key not in seen and event.kind is not EventKind.NOT_THEIR_FAULT)
    fresh = {event.key: event for event in telling}
    after = contact
    for event in sorted(fresh.values(), key=lambda e: (e.at, e.key)):
        if event.kind is EventKind.UNSUBSCRIBE:
            after = _unsubscribed(after, event.at)
        if event.kind is EventKind.CLICK:
            after = after.changed(last_activity_at=last_activity(after, event.at))
        about = parse_custom_id(event.custom_id)
        mark = SeenEvent(key=event.key, kind=event.kind, at=event.at, mail=about.mail if about else None)
        after = after.changed(events=_bounded((*after.events, mark)))
    if after == contact:
        return contact
    return after.changed(
        modified_at=max(contact.modified_at, *(event.at for event in fresh.values())),
        modified_by=Origin(mechanism="mail_event"),
    )


def _unsubscribed(contact: Contact, at: datetime) -> Contact:
    """The contact opted out; of several such events the first is the opt-out, also when it comes late."""
    after = opted_out_by_mail(contact, at, "provider_unsubscribe")
    if after:
        return after
    since = contact.ambassador_opt_in_at
    by_event = any(event.kind == EventKind.UNSUBSCRIBE and event.at == since for event in contact.events)
    if contact.ambassador_opt_in is AmbassadorOptIn.OPT_OUT_EMAIL and by_event and at < since:
        return contact.changed(ambassador_opt_in_at=at)
    return contact


def _bounded(events: tuple[SeenEvent, ...]) -> tuple[SeenEvent, ...]:
    """Opens and clicks beyond the first ones are not told apart, but for the newest, the last word; every other event stays."""
    ordered = in_order(events)
    minor = [event for event in ordered if event.kind in (EventKind.OPEN, EventKind.CLICK)]
    dropped = {event.key for event in minor[MINOR_AT_MOST:-1]}
    return tuple(event for event in ordered if event.key not in dropped)


async def _list_or_unlist(brand: Brand, before: Contact, after: Contact) -> None:
    """Keeps the black list true to the events (SUP-1), before they are saved: a crash between errs on the safe side."""
    if after.email is None:
        return
    refs, limit = brand.hasher.refs(after.email), brand.policy.soft_bounce_limit
    earlier, reasons = reasons_of(before.events, limit), reasons_of(after.events, limit)
    repeated = SuppressionReason.REPEATED_SOFT_BOUNCE
    changed = repeated in earlier and earlier[repeated] != reasons.get(repeated)
    if changed and not await _bounces_elsewhere(brand, refs, after):
        for ref in refs:
            await withdraw(brand, ref, repeated)
    for reason, at in reasons.items():
        if earlier.get(reason) != at:
            await suppress(brand, brand.hasher.ref(after.email), reason, at)


async def _bounces_elsewhere(brand: Brand, refs: Sequence[str], contact: Contact) -> bool:
    """Whether another record of the address supports the listing too; asked rarely, since it crosses partitions."""
    same = Query(where=(Where("emailHash", "in", tuple(refs)),))
    others = [i.record async for page in brand.contacts.pages(same) for i in page if i.record.id != contact.id]
    return any(repeated_soft_bounce(other.events, brand.policy.soft_bounce_limit) for other in others)


def _evidence(events: Sequence[QueuedEvent]) -> Evidence:
    # Only an unsubscribe changes a consent, so that an edit without one needs no evidence of its own.
    unsubscribes = [event for event in events if event.kind is EventKind.UNSUBSCRIBE]
    about = parse_custom_id(min(unsubscribes or events, key=lambda e: (e.at, e.key)).custom_id)
    return Evidence(actor="person", mechanism="provider_unsubscribe", mail=about.mail if about else None)


async def _brand_of(brands: Brands, about: CustomId | None) -> Brand | None:
    if about is None:
        return None
    try:
        return await brands.get(about.brand)
    except UnknownObjectError:
        return None


def _queued(brand: Brand, event: ProviderEvent) -> QueuedEvent:
    what = "\n".join((event.message_id, event.kind, str(event.at), event.email, event.url or ""))
    return QueuedEvent(
        custom_id=event.custom_id,
        kind=event.kind,
        at=event.at,
        addresses=brand.hasher.refs(event.email),
        # Always under the first key: the same event again is the same also after a rotation.
        key=brand.hasher.ref(what, min(brand.hasher.keys)).partition(".")[2][:24],
    )


async def try_later(queue: Queue, message: Mapping[str, Any]) -> None:
    """Puts a message of events back with a delay that grows to six hours; nothing is ever given up."""
    returned = int(message.get("returned", 0)) + 1
    delay = min(60 * 2 ** (returned - 1), 6 * 3600)
    await queue.send(QUEUE, [{**message, "returned": returned}], delay_seconds=delay)
