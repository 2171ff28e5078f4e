"""What every Mailer does: Mailjet's adapter, and the fake that other tests use."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.mailjet import MailjetMailer
from shared.ports import Fate, Mailer, OutgoingMail, SendResult
from tests.support.fakes import FakeMailer
from tests.support.scripted_http import Answer, Request, scripted_server


def mail(custom_id: str, to: str = "contact@example.org") -> OutgoingMail:
    return OutgoingMail(
        custom_id=custom_id,
        sender_email="hello@acme.test",
        sender_name="Acme",
        to_email=to,
        to_name=None,
        subject="An invitation",
        text="Hello",
        html="<p>Hello</p>",
    )


class TakesAll:
    """As much of Mailjet as a contract needs: all is taken, and found again."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            custom_id = parse_qs(urlsplit(request.target).query)["CustomID"][0]
            return Answer.of({"Data": [{"CustomID": custom_id}] if custom_id in self.taken else []})
        sent = [message["CustomID"] for message in request.json()["Messages"]]
        self.taken.update(sent)
        return Answer.of({"Messages": [{"Status": "success", "CustomID": custom_id} for custom_id in sent]})


@pytest.fixture(params=["fake", "mailjet"])
async def mailer(request: pytest.FixtureRequest) -> AsyncIterator[Mailer]:
    if request.param == "fake":
        yield FakeMailer()
        return
    async with scripted_server() as server:
        server.answer_by(TakesAll())
        adapter = MailjetMailer(server.url, "a key", "a secret")
        yield adapter
        await adapter.aclose()


@pytest.mark.rule("MAIL-4")
async def test_fates_come_in_input_order_and_what_was_taken_is_found(mailer: Mailer) -> None:
    mails = [mail(f"mail-{number}") for number in range(50)]
    assert await mailer.send(mails) == [SendResult(Fate.SENT)] * 50
    assert await mailer.was_accepted("mail-49") is True
    assert await mailer.was_accepted("mail-50") is False


async def test_a_call_takes_none_or_up_to_fifty(mailer: Mailer) -> None:
    assert await mailer.send([]) == []
    with pytest.raises(ValueError, match="too many"):
        await mailer.send([mail("mail-1")] * 51)


async def test_the_fake_tells_the_fates_that_were_planned() -> None:
    fake = FakeMailer()
    fake.always_for("bad@example.org", Fate.REFUSED)
    fake.next_call(Fate.RETRY)
    one, bad = mail("mail-1"), mail("mail-2", "bad@example.org")
    assert [r.fate for r in await fake.send([one, bad])] == [Fate.RETRY, Fate.RETRY]
    assert [r.fate for r in await fake.send([one, bad])] == [Fate.SENT, Fate.REFUSED]
    assert fake.outbox == fake.sent_to("contact@example.org") == [one]
    assert fake.calls == [["mail-1", "mail-2"]] * 2


@pytest.mark.parametrize("accepted", [True, False])
async def test_the_fake_can_lose_an_answer(accepted: bool) -> None:
    fake = FakeMailer()
    fake.next_call(Fate.UNKNOWN, accepted=accepted)
    assert [r.fate for r in await fake.send([mail("mail-1")])] == [Fate.UNKNOWN]
    assert await fake.was_accepted("mail-1") is accepted
    fake.can_be_asked = False
    assert await fake.was_accepted("mail-1") is None
    assert fake.lookups == ["mail-1", "mail-1"]
