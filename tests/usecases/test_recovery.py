"""What a lost message or a crash left behind: found by time alone, and the ledger made whole."""

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import ChangedMeanwhileError, SuppressedError, UnknownObjectError
from shared.domain.jobs import JobState
from shared.domain.ledger import Evidence
from shared.domain.policy import BrandStatus
from shared.domain.suppression import SuppressionReason
from shared.ports import ConflictError, Query, StaleError
from shared.usecases import contacts, import_contacts, invite, limiting, saving, suppressing, sweep
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from shared.usecases.verify_ledger import verify_ledger
from tests.support.acts import answered, entered, fresh_world, invited, ledger_faults, opted_out, rotated
from tests.support.world import World, brand_record

S = AmbassadorOptIn
GRACE = "grace@example.org"
FILE = b"First Name,E-mail 1 - Value\nAda,lovelace@example.org\n"


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("RET-16")
async def test_work_whose_message_was_lost_is_found_by_the_timer(world: World, acme: Brand, ada: str) -> None:
    await invite.invite(acme, ada, [contact.id for contact in await entered(world, ada, GRACE)])
    job = await import_contacts.start_import(acme, ada, FILE, None)
    run = await sweep.start_sweep(acme)
    assert run
    world.queue.queues.clear()
    world.clock.advance(minutes=9)
    early = await world.recover()
    assert (early.imports, early.batches, early.sweeps) == (0, 0, 0)
    world.clock.advance(minutes=2)
    found = await world.recover()
    assert (found.imports, found.batches, found.sweeps) == (1, 1, 1)
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1
    assert (await import_contacts.get_job(acme, ada, job.id)).state is JobState.DONE
    again = await world.recover()
    assert (again.imports, again.batches, again.sweeps, again.proofs) == (0, 0, 0, 0)


@pytest.mark.rule("RET-11")
async def test_reports_and_windows_are_forgotten_when_they_are_old(world: World, acme: Brand, ada: str) -> None:
    await invite.invite(acme, ada, [contact.id for contact in await entered(world, ada, GRACE)])
    await limiting.count_against(acme, "sign-in", "grace@example.org")
    await world.sweep()
    assert (await world.recover()).forgotten == 0
    world.clock.advance(days=365)
    assert (await world.recover()).forgotten == 4
    for collection in (acme.jobs, acme.batches, acme.runs, acme.limits):
        assert (await collection.page(Query()))[0] == []


@pytest.mark.rule("CON-7")
async def test_a_proof_that_a_crash_kept_from_the_ledger_is_written_by_the_timer_or_the_next_change(
    world: World, acme: Brand, ada: str
) -> None:
    for email in (GRACE, "other@example.org"):
        (contact,) = await invited(world, ada, email)
        await answered(world, email, Answer.ACCEPT)
        (entry,) = (await acme.ledger.page(Query(partition=contact.id)))[0]
        await acme.ledger.delete(entry)
    assert len(await ledger_faults(world)) == 2
    world.clock.advance(seconds=1)
    await answered(world, GRACE, Answer.DECLINE)
    assert len(await ledger_faults(world)) == 1
    assert (await world.recover()).proofs == 1
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-7")
async def test_the_verifier_finds_what_was_done_to_the_ledger_also_after_anonymisation(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await invited(world, ada, GRACE)
    for what in (Answer.ACCEPT, Answer.DECLINE):
        await answered(world, GRACE, what)
        world.clock.advance(seconds=1)
    await opted_out(world, GRACE)
    world.clock.advance(days=365)
    await world.sweep()
    assert (await world.contacts())[0].anonymised_at
    assert await ledger_faults(world) == []
    chain = (await acme.ledger.page(Query(partition=contact.id)))[0]
    assert len(chain) == 2 and GRACE not in str([entry.record.to_document() for entry in chain])
    first = await acme.ledger.replace(chain[0], chain[0].record.changed(before={"ambassadorOptIn": "new"}))
    assert any("was changed" in fault for fault in await ledger_faults(world))
    await acme.ledger.replace(first, chain[0].record)
    await acme.ledger.delete(chain[1])
    assert any("does not end" in fault for fault in await ledger_faults(world))
    verdicts = [verdict async for verdict in verify_ledger(acme)]
    assert (verdicts[-1].subjects, verdicts[-1].entries) == (1, 1)


@pytest.mark.rule("CON-7")
async def test_a_consent_is_never_changed_without_evidence(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, GRACE)
    with pytest.raises(ValueError, match="evidence"):
        await saving.change(acme, ada, contact.id, lambda c: c.changed(ambassador_opt_in=S.OPT_IN_OTHER))
    partners = await saving.change(
        acme, ada, contact.id, lambda c: c.changed(partners_opt_in=True), Evidence(actor="person", mechanism="form")
    )
    assert partners and partners.proof and partners.proof.after["partnersOptIn"] is True
    assert await saving.change(acme, ada, "unknown", lambda c: c) is None
    assert await ledger_faults(world) == []


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("SUP-5")
async def test_neither_a_suppression_nor_an_opt_out_is_lost_by_a_key_rotation(world: World, ada: str) -> None:
    await invited(world, ada, GRACE, "listed@example.org", "live@example.org")
    await opted_out(world, GRACE)
    acme = await world.brand()
    ref = acme.hasher.ref("listed@example.org")
    await suppressing.suppress(acme, ref, SuppressionReason.SPAM, world.clock.now())
    after = await rotated(world)
    for email in (GRACE, "Listed@example.org"):
        with pytest.raises(SuppressedError):
            await contacts.enter(after, ada, {"email": email})
    assert await suppressing.listed(after, ["listed@example.org"])
    live, is_new = await contacts.enter(after, ada, {"email": "LIVE@example.org", "city": "Arlington"})
    assert not is_new and (live.email_hash or "").startswith("v2.")
    assert (await contacts.enter(after, ada, {"email": "live@example.org"}))[0].id == live.id
    assert after.hasher.keys[1] == acme.hasher.keys[1]


@pytest.mark.rule("SUP-1")
async def test_a_listing_is_kept_while_any_reason_holds(world: World, acme: Brand) -> None:
    ref, now = acme.hasher.ref(GRACE), world.clock.now()
    spam, soft = SuppressionReason.SPAM, SuppressionReason.REPEATED_SOFT_BOUNCE
    for reason in (spam, soft, spam):
        await suppressing.suppress(acme, ref, reason, now)
    await suppressing.withdraw(acme, ref, soft)
    await suppressing.withdraw(acme, ref, soft)
    assert await suppressing.listed(acme, [GRACE])
    await suppressing.withdraw(acme, ref, spam)
    assert not await suppressing.listed(acme, [GRACE])


@pytest.mark.rule("SUP-1")
async def test_a_listing_that_is_always_outrun_says_so_rather_than_be_lost(
    world: World, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, now, reason = acme.hasher.ref(GRACE), world.clock.now(), SuppressionReason.SPAM
    await suppressing.suppress(acme, ref, SuppressionReason.BLOCKED, now)

    async def outrun(*_: object) -> None:
        raise StaleError

    monkeypatch.setattr(acme.suppressions, "replace", outrun)
    monkeypatch.setattr(acme.suppressions, "delete", outrun)
    with pytest.raises(ChangedMeanwhileError):
        await suppressing.suppress(acme, ref, reason, now)
    with pytest.raises(ChangedMeanwhileError):
        await suppressing.withdraw(acme, ref, SuppressionReason.BLOCKED)

    async def taken(*_: object) -> None:
        raise ConflictError

    monkeypatch.setattr(acme.suppressions, "create", taken)
    with pytest.raises(ChangedMeanwhileError):
        await suppressing.suppress(acme, "v1.gone", reason, now)


@pytest.mark.rule("BR-1")
@pytest.mark.rule("BR-2")
async def test_brands_are_made_once_and_opened_by_name_only() -> None:
    async with fresh_world() as world:
        assert sorted(await world.brands.all()) == ["acme", "globex"]
        before = await world.brand()
        await world.brands.create(brand_record("acme", terms_version="2").changed(status=BrandStatus.ENDED))
        world.clock.advance(seconds=30)
        again = await world.brand()
        assert again is not before and again.record == before.record and again.hasher == before.hasher
        assert again.hasher.ref(GRACE) != (await world.brand("globex")).hasher.ref(GRACE)
        for name in ("unknown", "", "../acme", "ACME"):
            with pytest.raises(UnknownObjectError):
                await world.brands.get(name)
        for call in (world.brands.rotate_hash_key("nobody"), world.brands.save_policy("nobody", before.policy)):
            with pytest.raises(UnknownObjectError):
                await call
