"""Tombstones (BAK-3): who was erased or opted out, and who took that back, by keyed hashes alone.

They lie beside the store and in no backup. A backup that is restored is older than they are: they are applied to it again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.consent import BrandOptIn, OptInClass
from shared.domain.contact import Contact
from shared.domain.containers import AMBASSADORS, CONTACTS, SUPPRESSIONS, UGC
from shared.domain.hashing import Hasher
from shared.domain.ids import new_id
from shared.domain.records import Instant, Record
from shared.domain.suppression import Suppression
from shared.domain.ugc import Ugc


class What(StrEnum):
    """What happened."""

    DELETED = "deleted"
    ANONYMISED = "anonymised"
    DETACHED = "detached"  # left to the brand alone (RET-15)
    MOVED = "moved"  # the record stands for another person from here on: its address was corrected
    WITHDREW = "withdrew"  # a consent, or a switch
    LISTED = "listed"  # on the black list (SUP-1)
    LEFT = "left"  # an account ends, and can be restored for some days (DEL-1, DEL-2)
    GAVE = "gave"  # a consent, by an own explicit act: the person's later word
    UNLISTED = "unlisted"
    RETURNED = "returned"  # an account was restored (DEL-3)
    VOID = "void"  # another tombstone was written, and its act was not: somebody else was faster

    @property
    def takes_back(self) -> bool:
        """Whether it lifts what others say; such a one is written once its act is saved, the others before."""
        return self in (What.GAVE, What.UNLISTED, What.RETURNED)


class Tombstone(Record):
    """One act. `people` are the hashes of whom it is about, under every key version known then.

    Where the record lay (`container`, `partition`, `record`) tells the next backup what is gone, and which of a person's
    records it was. It is never all that a person is recognised by: the id may be somebody else's by then.
    """

    id: str = Field(default_factory=new_id)
    at: Instant
    what: What
    container: str = ""
    partition: str = ""
    record: str = ""
    made: str | None = None  # what tells the record from a later one of its id: when it was made, where it says so
    people: tuple[str, ...] = ()
    standing: bool = False  # the contact stood for its address, which one record of an ambassador's at a time does
    consent: str | None = None  # which: ambassador, brand, partners; of accounts: account, or a switch
    state: str | None = None  # what it became; of the black list: the reason
    since: Instant | None = None
    reach: bool = False  # the black list's entry has still to be told to every record of the address
    moved_to: tuple[str, ...] = ()
    of: str | None = None  # the tombstone that is void


# From the one that tells most to the one that tells least; two people are compared by the first that both have.
KINDS = ("email", "facebook", "twitter", "instagram", "customer", "mobile", "home", "name")

# The kind, the field that holds it in clear, and the one that holds its hash.
_KNOWN = (
    ("email", "email", "email_hash"),
    ("facebook", "facebook_id", "facebook_hash"),
    ("twitter", "twitter_id", "twitter_hash"),
    ("instagram", "instagram_id", "instagram_hash"),
    ("customer", "customer_id", None),
    ("mobile", "mobile_phone", None),
    ("home", "home_phone", None),
)
_STORED = {name: str(field.alias) for name, field in Contact.model_fields.items()}

RESTRICTION = "restriction"  # art. 18: told as a consent is, though it erases nothing and lifts no erasure

_BY_AN_OWN_ACT = frozenset({BrandOptIn.BLOG, BrandOptIn.INTERNAL_FORM, BrandOptIn.EXTERNAL_FORM})
_NAMING = ("email", "facebook_id", "twitter_id", "instagram_id", "customer_id", "mobile_phone", "home_phone",
           "first_name", "last_name")  # fmt: skip


def same_person(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sets of hashes are of one person."""
    for kind in KINDS:
        mine, theirs = ({ref for ref in refs if ref.startswith(f"{kind}.")} for refs in (one, other))
        if mine and theirs:
            return not mine.isdisjoint(theirs)
    return False


def people_of_contact(contact: Contact, hasher: Hasher) -> tuple[str, ...]:
    """Who a contact is, as hashes; of one that has a name and nothing else, of the name and the record's own id."""
    return _people(lambda name: getattr(contact, name), hasher)


def people_of_document(document: Mapping[str, Any], hasher: Hasher) -> tuple[str, ...]:
    """The same of a contact's document as it is stored: most of a brand's contacts are looked at and left alone."""
    return _people(lambda name: document.get(_STORED[name]), hasher)


def _people(value: Callable[[str], Any], hasher: Hasher) -> tuple[str, ...]:
    found: list[str] = []
    for kind, clear, hashed in _KNOWN:
        plain, ref = value(clear), hashed and value(hashed)
        if plain or ref:  # most have few of them, and a replay asks every contact
            found += _refs(hasher, kind, plain, ref)
    if not found and (value("first_name") or value("last_name")):
        found = _refs(hasher, "name", f"{value('id')} {value('first_name')} {value('last_name')}", None)
    return tuple(found)


def stands_for_its_address(contact: Contact) -> bool:
    """Whether the contact is the one record that its ambassador has of its address."""
    return contact.email_hash is not None and contact.address_key == contact.email_hash


def people_of_account(account: Ambassador, hasher: Hasher) -> tuple[str, ...]:
    """Who an ambassador is, as hashes."""
    return tuple(_refs(hasher, "email", account.email, account.email_hash))


def _refs(hasher: Hasher, kind: str, clear: str | None, hashed: str | None) -> list[str]:
    refs = (*(hasher.refs(clear) if clear else ()), *((hashed,) if hashed else ()))
    return [f"{kind}.{ref}" for ref in dict.fromkeys(refs)]


def of_contact(before: Contact | None, after: Contact | None, hasher: Hasher) -> Iterator[dict[str, Any]]:
    """What a write of a contact has to leave behind: nothing, for most."""
    known = before or after
    if known is None:
        return
    who: dict[str, Any] = {}

    def stone(what: What, **fields: Any) -> dict[str, Any]:
        if not who:
            who["people"] = people_of_contact(known, hasher)
            who["standing"] = stands_for_its_address(known)
        return {"what": what, **who, **fields}

    if after is None:
        yield stone(What.DELETED)
        return
    if before and after.anonymised_at and not before.anonymised_at:
        yield stone(What.ANONYMISED, since=after.anonymised_at)
    elif before and after.detached_at and not before.detached_at:
        yield stone(What.DETACHED, since=after.detached_at)
    elif before and _named_otherwise(before, after):
        became = people_of_contact(after, hasher)
        if not same_person(people_of_contact(before, hasher), became):
            yield stone(What.MOVED, moved_to=became)
            who["people"] = became
    for fields in _consents(before, after):
        yield stone(**fields)


def _named_otherwise(before: Contact, after: Contact) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in _NAMING)


def _consents(before: Contact | None, after: Contact) -> Iterator[dict[str, Any]]:
    state, since = after.ambassador_opt_in, after.ambassador_opt_in_at
    if before is None or (before.ambassador_opt_in, before.ambassador_opt_in_at) != (state, since):
        if state.opted_out:
            yield {"what": What.WITHDREW, "consent": "ambassador", "state": state.value, "since": since}
        elif state.explicit and state.opt_in_class is OptInClass.OPTED_IN:
            yield {"what": What.GAVE, "consent": "ambassador", "state": state.value, "since": since}
    allowed, allows = before is not None and before.brand_opt_in.allows_communications, after.brand_opt_in
    if allowed and not allows.allows_communications:
        yield {"what": What.WITHDREW, "consent": "brand", "state": allows.value, "since": after.brand_opt_in_at}
    elif allows in _BY_AN_OWN_ACT and (before is None or before.brand_opt_in is not allows):
        yield {"what": What.GAVE, "consent": "brand", "state": allows.value, "since": after.brand_opt_in_at}
    if (before is not None and before.partners_opt_in) != after.partners_opt_in:
        what = What.GAVE if after.partners_opt_in else What.WITHDREW
        yield {"what": what, "consent": "partners", "since": after.partners_opt_in_at}
    if after.anonymised_at is None and (before.objected_at if before else None) != after.objected_at:
        what = What.WITHDREW if after.objected_at else What.GAVE
        yield {"what": what, "consent": "objection", "since": after.objected_at}
    if after.anonymised_at is None and (before.restricted_at if before else None) != after.restricted_at:
        what = What.WITHDREW if after.restricted_at else What.GAVE
        yield {"what": what, "consent": RESTRICTION, "since": after.restricted_at}


def of_account(before: Ambassador | None, after: Ambassador | None, hasher: Hasher) -> Iterator[dict[str, Any]]:
    """What a write of an account has to leave behind."""
    known = before or after
    if known is None:
        return
    acts = list(_acts_of_account(before, after))
    if acts:
        people = people_of_account(known, hasher)
        yield from ({"people": people, **act} for act in acts)


def _acts_of_account(before: Ambassador | None, after: Ambassador | None) -> Iterator[dict[str, Any]]:
    if after is None:
        yield {"what": What.DELETED}
        return
    was = before.status if before else None
    if after.status is not was:
        if after.status is AccountStatus.ANONYMISED:
            yield {"what": What.ANONYMISED}
        elif after.status is AccountStatus.LEAVING:
            because = after.left_because.value if after.left_because else None
            yield {"what": What.LEFT, "since": after.left_at, "state": because}
        elif after.status is AccountStatus.ACTIVE and was is AccountStatus.LEAVING:
            yield {"what": What.RETURNED}
        elif after.status is AccountStatus.ACTIVE:
            yield {"what": What.GAVE, "consent": "account"}
    if after.status is AccountStatus.ANONYMISED or before is None:
        return
    if before.photo and after.photo != before.photo:
        yield {"what": What.WITHDREW, "consent": "photo", "state": before.photo.file}
    for network in before.grants.keys() | after.grants.keys():
        had, has = before.grants.get(network), after.grants.get(network)
        if has and has.active and (had is None or had.granted_at != has.granted_at):
            yield {"what": What.GAVE, "consent": f"grant.{network}"}
        elif had and had.active and not (has and has.active):
            yield {"what": What.WITHDREW, "consent": f"grant.{network}"}
    for name in type(after.communication).model_fields:
        if getattr(after.communication, name) != getattr(before.communication, name):
            what = What.GAVE if getattr(after.communication, name) else What.WITHDREW
            yield {"what": what, "consent": f"communication.{name}"}
    for name in type(after.community).model_fields:
        if getattr(after.community, name) != getattr(before.community, name):
            what = What.WITHDREW if getattr(after.community, name) else What.GAVE
            yield {"what": what, "consent": f"community.{name}"}


def of_suppression(before: Suppression | None, after: Suppression | None, hasher: Hasher) -> Iterator[dict[str, Any]]:
    """What a write of the black list has to leave behind; an entry's id is the hash itself."""
    known = after or before
    if known is None:
        return
    people = (f"email.{known.id}",)
    had, has = (entry.reasons if entry else {} for entry in (before, after))
    again = after is not None and after.reach_since not in (None, before.reach_since if before else None)
    for reason, since in has.items():
        if had.get(reason) != since or again:
            yield {"what": What.LISTED, "people": people, "state": reason.value, "since": since, "reach": again}
    for reason in had.keys() - has.keys():
        yield {"what": What.UNLISTED, "people": people, "state": reason.value}
    objected, objects = (entry.objected_at if entry else None for entry in (before, after))
    if objected != objects:
        what = What.WITHDREW if objects else What.GAVE
        yield {"what": what, "people": people, "consent": "objection", "since": objects}


def of_photo(before: Ugc | None, after: Ugc | None, hasher: Hasher) -> Iterator[dict[str, Any]]:
    """What a write of an uploaded photo has to leave behind."""
    if before is None:
        return
    if after is None:
        yield {"what": What.DELETED}
        return
    if before.file and not after.file:
        yield {"what": What.ANONYMISED}
    had, has = (
        photo.consent if photo.consent and not photo.consent.withdrawn_at else None for photo in (before, after)
    )
    if has and has != had:
        yield {"what": What.GAVE, "consent": "reuse"}
    elif had and not has:
        yield {"what": What.WITHDREW, "consent": "reuse"}


def of_anything(before: Any, after: Any, hasher: Hasher) -> Iterator[dict[str, Any]]:
    """What a write of anything else has to leave behind: that it is gone."""
    if before is not None and after is None:
        yield {"what": What.DELETED}


OF: Mapping[str, Callable[[Any, Any, Hasher], Iterator[dict[str, Any]]]] = {
    CONTACTS.name: of_contact,
    AMBASSADORS.name: of_account,
    SUPPRESSIONS.name: of_suppression,
    UGC.name: of_photo,
}
"""How the containers whose writes say more than that something is gone are read."""
