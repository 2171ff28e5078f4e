"""The identity sandbox itself: people to choose from, codes good once, and what it refuses as the real ones do."""

import re
import shutil
import subprocess
from html import unescape
from urllib.parse import urlencode

import pytest

from local import demo_people
from local.environment import CLIENT, identity_environment, identity_settings
from local.project import ROOT
from shared.domain.policy import SingleSignOn
from shared.settings import SettingError, read_settings
from tests.functions.suite import ENVIRONMENT
from tests.support.identity_sandbox import ACME_TENANT, IdentitySandbox

ASKED = {
    "client_id": CLIENT,
    "redirect_uri": "http://localhost/back",
    "response_type": "code",
    "state": "s",
    "nonce": "n",
    "code_challenge": "x" * 43,
    "code_challenge_method": "S256",
    "scope": "openid",
}
TENANT = f"/{ACME_TENANT}/v2.0"


def test_people_are_chosen_on_a_page_or_by_a_hint(identity_sandbox: IdentitySandbox) -> None:
    page = identity_sandbox.http.get(f"{TENANT}/authorize", params=ASKED)
    assert page.status_code == 200
    people = dict(re.findall(r'<a href="([^"]+)">([^<]+)</a>', page.text))
    assert "Eve Employee" in people.values() and "Gil Guide" not in people.values(), "a tenant has its own people"
    (eve,) = [unescape(link) for link, name in people.items() if name == "Eve Employee"]
    chosen = identity_sandbox.http.get(eve)
    hinted = identity_sandbox.http.get(
        f"{TENANT}/authorize", params={**ASKED, "login_hint": "eve.employee@acme.example"}
    )
    for answer in (chosen, hinted):
        assert answer.status_code == 302
        assert re.fullmatch(r"http://localhost/back\?code=[\w-]+&state=s", answer.headers["location"])
    assert "Eve Employee" in identity_sandbox.http.get("/").text


@pytest.mark.parametrize(
    "name", ["client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"]
)
def test_a_log_in_needs_state_nonce_and_pkce(identity_sandbox: IdentitySandbox, name: str) -> None:
    asked = {one: value for one, value in ASKED.items() if one != name} | {"login_hint": "eve.employee@acme.example"}
    assert identity_sandbox.http.get(f"{TENANT}/authorize", params=asked).status_code == 400


def test_a_code_is_good_once_for_its_own_client_and_never_without_a_verifier(identity_sandbox: IdentitySandbox) -> None:
    secret = identity_environment()["IDENTITY_CLIENT_SECRET"]
    good = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": secret}
    for changed, status in (({}, 400), ({"client_secret": "x"}, 401), ({"client_id": "x"}, 401)):
        hint = {"login_hint": "eve.employee@acme.example"}
        back = identity_sandbox.sign_in(
            f"{identity_sandbox.url}{TENANT}/authorize?{urlencode(ASKED | hint)}", hint["login_hint"]
        )
        code = back.partition("code=")[2].partition("&")[0]
        form = {**good, **changed, "code": code, "redirect_uri": "http://localhost/back"}
        assert identity_sandbox.http.post(f"{TENANT}/token", data=form).status_code == status


def test_the_control_api_says_what_is_wrong(identity_sandbox: IdentitySandbox) -> None:
    post = identity_sandbox.http.post
    assert post("/api/people", json={"tenant": "x", "email": "a@b"}).status_code == 422
    assert post("/api/people", json={"email": "nobody"}).status_code == 422
    assert post("/api/people", content=b"{").status_code == 422
    assert "kind is one of" in post("/api/faults", json={"kind": "x"}).text
    assert post("/api/faults", json={"kind": "no_nonce", "next": 2}).json()["waiting"][0]["left"] == 2
    assert identity_sandbox.http.request("DELETE", "/api/faults").json() == {"cleared": 1}
    person = post("/api/people", json={"email": "guest@acme.example"}).json()
    assert person["tenant"] == ACME_TENANT
    assert identity_sandbox.http.request("DELETE", "/api/people", json={"id": person["id"]}).json() == {"removed": True}
    for path in ("/nowhere", "/api/nothing", "/facebook/x", "/google/x", "/graph/x"):
        assert identity_sandbox.http.get(path).status_code == 404


def test_contacts_are_told_to_who_may_ask(identity_sandbox: IdentitySandbox) -> None:
    for path in ("/graph/v1.0/me/contacts", "/people/v1/people/me/connections"):
        assert identity_sandbox.http.get(path).status_code == 401


def test_a_missing_setting_is_named() -> None:
    main = ROOT / "local" / "identity_sandbox" / "main.mjs"
    node = shutil.which("node")
    assert node
    ended = subprocess.run([node, str(main)], env={}, capture_output=True, check=False)
    assert (ended.returncode, b"IDENTITY_CLIENT_ID" in ended.stderr) == (2, True)


def test_a_run_knows_the_sandbox_in_place_of_every_provider(identity_sandbox: IdentitySandbox) -> None:
    settings = read_settings(
        {**ENVIRONMENT, **identity_settings(identity_sandbox.url), "PUBLIC_URL": "http://localhost:1"}
    )
    assert settings.identity_sandbox == identity_sandbox.url
    for client in (settings.entra, settings.facebook, settings.google):
        assert client is not None and client.id == CLIENT


@pytest.mark.parametrize("public_url", ["https://suite.example", "http://10.0.0.1:7071", "https://localhost.example"])
def test_a_sandbox_is_refused_where_others_reach_the_suite(public_url: str) -> None:
    with pytest.raises(SettingError, match="IDENTITY_SANDBOX_URL"):
        read_settings({**ENVIRONMENT, **identity_settings("http://127.0.0.1:1"), "PUBLIC_URL": public_url})


def test_a_provider_without_a_secret_is_named() -> None:
    with pytest.raises(SettingError, match="FACEBOOK_APP_SECRET"):
        read_settings({**ENVIRONMENT, "FACEBOOK_APP_ID": "1"})
    assert read_settings(ENVIRONMENT).entra is None


def test_the_demonstration_brands_have_directories_with_people() -> None:
    assert demo_people.directory_of("Acme Cosmetics") == SingleSignOn(
        tenant=ACME_TENANT, customer_id_claim="customer_id"
    )
    assert {one["tenant"] for one in demo_people.described()} > {ACME_TENANT}
