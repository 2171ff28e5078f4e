"""The page for a newcomer whom an identity provider vouched for: what would be stored, what is missing, the terms (REG-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.pages.brand import Brand
from shared.pages.catalogue import texts_of
from shared.pages.persons_pages import Page
from shared.pages.plain import name_of, one_line
from shared.pages.templating import environment, page_headers, style

FieldName = Literal[
    "email", "gender", "first_name", "last_name", "alias", "customer_id", "date_of_birth",
    "street", "city", "postal_code", "country", "interests", "position",
]  # fmt: skip
GENDERS = ("female", "male", "other", "undisclosed")
_KINDS = {"email": "email", "date_of_birth": "date", "gender": "choice"}
# What browsers may fill in by themselves (WCAG 1.3.5).
_AUTOCOMPLETE = {
    "email": "email", "first_name": "given-name", "last_name": "family-name", "alias": "nickname",
    "date_of_birth": "bday", "street": "street-address", "city": "address-level2", "postal_code": "postal-code",
    "country": "country", "position": "organization-title",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in: what stands there, and whether that was refused."""

    name: FieldName
    value: str = ""
    refused: bool = False


def sign_up_page(
    *,
    brand: Brand,
    language: str,
    provider: Literal["sso", "facebook"],
    flow: str,
    known: Sequence[tuple[FieldName, str]],
    fields: Sequence[Field],
    terms_version: str,
    terms_refused: bool = False,
    photo: bool = False,
    photo_wanted: bool = False,
) -> Page:
    """`/login/accept`: posts the fields by their names, `flow`, and `accept_terms=yes`; nothing is stored before.

    With `photo` the provider's picture is offered, by a box that is not ticked (`photo=yes`).
    """
    values = {"brand": name_of(brand.name), "processor": brand.processor, "terms": one_line(terms_version)}
    t = texts_of("pages", "sign_up", language, values)
    look = style(brand.primary_colour, brand.readable_text)
    html = (
        environment()
        .get_template("pages/sign_up.html")
        .render(
            brand=brand,
            brand_name=values["brand"],
            language=language,
            css=look.css,
            t=t,
            title=t["title"],
            intro=t[f"intro_{provider}"],
            result=None,
            choices=[],
            notes=[t["otherwise"]],
            flow=flow,
            known=[(t[name], one_line(value)) for name, value in known],
            fields=[
                {
                    "name": field.name,
                    "label": t[field.name],
                    "kind": _KINDS.get(field.name, "text"),
                    "autocomplete": _AUTOCOMPLETE.get(field.name, "off"),
                    "value": one_line(field.value),
                    "refused": field.refused,
                }
                for field in fields
            ],
            genders=[(name, t[f"gender_{name}"]) for name in GENDERS],
            terms_refused=terms_refused,
            photo=photo,
            photo_wanted=photo_wanted,
        )
    )
    return Page(html, page_headers(language, look.source))
