"""The report of an audit as a page: to be filed, printed, and read by everybody."""

import re
from datetime import UTC, datetime

import pytest

from shared.domain.auditing import BrandAudit, DueRow, Finding, FindingKind, QueueRow, Report, Searched, Waiting
from shared.domain.retention import RULES, RuleId
from shared.pages.audit_page import LISTED, audit_page
from shared.pages.render import LANGUAGES
from tests.pages.markup import Markup

AT = datetime(2030, 3, 1, 14, 5, tzinfo=UTC)
PRIVACY = "https://suite.example/privacy"


def report(*findings: Finding, canaries: int = 2) -> Report:
    rule = RULES[RuleId.NEVER_INVITED]
    row = DueRow(rule=rule.id, who=rule.who, since=rule.since, days=30, due=3, past=1, oldest=AT)
    return Report(
        at=AT,
        finished_at=AT,
        canaries=canaries,
        values=17 if canaries else 0,
        brands=(
            BrandAudit(
                brand="acme",
                status="active",
                entries=1234,
                chains=567,
                due=(row,),
                waiting=(Waiting(what="imports", count=1, oldest=AT, late=True),),
                rights_open=2,
                rights_overdue=1,
                backed_up_at=AT,
            ),
            BrandAudit(brand="globex", status="ended"),
        ),
        queues=(QueueRow(name="mails-poison", messages=4, read=4, poison=True),) if canaries else (),
        searched=(Searched(brand="acme", place="store: contacts", items=31, bytes=977),) if canaries else (),
        findings=findings,
    )


def page(language: str, made: Report) -> Markup:
    return Markup(audit_page(made, language, PRIVACY))


ONE_OF_EACH = [Finding(kind=kind, brand="acme", place="somewhere", what=f"<{kind}>", count=2) for kind in FindingKind]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_says_all_that_was_found_and_leads_nowhere_else(language: str) -> None:
    trace = Finding(
        kind=FindingKind.TRACE, place="store: contacts", what="a/b: email", canary="one", value="phone", form="base64"
    )
    markup = page(language, report(*ONE_OF_EACH, trace))
    text = " ".join(e.text for e in markup.all("td") + markup.all("dd") + markup.all("th"))
    for said in ("1234", "567", "<trace>", "one, phone (base64)", "mails-poison", "977", "RET-1", "14:05 UTC"):
        assert said in text
    assert [value for name in ("src", "href", "action") for value in markup.values(name)] == [PRIVACY]
    assert "url(" not in markup.one("style").text and "@import" not in markup.one("style").text
    assert "8" in markup.all("p")[1].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_can_be_read_by_everybody(language: str) -> None:
    markup = page(language, report(*ONE_OF_EACH))
    assert markup.one("html").attributes["lang"] == language
    assert markup.one("h1").text in markup.one("title").text
    tables = markup.all("table")
    assert len(tables) == len(markup.all("caption")) == len(markup.all("thead"))
    assert all(heading.attributes.get("scope") in ("col", "row") for heading in markup.all("th"))
    scrolling = [e for e in markup.all("div") if e.attributes.get("role") == "region"]
    assert len(scrolling) == len(tables)
    assert all(e.attributes["aria-label"] and e.attributes["tabindex"] == "0" for e in scrolling)
    assert "@media print" in markup.one("style").text
    assert not re.search(r"built-in|object at 0x|None", " ".join(e.text for e in markup.all("body")))


def test_a_clean_report_says_so_and_one_without_people_that_nobody_was_searched_for() -> None:
    markup = page("en", report(canaries=0))
    status = next(e for e in markup.all("div") if e.attributes.get("role") == "status")
    assert "Nothing is wrong." in status.text
    assert "No people were named to search for." in markup.one("main").text


def test_a_long_list_is_cut_and_says_where_the_rest_is() -> None:
    many = [Finding(kind=FindingKind.PAST_ITS_DAY, place="RET-1", what=f"id{n}") for n in range(LISTED + 1)]
    text = page("en", report(*many)).one("main").text
    assert f"id{LISTED - 1}" in text and f"id{LISTED}" not in text
    assert f"Only the first {LISTED}" in text
