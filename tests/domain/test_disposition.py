"""What a sweep does to one due contact, and how one end leads to the next."""

import pytest

from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import MailKind, Outgoing
from shared.domain.disposition import Disposition, Done, dispose, dispose_of_leavers
from shared.domain.policy import Durations
from shared.domain.retention import RuleId
from tests.support.records import HASHER, SECOND, START, a_contact, a_policy, days

S = AmbassadorOptIn
DURATIONS = a_policy().durations
COMMUNICATIONS = [state for state in BrandOptIn if state.allows_communications]


@pytest.mark.rule("RET-1")
def test_a_contact_that_was_never_invited_is_deleted() -> None:
    assert dispose(a_contact(), START + days(30) - SECOND, DURATIONS) is None
    assert dispose(a_contact(), START + days(30), DURATIONS) == Disposition(RuleId.NEVER_INVITED, Done.DELETED, None)


@pytest.mark.rule("RET-4")
def test_a_confirmation_that_never_came_deletes_the_record() -> None:
    ended = dispose(a_contact(S.BLOG_PENDING), START + days(15), DURATIONS)
    assert ended == Disposition(RuleId.PENDING_CONFIRMATION, Done.DELETED, None)


@pytest.mark.rule("RET-2")
def test_silence_after_the_first_invitation_asks_for_the_second_and_changes_nothing_else() -> None:
    invited = a_contact(S.INVITATION_SENT)
    ended = dispose(invited, START + days(15), DURATIONS)
    assert ended == Disposition(RuleId.FIRST_INVITATION, Done.SECOND_INVITATION_QUEUED, invited)


@pytest.mark.rule("RET-3")
@pytest.mark.rule("RET-19")
def test_silence_after_the_second_opts_out_from_the_day_of_the_sweep_however_late() -> None:
    late = START + days(400)
    ended = dispose(a_contact(S.INVITATION_SENT, last_call_at=START), late, DURATIONS)
    assert ended and ended.contact and ended.done is Done.OPTED_OUT
    lapsed = ended.contact.settled(HASHER, 5)
    assert (lapsed.ambassador_opt_in, lapsed.ambassador_opt_in_at) == (S.OPT_OUT_NO_ACTION, late)
    assert dispose(lapsed, late + days(365) - SECOND, DURATIONS) is None


@pytest.mark.rule("RET-5")
@pytest.mark.parametrize("brand_opt_in", [BrandOptIn.NONE, BrandOptIn.STORAGE_ONLY])
def test_an_opted_out_contact_is_anonymised_after_its_year(brand_opt_in: BrandOptIn) -> None:
    ended = dispose(a_contact(S.OPT_OUT_EMAIL, brand_opt_in=brand_opt_in), START + days(365), DURATIONS)
    assert ended and ended.contact and (ended.rule, ended.done) == (RuleId.OPTED_OUT, Done.ANONYMISED)
    assert ended.contact.anonymised_at == START + days(365)
    assert ended.contact.email is None


@pytest.mark.rule("RET-15")
@pytest.mark.parametrize("brand_opt_in", COMMUNICATIONS)
def test_a_consent_to_the_brand_outlives_the_ambassadors_part(brand_opt_in: BrandOptIn) -> None:
    opted_out_at, asked_at = START + days(400), START + days(300)
    contact = a_contact(
        S.OPT_OUT_EMAIL,
        opted_out_at,
        created_at=START,
        comments="met at the fair",
        brand_opt_in=brand_opt_in,
        brand_opt_in_at=asked_at,
    )
    day = opted_out_at + days(365)
    ended = dispose(contact, day, DURATIONS)
    assert ended and ended.contact and (ended.rule, ended.done) == (RuleId.OPTED_OUT, Done.LEFT_TO_THE_BRAND)
    left = ended.contact.settled(HASHER, 5)
    assert (left.email, left.comments, left.detached_at) == ("grace@example.org", None, day)
    assert dispose(left, asked_at + days(1095) - SECOND, DURATIONS) is None
    last = dispose(left, asked_at + days(1095), DURATIONS)
    assert last and (last.rule, last.done) == (RuleId.INACTIVE, Done.ANONYMISED)


@pytest.mark.rule("RET-15")
@pytest.mark.rule("RET-6")
def test_a_record_that_is_past_both_its_clocks_goes_at_once_under_the_rule_that_found_it() -> None:
    inactive = a_contact(S.OPT_IN_BLOG, brand_opt_in=BrandOptIn.BLOG, brand_opt_in_at=START)
    ended = dispose(inactive, START + days(1095), DURATIONS)
    assert ended and ended.contact and (ended.rule, ended.done) == (RuleId.INACTIVE, Done.ANONYMISED)
    opted_out = a_contact(S.OPT_OUT_EMAIL, brand_opt_in=BrandOptIn.BLOG, brand_opt_in_at=START)
    ended = dispose(opted_out, START + days(1095), DURATIONS)
    assert ended and ended.contact and (ended.rule, ended.done) == (RuleId.OPTED_OUT, Done.ANONYMISED)
    assert ended.contact.email is None


@pytest.mark.rule("RET-14")
@pytest.mark.parametrize("state", S)
def test_a_restricted_record_is_left_alone_whatever_its_age(state: S) -> None:
    assert dispose(a_contact(state, restricted_at=START), START + days(9999), DURATIONS) is None


@pytest.mark.rule("BR-2")
def test_a_changed_policy_takes_effect_on_records_as_they_are() -> None:
    contact = a_contact()
    assert dispose(contact, START + days(10), DURATIONS) is None
    shorter = Durations(new=10)
    assert dispose(contact, START + days(10), shorter)


@pytest.mark.rule("DEL-1")
@pytest.mark.rule("RET-8")
@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("brand_side", BrandOptIn)
def test_DEL_1_what_becomes_of_each_contact_of_an_ambassador_who_left(state: S, brand_side: BrandOptIn) -> None:
    contact = a_contact(state, brand_opt_in=brand_side, brand_opt_in_at=START, comments="a friend", first_name="Ada")
    ended = dispose_of_leavers(contact, RuleId.LEFT, START + days(7), DURATIONS)
    assert ended and ended.rule is RuleId.LEFT
    if state is S.BLOG_PENDING:
        assert (ended.done, ended.contact) == (Done.DELETED, None)
        return
    assert ended.contact
    left = ended.contact.settled(HASHER, 5)
    if brand_side is BrandOptIn.NONE:
        assert ended.done is Done.ANONYMISED and left.anonymised_at and not left.email and not left.first_name
        assert left.clock is None
    else:
        assert ended.done is Done.LEFT_TO_THE_BRAND and left.detached_at and left.email == contact.email
        assert left.comments is None and left.clock and left.clock.since == START
    assert left.email_hash == contact.email_hash
    assert (left.ambassador_opt_in, left.brand_opt_in) == (state, brand_side)
    assert dispose_of_leavers(left, RuleId.LEFT, START + days(8), DURATIONS) is None


@pytest.mark.rule("DEL-1")
def test_DEL_1_who_is_due_by_the_brands_clock_already_goes_at_once() -> None:
    old = a_contact(S.OPT_OUT_EMAIL, brand_opt_in=BrandOptIn.STORAGE_ONLY, brand_opt_in_at=START)
    ended = dispose_of_leavers(old, RuleId.LEFT, START + days(365), DURATIONS)
    assert ended and ended.contact and (ended.rule, ended.done) == (RuleId.LEFT, Done.ANONYMISED)


@pytest.mark.rule("RET-14")
def test_RET_14_nothing_is_done_with_a_restricted_contact_of_a_leaver() -> None:
    assert dispose_of_leavers(a_contact(S.NEW, restricted_at=START), RuleId.LEFT, START + days(900), DURATIONS) is None


@pytest.mark.rule("MAIL-2")
def test_MAIL_2_a_pending_contact_whose_mail_may_have_left_keeps_what_its_link_needs() -> None:
    doubted = Outgoing(mail="a" * 8, kind=MailKind.INVITATION, at=START)
    ended = dispose_of_leavers(a_contact(S.BLOG_PENDING, doubted=doubted), RuleId.LEFT, START + days(7), DURATIONS)
    assert ended and ended.contact and ended.done is Done.ANONYMISED
