"""The person's own pages: looking changes nothing, answering twice is answering once, and every bad link looks the same."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact
from shared.ports import OutgoingMail
from tests.functions.suite import URL, SignedIn, Suite
from tests.functions.tenants import FORM

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ANSWERS: dict[str, tuple[dict[str, str], ...]] = {
    "i": ({"answer": "accept"}, {"answer": "decline"}),
    "u": ({"scope": "ambassador"}, {"scope": "brand"}, ONE_CLICK),
    "c": ({"confirm": "yes"},),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """An ambassador, a contact, and one of every mail."""

    suite: Suite
    me: SignedIn
    contact: str

    async def get(self, url: str, method: str = "GET", **request: Any) -> httpx.Response:
        """Opens a link as it stands in a mail."""
        return await self.suite.http.request(method, url, **request)

    async def record(self) -> Contact:
        """The contact as it stands now."""
        return await self.suite.world.contact_of("grace@example.org")

    def newest(self, part: str) -> str:
        """The newest link of a kind."""
        return [link for mail in self.suite.world.mailer.outbox for link in links(mail) if f"/{part}/" in link][-1]


@pytest.fixture
async def stage(suite: Suite) -> Stage:
    """After a sign-up, one with a known address, and two invitations."""
    me = await suite.sign_in()
    for email in ("new@example.org", "ada@example.org"):
        taken = await suite.http.post("/api/brands/acme/ambassadors", json={**FORM, "email": email})
        assert taken.status_code == 202
    contact = await me.enter("grace@example.org", firstName="Grace", language="en")
    await me.enter("henry@example.org", language="fr")
    await me.invite()
    return Stage(suite, me, contact)


async def publish(stage: Stage) -> OutgoingMail:
    """Lets Grace accept, and mails her a publication."""
    (invitation,) = stage.suite.world.mailer.sent_to("grace@example.org")
    accepted = await stage.get(link_of(invitation, "i"), "POST", data={"answer": "accept"})
    assert accepted.status_code == 200
    asked = await stage.me.call("POST", "/publications", json={"all": True, "subject": "News", "body": "Look."})
    assert asked.json()["queued"] == 1
    await stage.suite.world.drain()
    return stage.suite.world.mailer.sent_to("grace@example.org")[-1]


def links(mail: OutgoingMail) -> list[str]:
    """Every link of a mail that leads to the suite, in text, HTML and headers."""
    everything = "\n".join((mail.text, mail.html, *mail.headers.values()))
    return list(dict.fromkeys(re.findall(rf"{URL}/[^\s\"'<>]+", everything)))


def link_of(mail: OutgoingMail, part: str) -> str:
    """The one link of a kind in a mail."""
    (link,) = [link for link in links(mail) if f"/{part}/" in link]
    return link


@pytest.mark.rule("MAIL-3")
async def test_opening_any_link_of_any_mail_ten_times_changes_nothing(stage: Stage) -> None:
    await publish(stage)
    stage.suite.world.clock.advance(days=16)
    await stage.suite.world.sweep()
    mails = stage.suite.world.mailer.outbox
    before = await stage.suite.dump()
    opened = set()
    for mail in mails:
        for link in links(mail):
            opened.add(link.split("/")[3])
            for _ in range(10):
                for method in ("GET", "HEAD"):
                    shown = await stage.get(link, method)
                    assert shown.status_code in (200, 404)
    assert opened == {"i", "u", "c"}
    assert await stage.suite.dump() == before
    assert not any(stage.suite.world.queue.queues.values())


@pytest.mark.rule("MAIL-3")
@pytest.mark.parametrize("part", ["i", "u", "c"])
async def test_the_same_answer_twice_is_the_same_page_and_the_same_record(stage: Stage, part: str) -> None:
    for answer in ANSWERS[part]:
        first = await stage.get(stage.newest(part), "POST", data=answer)
        await stage.suite.world.drain()
        before = await stage.suite.dump("acme", "globex")
        for _ in range(3):
            stage.suite.world.clock.advance(minutes=1)
            again = await stage.get(stage.newest(part), "POST", data=answer)
            assert (again.status_code, again.content) == (200, first.content)
            await stage.suite.world.drain()
        after = await stage.suite.dump("acme", "globex")
        assert after["acme/contacts"] == before["acme/contacts"]
        assert after["acme/ledger"] == before["acme/ledger"]
        assert after["acme/ambassadors"] == before["acme/ambassadors"]


@pytest.mark.rule("MAIL-3")
async def test_an_answer_can_be_changed_until_the_link_lapses(stage: Stage) -> None:
    (mail,) = stage.suite.world.mailer.sent_to("grace@example.org")
    states = []
    for answer in ("accept", "decline", "accept"):
        stage.suite.world.clock.advance(days=1)
        assert (await stage.get(link_of(mail, "i"), "POST", data={"answer": answer})).status_code == 200
        states.append((await stage.record()).ambassador_opt_in)
    accepted, declined = AmbassadorOptIn.INVITATION_ACCEPTED, AmbassadorOptIn.INVITATION_DECLINED
    assert states == [accepted, declined, accepted]
    stage.suite.world.clock.advance(days=90)
    late = await stage.get(link_of(mail, "i"), "POST", data={"answer": "decline"})
    assert late.status_code == 404
    assert (await stage.record()).ambassador_opt_in is accepted


@pytest.mark.rule("MAIL-2")
@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_one_click_opts_out_without_cookie_or_page(stage: Stage, encoding: str) -> None:
    mail = await publish(stage)
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (link,) = re.findall(r"<(.+)>", mail.headers["List-Unsubscribe"])
    form: dict[str, Any] = (
        {"data": ONE_CLICK} if encoding == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    )
    for _ in range(2):
        answer = await stage.get(link, "POST", **form)
        assert (answer.status_code, answer.content, answer.is_redirect) == (200, b"", False)
        assert "set-cookie" not in answer.headers
    assert (await stage.record()).ambassador_opt_in is AmbassadorOptIn.OPT_OUT_EMAIL


@pytest.mark.rule("SUP-3")
async def test_opting_out_of_the_brand_blocks_at_once_and_for_every_ambassador(stage: Stage) -> None:
    other = await stage.suite.sign_in("bob@example.org")
    await other.enter("grace@example.org")
    abroad = await stage.suite.sign_in("gil@example.org", "globex")
    await abroad.enter("grace@example.org")
    (mail,) = stage.suite.world.mailer.sent_to("grace@example.org")
    assert (await stage.get(link_of(mail, "u"), "POST", data={"scope": "brand"})).status_code == 200
    third = await stage.suite.sign_in("cid@example.org")
    refused = await third.call("POST", "/contacts", json={"email": "Grace@Example.org"})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:popsell:problem:suppressed"
    await stage.suite.world.drain()
    states = {c.ambassador_opt_in for c in await stage.suite.world.contacts() if c.email == "grace@example.org"}
    assert states == {AmbassadorOptIn.OPT_OUT_GLOBAL}
    assert (await stage.suite.world.contact_of("grace@example.org", "globex")).ambassador_opt_in is AmbassadorOptIn.NEW


@pytest.mark.rule("BR-1")
@pytest.mark.parametrize("part", ["i", "u", "c"])
async def test_every_link_that_is_not_good_gives_the_one_page(stage: Stage, part: str) -> None:
    good = stage.newest(part)
    elsewhere = stage.newest({"i": "u", "u": "c", "c": "i"}[part]).rsplit("/", 1)[1]
    bad = ("x", "%00", "a" * 5000, good.rsplit("/", 1)[1][:-2], good.rsplit("/", 1)[1] + "A", elsewhere, "..%2F..", "é")
    pages = [await stage.get(f"{URL}/{part}/{token}", method) for token in bad for method in ("GET", "POST")]
    stage.suite.world.clock.advance(days=6 * 365)
    pages += [await stage.get(good, method) for method in ("GET", "POST")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert len({tuple(sorted(page.headers.items())) for page in pages}) == 1
    in_french = await stage.get(f"{URL}/{part}/x", headers={"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.1"})
    assert in_french.headers["content-language"] == "fr"


@pytest.mark.parametrize("part", ["i", "u", "c"])
async def test_pages_keep_their_secret(stage: Stage, part: str) -> None:
    bad = await stage.get(f"{URL}/{part}/x")
    for page in (
        await stage.get(stage.newest(part)),
        bad,
        await stage.get(stage.newest(part), "POST", data={"a": "b"}),
    ):
        headers = page.headers
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "form-action 'self'" in policy
        assert "set-cookie" not in headers
        assert "<script" not in page.text
        assert page.text.count("privacy") >= 1
        assert "grace@example.org" not in page.text
        assert not re.search(r"(src|href)=\"(?!https://(acme|popsell)\.example/privacy|data:)", page.text)


@pytest.mark.parametrize("part", ["i", "u"])
@pytest.mark.parametrize(
    "form",
    [
        {}, {"data": {"answer": "maybe", "scope": "world"}}, {"content": b"\xff\xfe%zz=&&&==;"},
        {"data": {"answer": "accept " * 300, "scope": "brand" * 300}}, {"json": {"answer": "accept", "scope": "brand"}},
        {"content": b"answer=accept&scope=brand", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": {"ANSWER": "accept", "List-Unsubscribe": "one-click"}}, {"content": b"--x\r\n" * 1000,
         "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=lambda form: str(list(form)),
)  # fmt: skip
async def test_a_form_that_says_nothing_asks_again(stage: Stage, part: str, form: dict[str, Any]) -> None:
    before, link = await stage.suite.dump(), stage.newest(part)
    answer = await stage.get(link, "POST", **form)
    assert answer.status_code == 422
    assert answer.content == (await stage.get(link)).content
    assert await stage.suite.dump() == before


@pytest.mark.rule("MAIL-2")
async def test_every_mail_says_on_whose_behalf_and_links_the_privacy_policy(stage: Stage) -> None:
    await publish(stage)
    stage.suite.world.clock.advance(days=16)
    await stage.suite.world.sweep()
    for mail in stage.suite.world.mailer.outbox:
        for part in (mail.text, mail.html):
            assert "https://acme.example/privacy" in part
            assert "Acme" in part
        is_confirmation = any("/c/" in link for link in links(mail)) or not links(mail)
        assert is_confirmation or any("/u/" in link for link in links(mail))


@pytest.mark.rule("SUP-4")
async def test_an_old_invitation_is_no_way_back_from_an_opt_out_of_all(stage: Stage) -> None:
    (mail,) = stage.suite.world.mailer.sent_to("grace@example.org")
    await stage.get(link_of(mail, "u"), "POST", data={"scope": "brand"})
    answer = await stage.get(link_of(mail, "i"), "POST", data={"answer": "accept"})
    assert answer.status_code == 200
    assert (await stage.record()).ambassador_opt_in is AmbassadorOptIn.OPT_OUT_GLOBAL


async def test_a_link_about_a_record_that_is_gone_is_not_good(stage: Stage) -> None:
    (mail,) = stage.suite.world.mailer.sent_to("henry@example.org")
    found = await stage.suite.world.contact_of("henry@example.org")
    assert (await stage.me.call("DELETE", f"/contacts/{found.id}")).status_code == 204
    assert (await stage.get(link_of(mail, "i"))).status_code == 404
    assert (await stage.get(link_of(mail, "i"), "POST", data={"answer": "accept"})).status_code == 404


async def test_a_sign_up_link_stays_good_beside_a_newer_one_until_an_account_is_open(stage: Stage) -> None:
    old = stage.newest("c")
    await stage.suite.http.post("/api/brands/acme/ambassadors", json={**FORM, "email": "new@example.org"})
    await stage.suite.world.drain()
    new = stage.newest("c")
    assert [(await stage.get(link)).status_code for link in (old, new)] == [200, 200]
    assert (await stage.get(old, "POST", data={"confirm": "yes"})).status_code == 200
    assert [(await stage.get(link)).status_code for link in (old, new)] == [200, 404]


async def test_a_failure_shows_a_page_and_nothing_of_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("grace@example.org")

    monkeypatch.setattr(type(stage.suite.world.ports.tokens), "read", broken)
    for part in "iuc":
        page = await stage.get(f"{URL}/{part}/x")
        assert page.status_code == 500
        assert page.headers["content-type"].startswith("text/html")
        assert "grace" not in page.text
    assert "grace" not in caplog.text
