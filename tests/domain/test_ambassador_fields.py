"""What is left of an ambassador (DEL-4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.ambassador import (
    AccountMail,
    AccountStatus,
    Address,
    Ambassador,
    CommunicationSwitches,
    CommunitySwitches,
    Gender,
    LeftBecause,
    LooseFile,
    OwedMail,
    PasswordReset,
    Session,
    StoredPhoto,
)
from shared.domain.anonymisation import AMBASSADOR_FIELDS, Fate, anonymised_ambassador, check_table
from shared.domain.gamification import Act, Award, Tally
from shared.domain.grants import Network, SocialGrant
from shared.domain.hashing import Hasher, WrappedKey
from shared.domain.ledger import Evidence, next_entry
from shared.domain.retention import RuleId

AT = datetime(2030, 1, 1, tzinfo=UTC)
LATER = datetime(2030, 1, 9, tzinfo=UTC)
HASHER = Hasher({1: b"k" * 32})
GRANT = SocialGrant(network=Network.TWITTER, token=WrappedKey("secret-token"), granted_at=AT, last_used_at=AT)
WHOLE: dict[str, Any] = {
    "status": AccountStatus.LEAVING,
    "created_at": AT,
    "confirmed_at": AT,
    "last_login_at": AT,
    "gender": Gender.FEMALE,
    "first_name": "secret-first",
    "last_name": "secret-last",
    "alias": "secret-alias",
    "blog_alias": "secret-page",
    "email": "secret@example.org",
    "former_hashes": ("secret-former-hash",),
    "password_hash": "secret-hash",
    "password_reset": PasswordReset(id="secret-reset", expires_at=AT),
    "customer_id": "secret-customer",
    "customer_id_vouched": True,
    "brand_key": "secret-key-of-the-brand",
    "sso_id": "secret-sso",
    "facebook_id": "secret-facebook",
    "address": Address(street="secret-street", city="Lyon", postal_code="69001", country="FR"),
    "language": "fr",
    "date_of_birth": "1985-06-07",
    "terms_accepted_at": AT,
    "terms_version": "secret-terms",
    "about": "secret-about",
    "interests": ("secret-interest",),
    "position": "secret-position",
    "iban": "secret-iban",
    "photo_wanted": True,
    "photo": StoredPhoto(file="secret-file", key="secret-key", media_type="image/jpeg"),
    "loose_files": (LooseFile(file="secret-old-file", since=AT),),
    "communication": CommunicationSwitches(newsletters=False),
    "community": CommunitySwitches(hide_events=True),
    "grants": {Network.TWITTER: GRANT},
    "told": ("secret-newsletter",),
    "acts": {Act.LIKED: Tally(days=3, last=AT.date())},
    "awards": (Award(contest="secret-contest", title="secret-award", at=AT),),
    "sessions": (Session(id="secret-session", expires_at=AT),),
    "sign_up": "secret-sign-up",
    "earlier": ({"firstName": "secret-earlier"},),
    "owed": (OwedMail(id="secret-mail", kind=AccountMail.YOU_LEFT, since=AT, text="secret-text"),),
    "owed_since": AT,
    "migration_told_at": AT,
    "warned": (AT,),
    "left_at": AT,
    "left_because": LeftBecause.REMOVED,
    "erasing_since": AT,
    "proof": next_entry(
        None, subject="s", at=AT, before={}, after={}, evidence=Evidence(actor="brand", mechanism="m"), key=b"k"
    ),
}  # fmt: skip


def whole() -> Ambassador:
    """An account with something in every field that can hold anything while it lives."""
    return Ambassador(**WHOLE).settled(HASHER)


@pytest.mark.rule("DEL-4")
def test_DEL_4_an_ambassadors_field_without_a_row_does_not_build() -> None:
    class Grown(Ambassador):
        shoe_size: str | None = None

    with pytest.raises(TypeError, match="Grown: fields and rows differ: shoe_size"):
        check_table(Grown, AMBASSADOR_FIELDS)


@pytest.mark.rule("DEL-4")
def test_DEL_4_each_field_of_an_anonymised_ambassador_is_what_its_row_says() -> None:
    full = whole()
    unset = {"year_of_birth", "contacts_wait_since", "anonymised_at", "facebook_hash"}
    assert {name for name in Ambassador.model_fields if not getattr(full, name)} == unset
    left = anonymised_ambassador(full, LATER, HASHER).settled(HASHER)
    for name, fate in AMBASSADOR_FIELDS.items():
        before, after = getattr(full, name), getattr(left, name)
        match fate:
            case Fate.KEEP:
                assert after == before, name
            case Fate.ERASE | Fate.HASH:
                assert after != before, name
            case Fate.COARSEN | Fate.SET | Fate.DERIVED:
                pass
    assert "secret" not in str(left.to_document())
    assert (left.status, left.anonymised_at, left.clock) == (AccountStatus.ANONYMISED, LATER, None)


@pytest.mark.rule("DEL-4")
def test_DEL_4_city_postal_code_gender_language_and_year_of_birth_stay_and_three_hashes() -> None:
    left = anonymised_ambassador(whole(), LATER, HASHER).settled(HASHER)
    assert left.address == Address(city="Lyon", postal_code="69001")
    assert (left.year_of_birth, left.gender, left.language, left.created_at) == (1985, Gender.FEMALE, "fr", AT)
    for ref, value in (
        (left.email_hash, "SECRET@example.org"),
        (left.customer_hash, "secret-customer"),
        (left.facebook_hash, "secret-facebook"),
    ):
        assert ref and HASHER.matches(ref, value)
    assert Ambassador.from_document(left.to_document()) == left


@pytest.mark.rule("DEL-4")
def test_DEL_4_anonymising_again_changes_nothing_but_whether_a_contact_waits() -> None:
    waiting = anonymised_ambassador(whole(), LATER, HASHER, contacts_wait_since=LATER).settled(HASHER)
    assert waiting.clock and (waiting.clock.rule, waiting.clock.since) == (RuleId.LEFT, LATER)
    again = anonymised_ambassador(waiting, LATER.replace(day=20), HASHER).settled(HASHER)
    assert again == waiting.changed(contacts_wait_since=None, clock=None)
