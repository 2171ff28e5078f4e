"""What people typed: it is shown, and changes nothing around it."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.plain import greeted_name, name_of, one_line, paragraphs_of, subject_of
from tests.pages.markup import Markup
from tests.pages.samples import a_brand, mails, pages

hostile = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'-->]]>",
        "{{ 7*7 }}{% raw %}",
        "{brand.__class__}",
        "</style></title>",
        "a\r\nBcc: b@example.org",
        "\u202egnp.exe",
        "&lt;b&gt;",
        "\ud800",
        "\x00",
    ]
)
anything = st.one_of(
    hostile, st.text(st.characters(), max_size=40), st.builds(str.__add__, hostile, st.text(max_size=10))
)
PAGES = {name: Markup(page.html).skeleton for name, page in pages("fr").items()}
MAILS = {name: Markup(mail.html).skeleton for name, mail in mails("fr").items()}


@given(anything, anything, anything)
def test_no_name_becomes_markup_on_a_page(ambassador: str, email: str, brand: str) -> None:
    for name, page in pages("fr", brand=a_brand(name=brand), ambassador=ambassador, email=email, alike=False).items():
        page.html.encode()
        assert Markup(page.html).skeleton == PAGES[name]


@given(anything, anything, anything, anything)
def test_no_text_becomes_markup_in_a_mail(ambassador: str, first: str, subject: str, title: str) -> None:
    given_texts = mails("fr", ambassador=ambassador, first_name=first, subject=subject, title=title, description=title)
    for name, mail in given_texts.items():
        mail.html.encode()
        assert Markup(mail.html).skeleton == MAILS[name]


@given(anything, anything, anything)
def test_no_name_breaks_the_lines_of_a_text_mail(ambassador: str, first: str, title: str) -> None:
    plain = mails("en")
    for name, mail in mails("en", ambassador=ambassador, first_name=first, title=title).items():
        mail.text.encode()
        assert len(mail.text.split("\n")) == len(plain[name].text.split("\n"))
        assert not any(category(char) in ("Cc", "Zl", "Zp") for char in mail.text.replace("\n", ""))


@given(st.lists(st.one_of(anything, st.sampled_from(["\n", "-- ", "Stop these mails:\n"]))).map("\n".join))
def test_a_body_can_not_pass_for_our_own_lines(body: str) -> None:
    text = mails("en", body=body)["publication"].text
    ours = [line for line in text.split("\n") if not line.startswith(">")]
    expected = [line for line in mails("en", body="x")["publication"].text.split("\n") if not line.startswith(">")]
    assert [line for line in ours if line] == [line for line in expected if line]


@given(anything)
def test_a_body_is_markup_free(body: str) -> None:
    markup = Markup(mails("en", body=body)["publication"].html)
    inside = {e.name for e in markup.elements if e.within.count("div") and "td" in e.within}
    assert inside <= {"p", "br"}


@given(st.one_of(anything, st.text(min_size=250, max_size=300)))
def test_a_subject_is_one_line_of_at_most_255_characters(text: str) -> None:
    subject = subject_of(text, "News")
    assert 0 < len(subject) <= 255
    assert not any(category(char) in ("Cc", "Cs", "Zl", "Zp") for char in subject)


@given(st.text(st.characters()))
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    line = one_line(text)
    assert line == one_line(line) == line.strip()
    assert len(line.splitlines()) <= 1


@given(anything)
def test_a_name_is_short_and_holds_no_address(text: str) -> None:
    name = name_of(text)
    assert len(name) <= 120 and "://" not in name


@pytest.mark.parametrize("name", ["Anne-Marie", "J.P.", "O’Neil", "李", "Élodie", "Jean Paul"])
def test_a_name_is_greeted_as_it_is(name: str) -> None:
    assert greeted_name(f" {name}\n") == name
    assert name_of(name) == name


@pytest.mark.parametrize(
    "text",
    ["Win at https://evil.example", "www.evil.example", "see evil.example now", "me@evil", "10.0.0.1", "x" * 61, " \n"],
)
def test_a_message_in_place_of_a_first_name_is_not_passed_on(text: str) -> None:
    assert greeted_name(text) is None


@pytest.mark.parametrize("text", ["https://evil.example/x", "http:evil.example", "www.evil.example", "evil.example"])
def test_an_ambassadors_name_makes_no_link(text: str) -> None:
    shown = name_of(f"Ann {text}")
    assert "://" not in shown and "www." not in shown and "evil.example" not in shown


def test_empty_lines_part_paragraphs() -> None:
    assert paragraphs_of("a\r\nb\r\n \r\n\r\nc\u2028d\re") == [["a", "b"], ["c", "d", "e"]]
