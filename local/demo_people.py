"""The people of the identity sandbox, and which of them the Manager lists."""

import json
from contextlib import suppress
from typing import Any

from local.project import ROOT
from shared import app
from shared.domain.policy import SingleSignOn
from shared.domain.staff import Role, StaffMember
from shared.ports import ConflictError

_SAID = json.loads((ROOT / "local" / "identity_sandbox" / "people.json").read_text())
PEOPLE: list[dict[str, Any]] = _SAID["people"]


def directory_of(company: str) -> SingleSignOn:
    """The sandbox's tenant of a company, as a brand's policy names it."""
    (tenant,) = [id for id, name in _SAID["tenants"].items() if name == company]
    return SingleSignOn(tenant=tenant, customer_id_claim="customer_id")


async def seed_staff() -> None:
    """Lists those who manage; who is listed already stays as they are."""
    for person in PEOPLE:
        if listed := person.get("manager"):
            role, brands = Role(listed["role"]), tuple(listed.get("brands", ()))
            with suppress(ConflictError):
                await app.staff().create(StaffMember(id=staff_id(person), role=role, brands=brands))


def staff_id(person: dict[str, Any]) -> str:
    """What the Manager lists somebody under (VIS-5)."""
    return f"{person['tenant']}.{person['id']}"


def described() -> list[dict[str, Any]]:
    """Who can sign in, for a script: `loginHint` goes with the address that a log-in sends to."""
    return [
        {
            "loginHint": person["email"],
            "name": f"{person['firstName']} {person['lastName']}",
            "tenant": person["tenant"],
            "staffId": staff_id(person),
            "manager": person.get("manager"),
        }
        for person in PEOPLE
    ]
