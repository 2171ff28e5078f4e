"""How long each record may stay: each row of the table, the second before its time and on it."""

from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus, Ambassador, Gender
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass
from shared.domain.contact import contact_clock, last_activity
from shared.domain.policy import Durations
from shared.domain.retention import RULES, Action, Clock, RuleId, due_at, is_due, rules_of
from tests.support.records import HASHER, SECOND, START, a_contact, days

S = AmbassadorOptIn
OPTED_OUT = [state for state in S if state.opted_out]
KEPT_FOR_ACTIVITY = [s for s in S if s.opt_in_class in (OptInClass.OPTED_IN, OptInClass.STORAGE)]

# The table of the guide, by hand: state, what else is true, rule, days, then what.
Row = tuple[AmbassadorOptIn, dict[str, Any], str, int, Action]
ROWS: list[Row] = [
    (S.NEW, {}, "RET-1", 30, Action.DELETE),
    (S.INVITATION_SENT, {}, "RET-2", 15, Action.SEND_SECOND_INVITATION),
    (S.INVITATION_SENT, {"last_call_at": START}, "RET-3", 15, Action.OPT_OUT_NO_ACTION),
    (S.BLOG_PENDING, {}, "RET-4", 15, Action.DELETE),
    *[(state, {}, "RET-5", 365, Action.ANONYMISE) for state in OPTED_OUT],
    *[(state, {}, "RET-6", 1095, Action.ANONYMISE) for state in KEPT_FOR_ACTIVITY],
    (S.NEW, {"brand_opt_in": BrandOptIn.STORAGE_ONLY}, "RET-6", 1095, Action.ANONYMISE),
]


@pytest.mark.rule("RET-1")
@pytest.mark.rule("RET-2")
@pytest.mark.rule("RET-3")
@pytest.mark.rule("RET-4")
@pytest.mark.rule("RET-5")
@pytest.mark.rule("RET-6")
@pytest.mark.parametrize(("state", "fields", "rule", "length", "action"), ROWS)
def test_a_contact_is_due_on_its_day_and_not_a_second_before(
    state: S, fields: dict[str, Any], rule: str, length: int, action: Action
) -> None:
    clock = a_contact(state, **fields).clock
    assert clock is not None
    assert (clock.rule, clock.since, RULES[clock.rule].action) == (rule, START, action)
    durations = Durations()
    assert not is_due(clock, START + days(length) - SECOND, durations)
    assert is_due(clock, START + days(length), durations)
    assert is_due(clock, START + days(length + 1000), durations)


@pytest.mark.rule("RET-1")
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("RET-1", "new"),
        ("RET-2", "invitation"),
        ("RET-3", "invitation"),
        ("RET-4", "invitation"),
        ("RET-5", "opted_out"),
        ("RET-6", "inactive_contact"),
        ("DEL-9", "unconfirmed_sign_up"),
    ],
)
def test_a_changed_policy_moves_the_day_without_touching_the_record(rule: str, field: str) -> None:
    row = RULES[RuleId(rule)]
    longer = Durations(**{field: 30})
    assert row.due_at(START, longer) == START + days(30)
    assert row.cutoff(START, longer) == START - days(30)


@pytest.mark.rule("RET-13")
def test_only_the_newest_deliberate_act_moves_the_clock_of_an_inactive_contact() -> None:
    contact = a_contact(S.OPT_IN_BLOG, last_activity_at=START + days(100))
    assert contact.clock and contact.clock.since == START + days(100)
    assert last_activity(contact, START) == START + days(100)
    assert last_activity(contact, START + days(200)) == START + days(200)
    assert last_activity(a_contact(), START) == START


@pytest.mark.rule("RET-14")
@pytest.mark.parametrize("state", S)
def test_nothing_is_due_for_a_restricted_or_an_anonymised_record(state: S) -> None:
    assert contact_clock(a_contact(state, restricted_at=START)) is None
    assert contact_clock(a_contact(state, anonymised_at=START)) is None
    assert not is_due(None, START + days(9999), Durations())
    assert due_at(None, Durations()) is None


@pytest.mark.rule("RET-6")
@pytest.mark.parametrize("fields", [{}, {"detached_at": START}], ids=["in the book", "left to the brand"])
def test_what_a_brand_sync_owns_is_not_swept_for_being_inactive(fields: dict[str, Any]) -> None:
    owned = a_contact(S.OPT_IN_BRAND_IMPORT, owned_by_brand_sync=True, **fields)
    assert owned.clock is None
    opted_out = a_contact(S.OPT_OUT_EMAIL, owned_by_brand_sync=True).clock
    assert opted_out and opted_out.rule is RuleId.OPTED_OUT


@pytest.mark.rule("RET-15")
def test_a_record_left_to_the_brand_stands_under_the_brands_own_clock() -> None:
    since = START + days(50)
    left = a_contact(
        S.OPT_OUT_EMAIL, detached_at=START + days(365), brand_opt_in=BrandOptIn.BLOG, brand_opt_in_at=since
    )
    assert left.clock and (left.clock.rule, left.clock.since) == (RuleId.INACTIVE, since)


@pytest.mark.rule("RET-5")
@pytest.mark.parametrize("owned", [True, False])
def test_who_opted_out_is_not_kept_by_a_brand_that_may_only_store(owned: bool) -> None:
    left = a_contact(
        S.OPT_OUT_EMAIL, detached_at=START, brand_opt_in=BrandOptIn.STORAGE_ONLY, owned_by_brand_sync=owned
    )
    assert left.clock and (left.clock.rule, left.clock.since) == (RuleId.OPTED_OUT, START)


@pytest.mark.rule("DEL-9")
def test_an_unconfirmed_sign_up_is_due_after_fifteen_days_and_a_confirmed_one_is_none_any_more() -> None:
    account = Ambassador(
        created_at=START,
        gender=Gender.OTHER,
        first_name="Ada",
        last_name="Ambassador",
        alias="ada",
        email="ada@example.org",
        terms_accepted_at=START,
        terms_version="1",
    ).settled(HASHER)
    assert not is_due(account.clock, START + days(15) - SECOND, Durations())
    assert is_due(account.clock, START + days(15), Durations())
    active = account.changed(status=AccountStatus.ACTIVE, confirmed_at=START + days(1)).settled(HASHER)
    assert active.clock == Clock(rule=RuleId.NO_LOG_IN, since=START + days(1))


def test_every_rule_acts_on_one_container_and_is_named_once() -> None:
    rules = (*rules_of("contacts"), *rules_of("ambassadors"), *rules_of("brand"), *rules_of("flags"), *rules_of("ugc"))
    assert sorted(rule.id for rule in rules) == sorted(RuleId)
    assert list(RULES) == list(RuleId)
    assert all(rule.who and rule.since for rule in RULES.values())
