"""DEL-4: what of a contact is left, field by field."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.anonymisation import (
    AMBASSADORS_PART,
    CONTACT_FIELDS,
    Fate,
    anonymised_contact,
    check_table,
    detached_contact,
)
from shared.domain.collecting import Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Asking, Contact, IssuedVoucher, MailKind, Origin, Outgoing, Sale, SeenEvent, SentMail
from shared.domain.ledger import Evidence, next_entry
from shared.domain.mail_events import EventKind
from shared.domain.records import Record, stamp
from tests.support.records import HASHER, START, days

AT = START + days(365)
TEXTS = [
    name
    for name, field in Contact.model_fields.items()
    if field.annotation == str | None and CONTACT_FIELDS[name] is not Fate.DERIVED and not name.endswith("_hash")
]
HASHED = {"email": "email_hash", "facebook_id": "facebook_hash", "twitter_id": "twitter_hash",
          "instagram_id": "instagram_hash"}  # fmt: skip


def full_contact(state: AmbassadorOptIn = AmbassadorOptIn.OPT_OUT_EMAIL) -> Contact:
    """A contact with something in every field; each text says which field it is."""
    contact_id = "c" * 24
    proof = next_entry(
        None,
        subject=contact_id,
        at=START,
        before={},
        after={},
        evidence=Evidence(actor="person", mechanism="i"),
        key=b"k",
    )
    return Contact(
        id=contact_id,
        ambassador_id="a" * 24,
        **{name: f"secret-{name}" for name in TEXTS},
        type="customer",
        tags=("secret-tag",),
        ambassador_opt_in=state,
        ambassador_opt_in_at=START,
        becomes=AmbassadorOptIn.OPT_IN_BLOG,
        asking=Asking(source=Source.BLOG, at=START, brand=BrandOptIn.BLOG, message="secret-message"),
        voucher=IssuedVoucher(code="SECR-ETCO-DE12", mail="secretma", at=START, expires_at=START),
        form_answers={"secret-question": "secret-answer"},
        brand_opt_in=BrandOptIn.STORAGE_ONLY,
        brand_opt_in_at=START,
        partners_opt_in=True,
        partners_opt_in_at=START,
        objected_at=START,
        mails=(SentMail(id="secretm1", kind=MailKind.PUBLICATION, at=START, publication="secret-publication"),),
        outgoing=Outgoing(mail="secretm2", kind=MailKind.PUBLICATION, at=START, publication="secret-publication"),
        doubted=Outgoing(mail="secretm3", kind=MailKind.PUBLICATION, at=START, publication="secret-publication"),
        last_call_at=START,
        events=(SeenEvent(key="key", kind=EventKind.CLICK, at=START, mail="secretm1"),),
        sales=(
            Sale(
                order="secret-order",
                at=START.replace(day=17, hour=13, minute=45, second=7),
                amount="12.50",
                currency="EUR",
                products=("secret-product",),
            ),
        ),
        last_activity_at=START,
        created_at=START,
        created_by=Origin(mechanism="import", job="secret-job", row=77),
        modified_at=START,
        modified_by=Origin(mechanism="crm", job="secret-job", row=78),
        owned_by_brand_sync=True,
        restricted_at=START,
        detached_at=START,
        proof=proof,
    ).settled(HASHER, 5)  # fmt: skip


@pytest.mark.rule("DEL-4")
def test_a_field_without_a_row_and_a_row_without_a_field_do_not_build() -> None:
    class Grown(Contact):
        shoe_size: str | None = None

    with pytest.raises(TypeError, match="Grown: fields and rows differ: shoe_size"):
        check_table(Grown, CONTACT_FIELDS)

    class Small(Record):
        id: str

    with pytest.raises(TypeError, match="name"):
        check_table(Small, {"id": Fate.KEEP, "name": Fate.ERASE})


@pytest.mark.rule("DEL-4")
def test_each_field_of_an_anonymised_contact_is_what_its_row_says() -> None:
    full = full_contact()
    empty = {name for name in Contact.model_fields if not getattr(full, name)}
    assert empty == {"anonymised_at", "clock", "search", "brand_sees", "brand_search"}  # it is restricted
    left = anonymised_contact(full, AT, "RET-5").settled(HASHER, 5)
    for name, fate in CONTACT_FIELDS.items():
        before, after = getattr(full, name), getattr(left, name)
        match fate:
            case Fate.KEEP:
                assert after == before, name
            case Fate.ERASE | Fate.HASH:
                assert not after, name
            case Fate.COARSEN | Fate.SET:
                assert after != before, name
            case Fate.DERIVED:
                pass
    assert left.search is None and left.clock is None
    assert left.anonymised_at == left.modified_at == AT
    assert left.modified_by == Origin(mechanism="RET-5")


@pytest.mark.rule("DEL-4")
@pytest.mark.rule("DEL-10")
def test_what_is_hashed_is_still_recognised_by_who_holds_the_key() -> None:
    full = full_contact()
    left = anonymised_contact(full, AT, "RET-5").settled(HASHER, 5)
    for name, hash_name in HASHED.items():
        assert HASHER.matches(getattr(left, hash_name), getattr(full, name))


@pytest.mark.rule("DEL-4")
@pytest.mark.rule("RET-5")
def test_a_sale_keeps_its_month_and_amount_and_an_origin_its_way() -> None:
    left = anonymised_contact(full_contact(), AT, "RET-5")
    (sale,) = left.sales
    assert (stamp(sale.at), sale.amount, sale.order, sale.products) == ("2030-01-01T00:00:00Z", "12.50", "", ())
    assert left.created_by == Origin(mechanism="import")
    assert [(event.kind, event.mail) for event in left.events] == [(EventKind.CLICK, None)]


def secrets_in(value: Any) -> Iterator[str]:
    """Every text of a document that a test marked as personal."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner)
    elif isinstance(value, str) and value.casefold().startswith("secret"):
        yield value


@pytest.mark.rule("DEL-4")
@pytest.mark.rule("RET-5")
@given(filled=st.sets(st.sampled_from(TEXTS)), state=st.sampled_from(AmbassadorOptIn), later=st.integers(0, 2000))
def test_no_value_of_an_erased_field_is_left_anywhere_in_the_document(
    filled: set[str], state: AmbassadorOptIn, later: int
) -> None:
    emptied = {name: None for name in TEXTS if name not in filled}
    contact = full_contact(state).changed(**emptied).settled(HASHER, 5)
    document = anonymised_contact(contact, START + timedelta(days=later), "RET-6").settled(HASHER, 5).to_document()
    kept = {f"secret-{name}" for name in ("city", "postal_code") if name in filled}
    assert set(secrets_in(document)) == kept
    assert "job" not in json.dumps(document)


@pytest.mark.rule("RET-15")
def test_what_is_left_to_the_brand_has_no_part_of_the_ambassadors() -> None:
    full = full_contact()
    left = detached_contact(full, AT, "RET-5").settled(HASHER, 5)
    changed = {name for name in Contact.model_fields if getattr(left, name) != getattr(full, name)}
    assert changed == {*AMBASSADORS_PART, "detached_at", "modified_at", "modified_by"}
    assert not any(getattr(left, name) for name in AMBASSADORS_PART)
    assert left.brand_opt_in is BrandOptIn.STORAGE_ONLY and left.email == "secret-email"
