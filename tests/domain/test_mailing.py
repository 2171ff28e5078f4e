"""Whether a mail may go: every state, every kind, every obstacle, against MAIL-1 read by a person."""

import itertools
from typing import Any

import pytest

from shared.domain.collecting import Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Asking, Confirmed, Contact, EmailStatus, MailKind, SeenEvent
from shared.domain.mail_events import EventKind
from shared.domain.mailing import LASTING, Refusal, refusal, shut_out
from shared.domain.policy import BrandStatus
from shared.domain.suppression import SuppressionReason
from tests.support.records import HASHER, SECOND, START, a_contact, a_policy, days

S = AmbassadorOptIn
POLICY = a_policy()
DUE = START + days(15)

ALLOWED = {
    (MailKind.INVITATION, S.NEW),
    (MailKind.SECOND_INVITATION, S.INVITATION_SENT),
    (MailKind.CONFIRMATION, S.BLOG_PENDING),
    (MailKind.PUBLICATION, S.INVITATION_ACCEPTED),
    (MailKind.PUBLICATION, S.OPT_IN_BRAND_IMPORT),
    (MailKind.PUBLICATION, S.OPT_IN_BLOG),
    (MailKind.PUBLICATION, S.OPT_IN_INTERNAL_FORM),
    (MailKind.PUBLICATION, S.OPT_IN_EXTERNAL_FORM),
    (MailKind.PUBLICATION, S.OPT_IN_ORDER),
    (MailKind.PUBLICATION, S.OPT_IN_ORDER_POPIN),
    (MailKind.PUBLICATION, S.OPT_IN_OTHER),
    (MailKind.VOUCHER, S.INVITATION_ACCEPTED),
    (MailKind.VOUCHER, S.OPT_IN_BRAND_IMPORT),
    (MailKind.VOUCHER, S.OPT_IN_BLOG),
    (MailKind.VOUCHER, S.OPT_IN_INTERNAL_FORM),
    (MailKind.VOUCHER, S.OPT_IN_EXTERNAL_FORM),
    (MailKind.VOUCHER, S.OPT_IN_ORDER),
    (MailKind.VOUCHER, S.OPT_IN_ORDER_POPIN),
    (MailKind.VOUCHER, S.OPT_IN_OTHER),
}
ASKING = Asking(source=Source.BLOG, at=START, brand=BrandOptIn.NONE)
WRITABLE = {EmailStatus.OK, EmailStatus.NOT_VERIFIED}
OBSTACLES: dict[str, dict[str, Any]] = {
    "none": {},
    "restricted": {"restricted_at": START},
    "anonymised": {"anonymised_at": START},
    "left to the brand": {"detached_at": START},
    "no address": {"email": None},
}
STATUS_EVENTS = {
    EmailStatus.OK: EventKind.DELIVERED,
    EmailStatus.SOFT_BOUNCE: EventKind.SOFT_BOUNCE,
    EmailStatus.HARD_BOUNCE: EventKind.HARD_BOUNCE,
    EmailStatus.SPAM: EventKind.SPAM,
    EmailStatus.BLOCKED: EventKind.BLOCKED,
}


def contact(state: S, status: EmailStatus = EmailStatus.NOT_VERIFIED, **fields: Any) -> Contact:
    kind = STATUS_EVENTS.get(status)
    events = (SeenEvent(key="k", kind=kind, at=START),) if kind else ()
    asked: dict[str, Any] = {"asking": ASKING, "becomes": S.OPT_IN_BLOG} if state is S.BLOG_PENDING else {}
    made = a_contact(state, events=events, **(asked | fields))
    assert made.email_status is status
    return made


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("CON-3")
@pytest.mark.rule("RET-14")
@pytest.mark.parametrize("kind", MailKind)
@pytest.mark.parametrize("state", S)
def test_only_what_the_table_allows_may_go_whatever_else_is_true(state: S, kind: MailKind) -> None:
    for (name, fields), status, suppressed, brand, active in itertools.product(
        OBSTACLES.items(), EmailStatus, (False, True), BrandStatus, (True, False)
    ):
        reason = refusal(
            contact(state, status, **fields),
            kind,
            DUE,
            POLICY,
            suppressed=suppressed,
            brand_status=brand,
            ambassador_active=active,
        )
        free = name == "none" and status in WRITABLE and not suppressed and brand is BrandStatus.ACTIVE and active
        assert (reason is None) == (free and (kind, state) in ALLOWED), (name, status, suppressed, brand, active)


@pytest.mark.rule("MAIL-1")
@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        (S.OPT_OUT_EMAIL, MailKind.PUBLICATION, Refusal.OPTED_OUT),
        (S.INVITATION_SENT, MailKind.INVITATION, Refusal.ALREADY_INVITED),
        (S.OPT_IN_BLOG, MailKind.INVITATION, Refusal.ALREADY_OPTED_IN),
        (S.BLOG_PENDING, MailKind.PUBLICATION, Refusal.CONFIRMATION_AWAITED),
        (S.NEW, MailKind.SECOND_INVITATION, Refusal.NOT_INVITED),
        (S.NEW, MailKind.PUBLICATION, Refusal.NOT_OPTED_IN),
        (S.STORAGE_ONLY, MailKind.PUBLICATION, Refusal.NOT_OPTED_IN),
        (S.SOCIAL_ONLY, MailKind.INVITATION, Refusal.NOT_OPTED_IN),
    ],
)
def test_a_mail_that_the_state_forbids_is_refused_with_its_reason(state: S, kind: MailKind, reason: Refusal) -> None:
    assert refusal(contact(state), kind, DUE, POLICY, suppressed=False) is reason


@pytest.mark.rule("MAIL-1")
@pytest.mark.parametrize(
    ("fields", "asked", "reason"),
    [
        ({}, {"brand_status": BrandStatus.SUSPENDED}, Refusal.BRAND_NOT_ACTIVE),
        ({}, {"ambassador_active": False}, Refusal.AMBASSADOR_NOT_ACTIVE),
        ({"anonymised_at": START}, {}, Refusal.RECORD_GONE),
        ({"restricted_at": START}, {}, Refusal.RESTRICTED),
        ({}, {"suppressed": True}, Refusal.SUPPRESSED),
        ({"email": None}, {}, Refusal.NO_ADDRESS),
        ({"status": EmailStatus.SOFT_BOUNCE}, {}, Refusal.ADDRESS_BOUNCED),
    ],
)
def test_an_obstacle_is_told_by_name(fields: dict[str, Any], asked: dict[str, Any], reason: Refusal) -> None:
    given = {"suppressed": False, **asked}
    assert refusal(contact(S.NEW, **fields), MailKind.INVITATION, START, POLICY, **given) is reason


@pytest.mark.rule("RET-2")
@pytest.mark.rule("RET-19")
def test_the_second_invitation_goes_when_the_first_ones_interval_is_over_and_only_once() -> None:
    def reason(invited: Contact, policy: Any = POLICY, at: Any = DUE) -> Refusal | None:
        return refusal(invited, MailKind.SECOND_INVITATION, at, policy, suppressed=False)

    invited = contact(S.INVITATION_SENT)
    assert reason(invited, at=DUE - SECOND) is Refusal.TOO_SOON
    assert reason(invited, at=DUE) is None
    assert reason(invited, a_policy(durations={"invitation": 16})) is Refusal.TOO_SOON
    called = invited.changed(last_call_at=DUE).settled(HASHER, 5)
    assert reason(called, at=DUE + days(40)) is Refusal.TOO_SOON


@pytest.mark.rule("RET-3")
def test_only_reasons_that_lie_in_the_address_are_lasting() -> None:
    assert {Refusal.NO_ADDRESS, Refusal.SUPPRESSED, Refusal.OBJECTED, Refusal.ADDRESS_BOUNCED} == LASTING


@pytest.mark.rule("MAIL-1")
def test_a_confirmation_goes_only_while_there_is_something_to_confirm() -> None:
    taken_back, answered = None, ASKING.changed(confirmed=Confirmed(at=START, mail="m"))
    for asking, reason in (
        (ASKING, None),
        (taken_back, Refusal.NOTHING_TO_CONFIRM),
        (answered, Refusal.NOTHING_TO_CONFIRM),
    ):
        pending = contact(S.BLOG_PENDING, asking=asking)
        assert refusal(pending, MailKind.CONFIRMATION, START, POLICY, suppressed=False) is reason


R = SuppressionReason


@pytest.mark.rule("SUP-4")
@pytest.mark.rule("MAIL-1")
@pytest.mark.parametrize("kind", MailKind)
def test_of_a_listed_address_only_the_confirmation_passes_that_asks_the_way_back(kind: MailKind) -> None:
    back = contact(S.BLOG_PENDING)
    passes = kind is MailKind.CONFIRMATION
    assert shut_out(back, kind, {}) is None
    assert (shut_out(back, kind, {R.GLOBAL_OPT_OUT: START}) is None) is passes
    assert shut_out(back, kind, {R.GLOBAL_OPT_OUT: START + SECOND}), "the opt-out is the later word"
    assert shut_out(contact(S.BLOG_PENDING, becomes=S.STORAGE_ONLY), kind, {R.GLOBAL_OPT_OUT: START})
    for error in set(R) - {R.GLOBAL_OPT_OUT}:
        assert shut_out(back, kind, {error: START})
        assert shut_out(back, kind, {error: START, R.GLOBAL_OPT_OUT: START})


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("RGT-1")
@pytest.mark.parametrize(
    ("state", "kind", "passes"),
    [
        (S.NEW, MailKind.INVITATION, False),
        (S.INVITATION_SENT, MailKind.SECOND_INVITATION, False),
        (S.OPT_IN_ORDER, MailKind.PUBLICATION, False),
        (S.OPT_IN_OTHER, MailKind.VOUCHER, False),
        (S.OPT_IN_BLOG, MailKind.PUBLICATION, True),
        (S.OPT_IN_INTERNAL_FORM, MailKind.VOUCHER, True),
        (S.BLOG_PENDING, MailKind.CONFIRMATION, True),
    ],
)
def test_who_objects_gets_what_they_said_yes_to_themself_since_and_the_question_they_asked_for(
    state: S, kind: MailKind, *, passes: bool
) -> None:
    assert shut_out(contact(state), kind, {}, objects=True) is (None if passes else Refusal.OBJECTED)
