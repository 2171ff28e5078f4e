"""Carrying out what was decided of a page of contacts: deletions, edits with their proofs, keys that led there, and a tally."""

from collections import Counter
from collections.abc import Iterable

from shared.domain.contact import Contact
from shared.domain.disposition import Disposition, Done
from shared.domain.jobs import Run
from shared.domain.ledger import Evidence
from shared.domain.retention import RuleId
from shared.ports import Outcome
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned
from shared.usecases.leading_keys import give_back, take_keys
from shared.usecases.provider_forgets import ask, owe_of_contacts
from shared.usecases.saving import Edit, save_many

Decided = tuple[Versioned[Contact], Disposition]


async def carry_out(brand: Brand, decided: Iterable[Decided], rule: RuleId, run: Run) -> Counter[str]:
    """Deletes and saves as decided; a contact whose mail is under way, or that changed meanwhile, is skipped (RET-16)."""
    tally: Counter[str] = Counter()
    edits: list[tuple[Edit, Disposition]] = []
    deletions: list[Change[Contact]] = []
    evidence = Evidence(actor="system", mechanism=rule, reason=run.id)
    for item, disposition in decided:
        if item.record.outgoing:
            tally["skipped.mail_under_way"] += 1
        elif disposition.contact is None:
            deletions.append(Change(item, None))
        else:
            edits.append((Edit(item, disposition.contact, evidence), disposition))
    going = [change.before.record for change in deletions if change.before]
    hashed = [edit.before.record for edit, _ in edits if edit.before and edit.after.anonymised_at]
    keys = await take_keys(brand, [*going, *hashed])
    owed = await owe_of_contacts(brand, [*going, *hashed])
    stays: list[str] = []
    for contact, result in zip(going, await brand.contacts.write_many(deletions), strict=True):
        written = result.outcome is Outcome.WRITTEN
        tally[f"done.{Done.DELETED}" if written else "skipped.changed_meanwhile"] += 1
        stays += [] if written else [contact.id]
    saved = await save_many(brand, [edit for edit, _ in edits])
    for (edit, disposition), after in zip(edits, saved, strict=True):
        tally[f"done.{disposition.done}" if after else "skipped.changed_meanwhile"] += 1
        stays += [] if after else [edit.after.id]
    await give_back(brand, keys, stays)
    await ask(brand, *owed)
    return tally
