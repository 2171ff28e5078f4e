"""Limits as callers meet them: by the place that the nearest proxy saw, and never by what they say of themselves."""

import pytest

from shared.domain.limits import LIMITS
from tests.functions.suite import Suite
from tests.functions.tenants import settle

SESSION, LOG_IN = "/api/brands/acme/session", "/api/brands/acme/login/sso"


def forged(number: int, seen: str = "192.0.2.1") -> dict[str, str]:
    """What a caller wrote, and after it what the front of the platform adds."""
    return {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.{number}, {seen}:{40000 + number}"}


@pytest.mark.rule("AMB-7")
async def test_a_forged_forwarded_for_gives_nobody_another_try(suite: Suite) -> None:
    codes = [
        (
            await suite.http.post(
                SESSION, json={"email": f"p{n}@example.org", "password": "summer"}, headers=forged(n % 250)
            )
        ).status_code
        for n in range(LIMITS["sign-in-from"].times + 1)
    ]
    assert codes == [401] * LIMITS["sign-in-from"].times + [429]
    elsewhere = await suite.http.post(
        SESSION, json={"email": "p@example.org", "password": "summer"}, headers=forged(1, "192.0.2.2")
    )
    assert elsewhere.status_code == 401


async def test_log_ins_at_a_provider_are_begun_so_many_times_from_one_place(suite: Suite) -> None:
    for number in range(LIMITS["log-in-from"].times):
        assert (await suite.http.get(LOG_IN, headers=forged(number % 250))).status_code == 404
    refused = await suite.http.get(LOG_IN, headers=forged(1))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Content-Type"].startswith("text/html")
    assert (await suite.http.get(LOG_IN, headers=forged(1, "192.0.2.2"))).status_code == 404


@pytest.mark.rule("COL-5")
async def test_whoever_knows_an_address_cannot_fill_its_mailbox_over_many_ambassadors_forms(suite: Suite) -> None:
    form = (await settle(suite)).mine.form
    ambassadors = [(await suite.sign_in(f"a{number}@example.org")).account.id for number in range(8)]
    most, grace = LIMITS["confirmation"].times, "grace@example.org"

    async def entered(about: list[str]) -> set[tuple[int, bytes]]:
        answers = set()
        for ambassador in about:
            body = {"email": grace, "ambassador": ambassador, "consents": {"ambassador": True}}
            answer = await suite.http.post(f"/api/brands/acme/collect/forms/{form}", json=body)
            answers.add((answer.status_code, answer.content))
        await suite.world.drain()
        return answers

    assert await entered(ambassadors) == {(202, b"")}
    assert len(suite.world.mailer.sent_to(grace)) == most
    suite.world.clock.advance(days=1)
    assert await entered(ambassadors[most:]) == {(202, b"")}
    assert len(suite.world.mailer.sent_to(grace)) == 2 * most, "who was not asked yesterday may be today"
