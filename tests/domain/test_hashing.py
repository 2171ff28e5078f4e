"""Pseudonyms: one spelling for one address, versions that rotate, and nothing to learn without the key."""

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.hashing import Hasher, normalise
from shared.domain.ids import new_id, new_short_id

OLD = Hasher({1: b"1" * 32})
BOTH = Hasher({1: b"1" * 32, 2: b"2" * 32})
ADDRESSES = st.emails() | st.text(min_size=1, max_size=30)


@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("Grace.Hopper@Example.ORG", "grace.hopper@example.org"),
        ("  grace@example.org\n", "grace@example.org"),
        ("gráce@example.org", "gra\u0301ce@example.org"),
        ("ｇｒａｃｅ@example.org", "grace@example.org"),
        ("grace＠example.org", "grace@example.org"),
        ("STRASSE@example.org", "straße@example.org"),
        ("grace@MÜNCHEN.example", "grace@münchen.example"),
        ("grace@münchen.example", "grace@xn--mnchen-3ya.example"),
        ("ΣΊΣΥΦΟΣ@example.org", "σίσυφος@example.org"),
        ("x@straße.example", "X@XN--STRAE-OQA.example"),
        ("x@βόλος.example", "x@xn--nxasmm1c.example"),
    ],
)
def test_spellings_of_one_address_have_one_hash(one: str, same: str) -> None:
    assert OLD.ref(one) == OLD.ref(same)


@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize(
    "other", ["gracehopper@many.example", "grace.hopper+news@many.example", "grace.hopper@mail-of-many.example"]
)
def test_no_providers_tricks_are_played(other: str) -> None:
    assert OLD.ref(other) != OLD.ref("grace.hopper@many.example")


@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize(
    ("one", "other"), [("x@straße.example", "x@strasse.example"), ("x@βόλος.example", "x@βόλοσ.example")]
)
def test_two_domains_of_the_registry_are_two_addresses(one: str, other: str) -> None:
    assert OLD.ref(one) != OLD.ref(other)


@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize("address", ["x@xn--zzzzzzzz.example", "x@é_é.example", "é@", "@é", "x@⒈é", "xn--"])
def test_what_is_no_domain_is_folded_like_any_text(address: str) -> None:
    assert normalise(address.upper()) == normalise(normalise(address))


@pytest.mark.rule("DEL-10")
def test_a_key_that_is_not_active_yet_is_recognised_and_does_not_write() -> None:
    early = Hasher(BOTH.keys, writes=1)
    assert early.ref("grace@example.org") == OLD.ref("grace@example.org")
    assert early.matches(BOTH.ref("grace@example.org"), "grace@example.org")
    assert early.refs("grace@example.org") == BOTH.refs("grace@example.org")


@pytest.mark.rule("DEL-10")
@given(ADDRESSES)
def test_normalising_twice_changes_nothing_more(value: str) -> None:
    assert normalise(normalise(value)) == normalise(value)


@pytest.mark.rule("DEL-10")
@given(st.emails())
def test_the_hash_is_hmac_sha_256_under_the_brands_key_with_its_version(address: str) -> None:
    expected = hmac.new(b"1" * 32, normalise(address).encode(), hashlib.sha256).hexdigest()
    assert OLD.ref(address) == f"v1.{expected}"
    assert address.casefold() not in OLD.ref(address)


@pytest.mark.rule("DEL-10")
def test_the_newest_key_writes_and_every_key_is_recognised() -> None:
    old, new = OLD.ref("grace@example.org"), BOTH.ref("grace@example.org")
    assert BOTH.version == 2 and new.startswith("v2.")
    assert BOTH.refs("grace@example.org") == (new, old)
    assert BOTH.matches(old, "Grace@Example.org") and BOTH.matches(new, "grace@example.org")
    assert not OLD.matches(new, "grace@example.org")
    assert not BOTH.matches(old, "ada@example.org")


@pytest.mark.rule("DEL-10")
@pytest.mark.parametrize("ref", ["", "v", "vx.00", "v9.00", "v².00", "grace@example.org", "v1", "v1.é"])
def test_what_is_no_hash_matches_nothing(ref: str) -> None:
    assert not BOTH.matches(ref, "grace@example.org")


@pytest.mark.rule("BR-1")
@given(st.emails())
def test_two_brands_have_nothing_in_common(address: str) -> None:
    assert Hasher({1: b"acme" * 8}).ref(address) != Hasher({1: b"glob" * 8}).ref(address)


@pytest.mark.rule("DEL-4")
def test_ids_are_random_and_fit_everywhere() -> None:
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(re.fullmatch("[a-z2-7]{24}", made) for made in ids)
    assert {len(new_short_id()) for _ in range(100)} == {8}
