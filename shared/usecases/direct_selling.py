"""What ambassadors may enter in direct selling alone: a type, and an opt-in that they hold evidence of (COL-1, CON-1)."""

from collections.abc import Mapping
from typing import Any

from shared.domain.collecting import Arrival, Outcome, Source
from shared.domain.contact import Contact
from shared.domain.errors import FieldError, InvalidInputError, RestrictedError, SuppressedError
from shared.domain.ids import new_id
from shared.usecases import contacts
from shared.usecases.brands import Brand
from shared.usecases.collect import arrive


def check(brand: Brand, fields: Mapping[str, Any]) -> None:
    """Raises InvalidInputError for a field of direct selling where the brand's policy does not have it (BR-2)."""
    on = brand.policy.features
    allowed = {
        "type": ("type", on.direct_selling),
        "opt_in_evidence": ("optInEvidence", on.direct_selling and on.opt_in_evidence),
    }
    errors = [
        FieldError(shown, "is not for this brand's ambassadors to say")
        for name, (shown, yes) in allowed.items()
        if fields.get(name) is not None and not yes
    ]
    if errors:
        raise InvalidInputError(errors=errors)


async def enter(brand: Brand, ambassador: str, fields: Mapping[str, Any]) -> tuple[Contact, bool]:
    """Types a contact in (COL-1); who agreed elsewhere, with evidence, is `opt_in_other`. Gives contact and whether it is new.

    What the ambassador wrote stays with the contact and goes with it; the ledger holds its keyed hash. Raises SuppressedError
    and RestrictedError: no evidence lifts an opt-out (CON-6).
    """
    check(brand, fields)
    evidence = fields.get("opt_in_evidence")
    if evidence is None:
        return await contacts.enter(brand, ambassador, dict(fields))
    version = f"evidence {brand.hasher.ref(evidence)}"
    source, now = Source.CRM_WITH_EVIDENCE, brand.now()
    arrived = await arrive(brand, Arrival(source, ambassador, fields, now, key=new_id(), text_version=version))
    if arrived.outcome is Outcome.RESTRICTED:
        raise RestrictedError
    if arrived.contact is None:
        raise SuppressedError
    return await contacts.get(brand, ambassador, arrived.contact), arrived.outcome is Outcome.CREATED
