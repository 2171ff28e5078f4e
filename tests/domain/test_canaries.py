"""What is looked for in a search: every form that bytes may have taken (DEL-8)."""

import base64
import email.message
import html
import json
import quopri
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from pydantic import ValidationError

from local.needles import Needles
from shared.domain.canaries import Canaries, Canary, Match, forms, sought

SINCE = "2030-01-01T00:00:00Z"
VALUES = ("Zoé.O'Brien+tag@exämple.org", "Zoë & <Çelik>", "+33 6 12 34/56", "straße Nº 7")


def looked_for(*values: str) -> Needles:
    return Needles(
        sought([Canary.model_validate({"id": "one", "values": {"it": values}, "goneFrom": {"acme": SINCE}})])
    )


def mailed(text: str) -> bytes:
    """The text in the middle of a long mail, as quoted-printable with its line breaks."""
    return quopri.encodestring((text + " and so on ").encode() * 12)


def attached(text: str) -> bytes:
    """The same in base64."""
    message = email.message.EmailMessage()
    message.set_content("x" * 60 + text + "y" * 200, cte="base64")
    return message.as_bytes()


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower": lambda text: text.lower().encode(),
    "upper": lambda text: text.upper().encode(),
    "swapped": lambda text: "".join(c.swapcase() if c.isascii() else c for c in text).encode(),
    "NFC": lambda text: unicodedata.normalize("NFC", text).encode(),
    "NFD": lambda text: unicodedata.normalize("NFD", text).encode(),
    "cp1252": lambda text: text.encode("cp1252"),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "link": lambda text: quote(text, safe="").encode(),
    "path": lambda text: quote(text).encode(),
    "form": lambda text: urlencode({"q": text}).encode(),
    "small escapes": lambda text: quote_plus(text).lower().encode(),
    "markup": lambda text: html.escape(text).encode(),
    "ASCII markup": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "JSON": lambda text: json.dumps({"a": text}).encode(),
    "JSON in UTF-8": lambda text: json.dumps({"a": text}, ensure_ascii=False).encode(),
    "JSON in JSON": lambda text: json.dumps({"a": json.dumps({"b": text})}).encode(),
    "Python": lambda text: repr(text.encode()).encode() if text.isascii() and "'" not in text else ascii(text).encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "a queue's message": lambda text: base64.b64encode(json.dumps({"brand": "acme", "to": text}).encode()),
    "base64 in links": lambda text: base64.urlsafe_b64encode(text.encode()),
    "a mail, quoted-printable": mailed,
    "a mail, base64": attached,
}


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_DEL_8_a_value_is_found_in_whatever_form_it_stands(encoding: str) -> None:
    for value in VALUES:
        if encoding == "cp1252" and not value.isascii():
            value = unicodedata.normalize("NFC", value)
        found = looked_for(value)(b"\x00before " + ENCODINGS[encoding](value) + b" after")
        assert {match.label for match in found} == {"it"}, f"{encoding} of {value}"


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("before", range(6))
def test_DEL_8_base64_is_found_wherever_in_a_group_it_begins(before: int) -> None:
    for value in VALUES:
        for carried in (value.encode(), value.encode("utf-16-le"), json.dumps(value).encode()):
            found = looked_for(value)(base64.b64encode(b"-" * before + carried + b"--"))
            assert {match.form for match in found} == {"base64"}


@pytest.mark.rule("DEL-8")
def test_DEL_8_what_was_not_asked_for_is_not_found() -> None:
    look = looked_for(*VALUES)
    assert not look(b"Zo and Brien of another.example.org +33 6 12 34 57 \xff\x00" * 1000)
    assert not Needles(sought([]))(b"anything")


def test_forms_of_an_ordinary_address_are_some_dozens() -> None:
    made = forms("canary.person@example.org")
    assert 30 < len(made) < 200
    assert {"plain", "url", "hex", "base64", "utf-16-le", "utf-16-be"} <= set(made.values())
    assert min(map(len, made)) >= 6


def test_what_two_people_share_is_both_of_theirs() -> None:
    people = [
        Canary.model_validate({"id": id, "values": {"city": "Quetzaltown"}, "goneFrom": {"acme": SINCE}})
        for id in ("one", "two")
    ]
    assert Needles(sought(people))(b"in quetzaltown") == {Match("one", "city", "plain"), Match("two", "city", "plain")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": {"name": "Zoe"}}, "name is too short"),
        ({"values": {}}, "at least 1 item"),
        ({"values": {"a@b.example": "something"}}, "pattern"),
        ({"goneFrom": {}}, "at least 1 item"),
        ({"id": "somebody@example.org"}, "pattern"),
    ],
)
def test_a_file_that_cannot_be_searched_for_is_refused_and_not_repeated(change: dict[str, object], said: str) -> None:
    person = {"id": "one", "values": {"name": "somebody"}, "goneFrom": {"acme": SINCE}} | change
    with pytest.raises(ValidationError) as refused:
        Canaries.model_validate({"people": [person]})
    assert said in refused.value.errors(include_input=False)[0]["msg"]


def test_people_have_names_of_their_own() -> None:
    person = {"id": "one", "values": {"name": "somebody"}, "goneFrom": {"acme": SINCE}}
    with pytest.raises(ValidationError):
        Canaries.model_validate({"people": [person, person]})
