"""Contacts by account link at Google and Outlook, against the identity sandbox (COL-2)."""

import json
from typing import Any

import httpx
import pytest

from shared.domain.contact import Contact
from tests.functions.identity_suite import cookies, reason
from tests.functions.suite import SignedIn, Suite
from tests.support.identity_sandbox import ACME_TENANT, IdentitySandbox

pytestmark = pytest.mark.rule("COL-2")

BOTH = pytest.mark.parametrize("provider", ["google", "outlook"])
WHO = "eve.employee@acme.example"
FRIENDS: list[dict[str, Any]] = [
    {"firstName": "Zoé", "lastName": 'O"Neil, Jr', "email": "zoe@example.org", "mobile": "+33 6 1", "city": "Nantes"},
    {"firstName": "Yann", "lastName": "Friend", "email": "yann@nowhere@example.org", "phone": "+33 2 2"},
    {"firstName": "Xenia", "email": "xenia@example.org"},
]


@pytest.fixture
def suite(suite_with_providers: Suite) -> Suite:
    """The suite of these tests."""
    return suite_with_providers


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Signed in."""
    return await suite.sign_in("ada@example.org")


@pytest.fixture
def book(identity_sandbox: IdentitySandbox) -> None:
    """What the account at the provider holds."""
    identity_sandbox.person(tenant=ACME_TENANT, email=WHO, contacts=FRIENDS)


async def begun(ada: SignedIn, provider: str) -> httpx.Response:
    """The way to the provider."""
    answer = await ada.call("POST", f"/contacts/link/{provider}")
    assert answer.status_code == 200, answer.text
    return answer


async def came_back(suite: Suite, sandbox: IdentitySandbox, begin: httpx.Response) -> httpx.Response:
    """The person at the provider and back."""
    return await suite.http.get(sandbox.sign_in(begin.json()["authorizeUrl"], WHO), headers=cookies(begin))


async def job_of(ada: SignedIn, begin: httpx.Response) -> dict[str, Any]:
    """How far the job is."""
    job: dict[str, Any] = (await ada.call("GET", f"/jobs/{begin.json()['jobId']}")).json()
    return job


async def fetched(suite: Suite) -> None:
    """Lets the queue's function fetch, and the import run."""
    while message := suite.world.queue.pop("address-book-links"):
        await suite.hand_over("address-book-links", message)
    await suite.world.drain()


@BOTH
async def test_contacts_of_a_linked_account_are_imported_like_a_file(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    begin = await begun(ada, provider)
    assert (await ada.call("GET", f"/jobs/{begin.json()['jobId']}")).status_code == 404, "nothing before the yes"
    back = await came_back(suite, identity_sandbox, begin)
    assert back.status_code == 303
    assert back.headers["Location"] == f"/login/acme/linked?job={begin.json()['jobId']}"
    assert (await suite.http.get("/login/acme/linked")).status_code == 200
    assert (await job_of(ada, begin))["state"] == "queued"
    await fetched(suite)
    assert not suite.failures
    job = await job_of(ada, begin)
    assert (job["state"], job["total"], job["accepted"], job["refusals"]) == (
        "done", 3, 2, [{"row": 2, "reason": "invalid_email"}],
    )  # fmt: skip
    zoe = await suite.world.contact_of("zoe@example.org")
    assert (zoe.first_name, zoe.last_name, zoe.mobile_phone, zoe.city) == ("Zoé", 'O"Neil, Jr', "+33 6 1", "Nantes")
    assert (zoe.ambassador_opt_in, zoe.created_by.mechanism) == ("new", f"import_{provider}")
    assert suite.world.files.files == {}
    assert suite.world.mailer.outbox == []


@BOTH
async def test_the_permission_is_sealed_and_forgotten_once_used(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    await came_back(suite, identity_sandbox, await begun(ada, provider))
    (job,) = (await suite.dump("acme"))["acme/jobs"].values()
    assert job["grant"].startswith("k1."), "wrapped under a master key"
    messages = json.dumps([w.message for w in suite.world.queue.queues["address-book-links"]])
    assert job["grant"] not in messages
    await fetched(suite)
    (job,) = (await suite.dump("acme"))["acme/jobs"].values()
    assert not {"grant", "fileKey"} & set(job)
    assert (await suite.dump())["platform/flows"] == {}


@BOTH
async def test_every_page_of_a_large_book_is_fetched(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, provider: str
) -> None:
    many = [{"firstName": f"P{number}", "email": f"p{number}@example.org"} for number in range(1101)]
    identity_sandbox.person(tenant=ACME_TENANT, email=WHO, contacts=many)
    begin = await begun(ada, provider)
    await came_back(suite, identity_sandbox, begin)
    await fetched(suite)
    assert (await job_of(ada, begin))["accepted"] == 1101


@BOTH
@pytest.mark.parametrize("kind", ["expired_token", "forbidden"])
async def test_a_permission_that_is_not_good_any_more_ends_the_job(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str, kind: str
) -> None:
    begin = await begun(ada, provider)
    await came_back(suite, identity_sandbox, begin)
    identity_sandbox.fail(kind)
    await fetched(suite)
    job = await job_of(ada, begin)
    assert (job["state"], job["failure"]) == ("failed", "link_refused")
    assert "grant" not in str((await suite.dump("acme"))["acme/jobs"])


@BOTH
async def test_a_provider_that_is_busy_is_asked_again(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    begin = await begun(ada, provider)
    await came_back(suite, identity_sandbox, begin)
    identity_sandbox.fail("throttled")
    await fetched(suite)
    assert len(suite.failures) == 1, "the queue tries again"
    assert (await job_of(ada, begin))["state"] == "queued"
    suite.world.clock.advance(minutes=11)
    await suite.tick("sweep_lost_work")
    await fetched(suite)
    assert (await job_of(ada, begin))["state"] == "done"


@BOTH
async def test_a_message_twice_fetches_once(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    begin = await begun(ada, provider)
    await came_back(suite, identity_sandbox, begin)
    message = suite.world.queue.pop("address-book-links")
    assert message and set(message) == {"brand", "job"}
    for _ in range(2):
        await suite.hand_over("address-book-links", message)
        await suite.hand_over("imports", message)
    assert not suite.failures
    assert (await job_of(ada, begin))["accepted"] == 2
    assert len(await _book_of(suite)) == 2


@BOTH
async def test_who_left_meanwhile_gets_no_contacts(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    for step in ("before coming back", "before the fetch"):
        suite_ada = await suite.sign_in(f"{step.replace(' ', '.')}@example.org")
        begin = await begun(suite_ada, provider)
        if step == "before the fetch":
            await came_back(suite, identity_sandbox, begin)
        assert (await suite_ada.call("DELETE", "/me")).status_code == 202
        if step == "before coming back":
            assert (await came_back(suite, identity_sandbox, begin)).status_code == 404
        await fetched(suite)
        assert await _book_of(suite) == []
    assert "grant" not in str((await suite.dump("acme"))["acme/jobs"])


@BOTH
async def test_an_answer_of_another_browser_or_a_second_one_links_nothing(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, provider: str
) -> None:
    mine, other = await begun(ada, provider), await begun(ada, provider)
    back = identity_sandbox.sign_in(mine.json()["authorizeUrl"], WHO)
    for browser in ({}, cookies(other)):
        assert (await suite.http.get(back, headers=browser)).status_code == 404
    assert (await suite.http.get(back, headers=cookies(mine))).status_code == 303
    assert (await suite.http.get(back, headers=cookies(mine))).status_code == 404
    assert len((await suite.dump("acme"))["acme/jobs"]) == 1


@BOTH
async def test_another_links_code_is_refused(
    suite: Suite,
    identity_sandbox: IdentitySandbox,
    ada: SignedIn,
    book: None,
    caplog: pytest.LogCaptureFixture,
    provider: str,
) -> None:
    stolen = identity_sandbox.sign_in((await begun(ada, provider)).json()["authorizeUrl"], WHO)
    mine = await begun(ada, provider)
    code = stolen.partition("code=")[2].partition("&")[0]
    state = mine.json()["authorizeUrl"].partition("state=")[2].partition("&")[0]
    answer = await suite.http.get(f"/login/callback?code={code}&state={state}", headers=cookies(mine))
    assert (answer.status_code, reason(caplog)) == (403, "code_refused")
    identity_sandbox.fail("denied")
    assert (await came_back(suite, identity_sandbox, await begun(ada, provider))).status_code == 403
    assert (await suite.dump("acme"))["acme/jobs"] == {}


@pytest.mark.parametrize("kind", ["expired_token", "wrong_audience", "no_nonce", "tampered_token"])
async def test_outlooks_identity_token_is_checked_like_any(
    suite: Suite, identity_sandbox: IdentitySandbox, ada: SignedIn, book: None, kind: str
) -> None:
    identity_sandbox.fail(kind)
    assert (await came_back(suite, identity_sandbox, await begun(ada, "outlook"))).status_code == 403
    assert (await suite.dump("acme"))["acme/jobs"] == {}


async def test_an_unknown_provider_is_unknown(suite: Suite, ada: SignedIn) -> None:
    assert (await ada.call("POST", "/contacts/link/facebook")).status_code == 404
    assert (await suite.dump())["platform/flows"] == {}


async def _book_of(suite: Suite) -> list[Contact]:
    return await suite.world.contacts()
