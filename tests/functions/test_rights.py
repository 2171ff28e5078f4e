"""A person's rights as pages (RGT-1 to RGT-4)."""

import json

import httpx
import pytest

from shared.domain.staff import Role
from tests.functions.suite import SignedIn, Suite
from tests.functions.tenants import link
from tests.pages.markup import Markup

ASK = "/rights/acme"
GRACE = "grace@example.org"


async def known(suite: Suite) -> SignedIn:
    """An ambassador who has the person in the book."""
    me = await suite.sign_in()
    await me.enter(GRACE, firstName="Grace", street="1 Main Street")
    return me


async def page_of(suite: Suite, email: str = GRACE) -> str:
    """The path of the link that was asked for."""
    asked = await suite.http.post(ASK, data={"email": email})
    assert asked.status_code == 200, asked.text
    await suite.world.drain()
    return "/rights/" + link(suite, email, "rights")


async def press(suite: Suite, path: str, do: str, **fields: str) -> httpx.Response:
    """A press of a button of the page as it shows now."""
    shown = Markup((await suite.http.get(path)).text)
    (form,) = [i.attributes["value"] for i in shown.all("input") if i.attributes.get("name") == "form"]
    return await suite.http.post(path, data={"form": form, "do": do, **fields})


@pytest.mark.rule("RGT-2")
async def test_RGT_2_asking_is_answered_the_same_whoever_it_is(suite: Suite) -> None:
    await known(suite)
    answers = [await suite.http.post(ASK, data={"email": email}) for email in (GRACE, "nobody@example.org")]
    assert {(a.status_code, a.text, tuple(a.headers.items())) for a in answers} == {
        (200, answers[0].text, tuple(answers[0].headers.items()))
    }
    assert (await suite.http.get(ASK)).status_code == 200
    assert (await suite.http.post(ASK, data={"email": "nobody"})).status_code == 422
    assert (await suite.http.post(ASK, data={"email": ["x", "y"]})).status_code == 422
    assert (await suite.http.get("/rights/initech")).status_code == 404


@pytest.mark.rule("RGT-2")
async def test_RGT_2_asking_again_and_again_is_limited(suite: Suite) -> None:
    statuses = [(await suite.http.post(ASK, data={"email": GRACE})).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.rule("RGT-3")
@pytest.mark.rule("MAIL-3")
async def test_RGT_3_the_page_tells_all_and_opening_it_changes_nothing(suite: Suite) -> None:
    await known(suite)
    path = await page_of(suite)
    before = await suite.dump()
    for method in ("GET", "HEAD", "GET"):
        shown = await suite.http.request(method, path)
        assert shown.status_code == 200
    for word in ("Grace", "1 Main Street", "Ada Ambassador", "typed in by the ambassador", "Mailjet", "is deleted"):
        assert word in shown.text
    assert await suite.dump() == before


@pytest.mark.rule("RGT-3")
@pytest.mark.rule("RGT-1")
async def test_RGT_3_downloads_are_files(suite: Suite) -> None:
    await known(suite)
    path = await page_of(suite)
    whole = await press(suite, path, "json")
    assert whole.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert json.loads(whole.text)["records"][0]["firstName"] == "Grace"
    before = await suite.dump()
    read = await suite.http.get(path, headers={"Accept": "application/json"})
    assert read.json()["records"] == whole.json()["records"] and await suite.dump() == before
    table = await press(suite, path, "csv")
    assert table.headers["Content-Type"].startswith("text/csv") and "1 Main Street" in table.text
    assert json.loads((await press(suite, path, "provided_json")).text)[0]["email"] == GRACE


@pytest.mark.rule("RGT-1")
async def test_RGT_1_each_button_does_what_it_says(suite: Suite) -> None:
    me = await known(suite)
    path = await page_of(suite)
    assert (await press(suite, path, "rectify")).status_code == 422
    assert (await press(suite, path, "rectify", first_name="x" * 201)).status_code == 422
    assert (await press(suite, path, "nonsense")).status_code == 422
    saved = await press(suite, path, "rectify", first_name="Gracie", city="Lyon")
    assert Markup(saved.text).values("role") == ["status"]
    assert (await suite.world.contact_of(GRACE)).city == "Lyon"
    await press(suite, path, "restrict")
    listed = (await me.call("GET", "/contacts")).json()["items"]
    assert GRACE not in json.dumps(listed)
    assert (await suite.world.contact_of(GRACE)).restricted_at
    await press(suite, path, "lift")
    assert (await press(suite, path, "ask", words="Who are you?")).status_code == 200
    await press(suite, path, "object")
    assert "you stopped mail from all ambassadors – on this page" in (await suite.http.get(path)).text
    assert (await suite.world.contact_of(GRACE)).ambassador_opt_in.opted_out
    assert (await press(suite, path, "erase")).status_code == 422  # the box was not ticked
    erased = await press(suite, path, "erase", sure="yes")
    assert erased.status_code == 200 and GRACE not in erased.text and "coded form" in erased.text
    assert all(contact.email is None for contact in await suite.world.contacts())
    assert (await suite.http.get(path)).status_code == 200


@pytest.mark.rule("RGT-1")
async def test_RGT_1_the_page_speaks_french(suite: Suite) -> None:
    await known(suite)
    asked = await suite.http.get(ASK, headers={"Accept-Language": "fr"})
    assert 'lang="fr"' in asked.text
    await suite.http.post(ASK, data={"email": GRACE}, headers={"Accept-Language": "fr"})
    await suite.world.drain()
    shown = await suite.http.get("/rights/" + link(suite, GRACE, "rights"))
    assert "Vos droits" in shown.text


@pytest.mark.rule("RGT-4")
@pytest.mark.rule("RGT-6")
@pytest.mark.rule("DEL-8")
async def test_RGT_4_staff_erase_who_asked_by_letter_and_read_the_proof(suite: Suite) -> None:
    me = await known(suite)
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    path = "/api/manager/brands/acme/rights"
    asked = await suite.http.post(f"{path}/erasures", json={"email": GRACE}, headers=admin)
    assert asked.status_code == 202, asked.text
    nobody = await suite.http.post(f"{path}/erasures", json={"email": "nobody@example.org"}, headers=admin)
    assert asked.json().keys() == nobody.json().keys()
    await suite.world.drain()
    assert suite.world.mailer.forgotten == [GRACE, "nobody@example.org"]
    read = await suite.http.get(f"{path}/{asked.json()['id']}", headers=admin)
    assert [step["what"] for step in read.json()["proof"]] == [
        {"erased": {"contacts": 1, "suppressedHashes": 1}}, {"mailProvider": "forgotten"},
    ]  # fmt: skip
    assert "grace" not in read.text.lower()
    assert (await me.call("POST", "/contacts", json={"email": GRACE})).status_code == 409
    refused = await suite.http.post(f"{path}/erasures", json={"email": "no Grace"}, headers=admin)
    assert refused.status_code == 422
    assert "Grace" not in refused.text
    support = await suite.staff(Role.BRAND_SUPPORT, "acme")
    assert (await suite.http.post(f"{path}/erasures", json={"email": GRACE}, headers=support)).status_code == 404
