"""Invitations, publications and second invitations: who gets a mail, and what becomes of it at the provider."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, MailKind
from shared.domain.jobs import Job, JobState, MailBatch
from shared.domain.publication import Content
from shared.domain.retention import RuleId
from shared.domain.suppression import SuppressionReason
from shared.ports import Fate, OutgoingMail, SendResult
from shared.usecases import answer, contacts, import_contacts, invite, send_mails, suppressing
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, asked_by, entered, event_of, invited, opted_out, receive, rotated
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"


async def asked(world: World, ambassador: str, *emails: str) -> invite.Asked:
    """Contacts whose invitation waits in the queue."""
    made = await entered(world, ambassador, *emails)
    return await invite.invite(await world.brand(), ambassador, [contact.id for contact in made])


async def job_of(brand: Brand, ambassador: str, id: str) -> Job:
    return await invite.mail_job(brand, await import_contacts.get_job(brand, ambassador, id))


async def batch_of(brand: Brand, job: str) -> MailBatch:
    found = await brand.jobs.get(job, job)
    assert found
    (id,) = found.record.batches
    batch = await brand.batches.get(id, id)
    assert batch
    return batch.record


@pytest.mark.rule("MAIL-1")
async def test_inviting_all_writes_to_those_who_are_new_and_nobody_else(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, "accepted@example.org", "silent@example.org")
    await answered(world, "accepted@example.org", Answer.ACCEPT)
    await entered(world, ada, "one@example.org", "two@example.org")
    await contacts.enter(acme, ada, {"first_name": "Addressless"})
    result = await invite.invite(acme, ada, None)
    await world.drain()
    assert (result.queued, [skipped.reason for skipped in result.skipped]) == (2, ["no_address"])
    assert [len(world.mailer.sent_to(f"{n}@example.org")) for n in ("one", "two", "silent", "accepted")] == [1] * 4
    one = await world.contact_of("one@example.org")
    assert (one.ambassador_opt_in, one.ambassador_opt_in_at) == (S.INVITATION_SENT, world.clock.now())
    assert [mail.kind for mail in one.mails] == [MailKind.INVITATION] and one.outgoing is None
    job = await job_of(acme, ada, result.job)
    assert (job.state, job.total, job.accepted, job.refused) == (JobState.DONE, 2, 2, 0)


@pytest.mark.rule("MAIL-1")
async def test_each_contact_that_gets_no_mail_is_named_with_its_reason(world: World, acme: Brand, ada: str) -> None:
    (silent,) = await invited(world, ada, "silent@example.org")
    waiting = (await asked(world, ada, "waiting@example.org"), await world.contact_of("waiting@example.org"))[1]
    await world.drain()
    fresh = (await entered(world, ada, "fresh@example.org"))[0]
    bob = (await world.ambassador(email="bob@example.org")).id
    (bobs,) = await entered(world, bob, "bobs@example.org")
    result = await invite.invite(acme, ada, [silent.id, waiting.id, bobs.id, "unknown", fresh.id, fresh.id])
    assert {skipped.contact: skipped.reason for skipped in result.skipped} == {
        silent.id: "already_invited", waiting.id: "already_invited", bobs.id: "not_found", "unknown": "not_found",
    }  # fmt: skip
    assert result.queued == 1
    nobody = await invite.invite(acme, ada, [])
    assert (await job_of(acme, ada, nobody.job)).state is JobState.DONE


@pytest.mark.rule("MAIL-4")
async def test_mails_go_in_batches_of_fifty(world: World, ada: str) -> None:
    await asked(world, ada, *(f"c{n}@example.org" for n in range(120)))
    await world.drain()
    assert sorted(map(len, world.mailer.calls)) == [20, 50, 50]
    assert len({mail.custom_id for mail in world.mailer.outbox}) == 120


@pytest.mark.rule("MAIL-2")
async def test_a_publication_goes_to_who_is_opted_in_with_one_click_headers(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE, "silent@example.org")
    await answered(world, GRACE, Answer.ACCEPT)
    content = Content(title="Offer", url="https://acme.example/offer")
    publication, result = await invite.publish(
        acme, ada, subject="News", body="Look!", contents=[content], contacts=None
    )
    await world.drain()
    assert (result.queued, result.skipped) == (1, [])
    mail = world.mailer.outbox[-1]
    assert (mail.to_email, mail.subject) == (GRACE, "News")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = mail.headers["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://suite.example/u/") and url in mail.text
    assert all("List-Unsubscribe" not in invitation.headers for invitation in world.mailer.outbox[:-1])
    grace = await world.contact_of(GRACE)
    assert (grace.mails[-1].kind, grace.mails[-1].publication) == (MailKind.PUBLICATION, publication.id)
    silent = await world.contact_of("silent@example.org")
    _, named = await invite.publish(acme, ada, subject="N", body="B", contents=[], contacts=[silent.id, grace.id])
    assert (named.queued, named.skipped) == (1, [invite.Skipped(silent.id, "not_opted_in")])


@pytest.mark.rule("DEL-8")
async def test_a_publication_that_is_gone_is_not_sent(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    publication, result = await invite.publish(acme, ada, subject="N", body="B", contents=[], contacts=None)
    found = await acme.activity.get(ada, publication.id)
    assert found
    await acme.activity.delete(found)
    await world.drain()
    assert (await job_of(acme, ada, result.job)).refused_by_reason == {"record_gone": 1}


@pytest.mark.rule("SUP-2")
@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize("rotate", [False, True], ids=["", "listed before a key rotation"])
async def test_the_black_list_is_asked_when_the_mail_is_about_to_leave(
    world: World, acme: Brand, ada: str, rotate: bool
) -> None:
    result = await asked(world, ada, GRACE, "other@example.org")
    ref = acme.hasher.ref("GRACE@example.org")
    await suppressing.suppress(acme, ref, SuppressionReason.HARD_BOUNCE, world.clock.now())
    if rotate:
        await rotated(world)
    await world.drain()
    assert [mail.to_email for mail in world.mailer.outbox] == ["other@example.org"]
    job = await job_of(acme, ada, result.job)
    assert (job.accepted, job.refused_by_reason) == (1, {"suppressed": 1})


@pytest.mark.rule("SUP-2")
async def test_each_spelling_of_a_listed_address_is_listed(world: World, acme: Brand) -> None:
    await suppressing.suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.SPAM, world.clock.now())
    spellings = [GRACE, "Grace@example.org", "GRACE@EXAMPLE.ORG"]
    assert await suppressing.listed(acme, [*spellings, "other@example.org"]) == set(spellings)


@pytest.mark.rule("MAIL-4")
async def test_a_message_that_comes_twice_sends_nothing_twice(world: World, acme: Brand, ada: str) -> None:
    result = await asked(world, ada, GRACE)
    batch = await batch_of(acme, result.job)
    await world.drain()
    for _ in range(2):
        await send_mails.send_batch(acme, batch.id)
    await send_mails.send_batch(acme, "unknown")
    assert len(world.mailer.outbox) == 1


@pytest.mark.rule("MAIL-4")
async def test_what_the_provider_did_not_take_goes_again_later(world: World, acme: Brand, ada: str) -> None:
    world.mailer.next_call(Fate.RETRY, times=8)
    result = await asked(world, ada, GRACE)
    start = world.clock.now()
    await world.drain(waiting=timedelta(hours=3))
    assert len(world.mailer.sent_to(GRACE)) == 1
    assert world.clock.now() - start == timedelta(seconds=2 + 5 + 15 + 60 + 300 + 900 * 3)
    assert (await world.contact_of(GRACE)).ambassador_opt_in_at == world.clock.now()
    assert (await batch_of(acme, result.job)).open_since is None


@pytest.mark.rule("MAIL-4")
async def test_recovery_does_not_queue_a_batch_whose_next_try_is_planned(world: World, acme: Brand, ada: str) -> None:
    world.mailer.next_call(Fate.RETRY, times=100)
    await asked(world, ada, GRACE)
    for _ in range(20):
        await world.drain(waiting=timedelta(minutes=4))
        world.clock.advance(minutes=5)
        assert (await world.recover()).batches == 0
    assert sum(len(waiting) for waiting in world.queue.queues.values()) == 1


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("CON-3")
async def test_what_the_provider_refuses_for_good_is_not_sent_again(world: World, acme: Brand, ada: str) -> None:
    world.mailer.always_for(GRACE, Fate.REFUSED)
    world.mailer.always_for("later@example.org", Fate.RETRY)
    result = await asked(world, ada, GRACE, "later@example.org")
    await world.drain(waiting=timedelta(seconds=20))
    world.mailer.always_for("later@example.org", Fate.SENT)
    await world.drain()
    grace = await world.contact_of(GRACE)
    tries = [call for call in world.mailer.calls if any(grace.id in id for id in call)]
    assert len(tries) == 1 and len(world.mailer.calls) > 2
    assert (grace.ambassador_opt_in, grace.outgoing, grace.mails) == (S.NEW, None, ())
    job = await job_of(acme, ada, result.job)
    assert (job.accepted, job.refused_by_reason) == (1, {"provider_planned": 1})


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("accepted", [True, False])
async def test_a_mail_whose_fate_is_unknown_is_looked_up_before_it_is_sent_again(
    world: World, acme: Brand, ada: str, accepted: bool
) -> None:
    world.mailer.next_call(Fate.UNKNOWN, accepted=accepted)
    result = await asked(world, ada, GRACE)
    first_try = world.clock.now()
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1 and world.mailer.lookups
    assert len(world.mailer.calls) == (1 if accepted else 2)
    assert len({id for call in world.mailer.calls for id in call}) == 1
    grace = await world.contact_of(GRACE)
    assert (grace.ambassador_opt_in, grace.outgoing) == (S.INVITATION_SENT, None)
    if accepted:
        assert grace.ambassador_opt_in_at == first_try
    else:
        assert grace.ambassador_opt_in_at - first_try >= send_mails.DOUBT
    assert (await job_of(acme, ada, result.job)).accepted == 1


@pytest.mark.rule("MAIL-4")
async def test_while_the_provider_cannot_be_asked_nothing_is_sent_again(world: World, ada: str) -> None:
    world.mailer.next_call(Fate.UNKNOWN, accepted=True)
    world.mailer.can_be_asked = False
    await asked(world, ada, GRACE)
    await world.drain()
    assert len(world.mailer.calls) == 1
    assert (await world.contact_of(GRACE)).outgoing
    world.mailer.can_be_asked = True
    await world.drain()
    assert len(world.mailer.outbox) == 1 and (await world.contact_of(GRACE)).outgoing is None


@pytest.mark.rule("MAIL-4")
async def test_what_another_batch_left_in_doubt_is_settled_first(world: World, acme: Brand, ada: str) -> None:
    world.mailer.next_call(Fate.UNKNOWN, accepted=True)
    await asked(world, ada, GRACE)
    await world.step()
    world.queue.queues.clear()
    grace = await world.contact_of(GRACE)
    refused = await invite.invite(acme, ada, [grace.id])
    assert [skipped.reason for skipped in refused.skipped] == ["mail_under_way"]
    batch = MailBatch(
        mail_kind=MailKind.INVITATION,
        recipients=((ada, grace.id),),
        started_at=world.clock.now(),
        open_since=world.clock.now(),
    )
    await invite.queue_batches(acme, [batch])
    await world.drain()
    assert len(world.mailer.outbox) == 1
    done = await acme.batches.get(batch.id, batch.id)
    assert done and done.record.skipped == {"already_invited": 1}


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("fate", [Fate.SENT, Fate.REFUSED, Fate.RETRY])
async def test_an_opt_out_while_the_mail_leaves_stands(
    world: World, acme: Brand, ada: str, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    world.clock.advance(days=1)
    await invite.publish(acme, ada, subject="N", body="B", contents=[], contacts=None)
    opening, send = await asked_by(world, GRACE, "u"), world.mailer.send

    async def slowly(mails: list[OutgoingMail]) -> list[SendResult]:
        await answer.opt_out(opening, answer.Scope.AMBASSADOR, mechanism="opt_out_page", text_version="1", ip=None)
        return await send(mails)

    monkeypatch.setattr(world.mailer, "send", slowly)
    world.mailer.next_call(fate)
    await world.drain()
    grace = await world.contact_of(GRACE)
    assert (grace.ambassador_opt_in, grace.outgoing) == (S.OPT_OUT_EMAIL, None)
    assert len(grace.mails) == (2 if fate is Fate.SENT else 1)


@pytest.mark.rule("DEL-4")
@pytest.mark.parametrize("fate", [Fate.SENT, Fate.UNKNOWN])
async def test_a_contact_removed_while_its_mail_leaves_stays_without_trace_of_the_mail(
    world: World, acme: Brand, ada: str, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(world, ada, GRACE)
    (contact,), send = await world.contacts(), world.mailer.send

    async def slowly(mails: list[OutgoingMail]) -> list[SendResult]:
        await contacts.remove(acme, ada, contact.id)
        return await send(mails)

    monkeypatch.setattr(world.mailer, "send", slowly)
    world.mailer.next_call(fate, accepted=True)
    await world.drain()
    (left,) = await world.contacts()
    assert left.anonymised_at and (left.mails, left.outgoing, left.email) == ((), None, None)


@pytest.mark.rule("RET-2")
@pytest.mark.rule("RET-3")
async def test_the_second_invitation_goes_once_and_starts_the_last_interval(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    due = world.clock.advance(days=15)
    await world.sweep()
    await world.sweep()
    grace = await world.contact_of(GRACE)
    assert [mail.kind for mail in grace.mails] == [MailKind.INVITATION, MailKind.SECOND_INVITATION]
    assert grace.last_call_at == due and grace.clock and grace.clock.rule is RuleId.SECOND_INVITATION
    assert len(world.mailer.sent_to(GRACE)) == 2
    world.clock.advance(days=15)
    await world.sweep()
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_OUT_NO_ACTION


async def _bounces(world: World) -> None:
    await receive(world, [event_of(world.mailer.outbox[0], "bounce", world.clock.now())])


async def _is_listed(world: World) -> None:
    acme = await world.brand()
    await suppressing.suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.SPAM, world.clock.now())


async def _is_refused(world: World) -> None:
    world.mailer.always_for(GRACE, Fate.REFUSED)


@pytest.mark.rule("RET-3")
@pytest.mark.parametrize("fault", [_bounces, _is_listed, _is_refused])
async def test_an_address_that_takes_no_second_invitation_still_comes_to_its_end(
    world: World, ada: str, fault: Any
) -> None:
    await invited(world, ada, GRACE)
    await fault(world)
    due = world.clock.advance(days=15)
    await world.sweep()
    grace: Contact = await world.contact_of(GRACE)
    assert (grace.last_call_at, len(world.mailer.sent_to(GRACE))) == (due, 1)
    world.clock.advance(days=15)
    await world.sweep()
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_OUT_NO_ACTION


@pytest.mark.rule("MAIL-1")
async def test_a_contact_that_opted_out_between_queueing_and_sending_gets_nothing(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    world.clock.advance(seconds=1)
    _, result = await invite.publish(acme, ada, subject="N", body="B", contents=[], contacts=None)
    waiting = list(world.queue.queues[invite.QUEUE])
    world.queue.queues[invite.QUEUE].clear()
    await opted_out(world, GRACE)
    world.queue.queues[invite.QUEUE] += waiting
    await world.drain()
    assert len(world.mailer.outbox) == 1
    assert (await job_of(acme, ada, result.job)).refused_by_reason == {"opted_out": 1}
