"""Mails that an ambassador can turn off, each by its own switch, and the link that does it (AMB-4, MAIL-3)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.ambassador import SWITCHES, AccountMail, AccountStatus, Ambassador, OwedMail, Switch
from shared.domain.community import ReactionKind
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.newsletter import NewsletterKind
from shared.domain.policy import BrandStatus
from shared.domain.tokens import Purpose
from shared.domain.visibility import community_name, shows_events
from shared.pages import render
from shared.ports import StaleError
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Versioned
from shared.usecases.compose import PATHS, Letter, language_of, look
from shared.usecases.publications import find_publication
from shared.usecases.saving import ATTEMPTS

# The link goes on working for longer than anybody keeps a mail.
STOP_HOLDS = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class Stopping:
    """What a link is about: which mails, to whom."""

    brand: Brand
    account: Versioned[Ambassador]
    switch: Switch

    @property
    def stopped(self) -> bool:
        """Whether the switch is off already."""
        return not getattr(self.account.record.communication, self.switch.value)


async def new_comment(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """What another ambassador said to a publication; not when it was taken back, or who said it hides by now."""
    if not _may_tell(brand, account, owed.kind):
        return None
    publication_id, _, comment_id = (owed.about or "").partition(" ")
    found = await brand.reactions.get(publication_id, comment_id)
    publication = await find_publication(brand, publication_id)
    if found is None or publication is None or found.record.kind is not ReactionKind.COMMENT:
        return None
    commenter = await brand.ambassadors.get(found.record.ambassador_id, found.record.ambassador_id)
    if commenter is None or not shows_events(commenter.record):
        return None
    stop_url = _stop_url(brand, account, owed)
    content = render.new_comment_mail(
        brand=look(brand.policy),
        language=language_of(brand.policy, account.language),
        first_name=account.first_name,
        commenter=community_name(commenter.record, brand.policy.community_display),
        publication=publication.subject,
        comment=found.record.text or "",
        stop_url=stop_url,
    )
    return Letter(content, _one_click(stop_url))


async def to_all(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """A newsletter, or news of an event or a challenge."""
    newsletter = await brand.newsletters.get(owed.about or "", owed.about or "") if owed.about else None
    if newsletter is None or not _may_tell(brand, account, owed.kind):
        return None
    stop_url = _stop_url(brand, account, owed)
    content = render.to_all_mail(
        kind=_KINDS[newsletter.record.kind],
        brand=look(brand.policy),
        language=language_of(brand.policy, account.language),
        first_name=account.first_name,
        subject=newsletter.record.subject,
        body=newsletter.record.body,
        stop_url=stop_url,
    )
    return Letter(content, _one_click(stop_url))


async def suspended(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """That the brand is suspended, and that one can leave (DEL-6); not any more once it goes on."""
    if brand.record.status is not BrandStatus.SUSPENDED or account.status is not AccountStatus.ACTIVE:
        return None
    claims = {"b": brand.id, "a": account.id, "w": brand.record.suspension or ""}
    token = brand.ports.tokens.issue(Purpose.LEAVE, claims, owed.since + STOP_HOLDS)
    content = render.suspended_mail(
        brand=look(brand.policy),
        language=language_of(brand.policy, account.language),
        first_name=account.first_name,
        leave_url=f"{brand.ports.public_url}/{PATHS[Purpose.LEAVE]}/{token}",
    )
    return Letter(content)


async def open_stop_link(brands: Brands, token: str) -> Stopping:
    """What a link is about; raises UnknownObjectError when it is forged, expired, or about nobody any more."""
    claims = brands.ports.tokens.read(Purpose.STOP_NOTICES, token, brands.ports.clock.now())
    if claims is None or claims.get("k") not in list(Switch):
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    account = await brand.ambassadors.get(claims["a"], claims["a"])
    if account is None or account.record.status is not AccountStatus.ACTIVE:
        raise UnknownObjectError
    if brand.record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    return Stopping(brand, account, Switch(claims["k"]))


async def stop(stopping: Stopping) -> Stopping:
    """Turns the switch off; again changes nothing."""
    brand, current = stopping.brand, stopping.account
    for _ in range(ATTEMPTS):
        account = current.record
        if not getattr(account.communication, stopping.switch.value):
            return Stopping(brand, current, stopping.switch)
        switched = account.communication.changed(**{stopping.switch.value: False})
        with suppress(StaleError):
            saved = await brand.ambassadors.replace(current, account.changed(communication=switched))
            return Stopping(brand, saved, stopping.switch)
        fresh = await brand.ambassadors.get(account.id, account.id)
        if fresh is None or fresh.record.status is not AccountStatus.ACTIVE:
            raise UnknownObjectError
        current = fresh
    raise ChangedMeanwhileError


def _may_tell(brand: Brand, account: Ambassador, mail: AccountMail) -> bool:
    """Whether the mail may leave now, whatever was the case when it was queued (AMB-4, BR-3)."""
    running = brand.record.status is BrandStatus.ACTIVE
    return running and account.status is AccountStatus.ACTIVE and account.wants(mail)


def _stop_url(brand: Brand, account: Ambassador, owed: OwedMail) -> str:
    claims = {"b": brand.id, "a": account.id, "k": SWITCHES[owed.kind].value}
    token = brand.ports.tokens.issue(Purpose.STOP_NOTICES, claims, owed.since + STOP_HOLDS)
    return f"{brand.ports.public_url}/{PATHS[Purpose.STOP_NOTICES]}/{token}"


def _one_click(url: str) -> dict[str, str]:
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


_KINDS: dict[NewsletterKind, render.ToAllKind] = {
    NewsletterKind.NEWSLETTER: "newsletter",
    NewsletterKind.EVENT: "event",
    NewsletterKind.CHALLENGE: "challenge",
}
