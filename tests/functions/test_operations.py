"""The technical team's door: what stands how, and messages that are put back after a fix."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared import app
from shared.domain.hashing import WrappedKey
from shared.domain.staff import Role
from shared.usecases.poison import SUFFIX
from tests.functions.suite import Suite, serving
from tests.support.fakes import Waiting
from tests.support.telling import Told, telling

OPERATIONS = "/api/manager/operations"


async def technical(suite: Suite) -> dict[str, str]:
    """The headers of somebody of the technical team."""
    return await suite.staff(Role.TECHNICAL_TEAM)


async def fail_for_good(suite: Suite, queue: str, *messages: dict[str, str]) -> None:
    """Puts messages where the host puts those that failed five times."""
    await suite.world.queue.send(queue + SUFFIX, messages)


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("path", ["/health", "/poison"])
async def test_only_the_technical_team_comes_in(suite: Suite, path: str) -> None:
    assert (await suite.http.get(OPERATIONS + path)).status_code == 401
    for role in set(Role) - {Role.TECHNICAL_TEAM}:
        asked = await suite.http.get(OPERATIONS + path, headers=await suite.staff(role, "acme", "globex"))
        assert asked.status_code == 403
    assert (await suite.http.get(OPERATIONS + path, headers=await technical(suite))).status_code == 200


@pytest.mark.rule("VIS-8")
async def test_messages_kept_aside_are_shown_by_their_ids_alone(suite: Suite) -> None:
    await fail_for_good(suite, "mails", {"brand": "acme", "batch": "a" * 24})
    unfit = Waiting({"brand": "acme", "email": "zoe@example.org"}, suite.world.clock.now())
    suite.world.queue.queues["imports" + SUFFIX].append(unfit)
    answered = await suite.http.get(f"{OPERATIONS}/poison", headers=await technical(suite))
    by_queue = {item["queue"]: item for item in answered.json()["items"]}
    assert (by_queue["mails"]["count"], by_queue["mails"]["function"]) == (1, "send_mails")
    (message,) = by_queue["mails"]["oldest"]
    assert message["ids"] == {"brand": "acme", "batch": "a" * 24}
    assert by_queue["imports"]["oldest"][0]["ids"] == {}
    assert "may not hold" in by_queue["imports"]["oldest"][0]["fault"]
    assert "zoe" not in answered.text
    assert by_queue["sweeps"] == {"queue": "sweeps", "function": "run_sweep", "count": 0, "oldest": []}


@pytest.mark.rule("VIS-7")
async def test_what_is_put_back_is_done_and_each_brands_log_says_how_many(suite: Suite) -> None:
    ada = await suite.sign_in()
    await ada.enter("grace@example.org")
    await ada.call("POST", "/contacts/invite", json={"all": True})
    message = suite.world.queue.pop("mails")
    assert message
    await fail_for_good(suite, "mails", message, message, {"brand": "globex", "batch": "b" * 24})
    headers = await technical(suite)
    replayed = await suite.http.post(f"{OPERATIONS}/poison/mails/replay", json={}, headers=headers)
    assert replayed.json() == {"replayed": 3, "unfit": 0, "left": 0}
    await suite.world.drain()
    assert len(suite.world.mailer.sent_to("grace@example.org")) == 1  # though its message came twice
    for brand, count in (("acme", 2), ("globex", 1)):
        log = await suite.http.get(f"/api/manager/brands/{brand}/access-log", headers=headers)
        assert [(e["kind"], e["act"], e["count"]) for e in log.json()["items"]] == [("messages", "changed", count)]
    again = await suite.http.post(f"{OPERATIONS}/poison/mails/replay", json={}, headers=headers)
    assert again.json()["replayed"] == 0


async def test_one_message_can_go_back_alone_and_an_unfit_one_stays(suite: Suite) -> None:
    await fail_for_good(suite, "sweeps", *({"brand": "acme", "run": letter * 24} for letter in "abc"))
    kept = suite.world.queue.queues["sweeps" + SUFFIX]
    headers, path = await technical(suite), f"{OPERATIONS}/poison/sweeps/replay"
    one = await suite.http.post(path, json={"message": kept[1].id}, headers=headers)
    assert one.json() == {"replayed": 1, "unfit": 0, "left": 2}
    assert suite.world.queue.pop("sweeps") == {"brand": "acme", "run": "b" * 24}
    kept = suite.world.queue.queues["sweeps" + SUFFIX]
    kept[0] = Waiting({"brand": "acme", "run": "zoe@example.org"}, suite.world.clock.now())
    rest = await suite.http.post(path, json={}, headers=headers)
    assert rest.json() == {"replayed": 1, "unfit": 1, "left": 1}
    assert "zoe" not in rest.text
    assert len(await suite.world.queue.peek("sweeps" + SUFFIX)) == 1


@pytest.mark.parametrize("body", [{"message": ""}, {"all": True}, {"message": 7}])
async def test_what_is_no_replay_is_refused(suite: Suite, body: dict[str, object]) -> None:
    headers = await technical(suite)
    assert (await suite.http.post(f"{OPERATIONS}/poison/mails/replay", json=body, headers=headers)).status_code == 422
    assert (await suite.http.post(f"{OPERATIONS}/poison/nothing/replay", json={}, headers=headers)).status_code == 404


async def test_a_brand_that_ended_for_good_keeps_no_message_from_going_back(suite: Suite) -> None:
    await fail_for_good(suite, "mails", {"brand": "initech", "batch": "a" * 24})
    replayed = await suite.http.post(f"{OPERATIONS}/poison/mails/replay", json={}, headers=await technical(suite))
    assert replayed.json()["replayed"] == 1


@pytest.fixture
async def told(suite_environment: None) -> AsyncIterator[tuple[Suite, Told]]:
    """A suite that tells of itself."""
    with telling() as told:
        async with serving(telemetry=told.telemetry) as suite:
            yield suite, told


async def test_the_watch_tells_how_everything_stands_and_then_that_it_looked(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    for timer in ("sweep_retention", "back_up_brands"):
        await suite.tick(timer)
    await suite.world.drain()
    await suite.tick("watch")
    calm = heard.points()
    assert calm["popsell.sweep.overdue"] == {("acme",): 0, ("globex",): 0}
    assert calm["popsell.backup.age"] == {("acme",): 0, ("globex",): 0}
    assert calm["popsell.rights.overdue"] == {("acme",): 0, ("globex",): 0}
    assert calm["popsell.heartbeat"] == {(): 1}
    suite.world.clock.advance(timedelta(hours=5))
    await fail_for_good(suite, "mails", {"brand": "acme", "batch": "a" * 24})
    await suite.tick("watch")
    late = heard.points()
    assert late["popsell.sweep.overdue"] == {("acme",): 3, ("globex",): 3}
    assert late["popsell.backup.age"] == {("acme",): 5, ("globex",): 5}
    assert late["popsell.poison.messages"]["mails",] == 1
    assert late["popsell.heartbeat"] == {(): 2}
    assert suite.failures == []


@pytest.mark.rule("RGT-5")
async def test_a_request_past_its_date_is_counted_until_it_is_closed(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    ada = await suite.sign_in()
    asked = await ada.call("POST", "/me/rights", json={"kind": "review", "text": "It was my club"})
    assert asked.status_code in (200, 201, 202), asked.text
    suite.world.clock.advance(timedelta(days=32))
    await suite.tick("watch")
    assert heard.points()["popsell.rights.overdue"]["acme",] == 1
    health = await suite.http.get(f"{OPERATIONS}/health", headers=await technical(suite))
    by_brand = {item["brand"]: item for item in health.json()["items"]}
    assert (by_brand["acme"]["rightsOverdue"], by_brand["globex"]["rightsOverdue"]) == (1, 0)
    assert by_brand["acme"]["sweepOverdueHours"] == 32 * 24 - 2  # since the brand was made: none ever ran


async def test_a_brand_that_cannot_be_measured_is_named_and_hides_no_other(suite: Suite) -> None:
    keys = await app.brands().keys.get("acme", "acme")
    assert keys
    wrapped = WrappedKey("k1.0000.zoe@example.org")
    await app.brands().keys.replace(keys, keys.record.changed(ledger=wrapped))
    app.brands().forget("acme")
    health = await suite.http.get(f"{OPERATIONS}/health", headers=await technical(suite))
    assert [(item["brand"], item["fault"]) for item in health.json()["items"]] == [
        ("acme", "ValueError"),
        ("globex", None),
    ]
    assert "zoe" not in health.text


async def test_without_the_queues_there_is_no_heartbeat(
    told: tuple[Suite, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, heard = told

    async def fails(queue: str) -> int:
        raise OSError("nobody home")

    monkeypatch.setattr(suite.world.queue, "depth", fails)
    await suite.tick("watch")
    assert "popsell.heartbeat" not in heard.points()
    assert [error.args for error in suite.failures] == [("OSError",)]
