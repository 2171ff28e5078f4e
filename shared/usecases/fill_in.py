"""Filling in a form: on an ambassador's blog, in a form of the brand, or in one of its machines' (COL-5, COL-6, COL-10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.collecting import Arrival, Arrived, Source
from shared.domain.errors import FieldError, InvalidInputError, UnknownObjectError
from shared.domain.forms import SOURCES, FormKind, said_by
from shared.domain.policy import BrandStatus
from shared.domain.publication import parse_publication_id
from shared.usecases import forms
from shared.usecases.brands import Brand
from shared.usecases.claims import by_blog_alias
from shared.usecases.collect import arrive
from shared.usecases.limiting import count_against

_ID = re.compile(r"[a-z2-7]{24}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody entered, checked for types and lengths; `fields` are a contact's by name."""

    email: str = field(repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    consents: Mapping[str, bool | None] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    message: str | None = field(default=None, repr=False)
    ambassador: str | None = None
    publication: str | None = None


async def fill_in_blog(brand: Brand, alias: str, entry: Entry, ip: str | None) -> Arrived:
    """Subscribes to an ambassador's blog, or leaves a message there (COL-5).

    Raises UnknownObjectError for an unknown page, or where the brand has the button off; TooManyRequestsError.
    """
    _open(brand)
    features = brand.policy.features
    if not (features.message_button if entry.message else features.blog_button):
        raise UnknownObjectError
    found = await by_blog_alias(brand, alias)
    if found is None:
        raise UnknownObjectError
    if entry.publication and _published_by(brand, entry.publication) != found.record.id:
        raise UnknownObjectError
    boxes, led_by = brand.policy.consent_boxes, entry.publication
    return await _arrive(brand, Source.BLOG, found.record, entry, boxes, ip, form=led_by, text_version="blog")


async def fill_in_form(brand: Brand, form: str, entry: Entry, ip: str | None) -> Arrived:
    """Fills in a form of the brand that anybody can reach (COL-6); what it says waits for its confirmation (COL-11)."""
    _open(brand)
    return await _fill_in(brand, form, FormKind.INTERNAL, entry, ip)


async def fill_in_external(brand: Brand, form: str, entry: Entry) -> Arrived:
    """Takes what was entered in a form of the brand's own machines (COL-10)."""
    _open(brand)
    return await _fill_in(brand, form, FormKind.EXTERNAL, entry, None)


def _open(brand: Brand) -> None:
    if brand.record.status is not BrandStatus.ACTIVE:
        raise UnknownObjectError


async def _fill_in(brand: Brand, id: str, kind: FormKind, entry: Entry, ip: str | None) -> Arrived:
    form = await forms.get(brand, id)
    if form.kind is not kind or not brand.policy.features.forms:
        raise UnknownObjectError
    if entry.message and not brand.policy.features.message_button:
        raise InvalidInputError(errors=[FieldError("message", "is not asked")])
    account = await _ambassador(brand, entry, form.default_ambassador)
    boxes = [box for box in form.boxes if box in brand.policy.consent_boxes]
    answers = form.answers(entry.answers)
    source, version = SOURCES[kind], form.text_version
    return await _arrive(brand, source, account, entry, boxes, ip, form=id, answers=answers, text_version=version)


async def _ambassador(brand: Brand, entry: Entry, default: str | None) -> Ambassador:
    """Whose contact the person becomes: as named, else of the publication that led there, else of the form."""
    led_by = _published_by(brand, entry.publication) if entry.publication else None
    named = entry.ambassador or led_by or default
    if named is None:
        raise InvalidInputError(errors=[FieldError("ambassador", "is required: the form has none of its own")])
    if _ID.fullmatch(named):
        found = await brand.ambassadors.get(named, named)
    else:
        found = await by_blog_alias(brand, named)
    if found is None or found.record.status is not AccountStatus.ACTIVE:
        raise UnknownObjectError
    return found.record


def _published_by(brand: Brand, publication: str) -> str:
    """The ambassador of a publication of the brand's, by its id; raises UnknownObjectError for any other text."""
    found = parse_publication_id(publication)
    if found is None or found.brand != brand.id:
        raise UnknownObjectError
    return found.ambassador


async def _arrive(
    brand: Brand,
    source: Source,
    account: Ambassador,
    entry: Entry,
    boxes: Any,
    ip: str | None,
    *,
    form: str | None = None,
    answers: Mapping[str, str] | None = None,
    text_version: str,
) -> Arrived:
    said = said_by(entry.consents, boxes)
    try:
        email = clean_address(entry.email)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    if source is not Source.EXTERNAL_FORM:
        if ip:
            await count_against(brand, "fill-in-from", ip)
        await count_against(brand, "fill-in", email)
    return await arrive(
        brand,
        Arrival(
            source=source,
            ambassador=account.id,
            fields={**entry.fields, "email": email},
            at=brand.now(),
            key=form or source,
            said=said,
            message=entry.message,
            form=form,
            form_answers=answers or {},
            text_version=text_version,
            ip_hash=brand.hasher.ref(ip) if ip else None,
        ),
    )
