"""What the Manager shows of how data is treated."""

import pytest

from shared import app
from shared.domain.access_log import Seen
from shared.domain.staff import Role, StaffMember
from shared.usecases.staff_sessions import StaffCaller
from tests.functions.suite import Suite

LOG = "/api/manager/brands/acme/access-log"


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
