"""What a benchmark needs to be there, put straight into the store of a running suite, and what is there in the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from local.bench.embedded import brand_beside_host
from shared.domain.ambassador import AccountStatus, Ambassador, Gender
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, MailKind, Origin, SentMail
from shared.domain.custom_id import CustomId
from shared.domain.ids import new_id, new_short_id
from shared.ports import Query
from shared.settings import read_settings
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, chunks

CONTACTS_AN_AMBASSADOR = 200


@dataclass(frozen=True, slots=True)
class Mailed:
    """Whom a mail went to and what the provider knows it by."""

    email: str
    custom_id: str


async def seed_mailed(environment: Mapping[str, str], brand_id: str, count: int) -> list[Mailed]:
    """That many contacts, each invited by one mail an hour ago."""
    mailed: list[Mailed] = []
    async with _opened(environment, brand_id) as brand:
        ambassador = ""
        for numbers in chunks(range(count), 100):
            contacts: list[Contact] = []
            for number in numbers:
                if number % CONTACTS_AN_AMBASSADOR == 0:
                    ambassador = new_id()
                contact = _invited(brand, ambassador, f"person{number:06}@example.org")
                contacts.append(contact)
                about = CustomId(brand.id, ambassador, contact.id, contact.mails[0].id)
                mailed.append(Mailed(contact.email or "", str(about)))
            await brand.contacts.write_many([Change(None, contact) for contact in contacts])
    return mailed


async def seen_events(environment: Mapping[str, str], brand_id: str) -> int:
    """How many events all contacts carry."""
    async with _opened(environment, brand_id) as brand:
        return sum([len(item.record.events) async for page in brand.contacts.pages(Query()) for item in page])


async def seed_accounts(environment: Mapping[str, str], brand_id: str, count: int) -> None:
    """That many active ambassadors, whose customer IDs are C0, C1 …"""
    async with _opened(environment, brand_id) as brand:
        now = brand.now()
        for numbers in chunks(range(count), 100):
            accounts = [
                Ambassador(
                    status=AccountStatus.ACTIVE,
                    created_at=now,
                    gender=Gender.UNDISCLOSED,
                    first_name="Ada",
                    last_name=f"Seller{number}",
                    alias=f"seller{number}",
                    email=f"seller{number}@example.org",
                    customer_id=f"C{number}",
                    customer_id_vouched=True,
                    terms_accepted_at=now,
                    terms_version="1",
                ).settled(brand.hasher)
                for number in numbers
            ]
            await brand.ambassadors.write_many([Change(None, account) for account in accounts])


async def held_by_sync(environment: Mapping[str, str], brand_id: str) -> tuple[int, int]:
    """How many contacts of the brand's database are live, and how many are hashed."""
    async with _opened(environment, brand_id) as brand:
        found = [
            item.record.anonymised_at is None
            async for page in brand.contacts.pages(Query())
            for item in page
            if item.record.owned_by_brand_sync
        ]
    return sum(found), len(found) - sum(found)


def _invited(brand: Brand, ambassador: str, email: str) -> Contact:
    sent = brand.now() - timedelta(hours=1)
    origin = Origin(mechanism="crm")
    contact = Contact(
        ambassador_id=ambassador,
        first_name="Ada",
        last_name="Martin",
        email=email,
        city="Lyon",
        postal_code="69003",
        ambassador_opt_in=AmbassadorOptIn.INVITATION_SENT,
        ambassador_opt_in_at=sent,
        mails=(SentMail(id=new_short_id(), kind=MailKind.INVITATION, at=sent),),
        created_at=sent,
        created_by=origin,
        modified_at=sent,
        modified_by=origin,
    )
    return contact.settled(brand.hasher, brand.policy.soft_bounce_limit)


@asynccontextmanager
async def _opened(environment: Mapping[str, str], brand_id: str) -> AsyncIterator[Brand]:
    """The suite's brand, beside the host."""
    settings = read_settings(environment)
    async with brand_beside_host(settings.store_url, settings.master_keys, brand_id) as brand:
        yield brand
