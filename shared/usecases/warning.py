"""Warning ambassadors who did not log in for long (RET-7): each warning is owed by the account, and counts once it left."""

from collections import Counter
from collections.abc import Sequence

from shared.domain.ambassador import AccountMail, Ambassador
from shared.domain.inactivity import warns, was_warned_too_early
from shared.domain.jobs import Run
from shared.domain.policy import BrandStatus
from shared.ports import Outcome
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned


async def warn_page(brand: Brand, accounts: Sequence[Versioned[Ambassador]], run: Run) -> Counter[str]:
    """Lets the accounts owe the warning that is their next; gives the tally.

    A warning that the provider never takes was none: the next sweep asks for it again. One that is under way is not doubled.
    """
    tally: Counter[str] = Counter()
    changes: list[Change[Ambassador]] = []
    for item in accounts:
        account = item.record
        if was_warned_too_early(account, run.started_at, run.durations):
            changes.append(Change(item, account.changed(warned=()).settled(brand.hasher)))
        if not warns(account, run.started_at, run.durations):
            tally["skipped.no_longer_due"] += 1
        elif brand.record.status is not BrandStatus.ACTIVE:
            tally["skipped.brand_not_active"] += 1
        elif any(mail.kind is AccountMail.INACTIVE for mail in account.owed):
            tally["skipped.mail_under_way"] += 1
        else:
            changes.append(Change(item, owing(account, AccountMail.INACTIVE, brand.now())))
    results = await brand.ambassadors.write_many(changes)
    told: list[Ambassador] = []
    for change, result in zip(changes, results, strict=True):
        if change.after is None or not change.after.owed:
            continue
        if result.outcome is Outcome.WRITTEN:
            told.append(change.after)
            tally["done.warning_queued"] += 1
        else:
            tally["skipped.changed_meanwhile"] += 1
    await queue_account_mail(brand, *told)
    return tally
