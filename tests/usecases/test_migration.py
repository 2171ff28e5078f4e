"""Contacts from before the law: opted in where they did something, else new; their ambassadors are told once (COL-13)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.collecting import Outcome
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.retention import RuleId
from shared.domain.suppression import SuppressionReason
from shared.usecases import answer
from shared.usecases.brands import Brand
from shared.usecases.migrate_contacts import Migrated, OldContact, migrate_contacts
from shared.usecases.suppressing import suppress
from tests.support.acts import answered, invited, ledger_faults, opted_out
from tests.support.forms import GRACE
from tests.support.world import World

pytestmark = pytest.mark.rule("COL-13")
S = AmbassadorOptIn


async def migrated(world: World, *contacts: OldContact) -> list[Migrated]:
    """The answers to one call, when everything is at rest again."""
    answers = await migrate_contacts(await world.brand(), contacts)
    await world.drain()
    return answers


def old(
    world: World, ambassador: str, email: str = GRACE, active_days_ago: float | None = None, **fields: Any
) -> OldContact:
    """A contact as it was kept before."""
    at = None if active_days_ago is None else world.clock.now() - timedelta(days=active_days_ago)
    return OldContact(ambassador, email, {"first_name": "Grace", **fields}, at)


async def test_with_activity_opted_in_as_of_that_day(world: World, acme: Brand, ada: str) -> None:
    (one,) = await migrated(world, old(world, ada, active_days_ago=400, city="Paris"))
    contact = await world.contact_of(GRACE)
    active_at = world.clock.now() - timedelta(days=400)
    assert one == Migrated(Outcome.CREATED, contact.id)
    assert (contact.ambassador_opt_in, contact.brand_opt_in, contact.city) == (S.OPT_IN_OTHER, BrandOptIn.NONE, "Paris")
    assert contact.last_activity_at == contact.ambassador_opt_in_at == active_at
    assert contact.clock and (contact.clock.rule, contact.clock.since) == (RuleId.INACTIVE, active_at)
    assert contact.proof and contact.proof.evidence.mechanism == "migration" and await ledger_faults(world) == []


@pytest.mark.rule("RET-1")
async def test_without_activity_new_as_of_the_day_and_gone_without_an_invitation(
    world: World, acme: Brand, ada: str
) -> None:
    await migrated(world, old(world, ada))
    contact = await world.contact_of(GRACE)
    assert (contact.ambassador_opt_in, contact.ambassador_opt_in_at) == (S.NEW, world.clock.now())
    world.clock.advance(days=30)
    await world.sweep()
    assert await world.contacts() == []


async def test_who_did_nothing_for_three_years_is_anonymised_by_the_next_sweep(
    world: World, acme: Brand, ada: str
) -> None:
    await migrated(world, old(world, ada, active_days_ago=1096))
    await world.sweep()
    assert [contact.email for contact in await world.contacts()] == [None]


async def test_each_ambassador_is_told_by_one_mail_whatever_the_number_of_calls(
    world: World, acme: Brand, ada: str
) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    for number in range(3):
        await migrated(world, old(world, ada, f"a{number}@example.org"), old(world, bob, "b@example.org", 3))
        world.clock.advance(days=1)
    for email in ("ada@example.org", "bob@example.org"):
        (mail,) = world.mailer.sent_to(email)
        assert "taken over" in mail.subject and acme.policy.privacy_policy_url in mail.text
    assert world.mailer.sent_to(GRACE) == []


async def test_nobody_is_told_of_rows_that_stored_nothing(world: World, acme: Brand, ada: str) -> None:
    await suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.SPAM, world.clock.now())
    assert [one.outcome for one in await migrated(world, old(world, ada))] == [Outcome.SUPPRESSED]
    assert world.mailer.outbox == [] and await world.contacts() == []


async def test_sent_again_changes_nothing(world: World, acme: Brand, ada: str) -> None:
    rows = [old(world, ada, active_days_ago=3), old(world, ada, "new@example.org")]
    first = await migrated(world, *rows)
    before = await world.contacts()
    world.clock.advance(days=2)
    again = await migrated(world, *rows)
    assert [one.outcome for one in again] == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert [one.contact for one in again] == [one.contact for one in first]
    assert await world.contacts() == before


@pytest.mark.rule("CON-6")
async def test_what_a_person_said_stands(world: World, acme: Brand, ada: str) -> None:
    yes, no = "yes@example.org", "no@example.org"
    await invited(world, ada, yes, no)
    await answered(world, yes, answer.Answer.ACCEPT)
    await opted_out(world, no)
    made = await migrated(world, old(world, ada, yes, 3), old(world, ada, no, 3))
    assert [one.outcome for one in made][1] is Outcome.OPTED_OUT
    assert [error.field for error in made[1].errors] == ["email"]
    assert (await world.contact_of(yes)).ambassador_opt_in is S.INVITATION_ACCEPTED
    assert (await world.contact_of(no)).ambassador_opt_in is S.OPT_OUT_EMAIL


async def test_a_bad_row_loses_no_good_one(world: World, acme: Brand, ada: str) -> None:
    made = await migrated(
        world, old(world, "nobody"), old(world, ada, "none"), old(world, ada, GRACE, -1), old(world, ada)
    )
    assert [[error.field for error in one.errors] for one in made] == [
        ["ambassador"],
        ["email"],
        ["lastActivityAt"],
        [],
    ]
    assert [one.outcome for one in made] == [None, None, None, Outcome.CREATED]
