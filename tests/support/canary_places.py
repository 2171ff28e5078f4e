"""Where a canary is put: into every kind of record that can be about somebody, with the files that belong to them."""

from typing import Any

from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, Gender, LooseFile, OwedMail, StoredPhoto
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, IssuedVoucher
from shared.domain.flags import Flag
from shared.domain.grants import Network, SocialGrant
from shared.domain.ids import new_id, new_short_id
from shared.domain.limits import Window
from shared.domain.orders import RecordedSale, sale_refs
from shared.domain.records import Record
from shared.domain.repeats import Repeat, refs_of
from shared.domain.sealing import new_file_key, seal
from shared.domain.syncing import SyncKey, key_refs
from shared.domain.tracing import Trace
from shared.domain.vouchers import Voucher, new_code
from shared.domain.white_list import Allowed, Entitled, entry_id
from shared.usecases import claims
from shared.usecases.brands import Brand
from tests.support.canary import MARK, filled
from tests.support.canary_activity import Placed, photos, publications, rights, work
from tests.support.world import World

BORN = {"one": "1977-07-07", "two": "1966-06-06"}
# Made by the acts of the test itself: a sign-up's claims, opt-outs, proofs, and what is owed to the mail provider.
BY_ITSELF = {"Claim", "Suppression", "Entry", "Forgetting"}
# What stays empty, and why.
LEFT_OUT = {
    "Contact": {
        "proof": "the ledger's own",
        "detached_at": "an end",
        "anonymised_at": "an end",
        "email_status": "not verified is the default",
        "clock": "a brand's sync keeps it as long as the brand does",
    },
    "Ambassador": {
        "proof": "the ledger's own",
        "left_at": "an end",
        "left_because": "an end",
        "erasing_since": "an end",
        "contacts_wait_since": "an end",
        "anonymised_at": "an end",
        "facebook_hash": "the end's",
        "communication": "opted in is the default",
    },
    "Ugc": {"detached_at": "an end", "unsettled_since": "a crash", "proof": "the ledger's own"},
    "Voucher": {"redeemed": "one that is used is parted from its person"},
    "MailBatch": {"open_since": "it went"},
    "Job": {"finished_at": "it is under way"},
    "RightsRequest": {
        **dict.fromkeys(
            ("closed_at", "closed_by", "note", "passed_on_at", "erased", "proof", "listed", "reached"), "the end"
        ),
        **dict.fromkeys(("running_since", "notice", "owed_since"), "it waits for a person"),
        "link": "by letter",
        "language": "English is the default",
        "asked_by": "by the person, which is the default",
        "ambassador": "by a contact",
    },
    "RightsLink": {"pending_since": "it was mailed"},
    "Trace": {"salt": "of a day, not of somebody"},
    "Flag": {"closed_at": "open", "closed_by": "open", "decision": "open", "decided_because": "open"},
}


async def put_everywhere(world: World, brand: Brand, tag: str) -> Placed:
    """Puts the person of this name into the brand: an account, three ambassadors' books, and all that comes of both."""
    email, now = f"{MARK}{tag}.person@canary.example.org", brand.now()
    others = [(await world.ambassador(brand.id, f"{tag}.other{n}@example.org")).id for n in range(3)]
    placed = Placed(email, await _account(world, brand, tag, email))
    placed.records.append(placed.account)
    for number, other in enumerate(others):
        await _contact(brand, placed, tag, other, restricted=number == 2)
    await publications(brand, placed, tag, others[0])
    await photos(world, brand, placed, tag)
    await work(world, brand, placed, tag, others)
    await rights(brand, placed, tag)
    ref = brand.hasher.ref(email)
    for record in (
        filled(
            Flag,
            now,
            tag,
            id=new_id(),
            subject=placed.account.id,
            closed_at=None,
            closed_by=None,
            decision=None,
            decided_because=None,
            reason="a burst",
        ),
        filled(RecordedSale, now, tag, id=sale_refs(brand.hasher, f"{MARK}{tag}order")[0], ambassador_id=others[0]),
        filled(Repeat, now, tag, id=refs_of(brand.hasher, "invite", f"{MARK}{tag} key")[0]),
        filled(Window, now, tag, id=f"sign-in.{ref}"),
        filled(Trace, now, tag, id=brand.hasher.ref(f"{MARK}{tag} address"), salt=None),
        Allowed(id=entry_id("a" * 24, Entitled.EMAIL, ref), load="a" * 24, kind=Entitled.EMAIL),
    ):
        await _create(brand, record)
        placed.records.append(record)
    return placed


async def _create(brand: Brand, record: Record) -> None:
    home = {
        Flag: brand.flags,
        RecordedSale: brand.sales,
        Window: brand.limits,
        Repeat: brand.repeats,
        Trace: brand.traces,
        Allowed: brand.allowed,
    }
    collection: Any = home[type(record)]
    await collection.create(record)


async def _account(world: World, brand: Brand, tag: str, email: str) -> Ambassador:
    now, id = brand.now(), new_id()
    photo = StoredPhoto(file=f"{brand.id}/photos/{id}", key=new_file_key(), media_type="image/jpeg")
    loose = LooseFile(file=f"{brand.id}/photos/{id}-old", since=now, coming=False)
    former = (brand.hasher.ref(f"{MARK}{tag}.former@canary.example.org"),)
    token = world.ports.vault.wrap(f"{MARK}{tag}token of hers".encode())
    account = filled(
        Ambassador,
        now,
        tag,
        id=id,
        status=AccountStatus.ACTIVE,
        gender=Gender.FEMALE,
        email=email,
        email_hash=None,
        date_of_birth=BORN[tag],
        iban=f"FR14{MARK}{tag}IBAN",
        photo=photo,
        loose_files=(loose,),
        grants={
            Network.FACEBOOK: filled(SocialGrant, now, tag, network=Network.FACEBOOK, token=token, disabled_at=None)
        },
        owed=(
            OwedMail(
                id=new_short_id(),
                kind=AccountMail.VISITOR_MESSAGE,
                since=now,
                about=new_id(),
                text=f"{MARK}{tag} wrote to her",
            ),
        ),
        owed_since=now,
        proof=None,
        left_at=None,
        left_because=None,
        erasing_since=None,
        contacts_wait_since=None,
        anonymised_at=None,
        former_hashes=former,
        customer_hash=None,
        facebook_hash=None,
        clock=None,
    ).settled(brand.hasher)
    await claims.bind(brand, account)
    await brand.ambassadors.create(account)
    for file, key in ((photo.file, photo.key), (loose.file, new_file_key())):
        await brand.ports.files.write(file, seal([f"{MARK}{tag} her face".encode()], key))
    return account


async def _contact(brand: Brand, placed: Placed, tag: str, ambassador: str, *, restricted: bool) -> None:
    now, code = brand.now(), new_code()
    contact = filled(
        Contact,
        now,
        tag,
        id=new_id(),
        ambassador_id=ambassador,
        email=placed.email,
        email_hash=None,
        facebook_hash=None,
        twitter_hash=None,
        instagram_hash=None,
        ambassador_opt_in=AmbassadorOptIn.INVITATION_ACCEPTED,
        brand_opt_in=BrandOptIn.INTERNAL_FORM,
        voucher=IssuedVoucher(code=code, mail="m", at=now, expires_at=now),
        customer_id=f"{MARK}{tag}customer of {ambassador[:6]}",
        proof=None,
        detached_at=None,
        anonymised_at=None,
        restricted_at=now if restricted else None,
        objected_at=now if restricted else None,
    ).settled(brand.hasher, brand.policy.soft_bounce_limit)
    await brand.contacts.create(contact)
    voucher = Voucher(id=code, ambassador_id=ambassador, contact_id=contact.id, issued_at=now, expires_at=now)
    await brand.vouchers.create(voucher)
    key = SyncKey(
        id=key_refs(brand.hasher, contact.customer_id or "")[0], ambassador_id=ambassador, contact_id=contact.id
    )
    await brand.sync_keys.create(key)
    placed.contacts.append(contact)
    placed.records += [contact, voucher, key]
