"""A brand's records of many ambassadors, due under several rules or not, written straight into the store."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from local.bench.measurement import Progress
from shared.domain import containers
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind, Origin, SeenEvent, SentMail
from shared.domain.ids import new_id, new_short_id
from shared.domain.ledger import Evidence
from shared.domain.mail_events import EventKind
from shared.domain.records import stamp
from shared.ports import Document, Key, Outcome, Write
from shared.usecases.brands import Brand
from shared.usecases.collections import BATCH, Versioned, all_of, chunks
from shared.usecases.saving import Edit, finished

CONTACTS_AN_AMBASSADOR = 200
_AT_ONCE = 1000
# The lives of ten records that are due: deleted (RET-1), opted out with a ledger entry (RET-3), anonymised (RET-5).
DUE_LIVES = "1113331555"
# And of ten that are not.
_HELD = "nniiioooyy"

Build = Callable[[int], Contact]


class Population:
    """Records of one brand; what is built is the same for the same numbers but for its ids."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._now = brand.now()
        self._ambassador = ""
        self._templates: dict[str, Document] = {}

    async def write(self, due: int, held: int, progress: Progress, *, scattered: bool = False) -> None:
        """`held` records, of which `due` are due now: whole books, evenly among the others; or scattered over all books."""
        documents = self._brand.ports.store.brand(self._brand.id, containers.CONTACTS)
        ledger = self._brand.ports.store.brand(self._brand.id, containers.LEDGER)
        batch: list[Document] = []
        for number, life in enumerate(lives(due, held, scattered=scattered), start=1):
            batch.append(self._document(number, life))
            if len(batch) < _AT_ONCE and number < held:
                continue
            writes = [Write(Key(d["ambassadorId"], d["id"]), d, None) for d in batch]
            entries = [d["proof"] for d in batch if "proof" in d]
            proofs = [Write(Key(e["subject"], e["id"]), e, None) for e in entries]
            await all_of(ledger.write_many(some) for some in chunks(proofs, BATCH))
            answers = await all_of(documents.write_many(some) for some in chunks(writes, BATCH))
            if any(result.outcome is not Outcome.WRITTEN for answer in answers for result in answer):
                raise RuntimeError("a record was not written")
            batch = []
            progress(f"writing {held:,} records", number, held)

    def _document(self, number: int, life: str) -> Document:
        """A record of this life: one is built by the domain, the others are its likes with what is their own."""
        if (number - 1) % CONTACTS_AN_AMBASSADOR == 0:
            self._ambassador = new_id()
        if life not in self._templates:
            self._templates[life] = self._finished(life).to_document()
        email, id = f"person{number:07}@example.org", new_id()
        document = dict(self._templates[life])
        ref = self._brand.hasher.ref(email)
        document |= {
            "id": id,
            "ambassadorId": self._ambassador,
            "email": email,
            "emailHash": ref,
            "addressKey": ref,
            "mobilePhone": f"+33 6 39 98 {number // 100 % 100:02} {number % 100:02}",
            "createdAt": stamp(self._now - timedelta(days=400, seconds=number)),
        }
        if "search" in document:
            document["search"] = f"ada martin {email}"
        if "proof" in document:
            document["proof"] = {**document["proof"], "subject": id, "id": f"{id}.000001"}
        return document

    def _finished(self, life: str) -> Contact:
        before = self._contact()
        after = self._lived(before, life)
        evidence = Evidence(actor="person", mechanism="opt_out_page", text_version="1")
        return finished(self._brand, Edit(Versioned(before, ""), after, evidence))

    def _lived(self, contact: Contact, life: str) -> Contact:
        new, invited = AmbassadorOptIn.NEW, AmbassadorOptIn.INVITATION_SENT
        first, second = MailKind.INVITATION, MailKind.SECOND_INVITATION
        match life:
            case "1":
                return contact.changed(ambassador_opt_in=new, ambassador_opt_in_at=self._ago(31))
            case "n":
                return contact.changed(ambassador_opt_in=new, ambassador_opt_in_at=self._ago(10))
            case "3":
                mailed = self._mailed(contact, (first, 32), (second, 16))
                return mailed.changed(
                    ambassador_opt_in=invited, ambassador_opt_in_at=self._ago(32), last_call_at=self._ago(16)
                )
            case "i":
                mailed = self._mailed(contact, (first, 5))
                return mailed.changed(ambassador_opt_in=invited, ambassador_opt_in_at=self._ago(5))
            case "5" | "o":
                mailed = self._mailed(contact, (first, 380))
                at = self._ago(370 if life == "5" else 100)
                return mailed.changed(ambassador_opt_in=AmbassadorOptIn.OPT_OUT_EMAIL, ambassador_opt_in_at=at)
            case _:
                mailed = self._mailed(contact, (first, 300))
                return mailed.changed(
                    ambassador_opt_in=AmbassadorOptIn.INVITATION_ACCEPTED,
                    ambassador_opt_in_at=self._ago(299),
                    brand_opt_in=BrandOptIn.NONE,
                    last_activity_at=self._ago(200),
                )

    def _mailed(self, contact: Contact, *mails: tuple[MailKind, int]) -> Contact:
        sent = tuple(SentMail(id=new_short_id(), kind=kind, at=self._ago(days)) for kind, days in mails)
        seen = tuple(
            SeenEvent(key=new_id(), kind=EventKind.DELIVERED, at=mail.at + timedelta(minutes=1), mail=mail.id)
            for mail in sent
        )
        return contact.changed(mails=sent, events=seen)

    def _contact(self) -> Contact:
        created = self._ago(400)
        origin = Origin(mechanism="import_google-csv", job=new_id(), row=1)
        return Contact(
            ambassador_id=new_id(),
            first_name="Ada",
            last_name="Martin",
            email="person@example.org",
            street="12 rue des Lilas",
            city="Lyon",
            postal_code="69003",
            country="FR",
            mobile_phone="+33 6 39 98 00 00",
            tags=("Friends", "myContacts"),
            ambassador_opt_in=AmbassadorOptIn.NEW,
            ambassador_opt_in_at=created,
            created_at=created,
            created_by=origin,
            modified_at=created,
            modified_by=origin,
        )

    def _ago(self, days: int) -> datetime:
        return self._now - timedelta(days=days)


def lives(due: int, held: int, *, scattered: bool = False) -> Iterator[str]:
    """For each record what it went through; whole books are due, as an import is when its time has come, or `scattered` ones."""
    if scattered:
        for number in range(held):
            earlier, now = number * due // held, (number + 1) * due // held
            yield DUE_LIVES[earlier % len(DUE_LIVES)] if now > earlier else _HELD[number % len(_HELD)]
        return
    books = -(-held // CONTACTS_AN_AMBASSADOR)
    due_books = -(-due // CONTACTS_AN_AMBASSADOR)
    made = number = 0
    for book in range(books):
        is_due = (book + 1) * due_books // books > book * due_books // books
        for _ in range(min(CONTACTS_AN_AMBASSADOR, held - number)):
            if is_due and made < due:
                yield DUE_LIVES[made % len(DUE_LIVES)]
                made += 1
            else:
                yield _HELD[number % len(_HELD)]
            number += 1
