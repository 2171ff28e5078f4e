"""Random histories of one address with forms, orders, opt-outs and time: what holds after every step (CON-6, SUP-4, COL-11)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.collecting import Said, Source
from shared.domain.consent import OptInClass
from shared.domain.contact import Contact
from shared.domain.errors import SuppressedError, UnknownObjectError
from shared.domain.ledger import Evidence
from shared.usecases import answer, collect, confirm, contacts
from shared.usecases.suppressing import listed, opt_out_of_brand
from tests.support.acts import fresh_world, ledger_faults
from tests.support.forms import GRACE, an_arrival, link_to
from tests.support.world import World

BOXES = st.builds(Said, st.booleans(), st.booleans(), st.booleans())
FORMS = st.sampled_from([Source.BLOG, Source.INTERNAL_FORM])
MACHINES = st.sampled_from([Source.ORDER, Source.ORDER_POPIN, Source.EXTERNAL_FORM])
STEPS = st.one_of(
    st.tuples(st.just("fill in and press"), FORMS, BOXES),
    st.tuples(st.just("opt out")),
    st.tuples(st.just("opt out of all")),
    st.tuples(st.just("fill in"), FORMS, BOXES),
    st.tuples(st.just("press")),
    st.tuples(st.just("arrive"), MACHINES, BOXES),
    st.tuples(st.sampled_from(["enter", "recover"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 60 * 25, 60 * 24 * 16, 60 * 24 * 400])),
)


class History:
    """One address, two ambassadors of a brand, and what happened last."""

    def __init__(self, world: World, ambassadors: list[str]) -> None:
        self.world = world
        self.ambassadors = ambassadors
        self.turn = 0

    async def play(self, step: tuple[object, ...]) -> None:
        """One step, of either ambassador in turn; whatever it brings comes to rest."""
        self.turn += 1
        before = {contact.id: contact for contact in await self.world.contacts()}
        self.world.clock.advance(seconds=1)
        name, *arguments = step
        await _ACTS[str(name)](self, *arguments)
        await self.world.drain()
        await self.check(str(name), before)

    @property
    def ambassador(self) -> str:
        """Whose turn it is: mostly the first one's."""
        return self.ambassadors[self.turn % 3 == 0]

    async def check(self, name: str, before: dict[str, Contact]) -> None:
        """What holds now, whatever the step was."""
        held = await self.world.contacts()
        keys = [(contact.ambassador_id, contact.address_key) for contact in held]
        assert len(set(keys)) == len(keys)
        for contact in held:
            earlier = before.get(contact.id)
            if contact.pending:
                assert not contact.brand_sees and contact.search is None and not contact.partners_opt_in
            if earlier and earlier.ambassador_opt_in.opted_out and not contact.ambassador_opt_in.opted_out:
                assert "press" in name, f"{name} lifted an opt-out"
            if earlier and earlier.ambassador_opt_in.explicit and not earlier.ambassador_opt_in.opted_out:
                assert contact.ambassador_opt_in.explicit or name.startswith("opt out"), f"{name} weakened a consent"
            if contact.ambassador_opt_in.opt_in_class is OptInClass.OPTED_IN and contact.ambassador_opt_in.explicit:
                assert contact.proof, "a consent without a proof"

    async def fill_in(self, source: Source, said: Said) -> None:
        """A form, whoever fills it in."""
        brand = await self.world.brand()
        mails = len(self.world.mailer.outbox)
        shut = await listed(brand, [GRACE])
        await collect.arrive(brand, an_arrival(brand, self.ambassador, source, said))
        await self.world.drain()
        sent = self.world.mailer.outbox[mails:]
        assert len(sent) <= 1
        assert not (sent and shut and not said.ambassador), "a listed address was written to without the box"

    async def fill_in_and_press(self, source: Source, said: Said) -> None:
        """A form of the person's own, a day after whatever was."""
        self.world.clock.advance(days=1)
        await self.fill_in(source, said)
        await self.press()

    async def arrive(self, source: Source, said: Said) -> None:
        """What the brand's machines send."""
        brand = await self.world.brand()
        await collect.arrive(brand, an_arrival(brand, self.ambassador, source, said))

    async def press(self) -> None:
        """The button behind the newest confirmation mail, if there is one that still asks."""
        if any("/c/" in mail.text for mail in self.world.mailer.sent_to(GRACE)):
            with suppress(UnknownObjectError):
                await confirm.confirm(self.world.brands, link_to(self.world), shown=None, text_version="1", ip=None)

    async def opt_out(self) -> None:
        """Of the ambassador, where there is a record to opt out of."""
        brand = await self.world.brand()
        for contact in await self._standing():
            await answer.opt_out_of_ambassador(brand, contact, brand.now(), _SAYS_NO)

    async def opt_out_of_all(self) -> None:
        """Of the brand."""
        for contact in await self._standing():
            await opt_out_of_brand(await self.world.brand(), contact, _SAYS_NO)

    async def enter(self) -> None:
        """The ambassador types the address in."""
        with suppress(SuppressedError):
            await contacts.enter(await self.world.brand(), self.ambassador, {"email": GRACE})

    async def recover(self) -> None:
        """The timer, with all that it finds."""
        self.world.clock.advance(minutes=11)
        await self.world.recover()

    async def wait(self, minutes: int) -> None:
        """Time, and the sweep after it."""
        self.world.clock.advance(minutes=minutes)
        await self.world.sweep()

    async def _standing(self) -> list[Contact]:
        held = [contact for contact in await self.world.contacts() if contact.ambassador_id == self.ambassador]
        return [contact for contact in held if contact.email and not contact.pending]


_SAYS_NO = Evidence(actor="person", mechanism="opt_out_page")
_ACTS: dict[str, Callable[..., Awaitable[None]]] = {
    "fill in": History.fill_in,
    "fill in and press": History.fill_in_and_press,
    "arrive": History.arrive,
    "press": History.press,
    "opt out": History.opt_out,
    "opt out of all": History.opt_out_of_all,
    "enter": History.enter,
    "recover": History.recover,
    "wait": History.wait,
}


@pytest.mark.rule("CON-6")
@pytest.mark.rule("SUP-4")
@pytest.mark.rule("COL-11")
@given(st.lists(STEPS, min_size=4, max_size=14))
@settings(max_examples=50, deadline=None)
def test_whatever_happens_nothing_but_the_persons_own_yes_lifts_an_opt_out(steps: list[tuple[object, ...]]) -> None:
    async def play() -> None:
        async with fresh_world() as world:
            books = [(await world.ambassador(email=f"{name}@example.org")).id for name in ("ada", "bob")]
            history = History(world, books)
            for step in steps:
                await history.play(step)
            assert await ledger_faults(world) == []

    asyncio.run(play())
