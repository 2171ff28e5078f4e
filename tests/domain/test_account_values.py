"""What an account is made of: passwords, addresses, IBANs and the ids that mails carry."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.addresses import clean_address, masked
from shared.domain.ambassador import Ambassador, Gender
from shared.domain.custom_id import CustomId, parse_custom_id
from shared.domain.iban import clean_iban, masked_iban
from shared.domain.ids import new_id, new_short_id
from shared.domain.passwords import hash_password, verify_password
from tests.support.records import START

LONG = "correct horse battery staple " * 3
IBANS = ["GB82 WEST 1234 5698 7654 32", "FR14-2004-1010-0505-0001-3M02-606", "nl91abna0417164300"]


@pytest.mark.rule("AMB-7")
@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_a_password_opens_its_own_hash_and_no_other(password: str) -> None:
    stored = hash_password(password, 4)
    assert verify_password(password, stored)
    assert not verify_password(password + "x", stored)
    assert password not in stored or len(password) < 8


@pytest.mark.rule("AMB-7")
def test_passwords_that_differ_only_after_72_bytes_are_different_passwords() -> None:
    assert len(LONG.encode()) > 72
    stored = hash_password(LONG + "one", 4)
    assert verify_password(LONG + "one", stored)
    assert not verify_password(LONG + "two", stored)
    assert not verify_password(LONG[:72], stored)


@pytest.mark.rule("AMB-7")
def test_a_password_with_a_nul_in_it_is_not_cut_there() -> None:
    stored = hash_password("before\0after-one", 4)
    assert verify_password("before\0after-one", stored)
    assert not verify_password("before\0after-two", stored)


@pytest.mark.rule("AMB-7")
@pytest.mark.parametrize("stored", ["", "plain text", "$2b$04$" + "a" * 53])
def test_a_hash_of_another_scheme_opens_nothing(stored: str) -> None:
    assert not verify_password("plain text", stored)


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("text", IBANS)
def test_an_iban_is_accepted_as_people_write_it(text: str) -> None:
    iban = clean_iban(text)
    assert iban.isalnum() and iban == iban.upper()
    assert masked_iban(iban) == f"{iban[:2]}•• •••• {iban[-4:]}"
    assert iban[4:-4] not in masked_iban(iban)


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("text", IBANS)
@given(data=st.data())
def test_an_iban_with_any_digit_changed_is_refused_without_repeating_it(text: str, data: st.DataObject) -> None:
    iban = clean_iban(text)
    place = data.draw(st.sampled_from([i for i, character in enumerate(iban) if character.isdigit()]))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda d: d != iban[place]))
    wrong = iban[:place] + digit + iban[place + 1 :]
    with pytest.raises(ValueError, match="must be an IBAN") as refused:
        clean_iban(wrong)
    assert wrong not in str(refused.value)


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("text", ["", "GB82", "1234 5678", "GB82 WEST 1234 5698 7654 3²", "GB82WEST123456987654" * 3])
def test_what_has_not_the_form_of_an_iban_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an IBAN"):
        clean_iban(text)


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" grace@example.org ", "grace@example.org"),
        ("Grace.Hopper+news@Example.org", "Grace.Hopper+news@Example.org"),
        ("gráce@münchen.example", "gráce@münchen.example"),
        ("o'hara@example.org", "o'hara@example.org"),
    ],
)
def test_an_address_is_cleaned_and_otherwise_left_as_typed(text: str, clean: str) -> None:
    assert clean_address(text) == clean


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize(
    "text",
    ["", "grace", "grace@", "@example.org", "grace@example", "a b@example.org", "a@b@example.org", "<x>@example.org",
     "g" * 65 + "@example.org", "grace..h@example.org", "grace@-example.org", "g@" + "x" * 250 + ".org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        clean_address(text)
    assert not text or text not in str(refused.value)


@pytest.mark.rule("VIS-8")
def test_a_masked_address_tells_only_its_owner_which_it_is() -> None:
    assert masked("grace.hopper@example.org") == "g…@example.org"


@pytest.mark.rule("AMB-1")
def test_an_ambassador_is_known_to_contacts_by_name() -> None:
    account = Ambassador(
        created_at=START,
        gender=Gender.OTHER,
        first_name="Ada",
        last_name="Ambassador",
        alias="ada",
        email="ada@example.org",
        terms_accepted_at=START,
        terms_version="1",
    )
    assert account.display_name == "Ada Ambassador"
    assert account.changed(last_name="").display_name == "Ada"


@pytest.mark.rule("MAIL-4")
@given(contact=st.booleans())
def test_the_custom_id_of_a_mail_comes_back_as_it_went(contact: bool) -> None:
    sent = CustomId("acme-2", new_id(), new_id() if contact else None, new_short_id())
    assert parse_custom_id(str(sent)) == sent


@pytest.mark.rule("BR-1")
@given(st.text(max_size=80))
def test_any_other_custom_id_is_nobodys(text: str) -> None:
    assert parse_custom_id(text) is None
    assert parse_custom_id(f"{CustomId('acme', 'a' * 24, 'b' * 24, 'c' * 8)}{text or '.'}") is None
