"""The definitions of a brand's forms, as its administrators keep them (COL-6, COL-10, BR-2)."""

import re
from contextlib import suppress

from shared.domain.ambassador import AccountStatus
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, UnknownObjectError
from shared.domain.forms import FORM_ID, Form
from shared.ports import ConflictError, Query, StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS


async def get(brand: Brand, form: str) -> Form:
    """One form; raises UnknownObjectError."""
    return (await _get(brand, form)).record


async def all_of(brand: Brand) -> list[Form]:
    """Every form, by name: a brand has a handful."""
    found = [item.record async for page in brand.forms.pages(Query()) for item in page]
    return sorted(found, key=lambda form: form.id)


async def put(brand: Brand, form: Form) -> tuple[Form, bool]:
    """Keeps a definition in place of any of its name; gives it, and whether it is new. The same again changes nothing.

    Raises InvalidInputError for a box that the policy does not show, or a default ambassador without access.
    """
    strange = [box for box in form.boxes if box not in brand.policy.consent_boxes]
    if strange:
        raise InvalidInputError(errors=[FieldError("boxes", "holds one that the policy does not show")])
    if form.default_ambassador:
        account = await brand.ambassadors.get(form.default_ambassador, form.default_ambassador)
        if account is None or account.record.status is not AccountStatus.ACTIVE:
            raise InvalidInputError(errors=[FieldError("defaultAmbassador", "is not an ambassador with access")])
    for _ in range(ATTEMPTS):
        current = await brand.forms.get(form.id, form.id)
        try:
            if current is None:
                return (await brand.forms.create(form)).record, True
            if current.record == form.changed(changed_at=current.record.changed_at):
                return current.record, False
            return (await brand.forms.replace(current, form)).record, False
        except (ConflictError, StaleError):
            continue
    raise ChangedMeanwhileError


async def delete(brand: Brand, form: str) -> None:
    """Takes a form away; what came in by it stays. Raises UnknownObjectError when there is none."""
    for _ in range(ATTEMPTS):
        with suppress(StaleError):
            await brand.forms.delete(await _get(brand, form))
            return
    raise ChangedMeanwhileError


async def _get(brand: Brand, form: str) -> Versioned[Form]:
    found = await brand.forms.get(form, form) if re.fullmatch(FORM_ID, form) else None
    if found is None:
        raise UnknownObjectError
    return found
