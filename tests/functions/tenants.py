"""Two brands with one of everything, for tests in which one reaches for what is the other's."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared import app
from shared.domain.api_keys import ApiScope
from shared.domain.custom_id import CustomId
from shared.domain.flags import Flag
from shared.domain.flows import FlowPurpose
from shared.domain.forms import Form, FormKind
from shared.domain.ids import new_id, new_short_id
from shared.domain.jobs import Run
from shared.domain.policy import ConsentBox
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.domain.staff import Role, StaffMember
from shared.domain.vouchers import Voucher, new_code
from shared.usecases import flows, forms
from shared.usecases.api_keys import create_key
from shared.usecases.brands import Brand
from shared.usecases.claims import take_blog_alias
from shared.usecases.contests import save_contest
from tests.functions.suite import PASSWORD, SignedIn, Suite
from tests.support.pictures import picture

FORM: dict[str, Any] = {
    "password": PASSWORD,
    "gender": "female",
    "firstName": "Nina",
    "lastName": "New",
    "alias": "nina",
    "acceptTerms": True,
}


EXTERNAL = "game"  # the name of a form of its machines that every brand has
CONTENT = {"title": "Box", "url": "https://shop.example/box"}


@dataclass(frozen=True, slots=True)
class Tenant:
    """An ambassador of a brand, and one of everything that is theirs."""

    me: SignedIn
    contact: str
    job: str
    run: str
    publication: str
    photo: str
    contest: str
    custom_id: str
    invitation: str
    opt_out: str
    sign_up: str
    staff: dict[str, str]
    team: dict[str, str]
    user: str
    flag: str
    request: str
    flow: str
    flow_key: str
    key_id: str
    key: str
    form: str
    page: str
    voucher: str

    def thing(self, path: str) -> str:
        """What the placeholder of a path stands for."""
        if "{code}" in path:
            return self.voucher
        if "/api-keys/" in path:
            return self.key_id
        if "/rights/" in path:
            return self.request
        if "/flags/" in path:
            return self.flag
        if "/forms/" in path:
            return self.form
        if "/users/" in path:
            return self.user
        if "/ambassadors/" in path:
            return self.me.account.id
        if "/ugc/" in path:
            return self.photo
        if "/contests/" in path:
            return self.contest
        if "/publications/" in path or "/comments/" in path:
            return self.publication
        return self.job if "{jobId}" in path else self.run if "/runs/" in path else self.contact


@dataclass(frozen=True, slots=True)
class Tenants:
    """The caller, a neighbour at the same brand, and a stranger at another."""

    mine: Tenant
    neighbour: Tenant
    foreign: Tenant


async def settle(suite: Suite) -> Tenants:
    """Lets three ambassadors move in."""
    mine = await move_in(suite, "acme", "ada@example.org")
    neighbour = await move_in(suite, "acme", "bob@example.org")
    foreign = await move_in(suite, "globex", "gil@example.org")
    return Tenants(mine, neighbour, foreign)


def link(suite: Suite, to: str, part: str) -> str:
    """The token of the newest link of a kind that was mailed to an address."""
    found = [match for mail in suite.world.mailer.sent_to(to) for match in re.findall(rf"/{part}/(\S+)", mail.text)]
    assert found, f"no /{part}/ link"
    return str(found[-1])


async def _contest(brand: Brand) -> str:
    """A contest that is open."""
    ends = brand.now() + timedelta(days=9)
    return (await save_contest(brand, new_id(), title="T", usage="U", ends_at=ends, days=9)).id


async def move_in(suite: Suite, brand: str, email: str) -> Tenant:
    """Lets an ambassador move in with one of everything."""
    me = await suite.sign_in(email, brand)
    friend, newcomer = f"friend.of.{email}", f"newcomer.of.{email}"
    contact = await me.enter(friend, firstName="Grace")
    job = await me.invite(contact)
    await suite.http.post(f"/api/brands/{brand}/ambassadors", json={**FORM, "email": newcomer})
    await suite.world.drain()
    news = {"channel": "facebook", "subject": "News", "body": "Look", "contents": [CONTENT]}
    shared = await me.call("POST", "/publications", json=news)
    await me.call(
        "POST", "/publications", json={**news, "channel": "email", "all": True}
    )  # the day's points are earned
    photo = await me.call("POST", "/ugc", content=picture())
    opened, ports = await app.brand(brand), app.ports_of_the_suite()
    run = Run(started_at=opened.now())
    await opened.runs.create(run)
    record = await suite.world.contact_of(friend, brand)
    form = f"of-{new_short_id()}"
    for id, kind in ((form, FormKind.INTERNAL), (EXTERNAL, FormKind.EXTERNAL)):
        boxes: tuple[ConsentBox, ...] = ("ambassador", "brand", "partners")
        await forms.put(opened, Form(id=id, kind=kind, title={"en": "Join us"}, boxes=boxes, changed_at=opened.now()))
    current = await opened.ambassadors.get(me.account.id, me.account.id)
    assert current
    page = await take_blog_alias(opened, current.record.changed(alias=email.partition("@")[0]))
    await opened.ambassadors.replace(current, current.record.changed(blog_alias=page))
    now = opened.now()
    voucher = Voucher(
        id=new_code(),
        ambassador_id=me.account.id,
        contact_id=contact,
        issued_at=now,
        expires_at=now + timedelta(days=90),
    )
    await opened.vouchers.create(voucher)
    key, text = await create_key(opened, set(ApiScope), "staff")
    return Tenant(
        me=me,
        contact=contact,
        job=job,
        run=run.id,
        publication=shared.json()["publicationId"],
        photo=photo.json()["id"],
        contest=await _contest(opened),
        custom_id=str(CustomId(brand, me.account.id, contact, record.mails[0].id)),
        invitation=link(suite, friend, "i"),
        opt_out=link(suite, friend, "u"),
        sign_up=link(suite, newcomer, "c"),
        staff=await suite.staff(Role.BRAND_ADMIN, brand),
        team=await suite.staff(Role.ACCOUNT_TEAM, brand),
        flag=(await _flag(opened)).id,
        request=(await _request(opened)).id,
        user=(await app.staff().create(StaffMember(id=new_id(), role=Role.BRAND_SUPPORT, brands=(brand,)))).record.id,
        flow=(flow := new_id()),
        flow_key=await flows.keep(ports, flow, FlowPurpose.AMBASSADOR, "sso", brand, {"secrets": {}}),
        key_id=key.id,
        key=text,
        form=form,
        page=page,
        voucher=voucher.id,
    )


async def _flag(brand: Brand) -> Flag:
    subject, now = new_id(), brand.now()
    raised = Flag.raised(f"click_burst.{subject}", "click_burst", subject, "90", now)
    return (await brand.flags.create(raised)).record


async def _request(brand: Brand) -> RightsRequest:
    now = brand.now()
    due = now + timedelta(days=30)
    asked = RightsRequest(
        kind=RightKind.OTHER,
        state=RightState.OPEN,
        subject="v1.aa",
        received_at=now,
        due_at=due,
        waiting_until=due,
        email="friend@example.org",
        text="Who are you?",
    )
    return (await brand.rights.create(asked)).record
