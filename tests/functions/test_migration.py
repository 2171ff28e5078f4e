"""The teams take over contacts from before the law (COL-13)."""

import pytest

from shared.domain.staff import Role
from tests.functions.suite import Suite

MIGRATE = "/api/manager/brands/acme/contacts/migrate"


@pytest.mark.rule("COL-13")
@pytest.mark.rule("VIS-7")
async def test_every_row_has_its_answer_and_the_access_is_written_down(suite: Suite) -> None:
    ada = await suite.sign_in("ada@example.org")
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    rows = [
        {"ambassador": ada.account.id, "email": "grace@example.org", "lastActivityAt": "2029-12-01T00:00:00Z"},
        {"ambassador": ada.account.id, "email": "none"},
        {"ambassador": ada.account.id, "email": "new@example.org", "lastActivityAt": "soon"},
        None,
    ]
    answer = await suite.http.post(MIGRATE, headers=team, json={"contacts": rows})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [(one["row"], one["result"], [error["field"] for error in one["errors"]]) for one in items] == [
        (0, "created", []),
        (1, "refused", ["email"]),
        (2, "refused", ["lastActivityAt"]),
        (3, "refused", [""]),
    ]
    shown = (await ada.call("GET", f"/contacts/{items[0]['contactId']}")).json()
    assert (shown["ambassadorOptIn"], shown["brandOptIn"]) == ("opt_in_other", "none")
    log = (await suite.dump("acme"))["acme/accessLog"].values()
    assert [(one["kind"], one["act"], one["count"]) for one in log] == [("contacts", "changed", 2)]


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", list(Role))
async def test_only_the_teams_migrate(suite: Suite, role: Role) -> None:
    headers = await suite.staff(role, "acme")
    answer = await suite.http.post(MIGRATE, headers=headers, json={"contacts": [{}]})
    assert answer.status_code == (200 if role in (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM) else 404)
