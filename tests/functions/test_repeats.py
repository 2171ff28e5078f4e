"""What is asked for twice under one `Idempotency-Key` is done once, and answered the same (MAIL-4)."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.domain.repeats import BUSY_FOR, KEPT_FOR
from shared.domain.staff import Role
from shared.ports import Query
from shared.usecases import invite, newsletters
from shared.usecases.brands import Brand
from tests.functions.suite import SignedIn, Suite
from tests.support.acts import answered

pytestmark = pytest.mark.rule("MAIL-4")
NEWS = {"subject": "News", "body": "Look", "all": True}
PEOPLE = [f"person{n}@example.org" for n in range(3)]


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """An ambassador with contacts who said yes, and one who did not."""
    from shared.usecases.answer import Answer

    me = await suite.sign_in()
    await me.invite(*[await me.enter(person) for person in PEOPLE])
    for person in PEOPLE:
        await answered(suite.world, person, Answer.ACCEPT)
    await me.enter("new@example.org")
    suite.world.mailer.outbox.clear()
    return me


async def sent(me: SignedIn, path: str, body: Any, key: str | None = "a-key") -> httpx.Response:
    """One request with a key."""
    return await me.call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})


@pytest.mark.parametrize("path", ["/publications", "/contacts/invite"])
async def test_a_repeat_gets_the_first_answer_and_mails_nobody_again(suite: Suite, ada: SignedIn, path: str) -> None:
    body = NEWS if path == "/publications" else {"all": True}
    first = await sent(ada, path, body)
    await suite.world.drain()
    mails = len(suite.world.mailer.outbox)
    again = await sent(ada, path, body)
    await suite.world.drain()
    assert (first.status_code, first.json()["queued"]) == (202, mails) and mails > 0
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(suite.world.mailer.outbox) == mails
    other = await sent(ada, path, {**body, "all": False, "contactIds": ["a" * 24]})
    assert (other.status_code, other.json()["type"]) == (422, "urn:popsell:problem:idempotency-key-reused")
    if path == "/publications":
        fresh = (await sent(ada, path, body, None)).json()
        assert fresh["publicationId"] != first.json()["publicationId"]


async def test_a_share_and_a_newsletter_are_made_once(suite: Suite, ada: SignedIn) -> None:
    share = {"subject": "News", "body": "Look", "channel": "facebook"}
    assert (await sent(ada, "/publications", share)).json() == (await sent(ada, "/publications", share)).json()
    acme = await suite.world.brand()
    assert await acme.activity.count() == await acme.feed.count() == 1
    staff, at = await suite.staff(Role.BRAND_ADMIN, "acme"), "/api/manager/brands/acme/newsletters"
    news = {"subject": "News", "body": "Look"}
    answers = [await suite.http.post(at, headers={**staff, "Idempotency-Key": "a-key"}, json=news) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202] and answers[0].json() == answers[1].json()
    await suite.world.drain()
    assert [mail.to_email for mail in suite.world.mailer.outbox] == ["ada@example.org"]
    other = await suite.http.post(at, headers={**staff, "Idempotency-Key": "a-key"}, json={**news, "body": "Else"})
    assert other.status_code == 422


@pytest.mark.rule("BR-1")
async def test_a_key_is_its_callers_own(suite: Suite, ada: SignedIn) -> None:
    bob, elsewhere = await suite.sign_in("bob@example.org"), await suite.sign_in(brand="globex")
    made = [(await sent(me, "/publications", NEWS)).json()["publicationId"] for me in (ada, bob, elsewhere)]
    assert len(set(made)) == 3


async def test_a_bad_key_or_body_is_refused_and_leaves_the_key_free(suite: Suite, ada: SignedIn) -> None:
    for key in ("", " ", "k" * 201, "a b"):
        assert (await ada.call("POST", "/publications", json=NEWS, headers={"Idempotency-Key": key})).status_code == 422
    wrong = {**NEWS, "photos": ["a" * 24]}
    assert (await sent(ada, "/publications", wrong)).status_code == 422
    assert (await sent(ada, "/publications", NEWS)).status_code == 202


@pytest.mark.parametrize("crash", ["batches", "jobs", "queue"])
async def test_a_request_that_was_cut_short_is_gone_on_with_and_mails_each_once(
    suite: Suite, ada: SignedIn, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invite, "A_BATCH", 2)
    acme = await suite.world.brand()
    seed = invite.Seed("s" * 24)

    async def publish(brand: Brand, seed: invite.Seed) -> tuple[str, invite.Asked]:
        publication, asked = await invite.publish(
            brand, ada.account.id, subject="News", body="Look", contents=[], contacts=None, seed=seed
        )
        return publication.id, asked

    async def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    class NoJobs:
        create = staticmethod(cut)

    with monkeypatch.context() as patched:
        if crash != "jobs":
            patched.setattr(invite, {"batches": "_ask", "queue": "_queue"}[crash], cut)
        jobs: Any = NoJobs() if crash == "jobs" else acme.jobs
        with pytest.raises(KeyboardInterrupt):
            await publish(replace(acme, jobs=jobs), seed)
    suite.world.clock.advance(minutes=11)
    await suite.world.recover()
    await suite.world.drain()
    id, asked = await publish(acme, invite.Seed(seed.id, again=True))
    await suite.world.drain()
    assert asked.queued == 3 and id.endswith(seed.id)
    assert sorted(mail.to_email for mail in suite.world.mailer.outbox) == PEOPLE
    assert await acme.activity.count() == await acme.jobs.count() - 1 == 1, "the invitation's job is the other one"


async def test_while_the_first_is_at_it_the_second_waits_and_after_a_crash_goes_on(
    suite: Suite, ada: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []
    start = newsletters.start_newsletter
    staff, at = await suite.staff(Role.BRAND_ADMIN, "acme"), "/api/manager/brands/acme/newsletters"

    async def call() -> int:
        headers = {**staff, "Idempotency-Key": "a-key"}
        return (await suite.http.post(at, headers=headers, json={"subject": "News", "body": "Look"})).status_code

    async def meanwhile(*args: Any) -> Any:
        statuses.append(await call())
        return await start(*args)

    monkeypatch.setattr(newsletters, "start_newsletter", meanwhile)
    assert await call() == 202 and statuses == [409]
    monkeypatch.setattr(newsletters, "start_newsletter", start)
    acme = await suite.world.brand()
    ((known, *_), _) = await acme.repeats.page(Query(order_by="at"))
    crashed = known.record.changed(answer=None, busy_until=suite.world.clock.now() + BUSY_FOR)
    await acme.repeats.replace(known, crashed)
    assert await call() == 409
    suite.world.clock.advance(BUSY_FOR)
    assert await call() == 202 and await acme.newsletters.count() == 1
    suite.world.clock.advance(KEPT_FOR)
    await suite.world.recover()
    assert await acme.repeats.count() == 0
