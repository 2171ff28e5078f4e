"""Mails that ambassadors can turn off: each honours its switch when it leaves, and stops with one click (AMB-4)."""

from datetime import timedelta

import pytest

from shared.domain.ambassador import Ambassador, CommunicationSwitches, Switch
from shared.domain.community import ReactionKind
from shared.domain.errors import ForbiddenError, UnknownObjectError
from shared.domain.newsletter import NewsletterKind
from shared.domain.policy import BrandStatus, StatusAction
from shared.domain.publication import Channel
from shared.domain.tokens import Purpose
from shared.ports import Query
from shared.usecases import brand_care, invite, newsletters, notices, reacting
from shared.usecases.brands import Brand
from tests.support.acts import token_of
from tests.support.world import World

pytestmark = pytest.mark.rule("AMB-4")
ADA, BOB = "ada@example.org", "bob@example.org"


async def switched(brand: Brand, account: Ambassador, **switches: bool) -> None:
    """Sets the switches of an account."""
    current = await brand.ambassadors.get(account.id, account.id)
    assert current
    communication = CommunicationSwitches(**switches)
    await brand.ambassadors.replace(current, current.record.changed(communication=communication))


async def suspended(world: World) -> Brand:
    """The brand, suspended."""
    brands = world.brands.records
    current = await brands.get("acme", "acme")
    assert current
    await brands.replace(current, current.record.changed(status=BrandStatus.SUSPENDED))
    world.clock.advance(minutes=1)
    return await world.brand()


async def commented(world: World, acme: Brand) -> tuple[Ambassador, Ambassador, str]:
    """Ada publishes, Bob comments; the mail waits."""
    ada, bob = await world.ambassador(), await world.ambassador(email=BOB)
    publication = await invite.share(acme, ada.id, Channel.FACEBOOK, subject="The box", body="Look", contents=[])
    await reacting.comment(acme, bob.id, publication.id, "Lovely.\n\nReally.")
    return ada, bob, publication.id


async def test_the_author_is_told_of_each_comment_with_a_one_click_stop(world: World, acme: Brand) -> None:
    _, bob, publication = await commented(world, acme)
    await reacting.comment(acme, bob.id, publication, "Again")
    await world.drain()
    first, second = world.mailer.sent_to(ADA)
    assert first.subject == "Ada A. commented on your publication" and "> Lovely." in first.text
    assert "> Again" in second.text
    url = first.headers["List-Unsubscribe"].strip("<>")
    assert first.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url.startswith("https://suite.example/n/") and url in first.text and url in first.html
    asked = await notices.open_stop_link(world.brands, url.rpartition("/")[2])
    assert asked.switch is Switch.COMMENTS and not asked.stopped
    for _ in range(2):
        assert (await notices.stop(asked)).stopped
    await reacting.comment(acme, bob.id, publication, "Nobody hears this")
    await world.drain()
    assert len(world.mailer.sent_to(ADA)) == 2


@pytest.mark.parametrize("why", ["switched off", "taken back", "commenter hides", "brand suspended", "own comment"])
async def test_a_notice_without_a_reason_never_leaves(world: World, acme: Brand, why: str) -> None:
    ada, bob, publication = await commented(world, acme)
    (comment,) = [
        item.record
        for item in (await acme.reactions.page(Query(partition=publication)))[0]
        if item.record.kind is ReactionKind.COMMENT
    ]
    if why == "switched off":
        await switched(acme, ada, comment_notifications=False)
    elif why == "taken back":
        await reacting.remove_comment(acme, bob.id, publication, comment.id)
    elif why == "commenter hides":
        current = await acme.ambassadors.get(bob.id, bob.id)
        assert current
        hidden = current.record.community.changed(hide_profile=True)
        await acme.ambassadors.replace(current, current.record.changed(community=hidden))
    elif why == "brand suspended":
        await suspended(world)
    else:
        await world.drain()
        world.mailer.outbox.clear()
        await reacting.comment(acme, ada.id, publication, "Thanks")
    await world.drain()
    assert world.mailer.outbox == []
    after = await acme.ambassadors.get(ada.id, ada.id)
    assert after and bool(after.record.owed) == (
        why == "brand suspended"
    )  # then it waits, and may go should the brand come back


async def test_a_notice_whose_message_was_lost_is_found(world: World, acme: Brand) -> None:
    await commented(world, acme)
    world.queue.queues.clear()
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert len(world.mailer.sent_to(ADA)) == 1


@pytest.mark.parametrize("kind", [kind for kind in NewsletterKind if kind is not NewsletterKind.SUSPENDED])
async def test_a_newsletter_goes_once_to_who_wants_that_kind(world: World, acme: Brand, kind: NewsletterKind) -> None:
    people = [await world.ambassador(email=f"a{n}@example.org") for n in range(120)]
    switch = {"newsletter": "newsletters"}.get(kind.value, f"{kind.value}_notifications")
    await switched(acme, people[3], **{switch: False})
    others = {name: False for name in CommunicationSwitches.model_fields if name != switch}
    await switched(acme, people[4], **others)
    started = await newsletters.start_newsletter(acme, kind, "A box", "It is here.\n\nCome and see.", "staff")
    message = world.queue.queues[newsletters.QUEUE][0].message
    assert "box" not in str(message)
    await world.drain()
    for _ in range(2):
        await world.handle(newsletters.QUEUE, message)
    await world.recover()
    await world.drain()
    wanted = sorted(person.email for person in people if person.email != people[3].email)
    assert sorted(mail.to_email for mail in world.mailer.outbox) == wanted
    assert {mail.subject for mail in world.mailer.outbox} == {"A box"}
    assert all(mail.headers["List-Unsubscribe"].startswith("<https://suite.example/n/") for mail in world.mailer.outbox)
    assert max(map(len, world.mailer.calls)) == 50
    report = await newsletters.get_newsletter(acme, started.id)
    assert (report.queued, report.skipped) == (119, {"switched_off": 1}) and report.finished_at


async def test_a_page_that_is_gone_through_twice_tells_nobody_twice(world: World, acme: Brand) -> None:
    await world.ambassador()
    started = await newsletters.start_newsletter(acme, NewsletterKind.NEWSLETTER, "S", "B", "staff")
    await world.drain()
    current = await acme.newsletters.get(started.id, started.id)
    assert current
    # As a crash leaves it between the accounts and the checkpoint.
    await acme.newsletters.replace(current, started)
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert len(world.mailer.outbox) == 1
    assert (await newsletters.get_newsletter(acme, started.id)).queued == 1


async def test_a_switch_turned_off_while_the_newsletter_waits_is_honoured(world: World, acme: Brand) -> None:
    ada = await world.ambassador()
    await newsletters.start_newsletter(acme, NewsletterKind.NEWSLETTER, "S", "B", "staff")
    assert await world.step()
    await switched(acme, ada, newsletters=False)
    await world.drain()
    assert world.mailer.outbox == []


async def test_a_suspended_brand_writes_to_nobody(world: World, acme: Brand) -> None:
    await world.ambassador()
    started = await newsletters.start_newsletter(acme, NewsletterKind.NEWSLETTER, "S", "B", "staff")
    brand = await suspended(world)
    await world.drain()
    assert world.mailer.outbox == []
    assert (await newsletters.get_newsletter(brand, started.id)).skipped == {"brand_not_active": 1}
    with pytest.raises(ForbiddenError):
        await newsletters.start_newsletter(brand, NewsletterKind.NEWSLETTER, "S", "B", "staff")
    with pytest.raises(UnknownObjectError):
        await newsletters.get_newsletter(brand, "x" * 24)


@pytest.mark.rule("MAIL-3")
async def test_a_stop_link_is_for_one_purpose_and_one_account(world: World, acme: Brand) -> None:
    await commented(world, acme)
    await world.drain()
    token = token_of(world.mailer.sent_to(ADA)[0], "n")
    later = world.clock.now() + timedelta(days=1)
    for wrong in (
        token[:-1],
        world.ports.tokens.issue(Purpose.OPT_OUT, {"b": "acme", "a": "x", "k": "newsletters"}, later),
        world.ports.tokens.issue(Purpose.STOP_NOTICES, {"b": "acme", "a": "x" * 24, "k": "newsletters"}, later),
        world.ports.tokens.issue(Purpose.STOP_NOTICES, {"b": "acme", "a": "x" * 24, "k": "wishes"}, later),
    ):
        with pytest.raises(UnknownObjectError):
            await notices.open_stop_link(world.brands, wrong)
    world.clock.advance(notices.STOP_HOLDS)
    with pytest.raises(UnknownObjectError):
        await notices.open_stop_link(world.brands, token)


@pytest.mark.rule("DEL-6")
async def test_a_suspension_is_told_once_to_every_ambassador_and_nothing_else_is_mailed(world: World) -> None:
    acme = await world.brand()
    ada, _, _ = await commented(world, acme)
    await switched(acme, ada, newsletters=False)
    await brand_care.change_status(world.brands, "acme", StatusAction.SUSPEND, "unpaid", "staff:x")
    for _ in range(2):
        await world.drain()
        world.clock.advance(minutes=11)
        await world.recover()
    assert sorted(mail.to_email for mail in world.mailer.outbox) == [ADA, BOB]
    assert {mail.subject for mail in world.mailer.outbox} == {"The ambassadors of Acme pause"}
    await brand_care.change_status(world.brands, "acme", StatusAction.RESUME, "paid", "staff:x")
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert [mail.subject for mail in world.mailer.sent_to(ADA)][1:] == ["Ada A. commented on your publication"]


@pytest.mark.rule("DEL-6")
async def test_a_suspension_whose_notice_was_cut_short_is_told_by_the_timer(world: World, acme: Brand) -> None:
    await world.ambassador()
    brand = await suspended(world)
    await world.brands.save(await world.brands.record("acme"), brand.record.changed(suspended_since=world.clock.now()))
    for _ in range(2):
        await world.recover()
        await world.drain()
    assert len(world.mailer.outbox) == 1


@pytest.mark.rule("DEL-6")
async def test_a_brand_that_goes_on_before_the_notice_left_tells_nobody(world: World, acme: Brand) -> None:
    await world.ambassador()
    await brand_care.change_status(world.brands, "acme", StatusAction.SUSPEND, "unpaid", "staff:x")
    await brand_care.change_status(world.brands, "acme", StatusAction.RESUME, "paid", "staff:x")
    await world.drain()
    assert world.mailer.outbox == []
