"""A preview of any date is exactly what the sweep of that date then does, over random populations (RET-17)."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain import containers as c
from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, Gender, LeftBecause
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind, Origin, Outgoing
from shared.domain.contest import Contest
from shared.domain.disposition import Done
from shared.domain.flags import Flag
from shared.domain.ledger import Evidence
from shared.domain.policy import BrandStatus, Durations, StatusAction
from shared.domain.retention import RuleId
from shared.domain.ugc import Ugc
from shared.ports import Query
from shared.usecases import sweep
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.saving import Edit, save_many
from tests.support.acts import fresh_world
from tests.support.records import days
from tests.support.world import World, brand_record

BRANDS = ("acme", "globex", "initech", "hooli", "umbra")
STATES = [state for state in AmbassadorOptIn if state is not AmbassadorOptIn.BLOG_PENDING]
ORIGIN, EVIDENCE = Origin(mechanism="crm"), Evidence(actor="system", mechanism="crm")
Ends = dict[str, Done]
REPORTED: Counter[RuleId] = Counter()


class Population:
    """Everybody of some brands, at random, as they are after years; the same for the same seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.now = world.clock.now()
        self.rng = random.Random(seed)
        self.made = 0

    async def settle(self) -> None:
        """Lets them be there."""
        for id in BRANDS:
            durations = Durations(
                new=self.rng.choice((7, 30, 90)), invitation=self.rng.choice((7, 15, 60)),
                inactive_contact=self.rng.choice((90, 1095)), inactive_ambassador=self.rng.choice((180, 1095)),
                brand_suspended=self.rng.choice((30, 183)),
            )  # fmt: skip
            brand = await self.world.brand(id)
            await self.world.brands.save_policy(id, brand.policy.changed(durations=durations))
            brand = await self.world.brand(id)
            accounts = [self._account(brand) for _ in range(12)]
            await brand.ambassadors.write_many([Change(None, account) for account in accounts])
            await save_many(brand, [Edit(None, self._contact(one), EVIDENCE) for one in accounts for _ in range(6)])
            await brand.ugc.write_many([Change(None, self._photo(account)) for account in accounts])
            await brand.flags.write_many([Change(None, self._flag(account)) for account in accounts])
        await self._stand("globex", StatusAction.SUSPEND, 200)
        await self._stand("initech", StatusAction.END, 10)
        await self._stand("hooli", StatusAction.SUSPEND, 20)

    def ago(self, most: int) -> datetime:
        """A time within so many days."""
        return self.now - timedelta(days=self.rng.randrange(most), seconds=self.rng.randrange(86400))

    def perhaps(self, chance: float, value: Any) -> Any:
        """A value, or none."""
        return value if self.rng.random() < chance else None

    def _name(self) -> str:
        self.made += 1
        return f"p{self.made}"

    def _account(self, brand: Brand) -> Ambassador:
        created, name = self.ago(1500), self._name()
        status = self.rng.choice((*[AccountStatus.ACTIVE] * 5, AccountStatus.LEAVING, AccountStatus.UNCONFIRMED))
        left = status is AccountStatus.LEAVING
        seen = max(self.ago(1300), created)
        warned = sorted(self.ago(40) for _ in range(self.rng.choice((0, 1, 2)))) if seen < self.now - days(150) else ()
        account = Ambassador(
            status=status, created_at=created, gender=Gender.FEMALE, first_name=name, last_name="Test", alias=name,
            confirmed_at=None if status is AccountStatus.UNCONFIRMED else created, email=f"{name}@example.org",
            terms_accepted_at=created, terms_version="1", last_login_at=None if left else seen,
            warned=() if left or status is AccountStatus.UNCONFIRMED else tuple(warned),
            left_at=self.ago(14) if left else None, left_because=LeftBecause.UNSUBSCRIBED if left else None,
        )  # fmt: skip
        return account.settled(brand.hasher)

    def _contact(self, account: Ambassador) -> Contact:
        created, rng = max(self.ago(1300), account.created_at), self.rng
        pending = rng.random() < 0.1
        state = AmbassadorOptIn.BLOG_PENDING if pending else rng.choice(STATES)
        since = self.perhaps(0.5, self.ago(60)) or created
        brand_side = BrandOptIn.NONE if pending else rng.choice((BrandOptIn.NONE, *BrandOptIn))
        claim = Outgoing(mail="m" * 8, kind=MailKind.INVITATION, at=self.now)
        called = state is AmbassadorOptIn.INVITATION_SENT and rng.random() < 0.5
        return Contact(
            ambassador_id=account.id, email=f"{self._name()}@example.com", ambassador_opt_in=state,
            ambassador_opt_in_at=max(since, created), becomes=AmbassadorOptIn.OPT_IN_BLOG if pending else None,
            brand_opt_in=brand_side, brand_opt_in_at=None if brand_side is BrandOptIn.NONE else created,
            restricted_at=self.perhaps(0.1, self.now), detached_at=self.perhaps(0.05, self.now),
            doubted=self.perhaps(0.1, claim), last_call_at=max(self.ago(60), created) if called else None,
            last_activity_at=self.perhaps(0.3, max(self.ago(400), created)), created_at=created, created_by=ORIGIN,
            modified_at=created, modified_by=ORIGIN, owned_by_brand_sync=rng.random() < 0.05,
        )  # fmt: skip

    def _photo(self, account: Ambassador) -> Ugc:
        given = max(self.ago(300), account.created_at)
        photo = Ugc(ambassador_id=account.id, created_at=given, file=f"f/{self._name()}", key="k")
        if self.rng.random() < 0.3:
            return photo
        lasts = self.rng.choice((30, 200, 400))
        contest = Contest(id="c", title="t", usage="u", ends_at=given, days=lasts, created_at=given)
        return photo.agreed(contest, given)

    def _flag(self, account: Ambassador) -> Flag:
        return Flag.raised(self._name(), "click_burst", account.id, "many", self.ago(500))

    async def _stand(self, id: str, action: StatusAction, most: int) -> None:
        current = await self.world.brands.record(id)
        await self.world.brands.save(current, current.record.after(action, self.ago(most), "staff:s", "so"))


async def documents(world: World, brand: str, container: c.Container) -> dict[str, dict[str, Any]]:
    """What is stored, by id."""
    page = await world.ports.store.brand(brand, container).query(Query(limit=1000))
    return {item.document["id"]: item.document for item in page.items}


async def everything(world: World, brand: str) -> dict[str, dict[str, dict[str, Any]]]:
    """What a sweep can touch."""
    return {kind.name: await documents(world, brand, kind) for kind in (c.CONTACTS, c.AMBASSADORS, c.UGC, c.FLAGS)}


async def swept(world: World, brand: str) -> None:
    """A sweep runs, and nothing else."""
    await sweep.start_sweep(await world.brand(brand))
    while message := world.queue.pop(sweep.QUEUE):
        await world.handle(sweep.QUEUE, message)


async def became(world: World, brand: str, before: dict[str, dict[str, dict[str, Any]]], at: datetime) -> Ends:
    """What became of everybody, read off the documents alone."""
    after = await everything(world, brand)
    ends: Ends = {}
    for kind, known in before.items():
        for id, was in known.items():
            end = _end(kind, was, after[kind].get(id), at)
            if end:
                ends[id] = end
    for batch in (await documents(world, brand, c.BATCHES)).values():
        ends = {contact: Done.SECOND_INVITATION_QUEUED for _, contact in batch["recipients"]} | ends
    return ends


def _end(kind: str, was: dict[str, Any], now: dict[str, Any] | None, at: datetime) -> Done | None:
    if kind == c.UGC.name:
        due = "deleteAt" in was and datetime.fromisoformat(was["deleteAt"]) <= at
        return Done.DELETED if due and not (now and "file" in now) else None  # the others go with their account
    if kind == c.FLAGS.name:
        due = datetime.fromisoformat(was["at"]) + days(365) <= at
        return Done.DELETED if due and now is None else None  # as above
    if now is None:
        return Done.DELETED
    if kind == c.AMBASSADORS.name:
        if now["status"] == "anonymised" != was["status"]:
            return Done.ANONYMISED
        owed = any(mail["kind"] == AccountMail.INACTIVE for mail in now.get("owed", ()))
        return Done.WARNING_QUEUED if owed else None
    if "anonymisedAt" in now and "anonymisedAt" not in was:
        return Done.ANONYMISED
    if "detachedAt" in now and "detachedAt" not in was:
        return Done.LEFT_TO_THE_BRAND
    lapsed = now.get("ambassadorOptIn") == "opt_out_no_action" != was["ambassadorOptIn"]
    return Done.OPTED_OUT if lapsed else None


async def last_run(world: World, brand: str) -> dict[str, Any]:
    """The newest report."""
    runs = (await documents(world, brand, c.RUNS)).values()
    return max(runs, key=lambda run: run["startedAt"])


@pytest.mark.rule("RET-17")
@pytest.mark.rule("RET-12")
@pytest.mark.parametrize("after", [0, 9, 31, 190, 800])
@pytest.mark.parametrize("seed", [1, 2])
async def test_RET_17_a_preview_of_a_date_is_what_the_sweep_of_that_date_then_does(seed: int, after: int) -> None:
    async with fresh_world(*map(brand_record, BRANDS)) as world:
        await Population(world, seed).settle()
        at = world.clock.now() + timedelta(days=after)
        shown: dict[str, list[sweep.Due]] = {}
        for id in BRANDS:
            brand = await world.brand(id)
            shown[id] = [due async for due in sweep.preview(brand, at, brand.policy.durations)]
        world.clock.advance(days=after)
        for id in BRANDS:
            before = await everything(world, id)
            await swept(world, id)
            wanted = {due.id: due.done for due in shown[id]}  # who goes by two rules in turn is shown by each
            active = (await world.brands.record(id)).record.status is BrandStatus.ACTIVE
            waits = (Done.SECOND_INVITATION_QUEUED, Done.WARNING_QUEUED) if not active else ()
            held_back = {due.id for due in shown[id] if due.done in waits}
            if any(due.rule in (RuleId.BRAND_ENDED, RuleId.BRAND_SUSPENDED) for due in shown[id]):
                before = {kind: before[kind] for kind in (c.CONTACTS.name, c.AMBASSADORS.name)}
            ends = await became(world, id, before, at)
            assert ends == {due: done for due, done in wanted.items() if due not in held_back}
            reports = (await last_run(world, id))["rules"]
            done = Counter({(r["rule"], what): n for r in reports for what, n in r.get("done", {}).items()})
            assert done == Counter((due.rule, due.done) for due in shown[id] if due.id not in held_back)
            assert sum(r.get("skipped", {}).get("brand_not_active", 0) for r in reports) == len(held_back)
            REPORTED.update(due.rule for due in shown[id])


@pytest.mark.rule("RET-17")
async def test_RET_17_what_changed_between_a_preview_and_its_sweep_is_named_by_the_run() -> None:
    async with fresh_world(*map(brand_record, BRANDS)) as world:
        await Population(world, 3).settle()
        world.clock.advance(days=20)
        brand, at, rng = await world.brand(), world.clock.now(), random.Random(3)
        shown = [due async for due in sweep.preview(brand, at, brand.policy.durations)]
        contacts = await documents(world, "acme", c.CONTACTS)
        going = {due.id for due in shown}
        by_rule = [due for due in shown if due.rule in (RuleId.OPTED_OUT, RuleId.INACTIVE) and due.id in contacts]
        changed = rng.sample([due for due in by_rule if due.ambassador not in going], 6)
        await sweep.start_sweep(brand)
        run = (await brand.runs.page(Query(order_by="startedAt")))[0][0]
        run = await sweep._planned(brand, run)
        claim = Outgoing(mail="m" * 8, kind=MailKind.PUBLICATION, at=at)
        for number, due in enumerate(changed):
            item = await brand.contacts.get(due.ambassador, due.id)
            assert item
            after = item.record.changed(restricted_at=at) if number % 2 else item.record.changed(outgoing=claim)
            await save_many(brand, [Edit(item, after)])
        before = await everything(world, "acme")
        while message := world.queue.pop(sweep.QUEUE):
            await world.handle(sweep.QUEUE, message)
        ends = await became(world, "acme", before, at)
        assert ends == {due.id: due.done for due in shown if due not in changed}
        report = (await last_run(world, "acme"))["rules"]
        named: Counter[str] = Counter()
        for rule in report:
            named.update(rule.get("skipped", {}) if rule["rule"] in (RuleId.OPTED_OUT, RuleId.INACTIVE) else {})
            assert rule.get("due", 0) == sum(rule.get("done", {}).values()) + sum(rule.get("skipped", {}).values())
        assert named == {"mail_under_way": 3, "no_longer_due": 3}


@pytest.mark.rule("RET-17")
def test_the_populations_meet_every_rule() -> None:
    assert not REPORTED or set(REPORTED) == set(RuleId)
