"""Every workflow as a story of requests, timers and time, small enough to be stopped at each of its operations."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from shared.domain.ambassador import Gender
from shared.domain.anonymisation import anonymised_contact
from shared.domain.collecting import Arrival, Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.directory import DirectoryRow
from shared.domain.flows import FlowPurpose
from shared.domain.ids import new_id
from shared.domain.ledger import Evidence
from shared.domain.publication import Content
from shared.domain.rights import RightKind
from shared.domain.suppression import SuppressionReason
from shared.domain.tokens import Purpose
from shared.ports import Fate, Identity, Query
from shared.usecases import (
    answer,
    claims,
    collect,
    confirm,
    contacts,
    erasure,
    flows,
    import_contacts,
    invite,
    leaving,
    link_address_book,
    mail_events,
    provider_log_in,
    provider_sign_up,
    recover,
    resetting,
    rights,
    rights_links,
    sign_up,
    suppressing,
    sweep,
)
from shared.usecases.answer import Answer, Scope
from shared.usecases.saving import Edit, change, save
from shared.usecases.sessions import Caller
from shared.usecases.sync_ambassadors import delete_ambassadors, upsert_ambassadors
from tests.support.restarting import Suite

TICKED = Said(ambassador=True)
Act = Callable[[Suite], Awaitable[object]]

ADA, BEA, CLEO = "ada@example.org", "bea@example.org", "cleo@example.org"
ASKED = tuple(f"asked{number}@example.com" for number in range(1, 5))
PEOPLE = tuple(f"person{number}@example.com" for number in range(1, 6))


class Kind(StrEnum):
    """Who starts a step, which says who starts it again after a crash."""

    CALL = "call"  # somebody outside, who may ask again when no answer came
    TIMER = "timer"  # comes again by itself
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    kind: Kind
    act: Act


@dataclass(frozen=True, slots=True)
class Workflow:
    """A story. `whole` says that a call without an answer was done wholly or not at all once all is recovered.

    `anew` says that asking again is another wish (a second publication), not the same one.
    """

    name: str
    prepare: Act
    steps: tuple[Step, ...]
    whole: bool = True
    anew: bool = False
    ranges: int = 1  # of the contacts


def call(act: Act) -> Step:
    """A request from outside."""
    return Step(Kind.CALL, act)


def later(**time: float) -> Step:
    """Time that passes."""

    async def act(suite: Suite) -> None:
        suite.clock.advance(timedelta(**time))

    return Step(Kind.TIME, act)


async def _sweep(suite: Suite) -> None:
    await suite.timer(sweep.start_sweep)


async def _recover(suite: Suite) -> None:
    await suite.timer(recover.recover)


SWEEP = Step(Kind.TIMER, _sweep)
RECOVER = Step(Kind.TIMER, _recover)


async def _people(suite: Suite) -> None:
    """Three ambassadors of one brand and one of another; each has everybody in the book."""
    suite.known["addresses"] = [*PEOPLE, ADA, BEA, CLEO, "listed@example.com", "gone@example.com", "fresh@example.com"]
    for brand, email in (("acme", ADA), ("acme", BEA), ("acme", CLEO), ("globex", ADA)):
        account = await suite.world.ambassador(brand, email)
        suite.known[brand, email] = account.id


async def _book(suite: Suite) -> None:
    await _people(suite)
    for person in PEOPLE:
        await _enter(suite, person)
    suite.mailer.always_for(PEOPLE[4], Fate.REFUSED)


async def _invited(suite: Suite) -> None:
    await _people(suite)
    for brand, email in (("acme", ADA), ("acme", BEA), ("acme", CLEO), ("globex", ADA)):
        for person in PEOPLE[:3]:
            await _enter(suite, person, brand, email)
        await _invite(suite, brand, email)
    await suite.drain()
    suite.clock.advance(days=1)


async def _accepted(suite: Suite) -> None:
    await _invited(suite)
    for person in PEOPLE[:3]:
        await _answer(person, Answer.ACCEPT)(suite)


async def _enter(suite: Suite, person: str, brand: str = "acme", ambassador: str = ADA, **fields: Any) -> Contact:
    known = {"email": person, "first_name": person[:7].title(), **fields}
    contact, _ = await contacts.enter(await suite.brand(brand), suite.known[brand, ambassador], known)
    return contact


async def _invite(suite: Suite, brand: str = "acme", ambassador: str = ADA) -> None:
    await invite.invite(await suite.brand(brand), suite.known[brand, ambassador], None)


async def _nobody(suite: Suite) -> None:
    suite.known["addresses"] = [ADA, BEA]


async def _registered(suite: Suite) -> None:
    await _nobody(suite)
    for email in (ADA, BEA):
        await _sign_up(email)(suite)
    await suite.drain()
    await _confirm(BEA)(suite)


def _sign_up(email: str) -> Act:
    async def act(suite: Suite) -> None:
        fields = {"gender": Gender.OTHER, "first_name": "Ada", "last_name": "Ambassador", "alias": "ada"}
        await sign_up.sign_up(await suite.brand(), sign_up.SignUp(email, "correct horse battery", fields), "192.0.2.1")

    return act


def _confirm(email: str) -> Act:
    async def act(suite: Suite) -> None:
        await sign_up.confirm_sign_up(suite.world.brands, suite.link(Purpose.CONFIRM_SIGN_UP, email))

    return act


def _answer(person: str, given: Answer) -> Act:
    async def act(suite: Suite) -> None:
        token = suite.link(Purpose.INVITATION, person)
        asked = await answer.open_link(suite.world.brands, Purpose.INVITATION, token)
        await answer.answer_invitation(asked, given, text_version="1", ip="192.0.2.1")

    return act


def _fill_in(person: str, said: Said = TICKED, message: str | None = None) -> Act:
    """Somebody fills in the form on Ada's blog."""

    async def act(suite: Suite) -> None:
        brand = await suite.brand()
        form = Arrival(
            source=Source.BLOG, ambassador=suite.known["acme", ADA], fields={"email": person, "first_name": "Form"},
            said=said, at=brand.now(), key="blog", message=message,
        )  # fmt: skip
        await collect.arrive(brand, form)

    return act


def _press(person: str) -> Act:
    """The button behind the newest confirmation mail."""

    async def act(suite: Suite) -> None:
        token = suite.link(Purpose.CONFIRM_CONTACT, person)
        await confirm.confirm(suite.world.brands, token, shown=None, text_version="1", ip="192.0.2.1")

    return act


async def _asked_beside(suite: Suite) -> None:
    """Four people who filled in Ada's form: known to her, opted out of her, opted out of all, and only a hash by now."""
    known, hash_only, opted_out, of_all = ASKED
    suite.known["addresses"] = [ADA, BEA, *ASKED]
    for email in (ADA, BEA):
        suite.known["acme", email] = (await suite.world.ambassador("acme", email)).id
    brand, day = await suite.brand(), timedelta(days=1)
    await suppressing.suppress(brand, brand.hasher.ref(of_all), SuppressionReason.GLOBAL_OPT_OUT, brand.now() - day)
    for person, state, ambassador in (
        (known, AmbassadorOptIn.NEW, ADA),
        (hash_only, AmbassadorOptIn.OPT_OUT_EMAIL, ADA),
        (opted_out, AmbassadorOptIn.OPT_OUT_EMAIL, ADA),
        (of_all, AmbassadorOptIn.OPT_OUT_GLOBAL, ADA),
        (of_all, AmbassadorOptIn.OPT_OUT_GLOBAL, BEA),
    ):
        await _seed(suite, ambassador, person, state, BrandOptIn.NONE, day, None)
    contact = await suite.world.contact_of(hash_only)
    await change(brand, contact.ambassador_id, contact.id, lambda c: anonymised_contact(c, brand.now(), "RET-5"))
    for person in ASKED:
        await _fill_in(person, Said(True, True))(suite)
    await suite.drain()


def _opt_out(person: str, scope: Scope) -> Act:
    async def act(suite: Suite) -> None:
        (mail, *_) = [mail for mail in suite.mailer.sent_to(person) if mail.custom_id.startswith("acme.")]
        token = mail.text.partition("/u/")[2].split()[0]
        asked = await answer.open_link(suite.world.brands, Purpose.OPT_OUT, token)
        await answer.opt_out(asked, scope, mechanism="opt_out_page", text_version="1", ip=None)

    return act


async def _publish(suite: Suite) -> None:
    page = Content(title="Teapot", url="https://acme.example/teapot")
    brand = await suite.brand()
    await invite.publish(
        brand, suite.known["acme", CLEO], subject="New teapots", body="Look", contents=[page], contacts=None
    )


GOOGLE_FILE = f"""First Name,Last Name,E-mail 1 - Value,Phone 1 - Value,Phone 1 - Type
Fresh,One,fresh@example.com,,
Fresh,Again,FRESH@example.com,0123,Mobile
Listed,Person,listed@example.com,,
Gone,Person,gone@example.com,,
Known,Person,{PEOPLE[0]},0456,Mobile
Only,Name,,,
Only,Name,,,
Bad,Address,not an address,,
Second,Person,{PEOPLE[1]},,
Third,Person,{PEOPLE[2]},,
Fourth,Person,{PEOPLE[3]},,
""".encode()


async def _before_the_import(suite: Suite) -> None:
    await _people(suite)
    brand = await suite.brand()
    for person in (PEOPLE[0], "gone@example.com"):
        await _enter(suite, person)
    ref = brand.hasher.ref("listed@example.com")
    await suppressing.suppress(brand, ref, SuppressionReason.SPAM, brand.now())
    await _invite(suite)
    await suite.drain()
    await _opt_out("gone@example.com", Scope.AMBASSADOR)(suite)


def _import(file: bytes, format: str | None = "google-csv") -> Act:
    async def act(suite: Suite) -> None:
        await import_contacts.start_import(await suite.brand(), suite.known["acme", ADA], file, format)

    return act


def _events(*events: tuple[str, str, int]) -> Act:
    """What the provider says: event, person, minute; a second time in one body too, and one that is nobody's."""

    async def act(suite: Suite) -> None:
        at = int(suite.clock.now().timestamp()) - 3600
        raw: list[object] = [{"event": "sent", "email": "x@example.com", "time": at, "CustomID": "someone.else"}]
        for name, person, minute in (*events, events[0]):
            mail = suite.mailer.sent_to(person)[0]
            extra = {"hard_bounce": True} if name == "hard" else {}
            event = {"hard": "bounce", "soft": "bounce"}.get(name, name)
            about = {"CustomID": mail.custom_id, "email": person, "MessageID": 7}
            raw.append({"event": event, "time": at + minute * 60, **about, **extra})
        await mail_events.receive_events(suite.world.brands, suite.world.quarantine, raw)

    return act


async def _every_rule(suite: Suite) -> None:
    """Three records due under each rule of the table, and three that are not due."""
    await _people(suite)
    await _old_records(suite, 3)


async def _a_few_due(suite: Suite) -> None:
    """One record under each of some rules: what matters is what lies between the ranges."""
    await _people(suite)
    await _old_records(suite, 1)


async def _old_records(suite: Suite, each: int) -> None:
    suite.known["addresses"] += [f"{state.value}{n}@example.com" for state in AmbassadorOptIn for n in range(each)]
    await _sign_up("zoe@example.org")(suite)
    await suite.drain()
    suite.known["addresses"].append("zoe@example.org")
    states = AmbassadorOptIn
    for state, brand_opt_in, days, last_call in (
        (states.NEW, BrandOptIn.NONE, 40, None),
        (states.BLOG_PENDING, BrandOptIn.NONE, 40, None),
        (states.INVITATION_SENT, BrandOptIn.NONE, 20, None),
        (states.INVITATION_SENT, BrandOptIn.NONE, 60, 16),
        (states.OPT_OUT_EMAIL, BrandOptIn.NONE, 400, None),
        (states.OPT_OUT_NO_ACTION, BrandOptIn.BLOG, 400, None),
        (states.INVITATION_ACCEPTED, BrandOptIn.BRAND_DATABASE, 2000, None),
        (states.STORAGE_ONLY, BrandOptIn.NONE, 2000, None),
        (states.OPT_IN_OTHER, BrandOptIn.NONE, 10, None),
    ):
        for number in range(each):
            call_at = suite.clock.now() - timedelta(days=last_call) if last_call else None
            person = f"{state.value}{number}@example.com"
            of = BEA if last_call else ADA
            await _seed(suite, of, person, state, brand_opt_in, timedelta(days=days), call_at)
    suite.clock.advance(days=16)


async def _seed(
    suite: Suite,
    ambassador: str,
    person: str,
    state: AmbassadorOptIn,
    brand_opt_in: BrandOptIn,
    age: timedelta,
    last_call_at: Any,
) -> None:
    at = suite.clock.now() - age
    contact = Contact(
        ambassador_id=suite.known["acme", ambassador], first_name="Somebody", email=person,
        ambassador_opt_in=state, ambassador_opt_in_at=at, brand_opt_in=brand_opt_in, brand_opt_in_at=at,
        last_call_at=last_call_at, created_at=at, created_by=Origin(mechanism="crm"), modified_at=at,
        modified_by=Origin(mechanism="crm"),
    )  # fmt: skip
    await save(await suite.brand(), Edit(None, contact, Evidence(actor="system", mechanism="migration")))


async def _link(suite: Suite) -> None:
    """An ambassador lets a provider tell the contacts: there, and back."""
    brand = await suite.brand()
    account = await brand.ambassadors.get(suite.known["acme", ADA], suite.known["acme", ADA])
    assert account
    linking = await link_address_book.begin(Caller(brand, account, "session"), "google")
    answer = {"state": linking.sent.url.partition("state=")[2]}
    taken = await flows.take(brand.ports, answer["state"], linking.sent.key, FlowPurpose.ADDRESS_BOOK)
    await link_address_book.finish(suite.world.brands, taken, answer)


async def _accept(suite: Suite) -> None:
    """Somebody whom the directory vouches for accepts the terms."""
    brand, flow = await suite.brand(), new_id()
    identity = Identity(subject="tenant.person", email=ADA, first_name="Ada", last_name="Ambassador")
    key = await flows.keep(brand.ports, flow, FlowPurpose.SIGN_UP, "sso", brand.id, {})
    fields = {"gender": Gender.FEMALE, "first_name": "Ada", "last_name": "Ambassador", "alias": "ada"}
    newcomer = provider_log_in.Newcomer(brand, "sso", flow, key, identity)
    await provider_sign_up.accept(newcomer, provider_sign_up.Accepted(None, fields), None)


async def _leavers(suite: Suite) -> None:
    """An ambassador with a page name and contacts of each sort, and a colleague who stays."""
    await _registered(suite)
    await _confirm(ADA)(suite)
    account = await claims.by_email(await suite.brand(), ADA)
    assert account
    suite.known["acme", ADA] = account.record.id
    suite.known["addresses"] = [*PEOPLE, ADA, BEA]
    for person in PEOPLE[:2]:
        await _enter(suite, person)
    await _seed(suite, ADA, PEOPLE[2], AmbassadorOptIn.OPT_OUT_EMAIL, BrandOptIn.NONE, timedelta(0), None)
    await _seed(suite, ADA, PEOPLE[3], AmbassadorOptIn.OPT_IN_BLOG, BrandOptIn.BLOG, timedelta(0), None)
    await _seed(suite, ADA, PEOPLE[4], AmbassadorOptIn.BLOG_PENDING, BrandOptIn.NONE, timedelta(0), None)


async def _asked_for_rights(suite: Suite) -> None:
    """A person in two books, who holds the link of a mail."""
    person, suite.known["addresses"] = PEOPLE[0], [PEOPLE[0]]
    for ambassador in (ADA, BEA):
        suite.known["acme", ambassador] = (await suite.world.ambassador("acme", ambassador)).id
        await _enter(suite, person, ambassador=ambassador, customer_id="C-1")
    await rights_links.ask_for_link(await suite.brand(), person, "en", None)
    await suite.drain()
    suite.known["form"] = new_id()


async def _ask_for_rights(suite: Suite) -> None:
    await rights_links.ask_for_link(await suite.brand(), PEOPLE[0], "en", None)


def _use_right(kind: RightKind, **more: Any) -> Act:
    async def act(suite: Suite) -> None:
        brand = await suite.brand()
        (link,) = [i.record async for page in brand.rights_links.pages(Query(order_by="askedAt")) for i in page]
        opened = rights_links.OpenRights(brand, link)
        await rights.use_right(opened, kind, suite.known["form"], **more)

    return act


async def _remove(suite: Suite) -> None:
    await leaving.remove(await suite.brand(), suite.known["acme", ADA], "brand")


async def _restore(suite: Suite) -> None:
    await leaving.restore(await suite.brand(), suite.known["acme", ADA], "brand")


async def _member(suite: Suite) -> None:
    """One ambassador with an address, a password and a customer ID."""
    await _nobody(suite)
    brand, made = await suite.brand(), await suite.world.ambassador("acme", ADA)
    found = await brand.ambassadors.get(made.id, made.id)
    assert found
    with_more = made.changed(customer_id="K-17", customer_id_vouched=True, password_hash="a hash").settled(brand.hasher)
    await claims.bind(brand, (await brand.ambassadors.replace(found, with_more)).record)
    suite.known["acme", ADA] = made.id
    suite.known["addresses"] = [ADA, "countess@example.org"]


async def _forget(suite: Suite) -> None:
    await resetting.forget_password(await suite.brand(), ADA, None)


async def _asked_for_a_link(suite: Suite) -> None:
    await _member(suite)
    await _forget(suite)
    await suite.drain()


async def _reset(suite: Suite) -> None:
    await resetting.save_password(suite.world.brands, suite.link(Purpose.RESET_PASSWORD, ADA), "another password")


def _directory(**fields: Any) -> Act:
    async def act(suite: Suite) -> None:
        await upsert_ambassadors(await suite.brand(), [DirectoryRow("K-17", fields)])

    return act


async def _no_longer_in_the_directory(suite: Suite) -> None:
    await delete_ambassadors(await suite.brand(), ["K-17"])


async def _all_messages_lost(suite: Suite) -> None:
    """Work of every sort was asked for, and every message of it went missing."""
    await _people(suite)
    await _old_records(suite, 1)
    for person in PEOPLE[:3]:
        await _enter(suite, person, "acme", CLEO)
    await _import(GOOGLE_FILE)(suite)
    await _invite(suite, "acme", CLEO)
    await _sweep(suite)
    await _sign_up("yan@example.org")(suite)
    suite.known["addresses"].append("yan@example.org")
    brand = await suite.brand()
    for person in PEOPLE[1:3]:
        ref = brand.hasher.ref(person)
        await suppressing.suppress(brand, ref, SuppressionReason.GLOBAL_OPT_OUT, brand.now(), reach=True)
    suite.queue.queues.clear()
    suite.clock.advance(minutes=11)


async def _enter_fresh(suite: Suite) -> None:
    await _enter(suite, "fresh@example.com", mobile_phone="0123")


async def _erase(suite: Suite) -> None:
    await erasure.request_erasure(await suite.brand(), PEOPLE[0], "staff")


WORKFLOWS = (
    Workflow("sign up and confirm", _nobody,
             (call(_sign_up(ADA)), call(_confirm(ADA)), later(days=16), SWEEP)),
    Workflow("sign up again", _registered,
             (call(_sign_up(ADA)), call(_sign_up(BEA)), later(days=16), SWEEP)),
    Workflow("enter a contact", _people, (call(_enter_fresh), call(_enter_fresh))),
    Workflow("import a file", _before_the_import, (call(_import(GOOGLE_FILE)),), whole=False),
    Workflow("import a broken file", _people, (call(_import(b"\x00\x01\x02" * 50, None)),), whole=False),
    Workflow("ask for the link to one's rights", _asked_for_rights, (call(_ask_for_rights),), anew=True),
    Workflow("correct by right", _asked_for_rights,
             (call(_use_right(RightKind.RECTIFICATION, changes={"first_name": "Grace"})),)),
    Workflow("erase by right", _asked_for_rights, (call(_use_right(RightKind.ERASURE)),)),
    Workflow("erase an address", _asked_for_rights, (call(_erase),), anew=True),
    Workflow("link an account", _book, (call(_link),), whole=False),
    Workflow("sign up by the directory", _nobody, (call(_accept), later(days=16), SWEEP)),
    Workflow("invite, invite again, lapse, forget", _book,
             (call(_invite), later(days=16), SWEEP, later(days=16), SWEEP, later(days=366), SWEEP), whole=False),
    Workflow("publish", _accepted, (call(_publish),), whole=False, anew=True),
    Workflow("answer", _invited,
             (call(_answer(PEOPLE[0], Answer.ACCEPT)), later(hours=1), call(_answer(PEOPLE[1], Answer.DECLINE)),
              later(hours=1), call(_answer(PEOPLE[0], Answer.DECLINE)))),
    Workflow("fill in a form and confirm", _people,
             (call(_fill_in(PEOPLE[0], message="Hello")), call(_press(PEOPLE[0])))),
    Workflow("confirm beside what is known", _asked_beside, tuple(call(_press(person)) for person in ASKED)),
    Workflow("opt out of an ambassador", _accepted, (call(_opt_out(PEOPLE[0], Scope.AMBASSADOR)),)),
    Workflow("opt out of a brand", _accepted,
             (call(_opt_out(PEOPLE[0], Scope.BRAND)), call(_opt_out(PEOPLE[1], Scope.BRAND)))),
    Workflow("mail events", _invited,
             (call(_events(("hard", PEOPLE[0], 1), ("sent", PEOPLE[1], 2), ("unsub", PEOPLE[1], 3), ("open", PEOPLE[2], 4),
                           ("click", PEOPLE[2], 5))),
              call(_events(*(("soft", PEOPLE[2], minute) for minute in range(10, 16))))), whole=False),
    Workflow("sweep by every rule", _every_rule, (SWEEP,)),
    Workflow("sweep in two ranges", _a_few_due, (SWEEP,), ranges=2),
    Workflow("leave and be forgotten", _leavers, (call(_remove), later(days=7), SWEEP)),
    Workflow("warned twice and forgotten", _leavers,
             (later(days=1065), SWEEP, later(days=16), SWEEP, later(days=16), SWEEP), whole=False),
    Workflow("leave and come back", _leavers,
             (call(_remove), later(days=6), call(_restore), later(days=2), SWEEP)),
    Workflow("forget a password", _member, (call(_forget),), anew=True),
    Workflow("set another password", _asked_for_a_link, (call(_reset),)),
    Workflow("follow the directory", _member,
             (call(_directory(first_name="Augusta")), call(_directory(email="countess@example.org")),
              call(_no_longer_in_the_directory), later(days=7), SWEEP), whole=False),
    Workflow("recover from lost messages", _all_messages_lost, (RECOVER,)),
)  # fmt: skip
