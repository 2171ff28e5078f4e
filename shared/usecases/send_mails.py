"""Sending one batch of mails to contacts (MAIL-4): claim, hand over, write down; whatever is cut short is told apart later.

A mail's custom id is made of the batch and the contact, so it is the same at every try. Before the provider is called the
contact carries the claim (`outgoing`); a claim that is found again means that the fate is not known, and the provider is
asked before anything is sent once more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, MailKind, Origin, Outgoing, SentMail
from shared.domain.jobs import MailBatch
from shared.domain.mailing import LASTING, Refusal, refusal, shut_out
from shared.domain.publication import Publication
from shared.ports import Fate, OutgoingMail, SendResult, StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned, chunks
from shared.usecases.compose import compose, custom_id
from shared.usecases.invite import A_BATCH, QUEUE, mail_of
from shared.usecases.saving import Edit, change, save_many
from shared.usecases.suppressing import UNLISTED, listings

# How long a mail that the provider does not know of may still turn up there: it is not sent again before.
DOUBT = timedelta(seconds=30)
# A claim older than this is not acted on: another worker may soon take it for one that was left behind.
FRESH = DOUBT / 2
WHOLE_CALLS = 3
CALLS_IN_VAIN = 3
RETRY_SECONDS = (2, 5, 15, 60, 300, 900)


@dataclass(slots=True)
class _Run:
    """One try at one batch."""

    brand: Brand
    batch: MailBatch
    ambassadors: dict[str, Ambassador]
    publication: Publication | None
    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)  # by contact, in this try and those before
    again: int = 0
    in_vain: int = 0  # calls in a row of which nothing came


async def send_batch(brand: Brand, batch: str) -> None:
    """Sends what may go of one batch; a second message, or a try after a crash, sends nothing twice."""
    current = await brand.batches.get(batch, batch)
    if current is None or current.record.open_since is None or current.record.open_since > brand.now():
        return  # gone, done, or a second message before the time of the next try
    run = await _prepared(brand, current.record)
    contacts = await brand.contacts.get_many(current.record.recipients)
    run.skipped[Refusal.RECORD_GONE] += len(current.record.recipients) - len(contacts)
    await _send(run, await _settled_doubts(run, list(contacts.values())))
    await _close(run, current)


async def _prepared(brand: Brand, batch: MailBatch) -> _Run:
    ids = {ambassador for ambassador, _ in batch.recipients}
    ambassadors = await brand.ambassadors.get_many([(ambassador, ambassador) for ambassador in ids])
    publication = None
    if batch.publication:
        found = await brand.activity.get(batch.recipients[0][0], batch.publication)
        publication = found.record if found else None
    accounts = {key[0]: item.record for key, item in ambassadors.items()}
    return _Run(brand, batch, accounts, publication, refused=dict(batch.refused))


async def _settled_doubts(run: _Run, contacts: Sequence[Versioned[Contact]]) -> list[Versioned[Contact]]:
    """Those contacts that are free for a mail: what an earlier try left claimed is looked up first."""
    free: list[Versioned[Contact]] = []
    for item in contacts:
        known: Versioned[Contact] | None = item
        if item.record.outgoing:
            known = await _without_doubt(run, item.record, item.record.outgoing)
        if known is None:
            run.again += 1
        elif any(mail.id == mail_of(run.batch) for mail in known.record.mails):
            run.sent += 1  # an earlier try got that far, whoever noticed
        elif known.record.id in run.refused:
            run.skipped[run.refused[known.record.id]] += 1  # it would be refused again
        else:
            free.append(known)
    return free


async def _without_doubt(run: _Run, contact: Contact, claim: Outgoing) -> Versioned[Contact] | None:
    """The contact as it is when the fate of its claimed mail is known; None while it is not, or another mail was faster."""
    if await _settle(run.brand, contact, claim) is None:
        return None
    fresh = await run.brand.contacts.get(*_key(contact))
    return None if fresh is None or fresh.record.outgoing else fresh


async def _settle(brand: Brand, contact: Contact, claim: Outgoing) -> Contact | None:
    """The contact once the fate of its claimed mail is known; None while it is not."""
    told = any(event.mail == claim.mail for event in contact.events)  # it left, or nothing could have become of it
    accepted = told or await brand.ports.mailer.was_accepted(custom_id(brand, contact, claim.mail))
    if accepted:
        return await change(brand, contact.ambassador_id, contact.id, lambda c: as_sent(c, claim))
    if accepted is None or brand.now() - claim.at < DOUBT:
        return None
    return await change(brand, contact.ambassador_id, contact.id, lambda c: doubted(c, claim))


async def _send(run: _Run, contacts: Sequence[Versioned[Contact]]) -> None:
    """Judges, claims, hands over and writes down."""
    for part in chunks(await _claimed(run, contacts), _mails_a_call(run.batch.attempts)):
        await _hand_over(run, part)


def _mails_a_call(attempts: int) -> int:
    """How many mails go together: fewer from the fourth try on, until one that spoils the call for all is found."""
    return max(1, A_BATCH >> 2 * max(0, attempts + 1 - WHOLE_CALLS))


async def _hand_over(run: _Run, claimed: Sequence[Versioned[Contact]]) -> None:
    """One call of the provider, right after the look at the black list (SUP-2), and what became of each mail."""
    black_list = await listings(run.brand, [item.record.email for item in claimed if item.record.email])
    shut: dict[str, Refusal] = {}
    for item in claimed:
        listing = black_list.get(item.record.email or "", UNLISTED)
        objects = listing.objected_at is not None
        if reason := shut_out(item.record, run.batch.mail_kind, listing.reasons, objects=objects):
            shut[item.record.id] = reason
            run.skipped[reason] += 1
    edits = [Edit(i, _refused(i.record, _claim_of(run, i.record))) for i in claimed if i.record.id in shut]
    going = [item for item in claimed if item.record.id not in shut]
    for item, result in zip(going, await _results(run, going), strict=True):
        match result.fate:
            case Fate.SENT:
                edits.append(Edit(item, as_sent(item.record, _claim_of(run, item.record))))
                run.sent += 1
            case Fate.REFUSED:
                edits.append(Edit(item, _not_taken(item.record, _claim_of(run, item.record))))
                run.refused[item.record.id] = f"provider_{result.reason}"
                run.skipped[run.refused[item.record.id]] += 1
            case Fate.RETRY:
                edits.append(Edit(item, _released(item.record, _claim_of(run, item.record))))
                run.again += 1
            case Fate.UNKNOWN:
                run.again += 1
    await _write_down(run, edits)


async def _results(run: _Run, going: Sequence[Versioned[Contact]]) -> Sequence[SendResult]:
    """What the provider says of each mail.

    Nothing is sent when claiming, or the calls before, took too long, nor to a provider that is plainly out of order.
    """
    late = any(run.brand.now() - _claim_of(run, item.record).at > FRESH for item in going)
    if late or run.in_vain >= CALLS_IN_VAIN:
        return [SendResult(Fate.RETRY, "not_tried")] * len(going)
    results = await run.brand.ports.mailer.send([_composed(run, item.record) for item in going])
    told = any(result.fate in (Fate.SENT, Fate.REFUSED) for result in results)
    run.in_vain = 0 if told else run.in_vain + 1
    return results


async def _claimed(run: _Run, contacts: Sequence[Versioned[Contact]]) -> list[Versioned[Contact]]:
    """The contacts that may get the mail, each saved with its claim; who changed meanwhile waits for the next try."""
    now = run.brand.now()
    edits = []
    for item in contacts:
        reason = _refusal(run, item.record)
        if reason is None:
            claim = Outgoing(
                mail=mail_of(run.batch), kind=run.batch.mail_kind, at=now, publication=run.batch.publication
            )
            edits.append(Edit(item, item.record.changed(outgoing=claim)))
            continue
        run.skipped[reason] += 1
        if run.batch.mail_kind is MailKind.SECOND_INVITATION and reason in LASTING:
            await change(run.brand, *_key(item.record), lambda contact: _called_in_vain(contact, now))
    saved = await save_many(run.brand, edits)
    claimed = [item for item in saved if item]
    run.again += len(saved) - len(claimed)
    return claimed


async def _write_down(run: _Run, edits: Sequence[Edit]) -> None:
    """Saves what became of each mail; a contact that changed since the claim is read again."""
    for edit, saved in zip(edits, await save_many(run.brand, edits), strict=True):
        if saved is None and edit.before and edit.before.record.outgoing:
            claim = edit.before.record.outgoing
            sent = len(edit.after.mails) > len(edit.before.record.mails)
            called = edit.after.last_call_at != edit.before.record.last_call_at
            act = as_sent if sent else _refused if called else _released
            await change(run.brand, *_key(edit.after), partial(_with_claim, act=act, claim=claim))


def _refusal(run: _Run, contact: Contact) -> Refusal | None:
    ambassador = run.ambassadors.get(contact.ambassador_id)
    if run.batch.mail_kind is MailKind.PUBLICATION and run.publication is None:
        return Refusal.RECORD_GONE
    if run.batch.mail_kind is MailKind.CONFIRMATION and contact.asking and contact.asking.mail != mail_of(run.batch):
        return Refusal.NOTHING_TO_CONFIRM  # what is asked goes by another mail
    if run.batch.mail_kind is MailKind.VOUCHER and not (contact.voucher and contact.voucher.mail == mail_of(run.batch)):
        return Refusal.NO_VOUCHER  # what is in hand goes by another mail
    return refusal(
        contact,
        run.batch.mail_kind,
        run.brand.now(),
        run.brand.policy,
        suppressed=False,  # asked for right before the mail leaves
        brand_status=run.brand.record.status,
        ambassador_active=ambassador is not None and ambassador.status is AccountStatus.ACTIVE,
    )


def as_sent(contact: Contact, claim: Outgoing) -> Contact:
    """The contact after its mail left; the interval of an invitation runs from here (RET-19)."""
    if any(mail.id == claim.mail for mail in contact.mails) or not contact.in_the_book:
        return _released(contact, claim)
    mail = SentMail(id=claim.mail, kind=claim.kind, at=claim.at, publication=claim.publication)
    after = contact.changed(
        mails=(*contact.mails, mail),
        outgoing=None if contact.outgoing == claim else contact.outgoing,
        doubted=None if contact.doubted and contact.doubted.mail == claim.mail else contact.doubted,
        modified_at=claim.at,
        modified_by=Origin(mechanism="mail"),
    )
    state = contact.ambassador_opt_in
    if claim.kind is MailKind.INVITATION and state is AmbassadorOptIn.NEW:
        return after.changed(ambassador_opt_in=AmbassadorOptIn.INVITATION_SENT, ambassador_opt_in_at=claim.at)
    if claim.kind is MailKind.SECOND_INVITATION and state is AmbassadorOptIn.INVITATION_SENT:
        return after.changed(last_call_at=claim.at)
    return after


def _with_claim(contact: Contact, act: Callable[[Contact, Outgoing], Contact], claim: Outgoing) -> Contact:
    return act(contact, claim)


def _released(contact: Contact, claim: Outgoing) -> Contact:
    """The contact without the claim: nothing left."""
    return contact.changed(outgoing=None) if contact.outgoing == claim else contact


def doubted(contact: Contact, claim: Outgoing) -> Contact:
    """The contact without the claim, as far as anybody knows: an event may still prove that the mail left."""
    released = _released(contact, claim)
    return released if released is contact else released.changed(doubted=claim)


def _refused(contact: Contact, claim: Outgoing) -> Contact:
    """The contact whose mail will never go."""
    after = _released(contact, claim)
    in_vain = _called_in_vain(after, claim.at) if claim.kind is MailKind.SECOND_INVITATION else None
    return in_vain or after


def _not_taken(contact: Contact, claim: Outgoing) -> Contact:
    """The contact whose mail the provider will never take: then it did not take it at an earlier try either."""
    after = _refused(contact, claim)
    return after.changed(doubted=None) if after.doubted and after.doubted.mail == claim.mail else after


def _called_in_vain(contact: Contact, now: datetime) -> Contact | None:
    """RET-3's interval begins although the second invitation could not go: the address takes no mail."""
    if contact.ambassador_opt_in is not AmbassadorOptIn.INVITATION_SENT or contact.last_call_at:
        return None
    return contact.changed(last_call_at=now, modified_at=now, modified_by=Origin(mechanism="RET-2"))


async def _close(run: _Run, current: Versioned[MailBatch]) -> None:
    """Writes the batch's report; what has to be tried again keeps it open and queues it with a growing delay."""
    delay = RETRY_SECONDS[min(current.record.attempts, len(RETRY_SECONDS) - 1)]
    batch = current.record.changed(
        sent=run.sent,
        skipped={reason: count for reason, count in run.skipped.items() if count},
        refused=run.refused,
        attempts=current.record.attempts + 1,
        # From its next try on: the recovery timer must not queue it beside the message that waits for its time.
        open_since=run.brand.now() + timedelta(seconds=delay) if run.again else None,
    )
    with suppress(StaleError):  # another worker wrote its report of the same contacts
        await run.brand.batches.replace(current, batch)
    if run.again:
        await run.brand.ports.queue.send(QUEUE, [{"brand": run.brand.id, "batch": batch.id}], delay_seconds=delay)


def _composed(run: _Run, contact: Contact) -> OutgoingMail:
    ambassador = run.ambassadors[contact.ambassador_id]
    return compose(run.brand, ambassador, contact, _claim_of(run, contact), run.publication)


def _claim_of(run: _Run, contact: Contact) -> Outgoing:
    if contact.outgoing is None or contact.outgoing.mail != mail_of(run.batch):
        raise ValueError("the contact carries no claim of this batch")
    return contact.outgoing


def _key(contact: Contact) -> tuple[str, str]:
    return contact.ambassador_id, contact.id
