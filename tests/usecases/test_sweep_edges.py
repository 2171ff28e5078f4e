"""Sweeps that are cut short, stopped, confirmed late or overtaken by a new policy, and jobs that the recovery timer meets."""

import pytest

from shared.domain.address_book import Entry as Row
from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import SuppressedError
from shared.domain.jobs import Run, RunState
from shared.domain.policy import Durations, SweepGuard
from shared.ports import Fate, Query
from shared.usecases import contacts, import_contacts, invite, sweep, sweep_pages
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, asked_by, entered, event_of, invited, receive
from tests.support.records import days
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"


async def runs(brand: Brand) -> list[Run]:
    return [item.record async for page in brand.runs.pages(Query()) for item in page]


async def guarded(world: World, records: int, **durations: int) -> Brand:
    """The brand with a guard over so many records."""
    policy = (await world.brand()).policy
    changed = policy.changed(sweep_guard=SweepGuard(share=0.01, records=records), durations=Durations(**durations))
    await world.brands.save_policy("acme", changed)
    return await world.brand()


@pytest.mark.rule("RET-18")
@pytest.mark.parametrize("stopped", [True, False])
async def test_a_policy_changed_meanwhile_takes_effect_at_the_next_sweep_only(
    world: World, acme: Brand, ada: str, stopped: bool
) -> None:
    acme = await guarded(world, 2 if stopped else 5)
    await entered(world, ada, *(f"old{n}@example.org" for n in range(3)))
    world.clock.advance(days=20)
    await entered(world, ada, *(f"young{n}@example.org" for n in range(4)))
    world.clock.advance(days=11)
    await sweep.start_sweep(acme)
    if stopped:
        await world.drain()
        (run,) = await runs(acme)
        assert run.state is RunState.AWAITING_CONFIRMATION and run.plan
    acme = await guarded(world, 2 if stopped else 5, new=5)
    if stopped and run.plan:
        await sweep.confirm(acme, run.id, run.plan, "s")
    await world.drain()
    (run,) = await runs(acme)
    assert (run.state, sum(sum(r.done.values()) for r in run.rules)) == (RunState.DONE, 3)
    assert len(await world.contacts()) == 4
    await guarded(world, 5, new=5)
    await world.sweep()
    assert await world.contacts() == []


@pytest.mark.rule("RET-19")
async def test_what_a_late_confirmation_lets_happen_bears_the_day_on_which_it_happens(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    world.clock.advance(days=15)
    await world.sweep()
    world.clock.advance(days=15)
    await entered(world, ada, "x@example.org", "y@example.org")
    world.clock.advance(days=30)
    acme = await guarded(world, 1)
    await world.sweep()
    (run,) = [run for run in await runs(acme) if run.state is RunState.AWAITING_CONFIRMATION]
    judged = world.clock.now()
    world.clock.advance(days=300)
    await sweep.confirm(acme, run.id, run.plan or "", "s")
    await world.drain()
    grace = await world.contact_of(GRACE)
    assert (grace.ambassador_opt_in, grace.ambassador_opt_in_at) == (S.OPT_OUT_NO_ACTION, world.clock.now())
    world.clock.advance(judged + days(366) - world.clock.now())
    await world.sweep()
    assert (await world.contact_of(GRACE)).anonymised_at is None


@pytest.mark.rule("RET-16")
async def test_the_recovery_timer_leaves_alone_what_gets_on(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 1)
    monkeypatch.setattr(import_contacts, "ROWS_A_MESSAGE", 1)
    monkeypatch.setattr(sweep, "PAGES_A_MESSAGE", 1)
    monkeypatch.setattr(sweep_pages, "A_PAGE", 1)
    await import_contacts.start_import(acme, ada, b"a@example.org\nb@example.org\nc@example.org", "emails")
    world.clock.advance(minutes=12)
    assert await world.step()
    assert (await world.recover()).imports == 0
    await world.drain()
    world.clock.advance(days=30)
    await sweep.start_sweep(acme)
    world.clock.advance(minutes=12)
    assert await world.step()
    (run,) = await runs(acme)
    assert run.state is RunState.RUNNING and (await world.recover()).sweeps == 0
    world.clock.advance(minutes=12)
    assert (await world.recover()).sweeps == 1
    await world.drain()
    assert await world.contacts() == []


@pytest.mark.rule("COL-14")
async def test_rows_with_endless_labels_neither_grow_a_record_nor_hold_up_the_file(
    world: World, acme: Brand, ada: str
) -> None:
    lines = [f"One,label {n},big@example.org" for n in range(60)]
    lines += [f"Two,{'x' * 201},long@example.org", "Three,,good@example.org"]
    file = "\r\n".join(["First Name,Labels,E-mail 1 - Value", *lines])
    job = await import_contacts.start_import(acme, ada, file.encode(), "google-csv")
    await world.drain()
    done = await import_contacts.get_job(acme, ada, job.id)
    assert (done.accepted, done.updated, dict(done.refused_by_reason)) == (2, 59, {"field_too_long": 1})
    assert (await world.contact_of("big@example.org")).tags == tuple(f"label {n}" for n in range(50))


@pytest.mark.rule("COL-14")
async def test_a_record_that_no_store_holds_costs_its_own_row_only(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_contacts, "FIELD_LENGTH", 3_000_000)
    file = f"First Name,E-mail 1 - Value\r\nA,a@example.org\r\n{'x' * 2_100_000},b@example.org\r\nC,c@example.org\r\n"
    monkeypatch.setattr(import_contacts, "read_entries", _rows_of(file))
    job = await import_contacts.start_import(acme, ada, file.encode(), "google-csv")
    await world.drain()
    done = await import_contacts.get_job(acme, ada, job.id)
    assert (done.accepted, dict(done.refused_by_reason)) == (2, {"too_large": 1})
    assert {contact.email for contact in await world.contacts()} == {"a@example.org", "c@example.org"}


def _rows_of(file: str) -> object:
    rows = [line.split(",") for line in file.split("\r\n")[1:-1]]
    made = [Row(number=number, first_name=name, email=email) for number, (name, email) in enumerate(rows, 1)]
    return lambda *_: iter(made)


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("RET-3")
async def test_who_was_invited_and_taken_out_of_the_book_is_not_invited_again(
    world: World, acme: Brand, ada: str
) -> None:
    (grace,) = await invited(world, ada, GRACE)
    await contacts.remove(acme, ada, grace.id)
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})
    (other,) = await entered(world, ada, "other@example.org")
    with pytest.raises(SuppressedError):
        await contacts.edit(acme, ada, other.id, {"email": GRACE})
    job = await import_contacts.start_import(acme, ada, GRACE.encode(), "emails")
    await world.drain()
    done = await import_contacts.get_job(acme, ada, job.id)
    assert dict(done.refused_by_reason) == {"already_invited": 1}
    assert len(world.mailer.sent_to(GRACE)) == 1
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, bob, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    asked = await asked_by(world, GRACE)
    await contacts.remove(acme, bob, asked.contact.id)
    assert (await contacts.enter(acme, bob, {"email": GRACE}))[1]


@pytest.mark.rule("MAIL-1")
async def test_taking_somebody_out_while_the_invitation_leaves_frees_no_address(
    world: World, acme: Brand, ada: str
) -> None:
    (grace,) = await entered(world, ada, GRACE)
    world.mailer.next_call(Fate.UNKNOWN, accepted=True)
    await invite.invite(acme, ada, [grace.id])
    assert await world.step()
    await contacts.remove(acme, ada, grace.id)
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})


@pytest.mark.rule("CON-3")
async def test_releases_do_not_break_a_row_of_soft_bounces(world: World, acme: Brand, ada: str) -> None:
    (grace,) = await invited(world, ada, GRACE)
    mail = world.mailer.sent_to(GRACE)[0]
    for n in range(5):
        world.clock.advance(days=1)
        await receive(world, [event_of(mail, "bounce", world.clock.now(), error="quota exceeded", MessageID=n)])
        if n < 4:
            await contacts.release(acme, ada, grace.id)
    assert (await world.contact_of(GRACE)).email_status == "hard_bounce"
