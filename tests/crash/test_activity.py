"""What ambassadors do, stopped at every durable operation: everybody told once, no file without a record, no word left."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain.community import ReactionKind, month_of
from shared.domain.counting import Counted
from shared.domain.grants import Network, network_claim
from shared.domain.newsletter import NewsletterKind
from shared.domain.publication import Channel, Publication
from shared.ports import Query
from shared.usecases import contests, grants, invite, leaving, newsletters, reacting, ugc
from shared.usecases.counting import count_one
from tests.crash.playing import Plan, Run, doubles, every_point, play
from tests.crash.workflows import RECOVER, SWEEP, Workflow, call, later
from tests.support.fakes import token_of
from tests.support.pictures import picture
from tests.support.restarting import Suite, faults_of_the_ledger

ADA, BEA, CLEO = (f"{name}@example.org" for name in ("ada", "bea", "cleo"))
Sound = Callable[[Run], Awaitable[None]]


async def _three(suite: Suite) -> None:
    for email in (ADA, BEA, CLEO):
        suite.known[email] = (await suite.world.ambassador(email=email)).id


async def _published(suite: Suite) -> None:
    await _three(suite)
    brand = await suite.brand()
    for email in (ADA, BEA):
        suite.known[email, "publication"] = await invite.share(
            brand, suite.known[email], Channel.FACEBOOK, subject="Box", body="Look", contents=[]
        )


async def _with_a_contest(suite: Suite) -> None:
    await _three(suite)
    brand = await suite.brand()
    ends = brand.now() + timedelta(days=9)
    suite.known["contest"] = await contests.save_contest(brand, "summer", title="T", usage="U", ends_at=ends, days=9)


async def _busy(suite: Suite) -> None:
    """Everybody said something to everything; Ada will go."""
    await _published(suite)
    brand = await suite.brand()
    for email in (ADA, BEA):
        publication: Publication = suite.known[email, "publication"]
        await count_one(brand, publication.id, Counted.CLICKS)
        for person in (ADA, CLEO):
            await reacting.like(brand, suite.known[person], publication.id)
    await ugc.upload(brand, suite.known[ADA], picture())
    await leaving.remove(brand, suite.known[ADA], "brand")
    suite.clock.advance(days=8)


async def _write_to_all(suite: Suite) -> None:
    await newsletters.start_newsletter(await suite.brand(), NewsletterKind.NEWSLETTER, "News", "Look", "staff")


async def _comment(suite: Suite) -> None:
    await reacting.comment(await suite.brand(), suite.known[BEA], suite.known[ADA, "publication"].id, "Lovely")


async def _like(suite: Suite) -> None:
    await reacting.like(await suite.brand(), suite.known[CLEO], suite.known[ADA, "publication"].id)


async def _upload(suite: Suite) -> None:
    suite.known["photo"] = (await ugc.upload(await suite.brand(), suite.known[ADA], picture())).id


async def _agree(suite: Suite) -> None:
    await ugc.agree(await suite.brand(), suite.known[ADA], suite.known["photo"], suite.known["contest"], None)


async def _withdraw(suite: Suite) -> None:
    await ugc.withdraw(await suite.brand(), suite.known[ADA], suite.known["photo"], None)


async def _grant(suite: Suite) -> None:
    await grants.give_grant(await suite.brand(), suite.known[ADA], Network.TWITTER, token_of("account 7"), "account 7")


async def _other_grant(suite: Suite) -> None:
    await grants.give_grant(await suite.brand(), suite.known[ADA], Network.TWITTER, token_of("account 8"), "account 8")


async def _no_grant(suite: Suite) -> None:
    await grants.withdraw_grant(await suite.brand(), suite.known[ADA], Network.TWITTER)


async def _everybody_once(run: Run) -> None:
    """Each newsletter that there is reached everybody, and nobody twice."""
    brand = await run.suite.brand()
    sent = [item.record for item in (await brand.newsletters.page(Query()))[0]]
    assert all(one.open_since is None and one.queued == 3 for one in sent)
    assert Counter(mail.to_email for mail in run.suite.mailer.outbox) == Counter([ADA, BEA, CLEO] * len(sent))


async def _told_of_each(run: Run) -> None:
    """The author was told of each comment that there is, once; the flow counts what there is."""
    brand = await run.suite.brand()
    publication: Publication = run.suite.known[ADA, "publication"]
    said = [item.record for item in (await brand.reactions.page(Query(partition=publication.id)))[0]]
    comments = [one for one in said if one.kind is ReactionKind.COMMENT]
    assert [mail.to_email for mail in run.suite.mailer.outbox] == [ADA] * len(comments)
    await reacting.like(brand, run.suite.known[BEA], publication.id)
    place = await brand.feed.get(month_of(publication.created_at), publication.id)
    assert place and (place.record.likes, place.record.comments) == (len(said) - len(comments) + 1, len(comments))


async def _no_file_without_a_record(run: Run) -> None:
    """Each file is that of a photo that is shown, and the consents are those of the ledger."""
    brand = await run.suite.brand()
    kept = [item.record for item in (await brand.ugc.page(Query()))[0]]
    assert sorted(run.suite.files.files) == sorted(photo.file for photo in kept if photo.file)
    assert all(photo.unsettled_since is None for photo in kept)
    assert await faults_of_the_ledger(run.suite) == []


async def _found_by_what_is_granted(run: Run) -> None:
    """A claim leads to Ada if, and only if, her grant says so; what is left over can be taken."""
    brand = await run.suite.brand()
    account = await brand.ambassadors.get(run.suite.known[ADA], run.suite.known[ADA])
    assert account
    held = {
        network_claim(grant.network, grant.account_hash)
        for grant in account.record.grants.values()
        if grant.account_hash
    }
    assert held <= {item.record.id for item in (await brand.claims.page(Query()))[0]} or run.unanswered is not None
    for number in (7, 8):
        free = network_claim(Network.TWITTER, brand.hasher.ref(f"account {number}")) not in held
        if free:
            other = f"account {number}"
            await grants.give_grant(brand, run.suite.known[BEA], Network.TWITTER, token_of(other), other)


async def _nothing_is_left(run: Run) -> None:
    """Of Ada there is no publication, place, count, like or photo; Bea's are as they were."""
    brand, ada = await run.suite.brand(), run.suite.known[ADA]
    for collection in (brand.activity, brand.feed, brand.reactions, brand.counters, brand.ugc):
        found = [item.record for item in (await collection.page(Query()))[0]]
        assert not [one for one in found if one.ambassador_id == ada]
    publication: Publication = run.suite.known[BEA, "publication"]
    place = await brand.feed.get(month_of(publication.created_at), publication.id)
    assert place and place.record.likes == 1
    assert run.suite.files.files == {}


STORIES = [
    (Workflow("newsletter", _three, (call(_write_to_all), later(hours=1), RECOVER)), _everybody_once),
    (Workflow("comment", _published, (call(_comment), call(_like), later(hours=1), RECOVER)), _told_of_each),
    (
        Workflow(
            "photo",
            _with_a_contest,
            (call(_upload), call(_agree), call(_withdraw), call(_agree), later(days=9), RECOVER),
        ),
        _no_file_without_a_record,
    ),
    (Workflow("grant", _three, (call(_grant), call(_other_grant), call(_no_grant))), _found_by_what_is_granted),
    (Workflow("leave", _busy, (SWEEP,)), _nothing_is_left),
]


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize(("workflow", "sound"), [pytest.param(*story, id=story[0].name) for story in STORIES])
async def test_a_crash_at_any_operation_leaves_a_sound_end(workflow: Workflow, sound: Sound) -> None:
    clean = await play(workflow, Plan())
    points = list(every_point(clean))  # of the story alone: to look whether all is sound writes too
    await sound(clean)
    for stop_at, side in points:
        run = await play(workflow, Plan(stop_at, side))
        where = f"{side} {stop_at}: {run.suite.crashes.trace[stop_at - 1 :][:1]}"
        assert run.suite.crashed == 1, where
        assert doubles(run) == [], where
        await sound(run)
