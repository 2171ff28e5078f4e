"""Using one's rights by a link (RGT-1): done at once on every record of the address, resumable, and written down.

A request says what it is doing before it does it; whatever is cut short, the queue or the recovery timer takes up again, and
each record tells by itself whether it was reached.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime

from shared.domain.ambassador import Ambassador
from shared.domain.anonymisation import anonymised_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, UnknownObjectError
from shared.domain.ledger import Evidence
from shared.domain.records import stamp
from shared.domain.rights import (
    RECTIFIABLE,
    Reached,
    RightKind,
    RightsRequest,
    RightState,
    due_at,
    once,
)
from shared.domain.suppression import SuppressionReason
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.erasing_records import let_go, proven, tally
from shared.usecases.limiting import count_against
from shared.usecases.provider_forgets import ask, owe
from shared.usecases.rights_links import QUEUE, OpenRights, forget_address
from shared.usecases.saving import ATTEMPTS, Edit, change, save_many
from shared.usecases.suppressing import opt_out_of_brand
from shared.usecases.suppressing import suppress as list_address

# What a machine can do by itself; the others wait for a person.
AT_ONCE = frozenset({
    RightKind.RESTRICTION, RightKind.LIFTING, RightKind.OBJECTION, RightKind.RECTIFICATION, RightKind.ERASURE,
})  # fmt: skip
# What it holds of a person is deleted in both cases: it makes what it needs anew with the next mail (RGT-6).
PROVIDER_IS_TOLD = frozenset({RightKind.ERASURE, RightKind.RECTIFICATION})
LOOKS = frozenset({RightKind.ACCESS, RightKind.PORTABILITY})
LONGEST = 200
LONGEST_TEXT = 4000


async def use_right(
    opened: OpenRights,
    kind: RightKind,
    form: str,
    *,
    changes: Mapping[str, str | None] | None = None,
    text: str | None = None,
) -> RightsRequest:
    """Does what the person asks for, or writes it down for a person to do; the same press again changes nothing (MAIL-3).

    `form` names the showing of the page that was pressed. Raises InvalidInputError, naming the field, for a correction
    of nothing or a question without words, and TooManyRequestsError.
    """
    brand, link = opened.brand, opened.link
    await count_against(brand, "rights-by-link", link.id)
    now = brand.now()
    fields = _checked(changes or {}) if kind is RightKind.RECTIFICATION else {}
    words = _words(text) if kind in (RightKind.OTHER, RightKind.REVIEW) else None
    due = due_at(now, brand.policy.time_zone)
    request = RightsRequest(
        id=once(link.id, kind, form),
        kind=kind,
        state=RightState.RUNNING if kind in AT_ONCE else RightState.OPEN,
        subject=brand.hasher.ref(link.email) if link.email else link.people[0],
        received_at=now,
        due_at=due,
        language=link.language,
        people=link.people,
        link=link.id,
        changes=fields,
        running_since=now if kind in AT_ONCE else None,
    )
    if kind in LOOKS:
        request = request.done(now, "person")
    elif kind not in AT_ONCE:
        request = request.changed(text=words, email=link.email, waiting_until=due)
    if kind in PROVIDER_IS_TOLD and link.email:
        await owe(brand, request.id, link.email)
    with suppress(ConflictError):  # this press was taken already
        await brand.rights.create(request)
    if kind in AT_ONCE:
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "request": request.id}])
        await run_request(brand, request.id)
    found = await brand.rights.get(request.id, request.id)
    return found.record if found else request


async def run_request(brand: Brand, id: str) -> None:
    """Takes a request up where it stands, and ends it; one that is at an end changes nothing."""
    current = await brand.rights.get(id, id)
    if current is None or current.record.state is not RightState.RUNNING:
        return
    request = current.record
    evidence = Evidence(actor=request.asked_by, mechanism=f"rights_{request.kind}", reason=request.id)
    if request.kind in (RightKind.ERASURE, RightKind.OBJECTION):
        for ref in request.people:  # first of all, so that nobody enters or writes to the address meanwhile
            objects = request.kind is RightKind.OBJECTION
            await list_address(brand, ref, SuppressionReason.GLOBAL_OPT_OUT, request.received_at, objects=objects)
    if not request.listed:
        current = await _listed(brand, current)
    done = current.record.done(brand.now(), request.asked_by)
    if request.kind is RightKind.ERASURE:
        await _erase(brand, request, evidence)
        late = await _erase(brand, request, evidence)  # what was being entered while the address got listed
        await forget_address(brand, request.people)
        done = done.changed(erased=Counter(done.erased) + late)
        done = done.changed(proof=proven(brand, done))
    else:
        async for contact in _records(brand, request.people):
            await _reach(brand, request, contact, evidence)
    with suppress(StaleError):  # another worker came to the same end
        await brand.rights.replace(current, done)
    if request.kind in PROVIDER_IS_TOLD:
        await ask(brand, id)


async def requests_again(brand: Brand, before: datetime) -> int:
    """Queues again the requests that were cut short; gives how many."""
    waiting = Query(where=(Where("runningSince", "<=", stamp(before)),), order_by="runningSince")
    sent = 0
    async for page in brand.rights.pages(waiting):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "request": item.record.id} for item in page])
        sent += len(page)
    return sent


async def _listed(brand: Brand, current: Versioned[RightsRequest]) -> Versioned[RightsRequest]:
    """The request with the records it is about, and the brand's key of each: an erased record does not tell it any more."""
    counts: Counter[str] = Counter()
    reached = []
    async for c in _records(brand, current.record.people):
        if c.anonymised_at is None:
            tally(counts, c)
            key = c.customer_id if c.the_brands_too else None
            reached.append(Reached(contact=c.id, ambassador=c.ambassador_id, shared=c.the_brands_too, key=key))
    erased = +counts if current.record.kind is RightKind.ERASURE else {}
    for _ in range(ATTEMPTS):
        try:
            listed = current.record.changed(reached=tuple(reached), erased=erased, listed=True)
            return await brand.rights.replace(current, listed)
        except StaleError:
            found = await brand.rights.get(current.record.id, current.record.id)
            if found is None:
                raise UnknownObjectError from None
            if found.record.listed:
                return found
            current = found
    raise ChangedMeanwhileError


async def _erase(brand: Brand, request: RightsRequest, evidence: Evidence) -> Counter[str]:
    """Erases what stands of the address, a page in one write; gives how much of each kind that was."""
    counts: Counter[str] = Counter()
    async for page in brand.contacts.pages(_of(request.people)):
        edits = []
        for item in page:
            after = _erased(item.record, brand, evidence.mechanism)
            if after:
                await _let_go(brand, item.record)
                tally(counts, item.record)
                edits.append(Edit(item, after, evidence))
        for edit, saved in zip(edits, await save_many(brand, edits), strict=True):
            if saved is None:  # somebody wrote it in this moment
                await _reach(brand, request, edit.after, evidence)
    return counts


async def _let_go(brand: Brand, contact: Contact) -> None:
    await let_go(brand, contact)
    await _let_go_of_messages(brand, contact)


async def _reach(brand: Brand, request: RightsRequest, contact: Contact, evidence: Evidence) -> None:
    at = request.received_at

    async def to(act: Callable[[Contact], Contact | None]) -> None:
        with suppress(ConflictError):  # what is left of somebody entered anew: the newer record has the address
            await change(brand, contact.ambassador_id, contact.id, act, evidence)

    origin = Origin(mechanism=evidence.mechanism)
    match request.kind:
        case RightKind.RESTRICTION:
            await to(lambda c: None if c.restricted_at or c.anonymised_at else c.changed(restricted_at=at))
        case RightKind.LIFTING:
            await to(lambda c: c.changed(restricted_at=None) if c.restricted_at and c.restricted_at <= at else None)
        case RightKind.RECTIFICATION:
            fields = request.changes
            await to(
                lambda c: (
                    None
                    if c.anonymised_at or all(getattr(c, name) == value for name, value in fields.items())
                    else c.changed(**fields, modified_at=brand.now(), modified_by=origin)
                )
            )
        case RightKind.OBJECTION:
            await opt_out_of_brand(brand, contact, evidence)
            await to(lambda c: _objected(c, brand, origin))
        case RightKind.ERASURE:
            await _let_go(brand, contact)
            await to(lambda c: _erased(c, brand, evidence.mechanism))


def _objected(contact: Contact, brand: Brand, origin: Origin) -> Contact | None:
    """The contact without the agreements that the brand and its partners write by (art. 21(2))."""
    agreed = contact.brand_opt_in.allows_communications or contact.partners_opt_in
    if contact.anonymised_at or (contact.objected_at and not agreed):
        return None
    now = brand.now()
    after = contact.changed(objected_at=now, modified_at=now, modified_by=origin)
    if contact.brand_opt_in.allows_communications:
        after = after.changed(brand_opt_in=BrandOptIn.STORAGE_ONLY, brand_opt_in_at=now)
    return after.changed(partners_opt_in=False, partners_opt_in_at=now) if contact.partners_opt_in else after


def _erased(contact: Contact, brand: Brand, because: str) -> Contact | None:
    """The contact anonymised, and opted out of all, so that its hash keeps everybody from beginning anew (RGT-4, SUP-5).

    The wish to be erased ends a restriction, which the same person asked for.
    """
    if contact.anonymised_at:
        return None
    now = brand.now()
    out = contact.changed(
        restricted_at=None,
        ambassador_opt_in=AmbassadorOptIn.OPT_OUT_GLOBAL,
        ambassador_opt_in_at=now,
        brand_opt_in=BrandOptIn.NONE,
        brand_opt_in_at=now if contact.brand_opt_in is not BrandOptIn.NONE else contact.brand_opt_in_at,
        partners_opt_in=False,
        partners_opt_in_at=now if contact.partners_opt_in else contact.partners_opt_in_at,
    )
    return anonymised_contact(out, now, because)


async def _let_go_of_messages(brand: Brand, contact: Contact) -> None:
    """What the person wrote to the ambassador, and still waits to be mailed, goes, too (DEL-8)."""

    def act(account: Ambassador) -> Ambassador:
        return account.owing(owed for owed in account.owed if (owed.about or "").partition(".")[0] != contact.id)

    with suppress(UnknownObjectError):  # without access nothing is owed any more
        await change_account(brand, contact.ambassador_id, act)


async def _records(brand: Brand, people: tuple[str, ...]) -> AsyncIterator[Contact]:
    async for page in brand.contacts.pages(_of(people)):
        for item in page:
            yield item.record


def _of(people: tuple[str, ...]) -> Query:
    return Query(where=(Where("emailHash", "in", people),))


def _checked(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    fields: dict[str, str | None] = {}
    errors = []
    for name, value in changes.items():
        if name not in RECTIFIABLE:
            errors.append(FieldError(name, "cannot be corrected here"))
        elif value is not None and len(value.strip()) > LONGEST:
            errors.append(FieldError(name, f"must be at most {LONGEST} characters"))
        else:
            fields[name] = (value or "").strip() or None
    if errors or not fields:
        raise InvalidInputError(errors=errors or [FieldError("", "says nothing to correct")])
    return fields


def _words(text: str | None) -> str:
    words = (text or "").strip()
    if not words or len(words) > LONGEST_TEXT:
        raise InvalidInputError(errors=[FieldError("text", f"must be 1 to {LONGEST_TEXT} characters")])
    return words
