"""How contacts come in (COL): what each source brings, and what becomes of it where it meets what is already there.

Two tables and the words they are written in; `merging.py` puts what is taken onto a record. docs/collection.md shows every cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass

if TYPE_CHECKING:
    from shared.domain.contact import Sale


class Source(StrEnum):
    """Where data of a person come from."""

    CRM = "crm"
    CRM_WITH_EVIDENCE = "crm_with_evidence"
    ADDRESS_BOOK = "address_book"
    BRAND_SYNC = "brand_sync"
    SOCIAL = "social"
    BLOG = "blog"
    INTERNAL_FORM = "internal_form"
    ORDER = "order"
    ORDER_POPIN = "order_popin"
    VOUCHER = "voucher"
    EXTERNAL_FORM = "external_form"
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True)
class Said:
    """What the source says of the person's agreement: True or False; None when nothing was asked or sent.

    For an order, `brand` is the brand's own opt-in; for a migration, `ambassador` is whether there was activity (COL-13).
    """

    ambassador: bool | None = None
    brand: bool | None = None
    partners: bool | None = None


@dataclass(frozen=True, slots=True)
class Brings:
    """What an arrival would make of a person nobody knows yet; `by_mail` when a confirmation comes first (COL-11)."""

    ambassador: AmbassadorOptIn
    brand: BrandOptIn
    partners: bool = False
    by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Data of one person from one source for one ambassador.

    `fields` are a contact's by name, the address among them. `key` is the source's own name for this arrival, and for a person
    without an address also what tells a repeat. `sale` is kept with what the source brings, in one write. `message` goes to the
    ambassador: with what is taken in, or by the confirmation; of somebody who stays away nothing is passed on.
    """

    source: Source
    ambassador: str
    fields: Mapping[str, Any] = field(repr=False)
    at: datetime
    key: str = field(repr=False)
    said: Said = Said()
    sale: "Sale | None" = field(default=None, repr=False)
    message: str | None = field(default=None, repr=False)
    form: str | None = None
    form_answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    text_version: str | None = None
    ip_hash: str | None = None


class Outcome(StrEnum):
    """What became of an arrival."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CONFIRMATION_ASKED = "confirmation_asked"
    SUPPRESSED = "suppressed"  # on the black list: nothing stored (SUP-2)
    OPTED_OUT = "opted_out"  # of this ambassador, or counted so: nothing stored (SUP-5)
    RESTRICTED = "restricted"  # the person restricted the record: nothing is done with it (RET-14)
    SALE_ONLY = "sale_only"  # nothing of the person stored: the order counts as a sale without one (SUP-4)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of an arrival, and the contact it stands with now; None when nothing was stored that anybody sees."""

    outcome: Outcome
    contact: str | None = None


class Place(StrEnum):
    """What an arrival finds under its address."""

    NOBODY = "nobody"
    KNOWN = "known"
    OBJECTED = "objected"  # nobody, or somebody known, who objects to being written to (art. 21)
    PENDING = "pending"
    OPTED_OUT = "opted_out"
    SHUT_OUT = "shut_out"  # opted out and only a hash is left, or invited and taken out of the book
    RESTRICTED = "restricted"
    LISTED_BY_THE_PERSON = "listed_by_the_person"  # opted out of all ambassadors of the brand
    LISTED_FOR_AN_ERROR = "listed_for_an_error"


class Way(StrEnum):
    """How much an arrival may do, whatever it brings."""

    AMBASSADOR = "ambassador"  # the ambassador's own doing, or their network's
    BRAND = "brand"
    ORDER = "order"
    TICKED_POPIN = "ticked_popin"  # the box was ticked, but nobody confirmed that the address is theirs
    TICKED_FORM = "ticked_form"  # the ambassador's box
    OTHER_BOX = "other_box"  # only the brand's or the partners'
    BARE_FORM = "bare_form"


class Decision(StrEnum):
    """What is done with an arrival."""

    TAKE = "take"
    TAKE_BESIDE = "take_beside"  # the pending record steps aside and waits for its answer beside the new one
    ASK = "ask"
    TAKE_AND_ASK = "take_and_ask"
    SALE = "sale"
    SALE_AND_ASK = "sale_and_ask"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    RESTRICTED = "restricted"


_WAYS: Mapping[Source, Way] = {
    Source.CRM: Way.AMBASSADOR,
    Source.CRM_WITH_EVIDENCE: Way.AMBASSADOR,
    Source.ADDRESS_BOOK: Way.AMBASSADOR,
    Source.SOCIAL: Way.AMBASSADOR,
    Source.BRAND_SYNC: Way.BRAND,
    Source.EXTERNAL_FORM: Way.BRAND,
    Source.MIGRATION: Way.BRAND,
    Source.ORDER: Way.ORDER,
}

_D, _S, _B = Decision, AmbassadorOptIn, BrandOptIn
# CON-6, SUP-2, SUP-4, SUP-5, COL-11, RET-14, RGT-1. Columns: the ways in the order above.
_DECISIONS: Mapping[Place, tuple[Decision, ...]] = {
    Place.NOBODY:
        (_D.TAKE, _D.TAKE, _D.TAKE, _D.TAKE, _D.ASK, _D.ASK, _D.ASK),
    Place.KNOWN:
        (_D.TAKE, _D.TAKE, _D.TAKE, _D.TAKE, _D.ASK, _D.ASK, _D.ASK),
    Place.OBJECTED:  # a box that was ticked is asked about before it counts
        (_D.TAKE, _D.TAKE, _D.TAKE, _D.TAKE_AND_ASK, _D.ASK, _D.ASK, _D.ASK),
    Place.PENDING:
        (_D.OPTED_OUT, _D.TAKE_BESIDE, _D.TAKE_BESIDE, _D.TAKE_BESIDE, _D.ASK, _D.ASK, _D.ASK),
    Place.OPTED_OUT:
        (_D.OPTED_OUT, _D.OPTED_OUT, _D.TAKE, _D.TAKE_AND_ASK, _D.ASK, _D.ASK, _D.OPTED_OUT),
    Place.SHUT_OUT:
        (_D.OPTED_OUT, _D.OPTED_OUT, _D.SALE, _D.SALE_AND_ASK, _D.ASK, _D.OPTED_OUT, _D.OPTED_OUT),
    Place.RESTRICTED:
        (_D.RESTRICTED, _D.RESTRICTED, _D.SALE, _D.SALE, _D.RESTRICTED, _D.RESTRICTED, _D.RESTRICTED),
    Place.LISTED_BY_THE_PERSON:
        (_D.SUPPRESSED, _D.SUPPRESSED, _D.SALE, _D.SALE_AND_ASK, _D.ASK, _D.SUPPRESSED, _D.SUPPRESSED),
    Place.LISTED_FOR_AN_ERROR:
        (_D.SUPPRESSED, _D.SUPPRESSED, _D.SALE, _D.SALE, _D.SUPPRESSED, _D.SUPPRESSED, _D.SUPPRESSED),
}  # fmt: skip


def brings(source: Source, said: Said) -> Brings:
    """What a source brings (COL-1…10, COL-13): the table of the guide, box by box."""
    ticked, brand, partners = said.ambassador is True, said.brand is True, said.partners is True
    match source:
        case Source.CRM | Source.ADDRESS_BOOK:
            return Brings(_S.NEW, _B.NONE)
        case Source.CRM_WITH_EVIDENCE:
            return Brings(_S.OPT_IN_OTHER, _B.NONE)
        case Source.BRAND_SYNC:
            sent = {True: _S.OPT_IN_BRAND_IMPORT, False: _S.STORAGE_ONLY, None: _S.NEW}[said.ambassador]
            return Brings(sent, _B.BRAND_DATABASE if brand else _B.STORAGE_ONLY)
        case Source.SOCIAL:
            return Brings(_S.SOCIAL_ONLY, _B.NONE)
        case Source.BLOG | Source.VOUCHER:
            return Brings(_S.OPT_IN_BLOG if ticked else _S.STORAGE_ONLY, _B.BLOG if brand else _B.NONE, partners, True)
        case Source.INTERNAL_FORM:
            return Brings(
                _S.OPT_IN_INTERNAL_FORM if ticked else _S.STORAGE_ONLY,
                _B.INTERNAL_FORM if brand else _B.STORAGE_ONLY,
                partners,
                True,
            )
        case Source.ORDER | Source.ORDER_POPIN if brand:  # the pop-in shows no box then: the opt-in is assumed
            return Brings(_S.OPT_IN_ORDER, _B.BRAND_DATABASE)
        case Source.ORDER_POPIN if ticked:
            return Brings(_S.OPT_IN_ORDER_POPIN, _B.STORAGE_ONLY)
        case Source.ORDER | Source.ORDER_POPIN:
            return Brings(_S.STORAGE_ONLY, _B.STORAGE_ONLY)
        case Source.EXTERNAL_FORM:
            asked = {True: _S.OPT_IN_EXTERNAL_FORM, False: _S.STORAGE_ONLY, None: _S.NEW}[said.ambassador]
            return Brings(asked, _B.EXTERNAL_FORM if brand else _B.STORAGE_ONLY, partners)
        case Source.MIGRATION:
            return Brings(_S.OPT_IN_OTHER if ticked else _S.NEW, _B.NONE)


def brings_to_who_objects(source: Source, said: Said) -> Brings:
    """What it brings to somebody who objects (art. 21): data, but no leave to write, whoever says that there is one."""
    what = brings(source, said)
    return replace(
        what,
        ambassador=_S.STORAGE_ONLY if what.ambassador.opt_in_class is OptInClass.OPTED_IN else what.ambassador,
        brand=_B.STORAGE_ONLY if what.brand.allows_communications else what.brand,
        partners=False,
    )


def way(source: Source, said: Said) -> Way:
    """How much an arrival may do."""
    if source in _WAYS:
        return _WAYS[source]
    brought = brings(source, said)
    if source is Source.ORDER_POPIN:
        return Way.TICKED_POPIN if brought.ambassador is AmbassadorOptIn.OPT_IN_ORDER_POPIN else Way.ORDER
    if brought.ambassador.opt_in_class is OptInClass.OPTED_IN:
        return Way.TICKED_FORM
    return Way.OTHER_BOX if brought.brand.allows_communications or brought.partners else Way.BARE_FORM


def decide(place: Place, how: Way) -> Decision:
    """What is done with an arrival that comes this way and finds this."""
    return _DECISIONS[place][tuple(Way).index(how)]
