"""How one opt-in meets another: every pair of states, in every order of their dates."""

import itertools
from datetime import datetime

import pytest

from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass, stands
from tests.support.records import SECOND, START

S = AmbassadorOptIn

# CON-4, read by a person from the guide: which class each state has.
CLASSES = {
    OptInClass.OPTED_IN: {
        S.INVITATION_ACCEPTED, S.OPT_IN_BRAND_IMPORT, S.OPT_IN_BLOG, S.OPT_IN_INTERNAL_FORM, S.OPT_IN_EXTERNAL_FORM,
        S.OPT_IN_ORDER, S.OPT_IN_ORDER_POPIN, S.OPT_IN_OTHER,
    },
    OptInClass.OPTED_OUT: {S.INVITATION_DECLINED, S.OPT_OUT_EMAIL, S.OPT_OUT_NO_ACTION, S.OPT_OUT_GLOBAL},
    OptInClass.BLOCKED: {S.NEW, S.INVITATION_SENT, S.BLOG_PENDING},
    OptInClass.STORAGE: {S.SOCIAL_ONLY, S.STORAGE_ONLY},
}  # fmt: skip

# CON-6: the states that only an act of the person leads to.
EXPLICIT_OPT_INS = {
    S.INVITATION_ACCEPTED, S.OPT_IN_BLOG, S.OPT_IN_INTERNAL_FORM, S.OPT_IN_EXTERNAL_FORM, S.OPT_IN_ORDER_POPIN,
}  # fmt: skip
EXPLICIT_OPT_OUTS = {S.INVITATION_DECLINED, S.OPT_OUT_EMAIL, S.OPT_OUT_GLOBAL}
EXPLICIT = EXPLICIT_OPT_INS | EXPLICIT_OPT_OUTS
BEFORE, SAME, AFTER = START - SECOND, START, START + SECOND


@pytest.mark.rule("CON-4")
@pytest.mark.parametrize("state", S)
def test_each_state_of_the_ambassador_opt_in_has_its_class(state: S) -> None:
    (expected,) = [name for name, states in CLASSES.items() if state in states]
    assert state.opt_in_class is expected
    assert state.opted_out is (expected is OptInClass.OPTED_OUT)
    assert state.explicit is (state in EXPLICIT)


@pytest.mark.rule("CON-5")
@pytest.mark.parametrize("state", BrandOptIn)
def test_each_state_of_the_brand_opt_in_allows_communications_or_not(state: BrandOptIn) -> None:
    shown_only = {BrandOptIn.NONE, BrandOptIn.STORAGE_ONLY}
    assert state.allows_communications is (state not in shown_only)


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("current", S)
def test_a_consent_gives_way_only_to_what_may_replace_it(current: S) -> None:
    for incoming, at in itertools.product(S, (BEFORE, SAME, AFTER)):
        assert stands(current, START, incoming, at) is should_stand(current, incoming, at), (incoming, at)


def should_stand(current: S, incoming: S, at: datetime) -> bool:
    """CON-6 in longhand, apart from the code's own table."""
    if incoming in EXPLICIT and current in EXPLICIT:
        return {BEFORE: True, SAME: current in EXPLICIT_OPT_OUTS, AFTER: False}[at]
    if incoming in EXPLICIT:
        return False
    if current in EXPLICIT or current is S.OPT_OUT_NO_ACTION:
        return True
    says = [CLASSES[OptInClass.BLOCKED], {S.SOCIAL_ONLY}, {S.STORAGE_ONLY}, CLASSES[OptInClass.OPTED_IN] - EXPLICIT,
            CLASSES[OptInClass.OPTED_OUT] - EXPLICIT]  # fmt: skip
    return next(n for n, s in enumerate(says) if incoming in s) <= next(n for n, s in enumerate(says) if current in s)


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("opted_out", sorted(CLASSES[OptInClass.OPTED_OUT]))
def test_no_implicit_source_lifts_an_opt_out(opted_out: S) -> None:
    for incoming, at in itertools.product(set(S) - EXPLICIT, (BEFORE, SAME, AFTER)):
        assert stands(opted_out, START, incoming, at), (incoming, at)


@pytest.mark.rule("CON-8")
@pytest.mark.parametrize("confirmed", sorted(CLASSES[OptInClass.OPTED_IN]))
def test_a_confirmed_consent_is_never_set_back_to_pending(confirmed: S) -> None:
    assert stands(confirmed, START, S.BLOG_PENDING, AFTER)
