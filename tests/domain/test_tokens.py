"""Signed links and sessions: good for one purpose, until they expire, and for nobody who forges them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tokens import Purpose, Tokens
from tests.support.records import SECOND, START

TOKENS = Tokens([b"key one"])
CLAIMS = {"b": "acme", "a": "ambassador", "c": "contact"}
EXPIRES = START + timedelta(days=1)
PURPOSES = st.sampled_from(Purpose)


@pytest.mark.rule("MAIL-3")
@given(PURPOSES, PURPOSES)
def test_a_token_is_good_for_its_own_purpose_and_no_other(issued_for: Purpose, used_for: Purpose) -> None:
    token = TOKENS.issue(issued_for, CLAIMS, EXPIRES)
    claims = TOKENS.read(used_for, token, START)
    if issued_for is used_for:
        assert claims == {**CLAIMS, "exp": int(EXPIRES.timestamp())}
    else:
        assert claims is None


@pytest.mark.rule("MAIL-3")
def test_a_token_expires_by_the_clock_that_is_asked() -> None:
    token = TOKENS.issue(Purpose.INVITATION, CLAIMS, EXPIRES)
    assert TOKENS.read(Purpose.INVITATION, token, EXPIRES - SECOND)
    assert TOKENS.read(Purpose.INVITATION, token, EXPIRES) is None
    assert TOKENS.expiry(Purpose.INVITATION, token) == EXPIRES
    assert TOKENS.expiry(Purpose.OPT_OUT, token) is None


@pytest.mark.rule("MAIL-3")
@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = TOKENS.issue(Purpose.OPT_OUT, CLAIMS, EXPIRES)
    place = data.draw(st.integers(0, len(token) - 2))  # the last one holds bits that base64 throws away
    wrong = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda character: character != token[place]))
    assert TOKENS.read(Purpose.OPT_OUT, token[:place] + wrong + token[place + 1 :], START) is None


@pytest.mark.rule("MAIL-3")
@given(st.text(max_size=80))
def test_any_other_text_is_no_token(text: str) -> None:
    assert TOKENS.read(Purpose.SESSION, text, START) is None
    assert TOKENS.expiry(Purpose.SESSION, text) is None


@pytest.mark.rule("MAIL-3")
def test_keys_rotate_without_breaking_the_links_that_are_out() -> None:
    old, rotated, later = TOKENS, Tokens([b"key two", b"key one"]), Tokens([b"key two"])
    token = old.issue(Purpose.INVITATION, CLAIMS, EXPIRES)
    assert rotated.read(Purpose.INVITATION, token, START)
    assert later.read(Purpose.INVITATION, token, START) is None
    fresh = rotated.issue(Purpose.INVITATION, CLAIMS, EXPIRES)
    assert later.read(Purpose.INVITATION, fresh, START)
    assert old.read(Purpose.INVITATION, fresh, START) is None


@pytest.mark.rule("MAIL-3")
@pytest.mark.parametrize("content", [["a", "list"], {"a": "no expiry"}, {"exp": "tomorrow"}, "text", None])
def test_a_genuine_signature_over_something_else_is_no_token(content: object) -> None:
    signed = TOKENS._serializer(Purpose.SESSION).dumps(content)
    assert TOKENS.read(Purpose.SESSION, signed, START) is None


@pytest.mark.rule("MAIL-3")
def test_a_token_fits_into_a_link() -> None:
    token = TOKENS.issue(Purpose.INVITATION, {"b": "acme", "a": "a" * 24, "c": "c" * 24, "m": "m" * 8}, EXPIRES)
    assert len(token) < 300
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
