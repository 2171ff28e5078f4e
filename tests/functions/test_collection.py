"""Forms over HTTP: who may fill in what, what the answer tells, and what the mail's page does (COL-5, COL-6, COL-10, COL-11)."""

import re
from typing import Any

import httpx
import pytest

from shared.domain.policy import Features
from shared.domain.staff import Role
from tests.functions.suite import Suite
from tests.functions.tenants import EXTERNAL, Tenant, link, settle
from tests.support.forms import GRACE

COLLECT = "/api/brands/acme/collect"
FORMS = "/api/manager/brands/acme/forms"
TICKED = {"ambassador": True, "brand": True, "partners": True}
NEWSLETTER: dict[str, Any] = {
    "kind": "internal",
    "title": {"en": "Newsletter", "fr": "Lettre"},
    "boxes": ["ambassador", "brand"],
    "fields": [
        {"name": "skin", "label": {"en": "Your skin"}, "kind": "choice", "required": True, "choices": ["dry", "oily"]},
        {"name": "born", "label": {"en": "Born on"}, "kind": "date"},
        {"name": "children", "label": {"en": "How many children"}, "kind": "number"},
        {"name": "wish", "label": {"en": "A wish"}},
    ],
}


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """An ambassador with a page, and the brand's key."""
    return (await settle(suite)).mine


@pytest.fixture
async def admin(suite: Suite) -> dict[str, str]:
    """The headers of the brand's administrator."""
    return await suite.staff(Role.BRAND_ADMIN, "acme")


async def filled_in(
    suite: Suite, path: str, expect: int = 202, headers: dict[str, str] | None = None, **body: Any
) -> Any:
    """The answer to a form."""
    answer = await suite.http.post(COLLECT + path, headers=headers, json={"email": GRACE, **body})
    assert answer.status_code == expect, answer.text
    await suite.world.drain()
    return answer.json() if answer.content else None


async def pressed(suite: Suite, token: str, **form: str) -> httpx.Response:
    """The answer to the button of the page."""
    return await suite.http.post(f"/c/{token}", data={"confirm": "yes", **form})


def shown(page: httpx.Response) -> str:
    """What the page's form names as shown."""
    found = re.search(r'name="shown" value="(\w+)"', page.text)
    assert found
    return found[1]


@pytest.mark.rule("COL-5")
@pytest.mark.rule("COL-11")
async def test_a_subscription_to_a_blog_is_confirmed_by_the_button_behind_its_mail(suite: Suite, mine: Tenant) -> None:
    await filled_in(suite, f"/blog/{mine.page}", firstName="Grace", consents=TICKED)
    listed = await mine.me.call("GET", "/contacts?q=grace@example.org")
    assert listed.json()["items"] == []
    token = link(suite, GRACE, "c")
    page = await suite.http.get(f"/c/{token}")
    assert page.status_code == 200
    for agreed in ("Ada Ambassador sends you news", "You agree that Acme sends you", "partners of Acme"):
        assert agreed in page.text
    assert "not agree" not in page.text
    confirmed = await pressed(suite, token, shown=shown(page))
    assert (confirmed.status_code, "<form" in confirmed.text) == (200, False)
    (contact,) = (await mine.me.call("GET", "/contacts?q=grace@example.org")).json()["items"]
    assert (contact["ambassadorOptIn"], contact["brandOptIn"], contact["partnersOptIn"]) == (
        "opt_in_blog",
        "blog",
        True,
    )
    again = await pressed(suite, token, shown=shown(page))
    assert (again.status_code, again.text) == (200, confirmed.text)


@pytest.mark.rule("COL-5")
@pytest.mark.rule("CON-7")
async def test_the_proof_names_the_publication_that_led_to_the_blog(suite: Suite, mine: Tenant) -> None:
    foreign = mine.publication.replace(mine.me.account.id, "a" * 24)
    for publication in (foreign, "nothing"):
        await filled_in(suite, f"/blog/{mine.page}", 404, publicationId=publication)
    await filled_in(suite, f"/blog/{mine.page}", publicationId=mine.publication, consents=TICKED)
    await pressed(suite, link(suite, GRACE, "c"))
    proof = (await suite.world.contact_of(GRACE)).proof
    assert proof and mine.publication in (proof.evidence.reason or "")


@pytest.mark.rule("COL-5")
async def test_without_the_box_the_page_warns_that_the_ambassador_may_not_write(suite: Suite, mine: Tenant) -> None:
    await filled_in(suite, f"/blog/{mine.page}", message="Hello", language="fr")
    token = link(suite, GRACE, "c")
    page = await suite.http.get(f"/c/{token}")
    assert "n’a pas le droit de vous écrire" in page.text
    await pressed(suite, token)
    (contact,) = (await mine.me.call("GET", "/contacts?q=grace@example.org")).json()["items"]
    assert contact["ambassadorOptIn"] == "storage_only"


@pytest.mark.rule("COL-11")
@pytest.mark.rule("MAIL-3")
async def test_a_page_that_is_out_of_date_shows_the_new_question(suite: Suite, mine: Tenant) -> None:
    await filled_in(suite, f"/blog/{mine.page}", consents={"ambassador": True})
    token = link(suite, GRACE, "c")
    seen = shown(await suite.http.get(f"/c/{token}"))
    await filled_in(suite, f"/blog/{mine.page}", consents=TICKED)
    answer = await pressed(suite, token, shown=seen)
    assert answer.status_code == 422
    assert "partners of Acme" in answer.text
    assert (await pressed(suite, token, shown=shown(answer))).status_code == 200


@pytest.mark.rule("COL-6")
@pytest.mark.rule("CON-5")
async def test_a_form_of_the_brand_keeps_its_answers_for_the_brand_alone(
    suite: Suite, mine: Tenant, admin: dict[str, str]
) -> None:
    put = await suite.http.put(f"{FORMS}/newsletter", headers=admin, json=NEWSLETTER)
    assert put.status_code == 201, put.text
    answers = {"skin": "dry", "born": "1990-02-01", "children": 2, "wish": "Tea"}
    await filled_in(
        suite, "/forms/newsletter", ambassador=mine.me.account.id, consents={"ambassador": True}, fields=answers
    )
    await pressed(suite, link(suite, GRACE, "c"))
    (contact,) = (await mine.me.call("GET", "/contacts?q=grace@example.org")).json()["items"]
    assert (contact["ambassadorOptIn"], contact["brandOptIn"]) == ("opt_in_internal_form", "storage_only")
    assert "Tea" not in str(contact)
    stored = await suite.world.contact_of(GRACE)
    assert stored.form_answers == {"skin": "dry", "born": "1990-02-01", "children": "2", "wish": "Tea"}
    assert stored.proof and stored.proof.evidence.reason == f"newsletter {put.json()['textVersion']}"


@pytest.mark.rule("COL-6")
async def test_bad_answers_are_refused_by_name_and_reason(suite: Suite, mine: Tenant, admin: dict[str, str]) -> None:
    await suite.http.put(f"{FORMS}/newsletter", headers=admin, json=NEWSLETTER)
    page = "/forms/newsletter"
    fields = {"born": "1990-02-30", "children": "two", "wish": "x" * 1001, "other": "x"}
    problem = await filled_in(suite, page, 422, ambassador=mine.page, fields=fields)
    assert [(error["field"], error["reason"]) for error in problem["errors"]] == [
        ("fields.born", "must be a day of the calendar"),
        ("fields.children", "must be a number"),
        ("fields.other", "is not asked"),
        ("fields.skin", "is required"),
        ("fields.wish", "must be a text of at most 1000 characters"),
    ]
    problem = await filled_in(suite, page, 422, ambassador=mine.page, fields={"skin": "green"})
    assert problem["errors"] == [{"field": "fields.skin", "reason": "must be one of the choices"}]
    good: dict[str, Any] = {"ambassador": mine.page, "fields": {"skin": "dry"}}
    problem = await filled_in(suite, page, 422, **good, consents={"partners": True})
    assert problem["errors"] == [{"field": "consents.partners", "reason": "is not shown"}]
    problem = await filled_in(suite, page, 422, fields={"skin": "dry"})
    assert problem["errors"][0]["field"] == "ambassador"
    problem = await filled_in(suite, page, 422, **good, email="nobody")
    assert problem["errors"] == [{"field": "email", "reason": "must be an email address"}]
    assert [contact.email for contact in await suite.world.contacts() if contact.email == GRACE] == []


@pytest.mark.rule("COL-6")
async def test_the_publication_or_the_form_itself_says_whose_contact_the_person_becomes(
    suite: Suite, mine: Tenant, admin: dict[str, str]
) -> None:
    form = {**NEWSLETTER, "fields": [], "defaultAmbassador": mine.me.account.id}
    assert (await suite.http.put(f"{FORMS}/newsletter", headers=admin, json=form)).status_code == 201
    await filled_in(suite, "/forms/newsletter", email="one@example.org")
    await filled_in(suite, f"/forms/{mine.form}", email="two@example.org", publicationId=mine.publication)
    for email in ("one@example.org", "two@example.org"):
        assert (await suite.world.contact_of(email)).ambassador_id == mine.me.account.id


@pytest.mark.rule("COL-10")
async def test_an_external_form_counts_at_once_and_never_lifts_an_opt_out(suite: Suite, mine: Tenant) -> None:
    key = {"X-Api-Key": mine.key}
    body: dict[str, Any] = {"ambassador": mine.page, "firstName": "Grace", "headers": key}
    mails = len(suite.world.mailer.outbox)
    await filled_in(suite, f"/external/{EXTERNAL}", **body, consents={"ambassador": True, "brand": True})
    contact = await suite.world.contact_of(GRACE)
    assert (contact.ambassador_opt_in.value, contact.brand_opt_in.value) == ("opt_in_external_form", "external_form")
    await filled_in(suite, f"/external/{EXTERNAL}", **body)
    assert (await suite.world.contact_of(GRACE)).ambassador_opt_in.value == "opt_in_external_form"
    assert len(suite.world.mailer.outbox) == mails
    await filled_in(suite, f"/external/{EXTERNAL}", 401, ambassador=mine.page)
    await filled_in(suite, f"/forms/{EXTERNAL}", 404, ambassador=mine.page)
    await filled_in(suite, f"/external/{mine.form}", 404, ambassador=mine.page, headers=key)


@pytest.mark.rule("COL-10")
async def test_a_message_in_an_external_form_reaches_the_ambassador_at_once_and_only_once(
    suite: Suite, mine: Tenant
) -> None:
    for _ in range(2):
        sent = await suite.http.post(
            f"{COLLECT}/external/{EXTERNAL}",
            headers={"X-Api-Key": mine.key},
            json={"email": GRACE, "firstName": "Grace", "ambassador": mine.page, "message": "Which tea?"},
        )
        assert sent.status_code == 202
    await suite.world.drain()
    mails = suite.world.mailer.sent_to(mine.me.account.email)
    (told,) = [mail for mail in mails if "Which tea?" in mail.text]
    assert "Grace sent you a message" in told.subject


@pytest.mark.rule("COL-10")
async def test_an_external_form_that_does_not_ask_makes_a_new_contact_shown_to_the_brand(
    suite: Suite, mine: Tenant, admin: dict[str, str]
) -> None:
    bare = {"kind": "external", "title": {"en": "Game"}}
    assert (await suite.http.put(f"{FORMS}/bare", headers=admin, json=bare)).status_code == 201
    await filled_in(suite, "/external/bare", ambassador=mine.page, headers={"X-Api-Key": mine.key})
    contact = await suite.world.contact_of(GRACE)
    assert (contact.ambassador_opt_in.value, contact.brand_opt_in.value) == ("new", "storage_only")


@pytest.mark.rule("COL-5")
async def test_the_answer_to_a_form_tells_nothing_of_who_has_the_address(suite: Suite, mine: Tenant) -> None:
    answers = set()
    for email in ("nobody.yet@example.org", f"friend.of.{mine.me.account.email}", GRACE, GRACE):
        sent = await suite.http.post(
            f"{COLLECT}/blog/{mine.page}", json={"email": email, "consents": {"ambassador": True}}
        )
        answers.add((sent.status_code, sent.content, tuple(sorted(set(sent.headers) - {"date"}))))
    assert len(answers) == 1


@pytest.mark.rule("COL-5")
async def test_forms_are_limited_by_sender_and_by_address(suite: Suite, mine: Tenant) -> None:
    path = f"{COLLECT}/blog/{mine.page}"
    codes = [(await suite.http.post(path, json={"email": GRACE})).status_code for _ in range(21)]
    assert codes == [202] * 20 + [429]
    ip = {"X-Forwarded-For": "192.0.2.9"}
    codes = [
        (await suite.http.post(path, json={"email": f"p{number}@example.org"}, headers=ip)).status_code
        for number in range(121)
    ]
    assert codes == [202] * 120 + [429]


@pytest.mark.rule("BR-2")
async def test_what_a_brand_has_off_is_not_there(suite: Suite, mine: Tenant) -> None:
    policy = (await suite.world.brand()).policy
    blog, form, external = f"/blog/{mine.page}", f"/forms/{mine.form}", f"/external/{EXTERNAL}"

    async def set_to(**features: bool) -> None:
        from shared import app

        changed = policy.changed(features=Features(**features), consent_boxes=("brand",))
        await app.brands().save_policy("acme", changed)

    await set_to(message_button=False)
    await filled_in(suite, blog)
    await filled_in(suite, blog, 404, message="Hello")
    await set_to(blog_button=False)
    await filled_in(suite, blog, 404)
    await filled_in(suite, blog, message="Hello")
    problem = await filled_in(suite, blog, 422, message="Hello", consents={"ambassador": True})
    assert problem["errors"][0]["field"] == "consents.ambassador"
    await set_to(forms=False)
    await filled_in(suite, form, 404, ambassador=mine.page)
    await filled_in(suite, external, 404, ambassador=mine.page, headers={"X-Api-Key": mine.key})


async def test_the_administrator_and_the_account_team_keep_the_forms(suite: Suite, admin: dict[str, str]) -> None:
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    first = await suite.http.put(f"{FORMS}/newsletter", headers=team, json=NEWSLETTER)
    suite.world.clock.advance(hours=1)
    same = await suite.http.put(f"{FORMS}/newsletter", headers=admin, json=NEWSLETTER)
    assert (first.status_code, same.status_code, same.json()) == (201, 200, first.json())
    other = await suite.http.put(f"{FORMS}/newsletter", headers=admin, json={**NEWSLETTER, "boxes": []})
    assert other.json()["textVersion"] != first.json()["textVersion"]
    assert (await suite.http.get(f"{FORMS}/newsletter", headers=team)).json() == other.json()
    assert (await suite.http.get(FORMS, headers=team)).json()["items"] == [other.json()]
    assert (await suite.http.delete(f"{FORMS}/newsletter", headers=admin)).status_code == 204
    assert (await suite.http.delete(f"{FORMS}/newsletter", headers=admin)).status_code == 404
    assert (await suite.http.get(FORMS, headers=team)).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": {}}, "title"),
        ({"title": {"de": "Brief"}}, "title.de.[key]"),
        ({"boxes": ["brand", "brand"]}, ""),
        ({"fields": [{"name": "A", "label": {"en": "A"}}]}, "fields.0.name"),
        ({"fields": [{"name": "a", "label": {"en": "A"}, "kind": "choice"}]}, "fields.0"),
        ({"fields": [{"name": "a", "label": {"en": "A"}}] * 2}, ""),
        ({"defaultAmbassador": "a" * 24}, "defaultAmbassador"),
    ],
)
async def test_a_bad_definition_is_refused_by_field(
    suite: Suite, admin: dict[str, str], change: dict[str, Any], field: str
) -> None:
    refused = await suite.http.put(f"{FORMS}/newsletter", headers=admin, json=NEWSLETTER | change)
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]
