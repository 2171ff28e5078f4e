"""An ambassador's own rights, signed in (RGT-1): what is held on them, and requests."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python

from shared.domain.ambassador import Ambassador, CommunicationSwitches, CommunitySwitches
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError
from shared.domain.records import stamp
from shared.domain.retention import RULES
from shared.domain.retention import due_at as due_by
from shared.domain.rights import RightKind, RightsRequest, RightState, due_at, once
from shared.domain.visibility import Viewer, see_ambassador
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.access import ledger_of
from shared.usecases.brands import Brand
from shared.usecases.collections import chunks
from shared.usecases.leaving import leave
from shared.usecases.limiting import count_against
from shared.usecases.saving import ATTEMPTS
from shared.usecases.sessions import Caller

# What a person answers: a machine cannot know what is right, or what its own flag means.
BY_A_PERSON = frozenset({RightKind.RECTIFICATION, RightKind.RESTRICTION, RightKind.REVIEW, RightKind.OTHER})
# Why an account's data are processed, and to whom they are given (art. 15(1)); what an access request names.
PURPOSES = ("account_by_contract", "community", "mail_by_consent", "anti_fraud", "proof")
RECIPIENTS = ("brand", "community", "own_contacts", "processor", "mail_provider", "linked_networks", "hosting")
PROVIDED = ("email", "first_name", "last_name", "alias", "gender", "language", "customer_id", "date_of_birth", "address",
            "about", "interests", "position", "iban", "communication", "community")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """What came of a request: `data` is what was asked for, `erasure_due_at` when the account goes (RET-8)."""

    request: RightsRequest
    data: dict[str, Any] | None = None
    erasure_due_at: datetime | None = None


async def use_own_right(caller: Caller, kind: RightKind, text: str | None) -> Used:
    """Does what the ambassador asks for, or writes it down for a person to answer.

    An objection turns off every mail that can be, and hides the account from the community, at once; so does a
    restriction, which a person then looks at. Raises InvalidInputError, TooManyRequestsError.
    """
    brand, account = caller.brand, caller.account.record
    if kind is RightKind.LIFTING:
        raise InvalidInputError(errors=[FieldError("kind", "is asked for in words, as other")])
    if kind in (RightKind.RECTIFICATION, RightKind.REVIEW, RightKind.OTHER) and not text:
        raise InvalidInputError(errors=[FieldError("text", "is needed")])
    await count_against(brand, "rights-by-link", account.id)
    request = _request(brand, account, kind, text)
    data, due = None, None
    match kind:
        case RightKind.ACCESS:
            data = await held_on_account(brand, account)
        case RightKind.PORTABILITY:
            seen = see_ambassador(account, Viewer.OWN_AMBASSADOR)
            data = _plain({name: value for name, value in seen.items() if name in PROVIDED})
        case RightKind.OBJECTION | RightKind.RESTRICTION:
            await _left_alone(brand, account.id)
        case RightKind.ERASURE:
            due = await leave(caller)
    try:
        await brand.rights.create(request)
    except ConflictError:  # asked in the same words today: that request stands
        found = await brand.rights.get(request.id, request.id)
        request = found.record if found else request
    return Used(request, data, due)


async def own_requests(caller: Caller) -> list[RightsRequest]:
    """The ambassador's requests, newest first."""
    return await _requests(caller.brand, caller.id)


async def held_on_account(brand: Brand, account: Ambassador) -> dict[str, Any]:
    """Everything that is held on an ambassador, without the machine's own: no password, token or session (art. 15).

    Of the contacts, who are persons of their own, the number alone.
    """
    own = Query(partition=account.id)
    everywhere = Query(where=(Where("ambassadorId", "=", account.id),))
    contacts = 0
    async for page in brand.contacts.pages(Query(partition=account.id, order_by="createdAt", limit=500)):
        contacts += sum(item.record.in_the_book for item in page)
    publications = [item.record async for page in brand.activity.pages(own) for item in page]
    photos = [item.record async for page in brand.ugc.pages(own) for item in page]
    return {
        "at": stamp(brand.now()),
        "account": _plain(see_ambassador(account, Viewer.OWN_AMBASSADOR)),
        "grants": [
            _plain({"network": n, "granted_at": g.granted_at, "last_used_at": g.last_used_at, "active": g.active})
            for n, g in account.grants.items()
        ],
        "contacts": contacts,
        "publications": [publication.to_document() for publication in publications],
        "reactions": [i.record.to_document() async for page in brand.reactions.pages(everywhere) for i in page],
        "photos": [
            _plain({"id": p.id, "created_at": p.created_at, "caption": p.caption, "consent": p.consent}) for p in photos
        ],
        "ledger": [
            entry.model_dump(mode="json", by_alias=True, exclude_none=True)
            for entry in (
                *await ledger_of(brand, account.id),
                *[e for p in photos for e in await ledger_of(brand, p.id)],
            )
        ],
        "retention": _retention(brand, account),
        "purposes": list(PURPOSES),
        "recipients": list(RECIPIENTS),
        "requests": [
            _plain({"kind": r.kind, "state": r.state, "received_at": r.received_at, "due_at": r.due_at})
            for r in await _requests(brand, account.id)
        ],
        "flags": await _flags(brand, [account.id, *(publication.id for publication in publications)]),
    }


def _retention(brand: Brand, account: Ambassador) -> dict[str, Any] | None:
    """What will happen to the account, by which rule and when (RET-17); None while nothing will by itself."""
    due = due_by(account.clock, brand.policy.durations)
    if account.clock is None or due is None:
        return None
    return _plain({"rule": account.clock.rule, "action": RULES[account.clock.rule].action, "at": due})


async def _requests(brand: Brand, ambassador: str) -> list[RightsRequest]:
    own = Query(where=(Where("subject", "in", (ambassador,)),))
    found = [item.record async for page in brand.rights.pages(own) for item in page]
    return sorted(found, key=lambda request: (request.received_at, request.id), reverse=True)


async def _flags(brand: Brand, subjects: Sequence[str]) -> list[dict[str, Any]]:
    """What a machine noticed of the account or what it published: each can be had reviewed by a person (art. 22)."""
    found = []
    for some in chunks(subjects, 100):
        async for page in brand.flags.pages(Query(where=(Where("subject", "in", tuple(some)),))):
            found += [
                _plain({"kind": f.kind, "reason": f.reason, "at": f.at, "decision": f.decision})
                for f in (item.record for item in page)
            ]
    return found


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as JSON knows them."""
    return {to_camel(name): to_jsonable_python(value, by_alias=True) for name, value in fields.items()}


def _request(brand: Brand, account: Ambassador, kind: RightKind, text: str | None) -> RightsRequest:
    now = brand.now()
    due = due_at(now, brand.policy.time_zone)
    said = f"{now.date()} {text}" if kind in BY_A_PERSON else stamp(now)
    request = RightsRequest(
        id=once(account.id, kind, said),
        kind=kind,
        state=RightState.OPEN,
        subject=account.id,
        ambassador=account.id,
        received_at=now,
        due_at=due,
        language=account.language,
    )
    if kind in BY_A_PERSON:
        return request.changed(text=text, waiting_until=due)
    return request.done(now, "person")


async def _left_alone(brand: Brand, ambassador: str) -> None:
    """Turns off every mail that has a switch, and hides the account from the community (art. 18, 21)."""
    off = CommunicationSwitches(**dict.fromkeys(CommunicationSwitches.model_fields, False))
    hidden = CommunitySwitches(**dict.fromkeys(CommunitySwitches.model_fields, True))
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(ambassador, ambassador)
        if current is None or (current.record.communication, current.record.community) == (off, hidden):
            return
        with suppress(StaleError):
            after = current.record.changed(communication=off, community=hidden)
            await brand.ambassadors.replace(current, after.settled(brand.hasher))
            return
    raise ChangedMeanwhileError
