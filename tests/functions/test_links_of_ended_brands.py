"""Links that are still in mailboxes when a brand is suspended or ends (BR-3): only the way out stays open."""

import re

import pytest

from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn
from shared.domain.policy import StatusAction
from shared.ports import Query
from shared.usecases import brand_care
from tests.functions.suite import Suite
from tests.functions.tenants import FORM

GRACE, NEW = "grace@example.org", "new@example.org"
_ALL = Query()

pytestmark = pytest.mark.rule("BR-3")


async def stands(suite: Suite, action: StatusAction) -> None:
    """The brand changes its status, and every instance knows."""
    await brand_care.change_status(suite.world.brands, "acme", action, "unpaid", "staff:x")
    suite.world.clock.advance(minutes=1)


def link(suite: Suite, email: str, letter: str) -> str:
    """The newest mailed link of a kind."""
    mails = [mail.text for mail in suite.world.mailer.sent_to(email)]
    return next(found[0] for text in reversed(mails) if (found := re.search(rf"/{letter}/[^\s?]+", text)))


@pytest.mark.rule("DEL-5")
async def test_at_a_brand_that_ended_a_link_only_leads_out(suite: Suite) -> None:
    ada = await suite.sign_in()
    await ada.invite(await ada.enter(GRACE))
    contents = [{"title": "Box", "url": "https://shop.example/box"}]
    shared = {"channel": "facebook", "subject": "Box", "body": "Box", "contents": contents}
    publication = (await ada.call("POST", "/publications", json=shared)).json()["publicationId"]
    forgotten = await suite.http.post("/api/brands/acme/password/forgot", json={"email": ada.account.email})
    assert forgotten.status_code == 202, forgotten.text
    await suite.world.drain()
    invitation, reset = link(suite, GRACE, "i"), link(suite, ada.account.email, "p")
    assert (await suite.http.get(f"/r/{publication}")).status_code == 302
    await stands(suite, StatusAction.END)
    for path in (invitation, reset, f"/r/{publication}"):
        assert (await suite.http.get(path)).status_code == 404, path
    assert (await suite.http.post(invitation, data={"answer": "accept"})).status_code == 404
    assert (await suite.http.post(reset, data={"password": "another horse battery"})).status_code == 404
    assert (await suite.world.contact_of(GRACE)).ambassador_opt_in is AmbassadorOptIn.INVITATION_SENT
    out = await suite.http.post(link(suite, GRACE, "u"), data={"scope": "ambassador"})
    assert out.status_code == 200
    assert (await suite.world.contact_of(GRACE)).ambassador_opt_in is AmbassadorOptIn.OPT_OUT_EMAIL


@pytest.mark.parametrize("action", [StatusAction.SUSPEND, StatusAction.END])
async def test_nobody_becomes_an_ambassador_of_a_brand_that_is_not_running(suite: Suite, action: StatusAction) -> None:
    signed_up = await suite.http.post("/api/brands/acme/ambassadors", json=FORM | {"email": NEW})
    assert signed_up.status_code == 202, signed_up.text
    await suite.world.drain()
    confirmation = link(suite, NEW, "c")
    await stands(suite, action)
    assert (await suite.http.post(confirmation)).status_code in (403, 404)
    acme = await suite.world.brand()
    (account,) = [item async for page in acme.ambassadors.pages(_ALL) for item in page]
    assert account.record.status is AccountStatus.UNCONFIRMED
    await stands(suite, StatusAction.RESUME if action is StatusAction.SUSPEND else StatusAction.RESTORE)
    assert (await suite.http.post(confirmation)).status_code == 200, "it holds until it lapses"
