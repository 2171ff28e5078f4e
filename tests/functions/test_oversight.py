"""What the Manager shows of how data is treated."""

from importlib import import_module
from inspect import getsource

import pytest

import function_app  # noqa: F401  registers the operations
from functions.catalogue import ROUTES
from functions.http import OPERATIONS
from shared import app
from shared.domain import containers
from shared.domain.access_log import Seen
from shared.domain.staff import Role, StaffMember
from shared.domain.suppression import SuppressionReason
from shared.usecases.access_log import entries
from shared.usecases.flags import flag
from shared.usecases.staff_sessions import StaffCaller
from shared.usecases.suppressing import suppress
from tests.functions.suite import Suite

MANAGED = "/api/manager/brands/acme"
# The staff routes that show nobody: what a brand has set up, its own texts, and counts.
WITHOUT_PEOPLE = {
    "send_newsletter", "read_newsletter", "list_contests", "read_contest", "define_contest", "list_forms", "read_form",
    "put_form", "delete_form", "list_sweeps", "confirm_sweep", "read_me", "list_brands", "read_policy", "replace_policy",
    "read_status", "change_status", "read_access_log", "count_suppressions", "list_backups", "load_white_list",
    "count_white_list", "list_api_keys", "create_api_key", "revoke_api_key", "read_staff_session", "close_staff_session",
    "rotate_hash_key", "rewrap_keys", "read_operations_health", "list_poison",  # ids of work, and of brands
}  # fmt: skip
LOG = MANAGED + "/access-log"


@pytest.mark.rule("VIS-7")
async def test_the_technical_team_reads_the_access_log_newest_first(suite: Suite) -> None:
    caller = StaffCaller(await app.brand("acme"), StaffMember(id="u1", role=Role.BRAND_ADMIN, brands=("acme",)))
    for count in (1, 2, 3):
        await caller.sees(Seen.CONTACTS, count)
        suite.world.clock.advance(seconds=1)
    headers = await suite.staff(Role.TECHNICAL_TEAM)
    first = (await suite.http.get(LOG, headers=headers, params={"limit": 2})).json()
    rest = (await suite.http.get(LOG, headers=headers, params={"cursor": first["nextCursor"]})).json()
    assert [entry["count"] for entry in (*first["items"], *rest["items"])] == [3, 2, 1]
    assert set(first["items"][0]) == {"at", "actor", "role", "kind", "act", "count"}
    assert rest["nextCursor"] is None


@pytest.mark.rule("VIS-7")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TECHNICAL_TEAM])
async def test_nobody_else_does(suite: Suite, role: Role) -> None:
    assert (await suite.http.get(LOG, headers=await suite.staff(role, "acme"))).status_code == 404


@pytest.mark.rule("SUP-1")
async def test_the_black_list_is_counted_by_reason_and_never_listed(suite: Suite) -> None:
    brand, now = await app.brand("acme"), suite.world.clock.now()
    for number in range(3):
        await suppress(brand, brand.hasher.ref(f"p{number}@example.org"), SuppressionReason.GLOBAL_OPT_OUT, now)
    await suppress(brand, brand.hasher.ref("p0@example.org"), SuppressionReason.SPAM, now)
    for role in Role:
        counted = await suite.http.get(MANAGED + "/suppressions", headers=await suite.staff(role, "acme"))
        if role is Role.BRAND_COMMUNITY:
            assert counted.status_code == 404
            continue
        assert counted.json() == {
            "byReason": {"global_opt_out": 3, "hard_bounce": 0, "repeated_soft_bounce": 0, "spam": 1, "blocked": 0}
        }
    globex = await suite.http.get(
        "/api/manager/brands/globex/suppressions", headers=await suite.staff(Role.BRAND_ADMIN, "globex")
    )
    assert set(globex.json()["byReason"].values()) == {0}


@pytest.mark.rule("SUP-4")
async def test_the_account_team_releases_an_address_for_a_reason(suite: Suite) -> None:
    brand, address, release = await app.brand("acme"), "grace@example.org", MANAGED + "/suppressions/release"
    await suppress(brand, brand.hasher.ref(address), SuppressionReason.HARD_BOUNCE, suite.world.clock.now())
    word = {"email": "Grace@Example.org", "reason": "the provider was down"}
    for role in Role:
        if role is not Role.ACCOUNT_TEAM:
            assert (
                await suite.http.post(release, headers=await suite.staff(role, "acme"), json=word)
            ).status_code == 404
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    for bad in ({"email": "grace"}, {"reason": " "}, {"reason": f"asked by {address}"}, {"more": 1}):
        refused = await suite.http.post(release, headers=team, json={**word, **bad})
        assert (refused.status_code, [e["field"] for e in refused.json()["errors"]]) == (422, list(bad)), refused.text
        assert address not in refused.text.casefold()
    done = await suite.http.post(release, headers=team, json=word)
    assert (done.status_code, done.text) == (204, "")
    again = await suite.http.post(release, headers=team, json=word)
    assert (again.status_code, again.json()["type"]) == (409, "urn:popsell:problem:not-releasable")
    assert set((await suite.http.get(MANAGED + "/suppressions", headers=team)).json()["byReason"].values()) == {0}
    kept = str(await suite.dump("acme"))
    assert "the provider was down" in kept
    assert "grace" not in kept.casefold(), "the address stands nowhere"
    (first, *_), _ = await entries(brand, 20, None)
    assert (first.kind, first.act) == ("suppressions", "changed")


@pytest.mark.rule("ACT-5")
async def test_staff_see_a_flag_with_its_reason_and_a_person_decides(suite: Suite) -> None:
    brand = await app.brand("acme")
    await flag(brand, "click_burst", brand.hasher.ref("203.0.113.9"), "120 clicks from one address within an hour")
    support = await suite.staff(Role.BRAND_SUPPORT, "acme")
    (shown,) = (await suite.http.get(MANAGED + "/flags", headers=support)).json()["items"]
    assert (shown["kind"], shown["reason"][:3], shown["decision"]) == ("click_burst", "120", None)
    close = f"{MANAGED}/flags/{shown['id']}/close"
    word = {"decision": "harmless", "reason": "a school class"}
    for role in (Role.TECHNICAL_TEAM, Role.BRAND_COMMUNITY):
        assert (await suite.http.post(close, headers=await suite.staff(role, "acme"), json=word)).status_code == 404
    assert (await suite.http.post(close, headers=support, json={"decision": "harmless"})).status_code == 422
    closed = await suite.http.post(close, headers=support, json=word)
    assert closed.json() == (await suite.http.post(close, headers=support, json=word)).json(), "the same word again"
    assert (closed.json()["decision"], closed.json()["decidedBecause"]) == ("harmless", "a school class")
    assert closed.json()["closedBy"].startswith("staff:")
    other = await suite.http.post(close, headers=support, json={**word, "decision": "fraud"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:popsell:problem:already-decided")
    assert (await suite.http.get(MANAGED + "/flags", headers=support)).json()["items"] == []
    (every,) = (await suite.http.get(MANAGED + "/flags", headers=support, params={"all": "true"})).json()["items"]
    assert every == closed.json()
    seen, _ = await entries(brand, 20, None)
    assert {(entry.kind, entry.act) for entry in seen} == {("flags", "listed"), ("flags", "changed")}


def test_every_reason_of_the_black_list_has_its_index() -> None:
    counted = {path for group in containers.SUPPRESSIONS.indexes for path in group} - {"reachSince"}
    assert counted == {f"reasons.{reason}" for reason in SuppressionReason}


@pytest.mark.rule("VIS-7")
def test_every_other_route_of_staff_writes_down_who_looks() -> None:
    shown = {operation.name: operation for operation in OPERATIONS if operation.auth == "staff"}
    assert set(shown) >= WITHOUT_PEOPLE
    for name in set(shown) - WITHOUT_PEOPLE:
        module = import_module(f"functions.{ROUTES[name].module}")
        assert ".sees(" in getsource(getattr(module, name)), f"{name}: whom does it show, and who writes that down?"
