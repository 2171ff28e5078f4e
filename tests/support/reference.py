"""A tiny model of the rules, written from their text alone: what each record must be, and which mail may go, at any time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.support.reference_standing import Account, Broken, Days, Standing

IN = {"invitation_accepted", "opt_in_other", "opt_in_order", "opt_in_brand_import"}
OUT = {"invitation_declined", "opt_out_email", "opt_out_no_action", "opt_out_global"}
OWN_ACT = {"invitation_accepted", "invitation_declined", "opt_out_email", "opt_out_global"}  # CON-6
TO_THE_BRAND = {"blog", "internal_form", "external_form", "brand_database"}  # CON-5: communications allowed
FOR_EVER = {"hard_bounce", "spam", "blocked"}
SOFT_IN_A_ROW = 5


@dataclass(slots=True, eq=False)
class Entry:
    """One record of one address in one ambassador's book, as the rules want it."""

    brand: str
    ambassador: str
    address: str
    id: str
    state: str
    since: datetime
    created: datetime
    to_brand: str = "none"
    activity: datetime | None = None
    last_call: datetime | None = None
    first_sent: datetime | None = None
    marks: list[tuple[datetime, str]] = field(default_factory=list)
    mails: set[str] = field(default_factory=set)
    asked_or_agreed: bool = False  # a mail left, or a consent changed: the record cannot just vanish
    place: str = "book"  # "book", "brand" (RET-15), "anonymous", "nowhere"
    blocks: bool = False  # out of the book, and still keeps its address from being entered (SUP-5)
    troubled: bool = False  # there was a time when no mail could go to the address
    claimed: bool = False  # a mail's fate is not known
    doubted: bool = False  # a mail was given up that may have left after all
    searched: bool = False  # nothing personal was found in what is left of it
    restricted: bool = False  # RET-14
    frozen: Any = None  # what it was when it was restricted

    @property
    def in_book(self) -> bool:
        """Whether the ambassador has it."""
        return self.place == "book"

    def status(self) -> str:
        """CON-3, from what the provider said, by the time it happened."""
        kinds = {kind for _, kind in self.marks}
        for worst in ("spam", "hard_bounce", "blocked"):
            if worst in kinds:
                return worst
        if self.bounced_often():
            return "hard_bounce"
        last = "not_verified"
        for _, kind in sorted(self.marks):
            last = {"soft_bounce": "soft_bounce", "released": "not_verified"}.get(kind, "ok")
        return last

    def bounced_often(self) -> bool:
        """Five soft bounces in a row without a delivery between them; a release by hand is none."""
        row = 0
        for _, kind in sorted(self.marks):
            row = row + 1 if kind == "soft_bounce" else row if kind == "released" else 0
            if row == SOFT_IN_A_ROW:
                return True
        return False

    def due(self, days: Days) -> tuple[str, datetime] | None:
        """The rule that the record stands under, and its day (RET-1 to 6, RET-15)."""
        if self.place in ("anonymous", "nowhere") or self.restricted:
            return None
        quiet_since = max(self.created, self.activity or self.created)
        if self.place == "brand" and not (self.state in OUT and self.to_brand not in TO_THE_BRAND):
            return "RET-6", quiet_since + timedelta(days=days.inactive)
        if self.state == "new" and self.to_brand == "none":
            return "RET-1", self.since + timedelta(days=days.new)
        if self.state == "invitation_sent":
            rule, since = ("RET-3", self.last_call) if self.last_call else ("RET-2", self.since)
            return rule, since + timedelta(days=days.invitation)
        if self.state in OUT:
            return "RET-5", self.since + timedelta(days=days.opted_out)
        return "RET-6", quiet_since + timedelta(days=days.inactive)

    def act(self, state: str, at: datetime) -> bool:
        """An act of the person: the later wins, of two in one second the no (CON-6). Whether anything changed."""
        if self.state == "opt_out_global":
            return False
        if self.state in OWN_ACT and (at < self.since or (at == self.since and self.state in OUT)):
            return False
        if self.state == state or (state == "opt_out_email" and self.state in OUT & OWN_ACT):
            return False
        if self.restricted and state == "invitation_accepted":
            return False
        self.state, self.since, self.asked_or_agreed, self.frozen = state, at, True, None
        if state == "invitation_accepted":
            self.activity = max(self.activity or at, at)  # RET-13
        if not self.in_book:
            self.blocks = True
        return True


@dataclass(slots=True)
class Model:
    """All brands."""

    brands: dict[str, Standing]
    accounts: dict[str, Account] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    by_id: dict[str, Entry] = field(default_factory=dict)
    by_address: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    black_list: set[tuple[str, str]] = field(default_factory=set)  # (brand, address): opted out of all, or dead
    often: set[tuple[str, str, str]] = field(default_factory=set)  # (brand, address, record): bounced too often
    accepted: dict[str, int] = field(default_factory=dict)  # custom id → how often the provider took it
    attempts: int = 0
    perhaps: dict[tuple[str, str], tuple[bool, datetime]] = field(default_factory=dict)  # mails of a restored backup
    happened: Counter[str] = field(default_factory=Counter)
    erased: set[tuple[str, str]] = field(default_factory=set)  # (brand, address): RGT-4

    def listed(self, brand: str, address: str) -> bool:
        """SUP-1."""
        known = self.by_address.get((brand, address), ())
        return (brand, address) in self.black_list or any((brand, address, entry.id) in self.often for entry in known)

    def standing(self, brand: str, ambassador: str, address: str) -> Entry | None:
        """The record that stands for an address in a book, or keeps it out of it."""
        for entry in self.by_address.get((brand, address), ()):
            if entry.ambassador == ambassador and (entry.in_book or (entry.blocks and entry.place != "nowhere")):
                return entry
        return None

    def may_enter(self, brand: str, ambassador: str, address: str) -> bool:
        """SUP-2, SUP-5: whether the address may be entered, by hand or by a file."""
        known = self.standing(brand, ambassador, address)
        return not self.listed(brand, address) and not (known and (known.state in OUT or not known.in_book))

    def add(self, entry: Entry) -> None:
        """A record that was made."""
        self.entries.append(entry)
        self.by_id[entry.id] = entry
        self.by_address.setdefault((entry.brand, entry.address), []).append(entry)

    def mail_leaves(self, custom_id: str, to: str, publication: bool, at: datetime) -> None:
        """MAIL-1, at the moment of sending; raises Broken when this mail may not go."""
        self.attempts += 1
        brand, _, contact, mail = custom_id.split(".")
        entry = self.by_id.get(contact)
        if entry is None or not entry.in_book or entry.address != to or entry.brand != brand:
            raise Broken(f"MAIL-1: a mail to a record that is {entry.place if entry else 'unknown'}")
        if self.brands[brand].status != "active":
            raise Broken(f"DEL-6: a mail of a brand that is {self.brands[brand].status}")
        if not self.accounts[entry.ambassador].active:
            raise Broken("DEL-1: a mail in the name of an ambassador who left")
        if entry.restricted:
            raise Broken("RET-14: a mail to somebody who restricted the record")
        if self.listed(brand, to):
            raise Broken(f"SUP-2: a mail to a listed address ({entry.state})")
        if entry.status() not in ("ok", "not_verified"):
            raise Broken(f"CON-3: a mail to an address that is {entry.status()}")
        if self.accepted.get(custom_id):
            raise Broken("MAIL-4: a mail that the provider has already")
        allowed = entry.state in IN if publication else entry.state in ("new", "invitation_sent")
        if not allowed:
            raise Broken(f"MAIL-1: a {'publication' if publication else 'n invitation'} to {entry.state}")
        if entry.state == "invitation_sent":
            if entry.last_call or mail in entry.mails:
                raise Broken("MAIL-1: a third invitation")
            if at < (entry.first_sent or at) + timedelta(days=self.brands[brand].days.invitation):
                raise Broken("RET-19: a second invitation before its time")

    def account_mail_leaves(self, ambassador: str, about: str, at: datetime) -> None:
        """DEL-6, RET-7, RET-19, at the moment of sending; `about` is "suspension", "absence" or anything else."""
        account = self.accounts[ambassador]
        standing = self.brands[account.brand]
        if standing.status != ("suspended" if about == "suspension" else "active"):
            raise Broken(f"DEL-6: a mail about {about} of a brand that is {standing.status}")
        if about == "absence":
            if not account.to_be_warned(standing.days, at):
                raise Broken("RET-7, RET-19: a warning before its time")
            account.warned.append(at)
            self.happened["ambassadors warned of their absence"] += 1

    def mail_accepted(self, custom_id: str, publication: bool, at: datetime) -> None:
        """The provider took a mail."""
        self.accepted[custom_id] = self.accepted.get(custom_id, 0) + 1
        entry = self.by_id[custom_id.split(".")[2]]
        entry.mails.add(custom_id.split(".")[3])
        entry.asked_or_agreed = True
        if publication:
            return
        if entry.state == "new":
            entry.state, entry.since, entry.first_sent = "invitation_sent", at, at
        elif entry.state == "invitation_sent":
            entry.last_call = at

    def found_to_have_left(self, contact: str, mail: str) -> None:
        """A mail that was being handed over when a backup was made, once the provider is known to have taken it."""
        entry = self.by_id[contact]
        id = f"{entry.brand}.{entry.ambassador}.{contact}.{mail}"
        publication, at = self.perhaps.get((contact, mail), (False, None))
        if at and self.accepted.get(id) and mail not in entry.mails and entry.in_book:
            self.mail_accepted(id, publication, at)

    def told(self, contact: str, mail: str, kind: str, at: datetime) -> None:
        """The provider's word about a mail, whenever it comes (CON-3, SUP-1, RET-13)."""
        entry = self.by_id[contact]
        self.found_to_have_left(contact, mail)
        if entry.place == "nowhere" or (entry.in_book and not entry.restricted and mail not in entry.mails):
            return  # of a mail that is not known any more since a backup was restored, nothing is believed
        if kind in FOR_EVER:
            self._list(entry.brand, entry.address)
        if not entry.in_book or entry.restricted:
            if kind == "unsubscribe":
                self.opt_out(entry, at)
            return
        if kind == "unsubscribe":
            entry.act("opt_out_email", at)
            return
        if kind == "click":
            entry.activity = max(entry.activity or at, at)
        entry.marks.append((at, kind))
        key = (entry.brand, entry.address, entry.id)
        (self.often.add if entry.bounced_often() else self.often.discard)(key)
        for each in self.by_address[entry.brand, entry.address]:
            each.troubled |= self.listed(each.brand, each.address) or each.status() == "soft_bounce"

    def opt_out(self, entry: Entry, at: datetime) -> None:
        """Of one ambassador: whichever record stands for the address now (SUP-5)."""
        target = entry if entry.in_book else self.standing(entry.brand, entry.ambassador, entry.address) or entry
        target.act("opt_out_email", at)

    def opt_out_of_all(self, entry: Entry, at: datetime) -> None:
        """Of the brand: every record of the address, and the black list (SUP-3)."""
        self._list(entry.brand, entry.address)
        for each in self.by_address[entry.brand, entry.address]:
            if each.state != "opt_out_global":
                each.state, each.since, each.asked_or_agreed, each.frozen = "opt_out_global", at, True, None

    def object_to(self, brand: str, address: str, at: datetime) -> None:
        """RGT-1, art. 21: nobody of the brand writes any more, and neither does the brand."""
        self.opt_out_of_all(self.by_address[brand, address][0], at)
        for each in self.by_address[brand, address]:
            each.frozen = None
            if each.place in ("book", "brand") and each.to_brand in TO_THE_BRAND:
                each.to_brand = "storage_only"

    def restrict(self, brand: str, address: str, *, lifted: bool = False) -> None:
        """RET-14, art. 18: nothing is done with any record of the address."""
        for each in self.by_address[brand, address]:
            each.restricted, each.frozen = not lifted and each.place in ("book", "brand"), None

    def erase(self, brand: str, address: str, at: datetime) -> None:
        """RGT-4: every record at once, and nobody enters the address again."""
        self._list(brand, address)
        self.erased.add((brand, address))
        for each in self.by_address[brand, address]:
            if each.place in ("book", "brand"):
                each.state, each.since, each.restricted = "opt_out_global", at, False
                self._leave(each, "anonymous")

    def removed(self, entry: Entry) -> None:
        """The ambassador takes a record out of the book."""
        perhaps_asked = entry.claimed or entry.doubted
        if not entry.asked_or_agreed and not perhaps_asked:
            entry.place = "nowhere"
            return
        if perhaps_asked and entry.state == "new":
            entry.state = "invitation_sent"  # it may have left
        self._leave(entry, "brand" if entry.to_brand != "none" else "anonymous")

    def works(self, entry: Entry) -> bool:
        """Whether the record's ambassador has access."""
        return self.brands[entry.brand].status == "active" and self.accounts[entry.ambassador].active

    def leave(self, ambassador: str, at: datetime) -> None:
        """An ambassador leaves: from now on no mail goes in that name (DEL-1)."""
        self.accounts[ambassador].left = at
        for entry in self.entries:
            entry.troubled |= entry.ambassador == ambassador

    def due_to_go(self, ambassador: str, at: datetime) -> bool:
        """RET-7, RET-8: whether the time to come back is over."""
        account = self.accounts[ambassador]
        return account.due_to_go(self.brands[account.brand].days, at)

    def book_of(self, ambassador: str) -> list[Entry]:
        """What an ambassador has."""
        return [entry for entry in self.entries if entry.ambassador == ambassador and entry.in_book]

    def sweep(self, brand: str, at: datetime, now: datetime) -> None:
        """RET-1, 3, 5 to 10 and 15 as of a date, done now; RET-2 and the warnings of RET-7 show by their mails."""
        standing = self.brands[brand]
        days = standing.days
        rule = standing.everybody_goes(at)
        if rule:
            self._everybody_goes(brand, rule, now)
            return
        self._end_what_is_due(brand, at, now)
        for account in self.accounts.values():
            if account.brand != brand or not account.due_to_go(days, at):
                continue
            if account.left is None:
                account.left, account.forgotten = now, True
                self.happened["ambassadors forgotten after two warnings"] += 1
            for entry in self.book_of(account.id):
                if not (entry.claimed or entry.restricted):
                    self._leave(entry, "anonymous" if entry.to_brand == "none" else "brand")
                    due = entry.due(days)
                    if due and due[1] <= at:
                        self._leave(entry, "anonymous")

            account.gone = all(entry.restricted for entry in self.book_of(account.id))

    def _everybody_goes(self, brand: str, rule: str, now: datetime) -> None:
        standing = self.brands[brand]
        there = [entry for entry in self.entries if entry.brand == brand and entry.place in ("book", "brand")]
        waiting = [entry for entry in there if entry.claimed or entry.restricted]
        for entry in there:
            if entry not in waiting:
                self._leave(entry, "anonymous")
        for account in self.accounts.values():
            if account.brand == brand:
                account.left, account.gone = account.left or now, True
        self.happened[f"sweeps in which everybody of a brand went by {rule}"] += standing.erasing != rule
        standing.erasing, standing.erased = rule, not waiting

    def _end_what_is_due(self, brand: str, at: datetime, now: datetime) -> None:
        days = self.brands[brand].days
        for entry in self.entries:
            due = entry.due(days) if entry.brand == brand else None
            if due is None or due[1] > at or entry.claimed:
                continue
            if due[0] == "RET-1" and entry.doubted:
                self._leave(entry, "anonymous")  # the opt-out link of what may have left must hold (MAIL-2)
            elif due[0] == "RET-1":
                entry.place = "nowhere"
            elif due[0] == "RET-3":
                entry.state, entry.since, entry.asked_or_agreed = "opt_out_no_action", now, True
            elif due[0] in ("RET-5", "RET-6"):
                if entry.place == "book" and entry.to_brand in TO_THE_BRAND:
                    self._leave(entry, "brand")
                    due = entry.due(days)
                if due is None or due[1] <= at:
                    self._leave(entry, "anonymous")

    def next_day(self, after: datetime) -> datetime | None:
        """The next day on which something is due."""
        days = [due[1] for e in self.entries if e.brand in self.brands and (due := e.due(self.brands[e.brand].days))]
        for account in self.accounts.values():
            terms = self.brands[account.brand].days if account.brand in self.brands and not account.gone else None
            if terms and account.left:
                days.append(account.left + timedelta(days=terms.leaving))
            elif terms:
                days += [account.seen + timedelta(days=terms.absent - n) for n in (terms.warning, 0)]
                days += [warned + timedelta(days=terms.warning // 2) for warned in account.warned]
        days += [day for standing in self.brands.values() if (day := standing.next_day())]
        return min((day for day in days if day > after), default=None)

    def alive(self) -> Iterator[Entry]:
        """The records in the books."""
        return (entry for entry in self.entries if entry.in_book)

    def destroyed(self, brand: str) -> None:
        """DEL-5: the brand's keys are gone, and with them what linked any hash to anybody."""
        del self.brands[brand]
        for entry in self.entries:
            if entry.brand == brand:
                entry.place = "nowhere"

    def _list(self, brand: str, address: str) -> None:
        self.black_list.add((brand, address))
        for each in self.by_address[brand, address]:
            each.troubled = True

    def _leave(self, entry: Entry, place: str) -> None:
        if entry.in_book:
            entry.blocks = entry.state in OUT or entry.state == "invitation_sent"
        entry.place, entry.claimed = place, False
