"""Two demonstration brands of different policy, and staff for each role, for one machine alone."""

import hmac
from datetime import timedelta
from typing import Any

from local import demo_people
from local.demo_forms import described_forms, seed_forms
from shared import app
from shared.adapters.cosmos import CosmosStore
from shared.adapters.counted import CountedStore
from shared.domain.api_keys import ApiScope, key_text
from shared.domain.policy import BrandRecord, Durations, Features, Policy, Sender
from shared.domain.staff import Role, StaffMember
from shared.domain.tokens import Purpose
from shared.usecases import api_keys
from shared.usecases.staff_sessions import open_staff_session

FEATURES = Features(sync=True, social_import=True, direct_selling=True, opt_in_evidence=True)
ACME = BrandRecord(
    id="acme",
    policy=Policy(
        display_name="Acme Cosmetics",
        sender=Sender(email="hello@acme.example", name="Acme Cosmetics"),
        privacy_policy_url="https://acme.example/privacy",
        primary_colour="#7a1f5c",
        sso=demo_people.directory_of("Acme Cosmetics"),
        features=FEATURES,
    ),
)
GLOBEX = BrandRecord(
    id="globex",
    policy=Policy(
        display_name="Globex Voyages",
        sender=Sender(email="bonjour@globex.example", name="Globex Voyages"),
        privacy_policy_url="https://globex.example/confidentialite",
        primary_colour="#0b5d4e",
        languages=("fr", "en"),
        durations=Durations(new=20, invitation=10, opted_out=180, inactive_contact=730),
        required_ambassador_fields=("customerId",),
        soft_bounce_limit=3,
        sso=demo_people.directory_of("Globex Voyages"),
        features=FEATURES,
    ),
)
BRANDS = (ACME, GLOBEX)

# As long as any history that a demonstration plays in fast-forward.
SESSIONS_LAST = timedelta(days=3650)


async def seed() -> None:
    """Makes the brands; those that exist stay as they are."""
    await _databases()
    for brand in BRANDS:
        await app.brands().create(brand)
        await seed_forms(brand)
    await demo_people.seed_staff()


async def describe() -> dict[str, Any]:
    """What a script needs: brands, the webhook's credentials, a session for each role of the Manager."""
    user, password = app.settings().webhook_credentials[0]
    ids = [brand.id for brand in BRANDS]
    manager: dict[str, Any] = {
        role.value: {"token": await _token(f"demo-{role.value}", role, *ids)}
        for role in (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM)
    }
    for role in (Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY):
        manager[role.value] = {id: {"token": await _token(f"demo-{role.value}-{id}", role, id)} for id in ids}
    return {
        "brands": {
            brand.id: {
                "displayName": brand.policy.display_name,
                "apiKey": await _api_key(brand.id),
                "forms": await described_forms(brand),
            }
            for brand in BRANDS
        },
        "social": {"twitter": {"consumerSecret": app.settings().twitter_secrets[0]}},
        "mailjetWebhook": {"user": user, "password": password},
        "manager": manager,
        "people": demo_people.described(),
    }


async def _databases() -> None:
    """An emulator holds none when it starts; those of an account come from Bicep."""
    store = app.ports_of_the_suite().store
    store = store.counted if isinstance(store, CountedStore) else store
    if isinstance(store, CosmosStore) and store.is_emulator:
        for brand in (None, *(brand.id for brand in BRANDS)):
            await store.provision(brand)


async def _api_key(brand: str) -> str:
    """A key for everything; its secret is made from the installation's, so that it is the same whenever it is asked for."""
    opened = await app.brand(brand)
    secret = hmac.digest(app.settings().token_keys[-1], f"demo-api-key.{brand}".encode(), "sha256").hex()
    for key in await api_keys.keys_of(opened):
        if key.opens_with(secret):
            return key_text(brand, key.id, secret)
    return (await api_keys.create_key(opened, set(ApiScope), "demo", name="demonstration", secret=secret))[1]


async def _token(id: str, role: Role, *brands: str) -> str:
    """A session's token; asked again it is that of the same session, so that no script throws another out."""
    ports, staff = app.ports_of_the_suite(), app.staff()
    known = await staff.get(id, id)
    if known and known.record.session and known.record.session_expires_at:
        claims = {"u": id, "s": known.record.session}
        return ports.tokens.issue(Purpose.STAFF_SESSION, claims, known.record.session_expires_at)
    return await open_staff_session(ports, staff, StaffMember(id=id, role=role, brands=brands), lasts=SESSIONS_LAST)
