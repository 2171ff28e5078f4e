"""A form of each kind for each demonstration brand, and the ambassador whose contacts they bring by default."""

from typing import Any

from shared import app
from shared.domain.ambassador import AccountStatus, Ambassador, Gender
from shared.domain.forms import FieldKind, Form, FormField, FormKind
from shared.domain.policy import BrandRecord
from shared.usecases import forms
from shared.usecases.brands import Brand
from shared.usecases.claims import bind, by_email, take_blog_alias

NEWSLETTER, GAME = "newsletter", "game"


async def seed_forms(record: BrandRecord) -> None:
    """Makes the brand's own team, an account that nobody signs in to, and the forms; those that exist stay as they are."""
    brand = await app.brand(record.id)
    known = {form.id for form in await forms.all_of(brand)}
    if {NEWSLETTER, GAME} <= known:
        return
    team = await _team(brand)
    for form in _definitions(brand, team):
        if form.id not in known:
            await forms.put(brand, form)


async def described_forms(record: BrandRecord) -> dict[str, Any]:
    """The forms for a script, by kind."""
    brand = await app.brand(record.id)
    return {
        form.kind.value: {"id": form.id, "boxes": form.boxes, "fields": [field.name for field in form.fields]}
        for form in await forms.all_of(brand)
        if form.id in (NEWSLETTER, GAME)
    }


async def _team(brand: Brand) -> str:
    """The id of the account; what an earlier start left unfinished is gone on with."""
    email, now = f"team@{brand.id}.example", brand.now()
    known = await by_email(brand, email)
    if known is None:
        account = Ambassador(
            status=AccountStatus.ACTIVE, created_at=now, confirmed_at=now, last_login_at=now, gender=Gender.UNDISCLOSED,
            first_name=brand.policy.display_name, last_name="Team", alias="team", email=email, customer_id="TEAM",
            customer_id_vouched=True, language=brand.policy.languages[0],
            terms_accepted_at=now, terms_version=brand.policy.terms_version,
        ).settled(brand.hasher)  # fmt: skip
        known = await brand.ambassadors.create(account)
        await bind(brand, account)
    if known.record.blog_alias is None:
        page = await take_blog_alias(brand, known.record)
        await brand.ambassadors.replace(known, known.record.changed(blog_alias=page).settled(brand.hasher))
    return known.record.id


def _definitions(brand: Brand, team: str) -> tuple[Form, Form]:
    favourite = FormField(
        name="favourite",
        label={"en": "What do you like best?", "fr": "Que préférez-vous ?"},
        kind=FieldKind.CHOICE,
        choices=("tea", "coffee"),
    )
    newsletter = Form(
        id=NEWSLETTER,
        kind=FormKind.INTERNAL,
        title={"en": "Our newsletter", "fr": "Notre lettre"},
        fields=(favourite,),
        boxes=("ambassador", "brand", "partners"),
        default_ambassador=team,
        changed_at=brand.now(),
    )
    title = {"en": "Win a prize", "fr": "Gagnez un prix"}
    return newsletter, newsletter.changed(id=GAME, kind=FormKind.EXTERNAL, title=title, fields=())
