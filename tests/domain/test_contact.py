"""What follows from a contact's fields: status of the address, key, search text, what the ambassador sees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, EmailStatus, Origin, SeenEvent, email_status, repeated_soft_bounce
from shared.domain.hashing import Hasher
from shared.domain.mail_events import EventKind, severity
from shared.domain.policy import Durations
from shared.domain.records import stamp
from shared.domain.suppression import Suppression, SuppressionReason, reasons_of
from shared.domain.visibility import Viewer, see_contact
from tests.support.records import HASHER, START, a_contact, days

S = AmbassadorOptIn
E = EventKind
REASON = SuppressionReason
EVENTS = st.lists(
    st.builds(
        lambda key, kind, day: SeenEvent(key=str(key), kind=kind, at=START + days(day)),
        st.integers(),
        st.sampled_from([*EventKind, "released", "cleared"]),
        st.integers(0, 8),
    ),
    max_size=14,
    unique_by=lambda event: event.key,
)


def events(*kinds: EventKind | str) -> tuple[SeenEvent, ...]:
    """One event a day."""
    return tuple(
        SeenEvent.model_validate({"key": f"{number:02}", "kind": kind, "at": START + days(number)})
        for number, kind in enumerate(kinds)
    )


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), EmailStatus.NOT_VERIFIED),
        ((E.NOT_THEIR_FAULT,), EmailStatus.NOT_VERIFIED),
        ((E.UNSUBSCRIBE,), EmailStatus.NOT_VERIFIED),
        ((E.DELIVERED,), EmailStatus.OK),
        ((E.SOFT_BOUNCE,), EmailStatus.SOFT_BOUNCE),
        ((E.SOFT_BOUNCE, E.DELIVERED), EmailStatus.OK),
        ((E.SOFT_BOUNCE, E.CLICK), EmailStatus.OK),
        ((E.DELIVERED, E.SOFT_BOUNCE), EmailStatus.SOFT_BOUNCE),
        ((E.SOFT_BOUNCE, "released"), EmailStatus.NOT_VERIFIED),
        ((E.SOFT_BOUNCE,) * 4, EmailStatus.SOFT_BOUNCE),
        ((E.SOFT_BOUNCE,) * 5, EmailStatus.HARD_BOUNCE),
        ((E.SOFT_BOUNCE,) * 5 + (E.DELIVERED,), EmailStatus.HARD_BOUNCE),
        ((E.SOFT_BOUNCE,) * 4 + (E.DELIVERED,) + (E.SOFT_BOUNCE,) * 4, EmailStatus.SOFT_BOUNCE),
        ((E.SOFT_BOUNCE,) * 4 + (E.NOT_THEIR_FAULT, E.SOFT_BOUNCE), EmailStatus.HARD_BOUNCE),
        ((E.HARD_BOUNCE, E.DELIVERED, "released"), EmailStatus.HARD_BOUNCE),
        ((E.HARD_BOUNCE, "cleared"), EmailStatus.NOT_VERIFIED),
        ((E.SPAM, "cleared", E.DELIVERED), EmailStatus.OK),
        ((E.SOFT_BOUNCE,) * 5 + ("cleared", E.SOFT_BOUNCE), EmailStatus.SOFT_BOUNCE),
        (("cleared", E.BLOCKED), EmailStatus.BLOCKED),
        ((E.BLOCKED, E.DELIVERED), EmailStatus.BLOCKED),
        ((E.BLOCKED, E.HARD_BOUNCE), EmailStatus.HARD_BOUNCE),
        ((E.SPAM, E.HARD_BOUNCE, E.BLOCKED), EmailStatus.SPAM),
    ],
)
def test_the_status_of_an_address_is_what_its_history_means(
    kinds: tuple[EventKind | str, ...], status: EmailStatus
) -> None:
    assert email_status(events(*kinds), 5) is status


@pytest.mark.rule("CON-3")
@pytest.mark.rule("SUP-1")
@given(EVENTS, st.data())
def test_neither_status_nor_reasons_depend_on_the_order_of_arrival(seen: list[SeenEvent], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seen))
    assert email_status(seen, 3) is email_status(shuffled, 3)
    assert repeated_soft_bounce(seen, 3) == repeated_soft_bounce(shuffled, 3)
    assert reasons_of(seen, 3) == reasons_of(shuffled, 3)


@pytest.mark.rule("SUP-1")
@given(EVENTS)
def test_an_address_is_listed_exactly_when_its_status_is_definitive(seen: list[SeenEvent]) -> None:
    status = email_status(seen, 3)
    assert status.definitive is bool(reasons_of(seen, 3))
    assert not (status.definitive and status.writable)


@pytest.mark.rule("CON-3")
def test_no_mail_goes_to_any_of_the_last_four() -> None:
    assert [status for status in EmailStatus if not status.writable] == list(EmailStatus)[2:]


@pytest.mark.rule("CON-3")
def test_worse_news_weighs_more() -> None:
    assert severity(E.SPAM) > severity(E.HARD_BOUNCE) > severity(E.BLOCKED) > severity(E.SOFT_BOUNCE)


@pytest.mark.rule("SUP-1")
def test_of_two_dates_of_one_reason_the_earlier_stays() -> None:
    entry = Suppression(id="h", reasons={REASON.SPAM: START})
    assert entry.with_reason(REASON.SPAM, START + days(1)) == entry
    assert entry.with_reason(REASON.SPAM, START - days(1)).reasons == {REASON.SPAM: START - days(1)}
    both = entry.with_reason(REASON.GLOBAL_OPT_OUT, START + days(2))
    assert set(both.reasons) == {REASON.SPAM, REASON.GLOBAL_OPT_OUT}
    assert both.without_reason(REASON.GLOBAL_OPT_OUT) == entry
    assert entry.without_reason(REASON.SPAM) is None


@pytest.mark.rule("CON-2")
@pytest.mark.rule("SUP-5")
@pytest.mark.parametrize("state", S)
def test_the_address_stays_taken_as_long_as_the_record_stands_for_it(state: S) -> None:
    contact = a_contact(state)
    assert contact.address_key == HASHER.ref("grace@example.org")
    for gone in ({"anonymised_at": START}, {"detached_at": START}):
        left = contact.changed(**gone).settled(HASHER, 5)
        assert (left.address_key == left.email_hash) is (state.opted_out or state is S.INVITATION_SENT)
        assert left.email_hash == HASHER.ref("grace@example.org")


@pytest.mark.rule("COL-14")
def test_a_record_without_address_is_told_by_the_row_it_came_from() -> None:
    origin = Origin(mechanism="import_vcard", job="j", row=7)
    assert a_contact(email=None, created_by=origin).address_key == "j.7"
    typed = a_contact(email=None)
    assert typed.address_key == typed.id
    assert a_contact(email=None, created_by=origin, anonymised_at=START).address_key != "j.7"


@pytest.mark.rule("DEL-10")
def test_a_save_under_a_new_key_renews_the_hashes_of_what_is_still_known() -> None:
    ids: dict[str, Any] = {"facebook_id": "fb", "twitter_id": "tw", "instagram_id": "ig"}
    contact, rotated = a_contact(**ids), Hasher({**HASHER.keys, 2: b"n" * 32})
    renewed = contact.settled(rotated, 5)
    hashes = ("email_hash", "facebook_hash", "twitter_hash", "instagram_hash")
    assert all(getattr(renewed, name).startswith("v2.") for name in hashes)
    emptied = contact.changed(email=None, **dict.fromkeys(ids))
    assert all(getattr(emptied.settled(rotated, 5), name) == getattr(contact, name) for name in hashes)


@pytest.mark.rule("VIS-3")
@pytest.mark.parametrize("state", S)
def test_an_opted_out_contacts_address_is_neither_shown_nor_searched_and_a_pending_contact_not_found(state: S) -> None:
    contact = a_contact(state, last_name="Hopper")
    shown = see_contact(contact, Viewer.OWN_AMBASSADOR, Durations())
    hidden = state.opted_out or state is S.BLOG_PENDING
    assert shown.get("email") == (None if hidden else "grace@example.org")
    assert (shown == {}) == (state is S.BLOG_PENDING)
    found_by = {True: "grace hopper", False: "grace hopper grace@example.org"}[state.opted_out]
    assert contact.search == (None if state is S.BLOG_PENDING else found_by)
    assert a_contact(state, anonymised_at=START).search is None


@pytest.mark.rule("VIS-3")
def test_the_ambassador_sees_neither_hashes_nor_jobs() -> None:
    contact = a_contact(created_by=Origin(mechanism="import_csv", job="secret", row=1))
    shown = see_contact(contact, Viewer.OWN_AMBASSADOR, Durations())
    assert shown["created_by"] == "import_csv"
    assert not any("hash" in name or name in ("proof", "events", "address_key", "search") for name in shown)
    assert "secret" not in str(shown)


@pytest.mark.rule("CON-1")
def test_a_contact_comes_back_from_storage_as_it_went() -> None:
    contact = a_contact(S.OPT_IN_BLOG, tags=("one", "two"), events=events(E.DELIVERED), last_activity_at=START)
    document = contact.to_document()
    assert Contact.from_document(document) == contact
    assert document["ambassadorOptInAt"] == stamp(START)
    assert "lastName" not in document
