"""What random lives of five years came upon, each by itself: rights, leaving and restores that meet (BAK-3, RET-14, RGT-4)."""

from datetime import timedelta

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import EmailStatus
from shared.domain.ids import new_id
from shared.domain.rights import RightKind, RightState
from shared.domain.tokens import Purpose
from shared.usecases import answer, leaving, suppressing
from shared.usecases.brands import Brand
from shared.usecases.rights import use_right
from shared.usecases.rights_links import OpenRights, ask_for_link, open_rights
from tests.support.acts import event_of, invited, ledger_faults, receive, token_of
from tests.support.disaster import backed_up, replayed_again, restored
from tests.support.world import World

GRACE = "grace@example.org"


async def opened(world: World) -> OpenRights:
    """The link that Grace asked for and got."""
    await ask_for_link(await world.brand(), GRACE, "en", None)
    await world.drain()
    return await open_rights(world.brands, token_of(world.mailer.sent_to(GRACE)[-1], "rights"))


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RGT-4")
async def test_BAK_3_a_backup_that_holds_the_proof_of_an_erasure_can_be_put_back(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    request = await use_right(await opened(world), RightKind.ERASURE, new_id())
    await world.drain()
    await backed_up(world)
    world.clock.advance(minutes=5)
    fresh, _ = await restored(world)
    found = await (await fresh.brand()).rights.get(request.id, request.id)
    assert found and found.record.state is RightState.DONE and found.record.proof
    assert [contact.email for contact in await fresh.contacts()] == [None]
    assert await ledger_faults(fresh) == [] and await replayed_again(fresh) == 0


@pytest.mark.rule("RET-14")
@pytest.mark.rule("SUP-1")
async def test_RET_14_what_the_provider_tells_of_a_restricted_record_does_not_change_it(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    mail = world.mailer.sent_to(GRACE)[0]
    await use_right(await opened(world), RightKind.RESTRICTION, new_id())
    before = await world.contact_of(GRACE)
    at = world.clock.now() + timedelta(hours=1)
    for what, fields in (("open", {}), ("click", {"url": "https://acme.example"}), ("bounce", {"hard_bounce": False})):
        await receive(world, [event_of(mail, what, at, **fields)])
    assert await world.contact_of(GRACE) == before
    assert await suppressing.listed(acme, [GRACE]) == set()
    await receive(world, [event_of(mail, "spam", at)])  # the address's fate is the brand's to know all the same
    assert await world.contact_of(GRACE) == before and before.email_status is EmailStatus.NOT_VERIFIED
    assert await suppressing.listed(acme, [GRACE]) == {GRACE}
    await receive(world, [event_of(mail, "unsub", at)])  # and a no is always taken
    assert (await world.contact_of(GRACE)).ambassador_opt_in.opted_out


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RET-14")
@pytest.mark.rule("RET-8")
async def test_BAK_3_of_an_account_that_is_erased_again_the_contacts_go_with_the_next_sweep(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await backed_up(world)
    link = await opened(world)
    await use_right(link, RightKind.RESTRICTION, new_id())
    await leaving.remove(acme, ada, "brand")
    world.clock.advance(days=7)
    await world.sweep()  # the account goes, and Grace, who restricted the record, does not
    await use_right(await opened(world), RightKind.LIFTING, new_id())
    world.clock.advance(minutes=5)
    fresh, _ = await restored(world)
    assert (await fresh.contact_of(GRACE)).restricted_at is None
    await fresh.sweep()
    assert [contact.email for contact in await fresh.contacts()] == [None]


@pytest.mark.rule("RET-14")
@pytest.mark.rule("CON-6")
async def test_RET_14_who_restricted_the_record_can_say_no_to_the_invitation_and_not_yes(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await use_right(await opened(world), RightKind.RESTRICTION, new_id())
    invitation = await answer.open_link(world.brands, Purpose.INVITATION, token_of(world.mailer.sent_to(GRACE)[0], "i"))
    before = await world.contact_of(GRACE)
    await answer.answer_invitation(invitation, answer.Answer.ACCEPT, text_version="1", ip=None)
    assert await world.contact_of(GRACE) == before
    await answer.answer_invitation(invitation, answer.Answer.DECLINE, text_version="1", ip=None)
    assert (await world.contact_of(GRACE)).ambassador_opt_in is AmbassadorOptIn.INVITATION_DECLINED
