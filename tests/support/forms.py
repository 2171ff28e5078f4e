"""What people do with forms: fill one in, and press the button behind the mail that it brings."""

from typing import Any

from shared.domain.collecting import Arrival, Arrived, Said, Source
from shared.usecases import collect, confirm
from shared.usecases.brands import Brand
from tests.support.acts import token_of
from tests.support.world import World

GRACE = "grace@example.org"
NOTHING = Said()
TICKED = Said(ambassador=True)


def an_arrival(brand: Brand, ambassador: str, source: Source, said: Said = NOTHING, **more: Any) -> Arrival:
    """Grace, by this source, now."""
    fields = {"email": more.pop("email", GRACE), "first_name": "Grace"}
    known: dict[str, Any] = {"fields": fields, "key": "k", "at": brand.now()} | more
    return Arrival(source=source, ambassador=ambassador, said=said, **known)


async def filled_in(
    world: World, ambassador: str, said: Said = TICKED, source: Source = Source.BLOG, brand: str = "acme", **more: Any
) -> Arrived:
    """A form is filled in, and the mail that it asks for leaves."""
    opened = await world.brand(brand)
    arrived = await collect.arrive(opened, an_arrival(opened, ambassador, source, said, **more))
    await world.drain()
    return arrived


def link_to(world: World, email: str = GRACE, which: int = -1) -> str:
    """The token of a confirmation mail."""
    mails = [mail for mail in world.mailer.sent_to(email) if "/c/" in mail.text]
    return token_of(mails[which], "c")


async def pressed(
    world: World, email: str = GRACE, *, which: int = -1, shown: str | None = None
) -> confirm.Confirmation:
    """The button behind a confirmation mail is pressed, and all that follows comes to rest."""
    token = link_to(world, email, which)
    after = await confirm.confirm(world.brands, token, shown=shown, text_version="pages/1", ip="192.0.2.7")
    await world.drain()
    return after
