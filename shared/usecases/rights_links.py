"""A link to one's own data (RGT-2): control of the address is the check, and nobody learns whether an address is known.

Whoever asks for whatever address, the same is written and queued. Only the worker looks whether anything is held: of an
address that nothing is held of, it forgets the question at once, and mails nothing, since anybody may ask.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.domain.addresses import clean_address
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.records import stamp
from shared.domain.rights import LINK_HOLDS, RightsLink
from shared.domain.suppression import ERRORS
from shared.domain.tokens import Purpose
from shared.pages import render
from shared.ports import Fate, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand, Brands
from shared.usecases.claims import by_email
from shared.usecases.collections import Change, Versioned
from shared.usecases.compose import PATHS, language_of, look
from shared.usecases.limiting import count_against
from shared.usecases.rights_mail import FIRST, hand_over, left_already
from shared.usecases.saving import ATTEMPTS
from shared.usecases.suppressing import reasons_listed

QUEUE = "rights"


@dataclass(frozen=True, slots=True)
class OpenRights:
    """What a link opens."""

    brand: Brand
    link: RightsLink


async def ask_for_link(brand: Brand, address: str, language: str, ip: str | None) -> None:
    """Takes the wish for a link; raises InvalidInputError for what is no address, and TooManyRequestsError."""
    try:
        email = clean_address(address)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    if ip:
        await count_against(brand, "rights-from", ip)
    await count_against(brand, "rights", email)
    now, people = brand.now(), brand.hasher.refs(email)
    link = RightsLink(
        id=new_id(),
        asked_at=now,
        email=email,
        subject=people[0],
        language=language,
        people=people,
        pending_since=now,
    )
    await brand.rights_links.create(link)
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "link": link.id}])


async def send_link(brand: Brand, id: str) -> None:
    """Mails a link, once, where anything is held of its address; raises TryAgainError while it did not leave.

    An address that is listed for a mail error is not mailed at all (SUP-4); an opt-out does not take away the right to ask.
    """
    current = await brand.rights_links.get(id, id)
    if current is None or current.record.pending_since is None or current.record.email is None:
        return
    link, email = current.record, current.record.email
    if not await _something_is_held(brand, link, email) or await _takes_no_mail(brand, email):
        await _forget(brand, current)
        return
    if await left_already(brand, link.id, FIRST, link.tried_at):
        await _settle(brand, current, mailed=True)
        return
    try:
        current = await brand.rights_links.replace(current, link.changed(tried_at=brand.now()))
    except StaleError:
        raise TryAgainError from None
    match await hand_over(brand, link.id, FIRST, email, _letter(brand, link)):
        case Fate.SENT:
            await _settle(brand, current, mailed=True)
        case Fate.REFUSED:
            await _forget(brand, current)
        case Fate.RETRY:
            await _settle(brand, current, mailed=False)
            raise TryAgainError
        case Fate.UNKNOWN:
            raise TryAgainError


async def open_rights(brands: Brands, token: str) -> OpenRights:
    """What a link opens; raises UnknownObjectError for one that is forged, of another purpose, or expired."""
    now = brands.ports.clock.now()
    claims = brands.ports.tokens.read(Purpose.RIGHTS, token, now)
    if claims is None:
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    found = await brand.rights_links.get(claims["r"], claims["r"])
    if found is None or found.record.expires_at <= now:
        raise UnknownObjectError
    link = found.record
    if link.email:  # a hash key may have come since the link was asked for
        link = link.changed(people=tuple(dict.fromkeys((*brand.hasher.refs(link.email), *link.people))))
    return OpenRights(brand, link)


async def forget_address(brand: Brand, people: Sequence[str]) -> None:
    """Takes the address out of every link of somebody who was erased; one that was not mailed yet never is.

    A link goes on opening its page, which says that hashes are left. Raises ChangedMeanwhileError.
    """
    of_them = Query(where=(Where("subject", "in", tuple(people)),))
    for _ in range(ATTEMPTS):
        found = [item async for page in brand.rights_links.pages(of_them) for item in page if item.record.email]
        changes = [Change(item, item.record.changed(email=None, pending_since=None)) for item in found]
        if all(result.outcome is Outcome.WRITTEN for result in await brand.rights_links.write_many(changes)):
            return
    raise ChangedMeanwhileError


async def links_again(brand: Brand, before: datetime) -> int:
    """Queues again the links whose message was lost; gives how many."""
    waiting = Query(where=(Where("pendingSince", "<=", stamp(before)),), order_by="pendingSince")
    sent = 0
    async for page in brand.rights_links.pages(waiting):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "link": item.record.id} for item in page])
        sent += len(page)
    return sent


async def forget_old_links(brand: Brand) -> int:
    """Deletes links that open nothing any more, and with them their addresses; gives how many."""
    old = Query(where=(Where("askedAt", "<=", stamp(brand.now() - LINK_HOLDS)),), order_by="askedAt")
    deleted = 0
    async for page in brand.rights_links.pages(old):
        results = await brand.rights_links.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


async def _something_is_held(brand: Brand, link: RightsLink, email: str) -> bool:
    records = Query(where=(Where("emailHash", "in", link.people),), limit=1)
    found, _ = await brand.contacts.page(records)
    if found or await by_email(brand, email):
        return True
    listed = await brand.suppressions.get_many([(ref, ref) for ref in link.people])
    return any(item.record.or_none for item in listed.values())


async def _takes_no_mail(brand: Brand, email: str) -> bool:
    reasons = (await reasons_listed(brand, [email])).get(email, {})
    return not ERRORS.isdisjoint(reasons)


def _letter(brand: Brand, link: RightsLink) -> render.MailContent:
    token = brand.ports.tokens.issue(Purpose.RIGHTS, {"b": brand.id, "r": link.id}, link.expires_at)
    return render.your_rights_mail(
        brand=look(brand.policy),
        language=language_of(brand.policy, link.language),
        rights_url=f"{brand.ports.public_url}/{PATHS[Purpose.RIGHTS]}/{token}",
        until=link.expires_at.date(),
    )


async def _settle(brand: Brand, current: Versioned[RightsLink], *, mailed: bool) -> None:
    after = current.record.changed(mailed_at=brand.now(), pending_since=None) if mailed else current.record
    with suppress(StaleError):  # somebody else wrote the same
        await brand.rights_links.replace(current, after if mailed else after.changed(tried_at=None))


async def _forget(brand: Brand, current: Versioned[RightsLink]) -> None:
    with suppress(StaleError):
        await brand.rights_links.delete(current)
