"""Mails about rights, to the address that is all we know of who asks: each once, whatever is cut short (MAIL-4)."""

from shared.domain.custom_id import CustomId
from shared.domain.errors import TryAgainError
from shared.domain.records import Instant
from shared.pages.render import MailContent
from shared.ports import Fate, OutgoingMail
from shared.usecases.brands import Brand
from shared.usecases.send_mails import DOUBT

FIRST = "rightsaa"  # which mail of a link it is: there is only one


async def left_already(brand: Brand, about: str, mail: str, tried_at: Instant | None) -> bool:
    """Whether an earlier try got the mail out; raises TryAgainError while that cannot be known."""
    if tried_at is None:
        return False
    accepted = await brand.ports.mailer.was_accepted(_custom_id(brand, about, mail))
    if accepted is None or (not accepted and brand.now() - tried_at < DOUBT):
        raise TryAgainError
    return accepted


async def hand_over(brand: Brand, about: str, mail: str, to: str, content: MailContent) -> Fate:
    """Gives the mail to the provider, and says what that said of it."""
    (result,) = await brand.ports.mailer.send(
        [
            OutgoingMail(
                custom_id=_custom_id(brand, about, mail),
                sender_email=brand.policy.sender.email,
                sender_name=" ".join(brand.policy.sender.name.split()),
                to_email=to,
                to_name=None,
                subject=content.subject,
                text=content.text,
                html=content.html,
            )
        ]
    )
    return result.fate


def _custom_id(brand: Brand, about: str, mail: str) -> str:
    return str(CustomId(brand.id, about, None, mail))
