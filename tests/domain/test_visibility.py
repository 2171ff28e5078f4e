"""Who sees what: the tables, read back row by row, and each state of a record before each viewer."""

from itertools import product

import pytest

from shared.domain.ambassador import AccountStatus, Ambassador, Gender
from shared.domain.anonymisation import anonymised_contact, detached_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Sale
from shared.domain.policy import CommunityDisplay, Durations
from shared.domain.staff import Role, Seat, StaffMember
from shared.domain.visibility import (
    AMBASSADOR,
    CONTACT,
    Viewer,
    community_name,
    see_ambassador,
    see_contact,
    see_in_community,
    shows_events,
)
from tests.support.records import HASHER, START, a_contact

BRAND = (Viewer.BRAND_ADMIN, Viewer.BRAND_SUPPORT, Viewer.BRAND_COMMUNITY)
TEAMS = (Viewer.ACCOUNT_TEAM, Viewer.TECHNICAL_TEAM)
SALE = Sale(order="o1", at=START, amount="12.00", currency="EUR", products=("soap",))
IBAN = "FR1420041010050500013M02606"
MACHINES_OWN = ("hash", "proof", "events", "key", "search", "clock", "outgoing", "doubted", "sees", "session", "owed",
                "sign_up", "earlier", "grant", "password", "token", "ip")  # fmt: skip


def an_account(**fields: object) -> Ambassador:
    """An active account with everything in it."""
    made: dict[str, object] = {
        "status": AccountStatus.ACTIVE,
        "created_at": START,
        "gender": Gender.FEMALE,
        "first_name": "ada",
        "last_name": "Lovelace",
        "alias": "ada",
        "email": "ada@example.org",
        "password_hash": "bcrypt",
        "facebook_id": "fb1",
        "iban": IBAN,
        "terms_accepted_at": START,
        "terms_version": "1",
        "address": {"postal_code": "75001", "street": "1 rue"},
    }
    return Ambassador.model_validate(made | fields).settled(HASHER)


@pytest.mark.rule("VIS-2")
@pytest.mark.parametrize(("state", "brand"), list(product(AmbassadorOptIn, BrandOptIn)))
def test_brand_users_see_contacts_with_a_confirmed_brand_opt_in_and_no_other(
    state: AmbassadorOptIn, brand: BrandOptIn
) -> None:
    contact = a_contact(state, brand_opt_in=brand, comments="shy", sales=(SALE,))
    shown = brand is not BrandOptIn.NONE and state is not AmbassadorOptIn.BLOG_PENDING
    for who in BRAND:
        seen = see_contact(contact, who, Durations())
        assert bool(seen) == shown
        assert seen.get("email") == ("grace@example.org" if shown else None)
        assert "comments" not in seen
    assert contact.brand_sees == shown
    assert contact.brand_search == ("grace grace@example.org" if shown else None)
    document = contact.to_document()
    assert ("brandSees" in document, "brandSearch" in document) == (shown, shown), "what is hidden stands in no index"


@pytest.mark.rule("VIS-2")
def test_what_was_anonymised_is_nobodys_any_more_and_what_was_left_to_the_brand_is_the_brands() -> None:
    contact = a_contact(AmbassadorOptIn.OPT_IN_BLOG, brand_opt_in=BrandOptIn.BLOG, comments="shy", tags=("x",))
    gone = anonymised_contact(contact, START, "RET-6").settled(HASHER, 5)
    left = detached_contact(contact, START, "RET-6").settled(HASHER, 5)
    for who in BRAND:
        assert see_contact(gone, who, Durations()) == {}
        assert see_contact(left, who, Durations())["email"] == "grace@example.org"
    for record in (gone, left):
        assert see_contact(record, Viewer.OWN_AMBASSADOR, Durations()) == {}


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("state", AmbassadorOptIn)
def test_the_teams_see_every_contact_of_their_brands(state: AmbassadorOptIn) -> None:
    contact = a_contact(state, comments="shy")
    for who in TEAMS:
        seen = see_contact(contact, who, Durations())
        assert (seen["email"], seen["comments"]) == ("grace@example.org", "shy")


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", Role)
def test_a_user_is_at_each_brand_what_that_brand_made_of_them(role: Role) -> None:
    seat = Seat(role=role, display_name="Jane", granted_at=START, granted_by="v")
    member = StaffMember(id="u", role=Role.BRAND_SUPPORT, brands=("globex",)).granted("acme", seat)
    assert (member.role_at("acme"), member.role_at("globex"), member.role_at("initech")) == (
        role,
        "brand_support",
        None,
    )
    assert StaffMember.from_document(member.to_document()) == member
    assert f"|acme:{role}|globex:brand_support|" == member.to_document()["grants"]
    without = member.revoked("globex")
    assert without
    assert (without.role_at("acme"), without.role_at("globex")) == (role, None)
    assert without.revoked("acme") is None


@pytest.mark.rule("VIS-1")
def test_the_technical_team_is_that_everywhere() -> None:
    member = StaffMember(id="u", role=Role.TECHNICAL_TEAM)
    assert member.role_at("acme") is Role.TECHNICAL_TEAM
    assert {Viewer(role) for role in Role} == set(Viewer) - {Viewer.OWN_AMBASSADOR, Viewer.OTHER_AMBASSADOR}


@pytest.mark.rule("VIS-3")
@pytest.mark.parametrize("state", AmbassadorOptIn)
def test_another_ambassador_sees_no_contact(state: AmbassadorOptIn) -> None:
    contact = a_contact(state, brand_opt_in=BrandOptIn.BLOG)
    assert see_contact(contact, Viewer.OTHER_AMBASSADOR, Durations()) == {}


@pytest.mark.rule("CON-1")
def test_products_are_shown_in_the_manager_only() -> None:
    contact = a_contact(AmbassadorOptIn.OPT_IN_BLOG, brand_opt_in=BrandOptIn.BLOG, sales=(SALE,))
    own = see_contact(contact, Viewer.OWN_AMBASSADOR, Durations())["sales"]
    assert own == ({"at": START, "amount": "12.00", "currency": "EUR", "count": 1},)
    for who in (*BRAND, *TEAMS):
        assert see_contact(contact, who, Durations())["sales"][0]["products"] == ("soap",)


@pytest.mark.rule("AMB-1")
@pytest.mark.rule("VIS-2")
def test_an_iban_is_whole_for_the_ambassador_and_the_administrator_alone() -> None:
    account = an_account()
    whole = {who for who in Viewer if see_ambassador(account, who).get("iban") == IBAN}
    assert whole == {Viewer.OWN_AMBASSADOR, Viewer.BRAND_ADMIN}
    for who in Viewer:
        assert (IBAN in str(see_ambassador(account, who))) == (who in whole)


@pytest.mark.rule("VIS-2")
def test_brand_users_see_no_facebook_id_and_nobody_sees_what_is_the_machines_own() -> None:
    account = an_account()
    for who in BRAND:
        seen = see_ambassador(account, who)
        assert seen["email"] == "ada@example.org"
        assert "fb1" not in str(seen)
    for who in Viewer:
        for name in {**see_ambassador(account, who), **see_contact(a_contact(), who, Durations())}:
            assert not any(part in name.split("_") for part in MACHINES_OWN), name


@pytest.mark.rule("VIS-2")
def test_a_sign_up_that_nobody_confirmed_is_no_ambassador_of_the_brands_yet() -> None:
    account = an_account(status=AccountStatus.UNCONFIRMED)
    assert [see_ambassador(account, who) for who in BRAND] == [{}, {}, {}]
    assert see_ambassador(account, Viewer.ACCOUNT_TEAM)["status"] == "unconfirmed"
    assert not account.brand_sees


@pytest.mark.rule("VIS-4")
def test_the_community_sees_a_name_as_the_policy_says_and_the_postal_code() -> None:
    account = an_account()
    names = {display: community_name(account, display) for display in CommunityDisplay}
    assert names == {"full": "ada Lovelace", "first_name_and_initial": "ada L.", "initials": "A. L."}
    assert community_name(an_account(last_name=" "), CommunityDisplay.INITIALS) == "A."
    seen = see_in_community(account, CommunityDisplay.INITIALS, score=7, badges=("first",), grants=("x",))
    assert seen == {
        "id": account.id,
        "name": "A. L.",
        "postal_code": "75001",
        "score": 7,
        "badges": ("first",),
        "photo": False,
    }


@pytest.mark.rule("VIS-4")
@pytest.mark.rule("AMB-3")
def test_who_hides_from_the_community_or_has_left_is_not_in_it() -> None:
    for hidden in ({"community": {"hide_profile": True}}, {"status": AccountStatus.LEAVING}):
        account = an_account(**hidden)
        assert see_in_community(account, CommunityDisplay.FULL) == {}
        assert not shows_events(account)
    quiet = an_account(community={"hide_events": True})
    assert see_in_community(quiet, CommunityDisplay.FULL)
    assert not shows_events(quiet)
    assert shows_events(an_account())


def test_every_field_of_the_tables_exists() -> None:
    made = {
        "retention",
        "mails",
        "sales.products",
        "name",
        "postal_code",
        "photo",
        "score",
        "level",
        "badges",
        "iban.masked",
    }
    for table, model in ((CONTACT, Contact), (AMBASSADOR, Ambassador)):
        for rows in table.values():
            for fields in rows.values():
                assert fields <= set(model.model_fields) | made
