"""The same tiny model when a backup is put back: all is as it was, but that no word of anybody's against it is lost (BAK-3)."""

import copy
from datetime import datetime

from tests.support.reference import OUT, TO_THE_BRAND, Entry, Model


def back_to(model: Model, then: Model, newest: Model, at: datetime) -> tuple[list[Entry], list[Entry]]:
    """Makes the model what a backup of `then` becomes; policies and standing are those of the newest backup.

    Gives the records whose person was entered again since: of those it depends on what they said then; and those
    that no backup has, of somebody who said no meanwhile: their ambassador must not enter them again.
    """
    model.brands = copy.deepcopy(newest.brands)
    for account in model.accounts.values():
        account.as_of(then.accounts.get(account.id), at)
    model.black_list |= {(brand, address) for brand, address, _ in model.often - then.often}
    model.often &= then.often
    unsure: list[Entry] = []
    said_no: list[Entry] = []
    for entry in model.entries:
        was = then.by_id.get(entry.id)
        if was is None:
            alone = [each.ambassador for each in model.by_address[entry.brand, entry.address]].count(
                entry.ambassador
            ) == 1
            if alone and entry.state in OUT and (entry.in_book or entry.blocks) and entry.ambassador in then.accounts:
                said_no.append(entry)
            entry.place, entry.restricted = "nowhere", False
            continue
        if entry.place != was.place and _heirs(model, entry, then):
            unsure.append(entry)
        _as_it_was(entry, was)
    return unsure, said_no


def _heirs(model: Model, entry: Entry, then: Model) -> bool:
    known = model.by_address[entry.brand, entry.address]
    return any(each.ambassador == entry.ambassador and each.id not in then.by_id for each in known)


def _as_it_was(entry: Entry, was: Entry) -> None:
    """The record of a backup; who opted out, was erased or restricted the record since stays so."""
    now = copy.copy(entry)
    for name in entry.__slots__:
        value = getattr(was, name)
        setattr(entry, name, copy.copy(value) if isinstance(value, list | set) else value)
    entry.frozen, entry.searched, entry.restricted = None, False, now.restricted
    entry.troubled |= now.troubled
    if now.state in OUT and (was.state not in OUT or now.state == "opt_out_global" != was.state):
        entry.state, entry.since, entry.asked_or_agreed = now.state, now.since, True
    if now.to_brand not in TO_THE_BRAND and entry.to_brand in TO_THE_BRAND:
        entry.to_brand = now.to_brand
    if now.place != was.place:  # that the person was invited since is lost with the invitation
        kept_out = entry.state in OUT or entry.state == "invitation_sent"
        entry.place, entry.claimed = now.place, False
        entry.blocks = kept_out if was.in_book else was.blocks
