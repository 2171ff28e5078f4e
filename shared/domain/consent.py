"""Opt-ins (CON-4, CON-5) and how one meets another (CON-6): tables and one short function."""

from datetime import datetime
from enum import StrEnum


class OptInClass(StrEnum):
    """What a state of the ambassador opt-in means for mail."""

    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    STORAGE = "storage"


class AmbassadorOptIn(StrEnum):
    """Whether, and how, the contact has agreed to be written to by the ambassador (CON-4)."""

    NEW = "new"
    INVITATION_SENT = "invitation_sent"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_DECLINED = "invitation_declined"
    OPT_OUT_EMAIL = "opt_out_email"
    OPT_OUT_NO_ACTION = "opt_out_no_action"
    OPT_OUT_GLOBAL = "opt_out_global"
    SOCIAL_ONLY = "social_only"
    OPT_IN_BRAND_IMPORT = "opt_in_brand_import"
    BLOG_PENDING = "blog_pending"
    OPT_IN_BLOG = "opt_in_blog"
    OPT_IN_INTERNAL_FORM = "opt_in_internal_form"
    OPT_IN_EXTERNAL_FORM = "opt_in_external_form"
    OPT_IN_ORDER = "opt_in_order"
    OPT_IN_ORDER_POPIN = "opt_in_order_popin"
    OPT_IN_OTHER = "opt_in_other"
    STORAGE_ONLY = "storage_only"

    @property
    def opt_in_class(self) -> OptInClass:
        """The class that mail and retention rules ask for."""
        return _MEANING[self][0]

    @property
    def explicit(self) -> bool:
        """Whether the state stands for an act of the person (CON-6)."""
        return _MEANING[self][1]

    @property
    def opted_out(self) -> bool:
        """Whether the contact is opted out of this ambassador."""
        return self.opt_in_class is OptInClass.OPTED_OUT


class BrandOptIn(StrEnum):
    """Whether, and how, the contact has agreed to the brand keeping the data and writing (CON-5)."""

    NONE = "none"
    BLOG = "blog"
    INTERNAL_FORM = "internal_form"
    EXTERNAL_FORM = "external_form"
    BRAND_DATABASE = "brand_database"
    STORAGE_ONLY = "storage_only"

    @property
    def allows_communications(self) -> bool:
        """Whether the brand may write; `storage_only` only shows the record."""
        return self not in (BrandOptIn.NONE, BrandOptIn.STORAGE_ONLY)

    @property
    def explicit(self) -> bool:
        """Whether the state stands for an act of the person (CON-6)."""
        return self in (BrandOptIn.BLOG, BrandOptIn.INTERNAL_FORM, BrandOptIn.EXTERNAL_FORM)


_IN, _OUT, _BLOCKED, _STORAGE = (
    OptInClass.OPTED_IN,
    OptInClass.OPTED_OUT,
    OptInClass.BLOCKED,
    OptInClass.STORAGE,
)

# state → (class, an act of the person)
_MEANING: dict[AmbassadorOptIn, tuple[OptInClass, bool]] = {
    AmbassadorOptIn.NEW: (_BLOCKED, False),
    AmbassadorOptIn.INVITATION_SENT: (_BLOCKED, False),
    AmbassadorOptIn.BLOG_PENDING: (_BLOCKED, False),
    AmbassadorOptIn.INVITATION_ACCEPTED: (_IN, True),
    AmbassadorOptIn.OPT_IN_BLOG: (_IN, True),
    AmbassadorOptIn.OPT_IN_INTERNAL_FORM: (_IN, True),
    AmbassadorOptIn.OPT_IN_EXTERNAL_FORM: (_IN, True),
    AmbassadorOptIn.OPT_IN_ORDER_POPIN: (_IN, True),
    AmbassadorOptIn.OPT_IN_BRAND_IMPORT: (_IN, False),
    AmbassadorOptIn.OPT_IN_ORDER: (_IN, False),
    AmbassadorOptIn.OPT_IN_OTHER: (_IN, False),
    AmbassadorOptIn.INVITATION_DECLINED: (_OUT, True),
    AmbassadorOptIn.OPT_OUT_EMAIL: (_OUT, True),
    AmbassadorOptIn.OPT_OUT_GLOBAL: (_OUT, True),
    AmbassadorOptIn.OPT_OUT_NO_ACTION: (_OUT, False),
    AmbassadorOptIn.SOCIAL_ONLY: (_STORAGE, False),
    AmbassadorOptIn.STORAGE_ONLY: (_STORAGE, False),
}


# Of two implicit sources the one that says more stays, whichever came first.
_SAYS: dict[OptInClass, int] = {_BLOCKED: 0, _STORAGE: 2, _IN: 3, _OUT: 4}
_BRAND_SAYS: dict[BrandOptIn, int] = {BrandOptIn.NONE: 0, BrandOptIn.STORAGE_ONLY: 1, BrandOptIn.BRAND_DATABASE: 2}


def stands(current: AmbassadorOptIn, since: datetime, incoming: AmbassadorOptIn, at: datetime) -> bool:
    """Whether the current state outlives the incoming one (CON-6).

    An implicit source never lifts an opt-out, never weakens an explicit opt-in, and never sets a consent back
    to a question (CON-8); between explicit acts the later wins, and of two in one second the opt-out; of two implicit
    sources the one that says more.
    """
    if incoming.explicit:
        if not current.explicit:
            return False
        return at < since or (at == since and current.opted_out)
    if current.opted_out or current.explicit:
        return True
    return _says(incoming) <= _says(current)


def brand_stands(current: BrandOptIn, incoming: BrandOptIn) -> bool:
    """The same for the brand's opt-in: explicit ones replace every other, and the later of two wins (CON-5, CON-6)."""
    if incoming.explicit:
        return False
    return current.explicit or _BRAND_SAYS[incoming] <= _BRAND_SAYS[current]


def _says(state: AmbassadorOptIn) -> int:
    return 1 if state is AmbassadorOptIn.SOCIAL_ONLY else _SAYS[state.opt_in_class]
