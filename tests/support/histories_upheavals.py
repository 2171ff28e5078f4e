"""What turns whole brands and people's files upside down: suspensions, ends, rights, restores, rotated keys."""

import copy
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.adapters.sqlite import SqliteStore
from shared.domain.containers import BRAND_CONTAINERS
from shared.domain.errors import RestoreRefusedError, UnknownObjectError, WrongStatusError
from shared.domain.ids import new_id
from shared.domain.policy import StatusAction
from shared.domain.rights import RightKind, RightsLink, RightState
from shared.usecases import back_up, leaving
from shared.usecases.brand_care import change_status
from shared.usecases.brands import ACTIVE_AFTER, Brands
from shared.usecases.restore import restore
from shared.usecases.rights import use_right
from shared.usecases.rights_links import OpenRights
from tests.support.histories import Simulation, address_of
from tests.support.histories_ports import Provider
from tests.support.inspection import Counts, check_ledger
from tests.support.reference import Entry, Model
from tests.support.reference_restores import back_to
from tests.support.reference_standing import Broken, Standing
from tests.support.world import brand_record

NOTHING_IS_DUE = datetime.min.replace(tzinfo=UTC)
_STATE = {
    StatusAction.SUSPEND: "brands suspended", StatusAction.RESUME: "brands resumed", StatusAction.END: "brands ended",
    StatusAction.RESTORE: "ended brands taken back in time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup: the model as it was, what had been told of mails, and which mails were being handed over."""

    at: datetime
    model: Model
    told: set[tuple[str, str, str, datetime]]
    claims: list[tuple[tuple[str, str], bool, datetime, bool]]


@dataclass
class Upheavals(Simulation):
    """A suite in which that happens, too."""

    backups: list[Kept] = field(default_factory=list)
    made: int = 0
    destroyed: list[str] = field(default_factory=list)

    async def change(self, brand: str, action: StatusAction) -> None:
        """Staff suspend, resume, end or take back a brand (BR-3), where the rules let them."""
        standing = self.model.brands[brand]
        may = standing.may(action.value, self.now)
        try:
            await change_status(self.world.brands, brand, action, "it is said so", "staff:s")
        except WrongStatusError:
            if may:
                raise Broken(f"BR-3: a brand did not {action} in time") from None
            return
        if not may:
            raise Broken(f"BR-3: a brand did {action} after its day, or from the wrong status")
        standing.act(action.value, self.now)
        for entry in self.model.entries:
            entry.troubled |= entry.brand == brand
        self.counts.happened[_STATE[action]] += 1
        await self.rest()

    async def leave_by_suspension(self) -> None:
        """Somebody presses the button behind the mail of a suspension (DEL-6)."""
        if not self.mailer.suspensions:
            return
        mail = self.mailer.suspensions.pop()
        account = self.model.accounts[mail.custom_id.split(".")[1]]
        standing = self.model.brands.get(account.brand)
        open_since = standing.suspended if standing and standing.status == "suspended" else None
        try:
            asked = await leaving.open_leave_link(self.world.brands, mail.text.partition("/l/")[2].split()[0])
        except UnknownObjectError:
            return
        if open_since is None or account.gone:
            raise Broken("DEL-6: the link of a suspension holds after it")
        await leaving.leave_by_link(asked)
        if account.left is None:
            self.model.leave(account.id, self.now)
            self.counts.happened["ambassadors left by the mail of a suspension"] += 1

    async def use(self, brand: str, person: int, kind: RightKind) -> None:
        """A person uses a right (RGT-1), by a link that they got by mail."""
        address = address_of(person)
        opened = await self.world.brand(brand)
        link = RightsLink(
            id=new_id(), asked_at=self.now, email=address, language="en", people=opened.hasher.refs(address)
        )
        await opened.rights_links.create(link)
        request = await use_right(OpenRights(opened, link), kind, new_id())
        if request.state is not RightState.DONE:
            raise Broken(f"RGT-1: a request for {kind} is not done at once")
        known = self.model.by_address.get((brand, address), [])
        self.counts.happened[f"rights: {kind}"] += any(entry.place in ("book", "brand") for entry in known)
        if kind is RightKind.ERASURE:
            self.model.erase(brand, address, self.now)
        elif kind is RightKind.OBJECTION:
            self.model.object_to(brand, address, self.now)
        else:
            self.model.restrict(brand, address, lifted=kind is RightKind.LIFTING)
        await self.rest()

    async def rotate(self, brand: str) -> None:
        """A new hash key (DEL-10)."""
        if await self.world.brands.rotate_hash_key(brand) <= 4:
            self.counts.happened["hash keys rotated"] += 1
        await self.pass_time(ACTIVE_AFTER)

    async def back_up(self) -> None:
        """The backup of every brand (BAK-1)."""
        await self.rest()
        self.queue.lose = 0
        for brand in self.model.brands:
            await back_up.start_backup(self.world.brands, brand, now=True)
        while message := self.queue.pop(back_up.QUEUE):  # and nothing else, so that the model is of that very moment
            await self.world.handle(back_up.QUEUE, message)
        claims = []
        for brand in self.model.brands:
            for document in (await self.world.stored.of(self.world, brand)).values():
                for name in ("doubted", "outgoing"):  # of a mail that is both, the newer try counts
                    if claim := document.get(name):
                        at, publication = datetime.fromisoformat(claim["at"]), claim["kind"] == "publication"
                        claims.append(((document["id"], claim["mail"]), publication, at, name == "doubted"))
        kept = Kept(self.now, copy.deepcopy(self.model), set(self._told), claims)
        self.backups = [*self.backups[-1:], kept]
        self.counts.happened["backups made"] += 1
        self.clock.advance(timedelta(seconds=1))

    async def lose_the_store(self, *, older: bool = False) -> None:
        """The store is lost, and a backup put back (BAK-3): nobody is resurrected, and nobody else is hit."""
        if not self.backups or self.mailer.provider is Provider.DEAF:
            return  # whoever puts a backup back waits until the provider can be asked what left
        newest = self.backups[-1].model
        kept = self.backups[0 if older and self.backups[0].model.brands.keys() == newest.brands.keys() else -1]
        then = kept.model
        old = self.world.ports.store
        self.world.ports = replace(self.world.ports, store=SqliteStore(None, inline=True))
        self.world.brands = Brands(self.world.ports)
        self.world.stored.forget()
        self.queue.queues.clear()
        await old.close()
        unsure, said_no = back_to(self.model, then, newest, self.now)
        self._told = set(kept.told)
        self.model.perhaps = {mail: (publication, at) for mail, publication, at, _ in kept.claims}
        for mail, _, _, doubted in kept.claims:
            if not doubted:  # the restore asked the provider
                self.model.found_to_have_left(*mail)
        for brand in self.destroyed:
            try:
                await restore(self.world.brands, brand, self.now)
            except RestoreRefusedError:
                continue
            raise Broken("DEL-5: a brand whose keys were destroyed came back")
        for brand in self.model.brands:
            await restore(self.world.brands, brand, kept.at)
            await self._adopt(brand, unsure)
        self._keeps_out(said_no)
        self.backups = []
        self.counts.happened["stores lost and restored"] += 1
        for (brand, which), ambassador in list(self.ambassadors.items()):
            if ambassador not in then.accounts and self.model.brands[brand].status == "active":
                await self.somebody_new(brand, which)
        for brand in self.model.brands:
            await self.check(brand, NOTHING_IS_DUE)  # what was due since the backup is for the next sweep
        await self.back_up()

    async def _adopt(self, brand: str, unsure: list[Entry]) -> None:
        """What the model cannot know of a restore: what was deleted, and may as well have its hashes left."""
        stored = await self.world.stored.of(self.world, brand)
        for entry in self.model.entries:
            document = stored.get(entry.id) if entry.brand == brand else None
            if document is None:
                continue
            gone = "anonymisedAt" in document
            if entry in unsure and not gone:
                raise_if = entry.state.startswith("opt_out") and not document["ambassadorOptIn"].startswith("opt_out")
                if raise_if or (brand, entry.address) in self.model.erased:
                    raise Broken("BAK-3: somebody who opted out, or was erased, is back")
                entry.place = "brand" if "detachedAt" in document else "book"
                entry.state, entry.since = (
                    document["ambassadorOptIn"],
                    datetime.fromisoformat(document["ambassadorOptInAt"]),
                )
            elif entry.place == "nowhere" and gone:
                entry.place, entry.blocks = "anonymous", document.get("addressKey") == document.get("emailHash")

    def _keeps_out(self, said_no: list[Entry]) -> None:
        """Whoever said no since the backup still has a record that says so, where there is an ambassador to enter them."""
        for entry in said_no:
            here = self.model.brands[entry.brand].status == "active" and not self.model.accounts[entry.ambassador].gone
            if here and not (entry.place == "anonymous" and entry.blocks):
                raise Broken("SUP-5: an opt-out since the backup is forgotten")
            self.counts.happened["opt-outs of people in no backup"] += here

    async def check(self, brand: str, at: datetime) -> None:
        """As before; of a brand whose keys are destroyed, that it says nothing of anybody any more (DEL-5)."""
        if (await self.world.brands.record(brand)).record.destroyed_at is None:
            await super().check(brand, at)
            return
        standing = self.model.brands[brand]
        if not (standing.erasing == "RET-9" and standing.erased):
            raise Broken("RET-9: the keys of a brand were destroyed before its day")
        await super().check(brand, at)
        await self.search(brand, everybody=True)
        await check_ledger(self.world, brand)
        self.model.destroyed(brand)
        self.destroyed.append(brand)
        self.counts.happened["brands whose keys were destroyed"] += 1
        await self._another(brand)

    async def _another(self, brand: str) -> None:
        """Another brand begins in the place of one that is gone."""
        self.made += 1
        fresh = f"{brand.partition('-')[0]}-{self.made}"
        await self.world.brands.create(brand_record(fresh))
        self.model.brands[fresh] = Standing(replace(self.terms))
        for of, which in list(self.ambassadors):
            if of == brand:
                del self.ambassadors[of, which]
                await self.somebody_new(fresh, which)
        await self.change_policy(fresh, self.model.brands[fresh].days)
        await self.back_up()

    async def search(self, brand: str, *, everybody: bool = False) -> None:
        """Reads all that a brand has in search of who was erased there: nothing but hashes is left (RGT-4, DEL-8)."""
        text = ""
        for container in BRAND_CONTAINERS:
            feed, position = self.world.ports.store.brand(brand, container), None
            while True:
                page = await feed.changes(position)
                text += json.dumps(page.items)
                position = page.position
                if not page.more:
                    break
        people = {entry.address for entry in self.model.entries if entry.brand == brand} if everybody else {
            address for of, address in self.model.erased if of == brand
        }  # fmt: skip
        for address in people:
            if f'"{address}' in text or f'"Zq{address[2:].partition("@")[0]}"' in text:
                raise Broken("RGT-4, DEL-8: something of somebody who was erased is left")
        self.counts.happened["people searched for after their erasure"] += len(people)

    async def end(self) -> Counts:
        """As before; and nothing is left of who was erased, once the links that they asked for have lapsed, too."""
        counts = await super().end()
        self.clock.advance(timedelta(days=8))
        for brand in self.model.brands:
            await self.world.recover(brand)
            await self.rest()
            await self.search(brand)
        counts.happened.update(self.model.happened)
        return counts
