"""What every source brings, and what becomes of it wherever it may arrive: the whole table, cell by cell."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.collecting import Arrival, Brings, Decision, Place, Said, Source, Way, brings, decide, way
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass
from shared.domain.contact import Contact, Origin, Sale
from shared.domain.merging import fresh, met, place_of
from tests.support.records import START, a_contact, days

S = AmbassadorOptIn
B = BrandOptIn
ANSWERS = (None, False, True)
EVERYTHING_SAID = [Said(*answers) for answers in itertools.product(ANSWERS, repeat=3)]
BY_MAIL = (Source.BLOG, Source.INTERNAL_FORM, Source.VOUCHER)
ORIGIN = Origin(mechanism="test")
NOTHING = Said()


def arrival(source: Source, said: Said = NOTHING, **fields: object) -> Arrival:
    """A day after the records of these tests began."""
    known = {"email": "grace@example.org", "first_name": "Amazing", "city": "Arlington"} | fields
    return Arrival(source=source, ambassador="a" * 24, fields=known, said=said, at=START + days(1), key="1")


# Section 8 of the rules, read by a person: source, what it says → what it brings.
TABLE = [
    (Source.CRM, Said(), Brings(S.NEW, B.NONE)),
    (Source.CRM_WITH_EVIDENCE, Said(), Brings(S.OPT_IN_OTHER, B.NONE)),
    (Source.ADDRESS_BOOK, Said(), Brings(S.NEW, B.NONE)),
    (Source.BRAND_SYNC, Said(), Brings(S.NEW, B.STORAGE_ONLY)),
    (Source.BRAND_SYNC, Said(True, True), Brings(S.OPT_IN_BRAND_IMPORT, B.BRAND_DATABASE)),
    (Source.BRAND_SYNC, Said(False, False), Brings(S.STORAGE_ONLY, B.STORAGE_ONLY)),
    (Source.SOCIAL, Said(), Brings(S.SOCIAL_ONLY, B.NONE)),
    (Source.BLOG, Said(True), Brings(S.OPT_IN_BLOG, B.NONE, by_mail=True)),
    (Source.BLOG, Said(False, True), Brings(S.STORAGE_ONLY, B.BLOG, by_mail=True)),
    (Source.BLOG, Said(True, True, True), Brings(S.OPT_IN_BLOG, B.BLOG, True, by_mail=True)),
    (Source.INTERNAL_FORM, Said(True), Brings(S.OPT_IN_INTERNAL_FORM, B.STORAGE_ONLY, by_mail=True)),
    (Source.INTERNAL_FORM, Said(None, True), Brings(S.STORAGE_ONLY, B.INTERNAL_FORM, by_mail=True)),
    (Source.ORDER, Said(brand=True), Brings(S.OPT_IN_ORDER, B.BRAND_DATABASE)),
    (Source.ORDER, Said(brand=False), Brings(S.STORAGE_ONLY, B.STORAGE_ONLY)),
    (Source.ORDER, Said(), Brings(S.STORAGE_ONLY, B.STORAGE_ONLY)),
    (Source.ORDER_POPIN, Said(False, True), Brings(S.OPT_IN_ORDER, B.BRAND_DATABASE)),
    (Source.ORDER_POPIN, Said(True, False), Brings(S.OPT_IN_ORDER_POPIN, B.STORAGE_ONLY)),
    (Source.ORDER_POPIN, Said(False), Brings(S.STORAGE_ONLY, B.STORAGE_ONLY)),
    (Source.VOUCHER, Said(True), Brings(S.OPT_IN_BLOG, B.NONE, by_mail=True)),
    (Source.EXTERNAL_FORM, Said(), Brings(S.NEW, B.STORAGE_ONLY)),
    (Source.EXTERNAL_FORM, Said(True, True), Brings(S.OPT_IN_EXTERNAL_FORM, B.EXTERNAL_FORM)),
    (Source.EXTERNAL_FORM, Said(False, None, True), Brings(S.STORAGE_ONLY, B.STORAGE_ONLY, True)),
    (Source.MIGRATION, Said(True), Brings(S.OPT_IN_OTHER, B.NONE)),
    (Source.MIGRATION, Said(), Brings(S.NEW, B.NONE)),
]


@pytest.mark.rule("CON-4")
@pytest.mark.rule("CON-5")
@pytest.mark.parametrize(("source", "said", "expected"), TABLE)
def test_each_source_brings_what_the_guide_says(source: Source, said: Said, expected: Brings) -> None:
    assert brings(source, said) == expected


@pytest.mark.rule("COL-11")
@pytest.mark.parametrize("source", Source)
def test_only_the_forms_that_anybody_can_fill_in_are_confirmed_by_mail(source: Source) -> None:
    assert {brings(source, said).by_mail for said in EVERYTHING_SAID} == {source in BY_MAIL}


@pytest.mark.rule("CON-6")
def test_no_cell_of_the_table_is_empty() -> None:
    for place, source, said in itertools.product(Place, Source, EVERYTHING_SAID):
        decision = decide(place, way(source, said))
        asks = decision in (Decision.ASK, Decision.TAKE_AND_ASK, Decision.SALE_AND_ASK)
        if source in BY_MAIL:
            assert decision not in (Decision.TAKE, Decision.TAKE_BESIDE), "somebody's word alone was taken"
        if asks:
            assert source in (*BY_MAIL, Source.ORDER_POPIN)


@pytest.mark.rule("SUP-4")
def test_only_an_own_act_with_the_box_ticked_may_ask_the_way_back_from_an_opt_out_of_all() -> None:
    for source, said in itertools.product(Source, EVERYTHING_SAID):
        decision = decide(Place.LISTED_BY_THE_PERSON, way(source, said))
        ticked = said.ambassador is True and (
            source in BY_MAIL or (source is Source.ORDER_POPIN and said.brand is not True)
        )
        assert (decision in (Decision.ASK, Decision.SALE_AND_ASK)) is ticked, (source, said)


@pytest.mark.rule("SUP-2")
@pytest.mark.parametrize("how", Way)
def test_an_address_that_takes_no_mail_is_never_stored_or_asked(how: Way) -> None:
    assert decide(Place.LISTED_FOR_AN_ERROR, how) in (Decision.SUPPRESSED, Decision.SALE)


@pytest.mark.rule("RET-14")
@pytest.mark.parametrize("how", Way)
def test_nothing_is_done_with_a_restricted_record(how: Way) -> None:
    assert decide(Place.RESTRICTED, how) in (Decision.RESTRICTED, Decision.SALE)


WITHOUT_MAIL = [source for source in Source if source not in BY_MAIL]
STATES = st.builds(
    lambda state, brand, partners: a_contact(
        state, brand_opt_in=brand, brand_opt_in_at=START, partners_opt_in=partners, partners_opt_in_at=START
    ),
    st.sampled_from([state for state in S if state is not S.BLOG_PENDING]),
    st.sampled_from(B),
    st.booleans(),
)
ARRIVALS = st.builds(arrival, st.sampled_from(WITHOUT_MAIL), st.sampled_from(EVERYTHING_SAID))


@pytest.mark.rule("CON-6")
@given(STATES, st.lists(ARRIVALS, max_size=5))
def test_nothing_that_was_not_confirmed_lifts_an_opt_out_or_weakens_an_explicit_opt_in(
    contact: Contact, arrivals: list[Arrival]
) -> None:
    after = contact
    for one in arrivals:
        after = met(after, one, ORIGIN)
    if contact.ambassador_opt_in.opted_out or contact.ambassador_opt_in.explicit:
        assert after.ambassador_opt_in is contact.ambassador_opt_in
        assert after.ambassador_opt_in_at == contact.ambassador_opt_in_at
    if contact.brand_opt_in.explicit:
        assert after.brand_opt_in.explicit
    assert after.partners_opt_in >= contact.partners_opt_in


@pytest.mark.rule("CON-2")
@given(STATES, ARRIVALS)
def test_the_same_arrival_again_changes_nothing(contact: Contact, one: Arrival) -> None:
    once = met(contact, one, ORIGIN)
    assert met(once, one, ORIGIN) is once


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize(
    ("before", "source", "said", "after"),
    [
        ((S.NEW, B.NONE), Source.ORDER, Said(brand=True), (S.OPT_IN_ORDER, B.BRAND_DATABASE)),
        ((S.INVITATION_SENT, B.NONE), Source.ORDER, Said(), (S.STORAGE_ONLY, B.STORAGE_ONLY)),
        ((S.INVITATION_SENT, B.NONE), Source.EXTERNAL_FORM, Said(), (S.INVITATION_SENT, B.STORAGE_ONLY)),
        ((S.STORAGE_ONLY, B.STORAGE_ONLY), Source.SOCIAL, Said(), (S.STORAGE_ONLY, B.STORAGE_ONLY)),
        ((S.SOCIAL_ONLY, B.NONE), Source.BRAND_SYNC, Said(), (S.SOCIAL_ONLY, B.STORAGE_ONLY)),
        ((S.OPT_IN_ORDER, B.BRAND_DATABASE), Source.ORDER, Said(), (S.OPT_IN_ORDER, B.BRAND_DATABASE)),
        ((S.OPT_IN_ORDER, B.BRAND_DATABASE), Source.ORDER, Said(brand=False), (S.STORAGE_ONLY, B.STORAGE_ONLY)),
        ((S.OPT_IN_ORDER, B.BRAND_DATABASE), Source.ORDER_POPIN, Said(True, False), (S.OPT_IN_ORDER_POPIN, B.STORAGE_ONLY)),
        ((S.OPT_IN_ORDER, B.BRAND_DATABASE), Source.BRAND_SYNC, Said(False), (S.OPT_IN_ORDER, B.BRAND_DATABASE)),
        ((S.OPT_IN_BRAND_IMPORT, B.BRAND_DATABASE), Source.BRAND_SYNC, Said(False, False),
         (S.STORAGE_ONLY, B.STORAGE_ONLY)),
        ((S.OPT_IN_BRAND_IMPORT, B.BLOG), Source.BRAND_SYNC, Said(False, False), (S.STORAGE_ONLY, B.BLOG)),
        ((S.OPT_IN_BLOG, B.BLOG), Source.EXTERNAL_FORM, Said(False, True), (S.OPT_IN_BLOG, B.EXTERNAL_FORM)),
        ((S.OPT_OUT_NO_ACTION, B.NONE), Source.ORDER_POPIN, Said(True), (S.OPT_OUT_NO_ACTION, B.STORAGE_ONLY)),
        ((S.STORAGE_ONLY, B.STORAGE_ONLY), Source.ORDER_POPIN, Said(True), (S.OPT_IN_ORDER_POPIN, B.STORAGE_ONLY)),
    ],
)  # fmt: skip
def test_what_says_more_stays_and_an_explicit_no_takes_back_what_its_own_kind_assumed(
    before: tuple[AmbassadorOptIn, BrandOptIn], source: Source, said: Said, after: tuple[AmbassadorOptIn, BrandOptIn]
) -> None:
    found = met(a_contact(before[0], brand_opt_in=before[1]), arrival(source, said), ORIGIN)
    assert (found.ambassador_opt_in, found.brand_opt_in) == after


@pytest.mark.rule("CON-2")
def test_what_was_entered_by_hand_stays_and_gaps_are_filled() -> None:
    known = a_contact(city=None)
    by_order = met(known, arrival(Source.ORDER), ORIGIN)
    assert (by_order.first_name, by_order.city) == ("Grace", "Arlington")
    typed = met(known, arrival(Source.CRM), ORIGIN)
    assert typed.first_name == "Amazing"
    synced = met(known, arrival(Source.BRAND_SYNC), ORIGIN)
    assert (synced.first_name, synced.owned_by_brand_sync) == ("Amazing", True)
    assert met(synced, arrival(Source.BRAND_SYNC), ORIGIN) is synced


@pytest.mark.rule("CON-6")
def test_nothing_is_filled_in_on_the_record_of_someone_who_opted_out_but_the_sale_is_kept() -> None:
    sale = Sale(order="1", at=START, amount="9.90", currency="EUR")
    one = arrival(Source.ORDER, Said(brand=True))
    after = met(
        a_contact(S.OPT_OUT_EMAIL, city=None),
        Arrival(**{name: getattr(one, name) for name in one.__slots__} | {"sale": sale}),
        ORIGIN,
    )
    assert (after.city, after.sales, after.ambassador_opt_in) == (None, (sale,), S.OPT_OUT_EMAIL)


def test_of_someone_met_on_a_social_network_nothing_but_the_alias_and_the_picture_is_kept() -> None:
    made = fresh(arrival(Source.SOCIAL, twitter_id="@grace", photo_url="https://example.org/grace.png"), ORIGIN)
    assert (made.twitter_id, made.photo_url, made.first_name, made.email) == (
        "@grace", "https://example.org/grace.png", None, None,
    )  # fmt: skip


@pytest.mark.rule("RET-13")
def test_an_order_or_a_form_is_a_deliberate_act_and_an_entry_of_somebody_else_is_none() -> None:
    acts = {source for source in Source if fresh(arrival(source), ORIGIN).last_activity_at}
    assert acts == {
        Source.SOCIAL, Source.ORDER, Source.ORDER_POPIN, Source.EXTERNAL_FORM, Source.BLOG, Source.INTERNAL_FORM,
        Source.VOUCHER,
    }  # fmt: skip


@pytest.mark.parametrize("state", S)
def test_every_state_of_a_record_is_a_place_to_arrive_at(state: AmbassadorOptIn) -> None:
    expected = {OptInClass.OPTED_OUT: Place.OPTED_OUT}.get(state.opt_in_class, Place.KNOWN)
    assert place_of(a_contact(state)) is (Place.PENDING if state is S.BLOG_PENDING else expected)
    assert place_of(a_contact(state, anonymised_at=START)) in (Place.SHUT_OUT, Place.PENDING)
    assert place_of(a_contact(state, restricted_at=START)) is Place.RESTRICTED
    assert place_of(None) is Place.NOBODY
