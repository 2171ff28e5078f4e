"""The pages of rights: asking for a link, and everything that is held on a person, with a button for each right (RGT-3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from shared.domain.contact import Contact
from shared.domain.held import PURPOSES, RECIPIENTS, Held, HeldRecord
from shared.domain.ledger import Entry
from shared.domain.rights import RECTIFIABLE
from shared.pages.brand import Brand
from shared.pages.catalogue import catalogue, day_text, texts_of
from shared.pages.persons_pages import Page
from shared.pages.plain import name_of, one_line
from shared.pages.templating import environment, page_headers, style

Asking = Literal["asked", "problem", "too_many", "sent"]
# What was done by the press before this showing.
Result = Literal["rectify", "restrict", "lift", "object", "erase", "ask", "running", "refused"]

_AUTOCOMPLETE = {
    "first_name": "given-name", "last_name": "family-name", "street": "street-address", "postal_code": "postal-code",
    "city": "address-level2", "country": "country", "mobile_phone": "tel", "home_phone": "tel",
}  # fmt: skip
_PLAIN_FIELDS = (
    "first_name", "last_name", "email", "street", "postal_code", "city", "country", "mobile_phone", "home_phone",
    "language", "customer_id", "facebook_id", "twitter_id", "instagram_id", "photo_url", "type", "comments",
    "email_status",
)  # fmt: skip

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Section:
    """One record as the page shows it."""

    title: str
    rows: Sequence[Row]
    ledger: Sequence[str]


def rights_asked_page(*, brand: Brand, language: str, state: Asking) -> Page:
    """`/rights/{brand}`: asks for `email`; what it answers says nothing of the address (RGT-2)."""
    t = _texts("rights_asked", brand, language)
    sent = state == "sent"
    return _page(
        "pages/rights_asked.html",
        brand,
        language,
        t,
        title=t["sent_title"] if sent else t["title"],
        intro=t["intro"],
        result=t["sent"] if sent else None,
        notes=[t["advice"]] if sent else [],
        asks=not sent,
        problem=t[state] if state in ("problem", "too_many") else None,
    )


def rights_page(
    *, brand: Brand, language: str, held: Held, email_masked: str | None, form: str, result: Result | None
) -> Page:
    """`/rights/{token}`: shows all that is held, and takes `do` with what belongs to it; `form` names this showing."""
    t = _texts("rights", brand, language, email=email_masked, day=held.at.date())
    live = [record.contact for record in held.records if record.contact.anonymised_at is None]
    something = bool(held.records or held.listed or held.objected_at or held.white_listed)
    return _page(
        "pages/rights.html",
        brand,
        language,
        t,
        title=t[f"{result}_title"] if result else t["title"],
        intro=t["intro"] if something else t["nothing"],
        result=t["refused"] if result == "refused" else t[f"{result}_done"] if result else None,
        notes=[],
        hash_only=something and held.by_hash_alone,
        account=held.has_account,
        white_listed=held.white_listed,
        sections=[_section(record, t, language) for record in held.records],
        listed=[f"{t[f'listed_{reason}']} ({_day(since, language)})" for reason, since in _known_by_hash(held)],
        purposes=[t[f"purpose_{name}"] for name in PURPOSES],
        recipients=[t[f"recipient_{name}"] for name in RECIPIENTS],
        requests=[
            (t[f"kind_{r.kind}"], t[f"request_{r.state}"].replace(_DATE, _day(r.due_at, language)))
            for r in held.requests
        ],
        form=form,
        something=something,
        corrects=[(name, t[f"field_{name}"], _AUTOCOMPLETE[name]) for name in RECTIFIABLE] if live else [],
        restricts=any(contact.restricted_at is None for contact in live),
        lifts=any(contact.restricted_at for contact in live),
        erases=bool(live),
    )


# Stands for a day until it is known which: each request has its own.
_DATE = "\ue000"


def _texts(
    name: str, brand: Brand, language: str, *, email: str | None = None, day: date | None = None
) -> Mapping[str, str]:
    values = {
        "brand": name_of(brand.name),
        "processor": brand.processor,
        "ambassador": _DATE,
        "email": one_line(email or "") or catalogue(language)["pages"]["some_address"],
        "date": _DATE,
    }
    t = {key: str(text) for key, text in texts_of("pages", name, language, values).items()}
    if day:
        t["intro"] = t["intro"].replace(_DATE, day_text(day, language))
    return t


def _known_by_hash(held: Held) -> list[tuple[str, datetime]]:
    return [*held.listed, *([("objection", held.objected_at)] if held.objected_at else [])]


def _section(record: HeldRecord, t: Mapping[str, str], language: str) -> _Section:
    contact = record.contact
    if contact.detached_at:
        title = t["record_of_brand"]
    else:
        title = t["record_of"].replace(_DATE, name_of(record.ambassador or "") or t["someone"])
    rows = [(t["source"], t.get(f"source_{contact.created_by.mechanism}", t["source_other"]))]
    rows.append((t["since"], _day(contact.created_at, language)))
    if contact.anonymised_at:
        rows.append((t["records"], t["record_hash"]))
    rows += _fields(contact, t, language)
    rows += _consents(contact, t, language)
    will = record.will_happen
    rows.append(
        (t["next"], f"{_day(will['at'], language)}: {t['action_' + will['action']]}" if will else t["next_none"])
    )
    return _Section(title, rows, [_proof(entry, t, language) for entry in record.ledger])


def _fields(contact: Contact, t: Mapping[str, str], language: str) -> Iterator[Row]:
    for name in _PLAIN_FIELDS:
        value = getattr(contact, name)
        if value and not (name == "email_status" and contact.email is None):
            yield t[f"field_{name}"], one_line(str(value))
    if contact.tags:
        yield t["field_tags"], ", ".join(map(one_line, contact.tags))
    for question, said in contact.form_answers.items():
        yield t["field_form_answers"], f"{one_line(question)}: {one_line(said)}"
    if contact.voucher:
        yield t["field_voucher"], contact.voucher.code
    if contact.mails:
        yield t["field_mails"], ", ".join(_day(mail.at, language) for mail in contact.mails)
    for sale in contact.sales:
        products = f" ({', '.join(map(one_line, sale.products))})" if sale.products else ""
        several = f" ({t['orders_of_a_month']}: {sale.count})" if not sale.order else ""
        yield t["field_sales"], f"{_day(sale.at, language)}: {sale.amount} {sale.currency}{several}{products}"
    if contact.events:
        yield t["field_events"], str(len(contact.events))
    if contact.last_activity_at:
        yield t["field_last_activity_at"], _day(contact.last_activity_at, language)


def _consents(contact: Contact, t: Mapping[str, str], language: str) -> Iterator[Row]:
    yield t["to_ambassador"], _since(t[f"state_{contact.ambassador_opt_in}"], contact.ambassador_opt_in_at, language)
    yield t["to_brand"], _since(t[f"brand_{contact.brand_opt_in}"], contact.brand_opt_in_at, language)
    yield t["to_partners"], _since(t["yes" if contact.partners_opt_in else "no"], contact.partners_opt_in_at, language)
    if contact.restricted_at:
        yield t["restricted"], _day(contact.restricted_at, language)


def _proof(entry: Entry, t: Mapping[str, str], language: str) -> str:
    """One choice as the ledger has it: when, what it became, how, and which of our texts was shown."""
    became = [t.get(f"state_{entry.after.get('ambassadorOptIn')}", "")]
    if entry.after.get("brandOptIn") != entry.before.get("brandOptIn", "none"):
        became.append(f"{t['to_brand']}: {t.get('brand_' + str(entry.after.get('brandOptIn')), '')}")
    if entry.after.get("partnersOptIn") != entry.before.get("partnersOptIn", False):
        became.append(f"{t['to_partners']}: {t['yes' if entry.after.get('partnersOptIn') else 'no']}")
    version = f" [{one_line(entry.evidence.text_version)}]" if entry.evidence.text_version else ""
    return f"{_day(entry.at, language)}: {'; '.join(became)} – {_how(entry.evidence.mechanism, t)}{version}"


def _how(mechanism: str, t: Mapping[str, str]) -> str:
    if mechanism.startswith(("RET-", "DEL-")):
        return t["how_rules"]
    if mechanism.startswith("rights_"):
        return t["how_rights"]
    if mechanism == "brand_sync":
        return t["how_brand"]
    return t.get(f"how_{mechanism}") or t.get(f"source_{mechanism}", t["how_other"])


def _since(text: str, since: datetime | None, language: str) -> str:
    return f"{text} ({_day(since, language)})" if since else text


def _day(moment: datetime, language: str) -> str:
    return day_text(moment.date(), language)


def _page(template: str, brand: Brand, language: str, t: Mapping[str, str], **shown: Any) -> Page:
    look = style(brand.primary_colour, brand.readable_text)
    html = (
        environment()
        .get_template(template)
        .render(brand=brand, brand_name=name_of(brand.name), language=language, css=look.css, t=t, **shown)
    )
    return Page(html, page_headers(language, look.source))
