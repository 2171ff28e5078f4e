"""Who sees what (VIS): tables from viewer and standing of a record to fields. What stands in no table leaves in no answer.

Every answer about a contact or an ambassador is made by `see_contact`, `see_ambassador` or `see_in_community`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.contact import Contact
from shared.domain.iban import masked_iban
from shared.domain.policy import CommunityDisplay, Durations
from shared.domain.retention import RULES, due_at


class Viewer(StrEnum):
    """Who looks."""

    OWN_AMBASSADOR = "own_ambassador"  # the contact's ambassador; the account's holder
    OTHER_AMBASSADOR = "other_ambassador"
    BRAND_ADMIN = "brand_admin"
    BRAND_SUPPORT = "brand_support"
    BRAND_COMMUNITY = "brand_community"
    ACCOUNT_TEAM = "account_team"
    TECHNICAL_TEAM = "technical_team"


_BRAND = (Viewer.BRAND_ADMIN, Viewer.BRAND_SUPPORT, Viewer.BRAND_COMMUNITY)
_TEAMS = (Viewer.ACCOUNT_TEAM, Viewer.TECHNICAL_TEAM)


def sees_all(viewer: Viewer) -> bool:
    """Whether every record of the brand is shown to the viewer, if not every field of it."""
    return viewer in _TEAMS


class Standing(StrEnum):
    """How a record stands towards a viewer."""

    SHOWN = "shown"
    OPTED_OUT = "opted_out"  # of the ambassador who looks, or restricted by its person
    HIDDEN = "hidden"


Fields = frozenset[str]
Table = Mapping[Viewer, Mapping[Standing, Fields]]


def _table(*rows: tuple[tuple[Viewer, ...], Mapping[Standing, Fields]]) -> Table:
    return {viewer: fields for viewers, fields in rows for viewer in viewers}


_CONTACT = frozenset((
    "id", "ambassador_id", "first_name", "last_name", "email", "email_status", "customer_id", "street", "city",
    "postal_code", "country", "mobile_phone", "home_phone", "language", "ambassador_opt_in", "ambassador_opt_in_at",
    "brand_opt_in", "brand_opt_in_at", "partners_opt_in", "partners_opt_in_at", "sales", "last_activity_at",
    "created_at", "created_by", "modified_at", "modified_by", "retention",
))  # fmt: skip
# RET-15: what the ambassador wrote down and did; it goes when the record is left to the brand, and is not the brand's before.
_AMBASSADORS_PART = frozenset((
    "facebook_id", "twitter_id", "instagram_id", "photo_url", "type", "comments", "opt_in_evidence", "tags",
    "mails",
))  # fmt: skip
_BRANDS_PART = frozenset(("sales.products", "form_answers"))  # CON-1: in the Manager only
_FATE = frozenset((
    "becomes", "last_call_at", "owned_by_brand_sync", "restricted_at", "detached_at", "anonymised_at",
))  # fmt: skip

_OWN_CONTACT = _CONTACT | _AMBASSADORS_PART
_EVERYTHING = _CONTACT | _AMBASSADORS_PART | _BRANDS_PART | _FATE

# VIS-2, VIS-3. Hashes, keys, claims, proofs and what is searched in are the machine's own: they stand in no row.
CONTACT: Table = _table(
    ((Viewer.OWN_AMBASSADOR,), {Standing.SHOWN: _OWN_CONTACT, Standing.OPTED_OUT: _OWN_CONTACT - {"email"}}),
    ((Viewer.OTHER_AMBASSADOR,), {}),
    (_BRAND, {Standing.SHOWN: _CONTACT | _BRANDS_PART}),
    (_TEAMS, {Standing.SHOWN: _EVERYTHING}),
)

_COMMUNITY = frozenset(("id", "name", "postal_code", "photo", "score", "badges"))
_AMBASSADOR = frozenset((
    "id", "status", "created_at", "confirmed_at", "last_login_at", "gender", "first_name", "last_name", "alias",
    "blog_alias", "email", "customer_id", "address", "language", "date_of_birth", "terms_accepted_at", "terms_version",
    "about", "interests", "position", "photo", "score", "level", "badges", "awards", "communication", "community",
    "left_at", "left_because",
))  # fmt: skip

# VIS-2, VIS-4. No password, grant's token, session or address of a machine for anybody; `iban` is whole, else masked.
AMBASSADOR: Table = _table(
    ((Viewer.OWN_AMBASSADOR,), {Standing.SHOWN: _AMBASSADOR | {"iban", "facebook_id"}}),
    ((Viewer.OTHER_AMBASSADOR,), {Standing.SHOWN: _COMMUNITY}),
    ((Viewer.BRAND_ADMIN,), {Standing.SHOWN: _AMBASSADOR | {"iban"}}),
    ((Viewer.BRAND_SUPPORT, Viewer.BRAND_COMMUNITY), {Standing.SHOWN: _AMBASSADOR | {"iban.masked"}}),
    (_TEAMS, {Standing.SHOWN: _AMBASSADOR | {"iban.masked", "facebook_id", "sso_id"}}),
)


# VIS-6: what leaves in a file, by column; of contacts that brand users may see, whoever asks.
EXPORTED = (
    "id", "ambassador_id", "first_name", "last_name", "email", "email_status", "customer_id", "street", "city",
    "postal_code", "country", "mobile_phone", "home_phone", "language", "ambassador_opt_in", "ambassador_opt_in_at",
    "brand_opt_in", "brand_opt_in_at", "partners_opt_in", "partners_opt_in_at", "last_activity_at", "created_at",
)  # fmt: skip


def contact_standing(contact: Contact, viewer: Viewer) -> Standing:
    """How a contact stands towards who looks at it, ambassadors being told apart by the caller."""
    if viewer in _TEAMS:
        return Standing.SHOWN
    if viewer in _BRAND:
        return Standing.SHOWN if contact.brand_sees else Standing.HIDDEN
    if viewer is not Viewer.OWN_AMBASSADOR or not contact.in_the_book or contact.pending:
        return Standing.HIDDEN
    return Standing.OPTED_OUT if contact.hides_its_address else Standing.SHOWN


def ambassador_standing(account: Ambassador, viewer: Viewer) -> Standing:
    """How an account stands towards who looks at it: a sign-up that nobody confirmed is no ambassador yet (AMB-2)."""
    match viewer:
        case Viewer.OTHER_AMBASSADOR:
            shown = account.status is AccountStatus.ACTIVE and not account.community.hide_profile
        case Viewer.BRAND_ADMIN | Viewer.BRAND_SUPPORT | Viewer.BRAND_COMMUNITY:
            shown = account.brand_sees
        case _:
            shown = True
    return Standing.SHOWN if shown else Standing.HIDDEN


def see_contact(contact: Contact, viewer: Viewer, durations: Durations) -> dict[str, Any]:
    """What the viewer sees of a contact, by field; {} when not even that there is one."""
    fields = CONTACT[viewer].get(contact_standing(contact, viewer), frozenset())
    made: dict[str, Callable[[], Any]] = {
        "created_by": lambda: contact.created_by.mechanism,
        "modified_by": lambda: contact.modified_by.mechanism,
        "mails": lambda: _mails(contact),
        "sales": lambda: _sales(contact, products="sales.products" in fields),
        "retention": lambda: _retention(contact, durations),
    }
    return {name: made[name]() if name in made else getattr(contact, name) for name in _plain(fields)}


def see_ambassador(account: Ambassador, viewer: Viewer, **earned: Any) -> dict[str, Any]:
    """What the viewer sees of an account, by field; `earned` is what other records hold of it."""
    fields = AMBASSADOR[viewer].get(ambassador_standing(account, viewer), frozenset())
    known = {name: getattr(account, name) for name in Ambassador.model_fields} | asdict(account.standing) | earned
    seen = {name: known[name] for name in _plain(fields) if name in known}
    if "photo" in seen:
        seen["photo"] = account.photo is not None  # where it is and what opens it is nobody's to see
    if "iban.masked" in fields:
        seen["iban"] = masked_iban(account.iban) if account.iban else None
    return seen


def see_in_community(account: Ambassador, display: CommunityDisplay, **earned: Any) -> dict[str, Any]:
    """What other ambassadors see of one (VIS-4): {} when hidden (AMB-3); the name as the brand's policy says."""
    seen = see_ambassador(account, Viewer.OTHER_AMBASSADOR, **earned)
    if seen:
        seen |= {"name": community_name(account, display), "postal_code": account.address.postal_code}
    return seen


def community_name(account: Ambassador, display: CommunityDisplay) -> str:
    """How the community calls an ambassador."""
    first, last = account.first_name.strip(), account.last_name.strip()
    match display:
        case CommunityDisplay.FULL:
            return f"{first} {last}".strip()
        case CommunityDisplay.FIRST_NAME_AND_INITIAL:
            return f"{first} {_initial(last)}".strip()
        case CommunityDisplay.INITIALS:
            return f"{_initial(first)} {_initial(last)}".strip()


def shows_events(account: Ambassador) -> bool:
    """Whether what the ambassador does may stand in the live stream (AMB-3)."""
    return ambassador_standing(account, Viewer.OTHER_AMBASSADOR) is Standing.SHOWN and not account.community.hide_events


def export_contact(contact: Contact, durations: Durations) -> dict[str, Any]:
    """The contact's columns in a file; {} for one that no brand user may see (VIS-6)."""
    seen = see_contact(contact, Viewer.BRAND_SUPPORT, durations)
    return {name: seen[name] for name in EXPORTED} if seen else {}


def _plain(fields: Fields) -> list[str]:
    return [name for name in fields if "." not in name]


def _initial(name: str) -> str:
    return f"{name[0].upper()}." if name else ""


def _mails(contact: Contact) -> tuple[dict[str, Any], ...]:
    def count(mail: str, kind: str) -> int:
        return sum(event.mail == mail and event.kind == kind for event in contact.events)

    return tuple(
        {"kind": m.kind, "sent_at": m.at, "opens": count(m.id, "open"), "clicks": count(m.id, "click")}
        for m in contact.mails
    )


def _sales(contact: Contact, *, products: bool) -> tuple[dict[str, Any], ...]:
    shown = ("at", "amount", "currency", "count", *(("order", "products") if products else ()))
    return tuple({name: getattr(sale, name) for name in shown} for sale in contact.sales)


def _retention(contact: Contact, durations: Durations) -> dict[str, Any] | None:
    """What will happen to the record, by which rule and when (RET-17)."""
    due = due_at(contact.clock, durations)
    if contact.clock is None or due is None:
        return None
    return {"rule": contact.clock.rule, "action": RULES[contact.clock.rule].action, "at": due}
