"""What an ambassador did goes with the account, from everywhere it stands (DEL-7)."""

import pytest

from shared.domain.community import month_of
from shared.domain.counting import Counted
from shared.domain.publication import Channel
from shared.ports import Query
from shared.usecases import invite, leaving, reacting
from shared.usecases.brands import Brand
from shared.usecases.counting import count_one
from tests.support.world import World


@pytest.mark.rule("DEL-7")
@pytest.mark.rule("DEL-8")
async def test_publications_and_reactions_go_with_the_account_and_the_others_stay(world: World, acme: Brand) -> None:
    ada, bob = await world.ambassador(), await world.ambassador(email="bob@example.org")
    mine = await invite.share(acme, ada.id, Channel.FACEBOOK, subject="Mine", body="B", contents=[])
    theirs = await invite.share(acme, bob.id, Channel.FACEBOOK, subject="Theirs", body="B", contents=[])
    for publication in (mine, theirs):
        await count_one(acme, publication.id, Counted.CLICKS)
        for person in (ada, bob):
            await reacting.like(acme, person.id, publication.id)
            await reacting.comment(acme, person.id, publication.id, f"From {person.email}")
    await leaving.remove(acme, ada.id, "staff:x")
    world.clock.advance(days=8)
    await world.sweep()
    left = await acme.activity.page(Query())
    assert [item.record.id for item in left[0]] == [theirs.id]
    places = [item.record for item in (await acme.feed.page(Query(order_by="at")))[0]]
    assert [(place.id, place.likes, place.comments) for place in places] == [(theirs.id, 1, 1)]
    assert {item.record.ambassador_id for item in (await acme.reactions.page(Query()))[0]} == {bob.id}
    assert {item.record.publication_id for item in (await acme.counters.page(Query()))[0]} == {theirs.id}
    assert await acme.feed.get(month_of(mine.created_at), mine.id) is None
