"""Every cookie there is (COO): one table, from which both the code that sets them and the list that is served are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from shared.domain.flows import LASTS as LOG_IN_LASTS
from shared.domain.policy import Policy
from shared.domain.publication import TAG_PARAMETER

YEAR = timedelta(days=365)
_AMBASSADOR, _ALIAS = r"^[a-z2-7]{24}$", r'^[^\u0000-\u001f<>"]{1,100}$'
_PUBLICATION = r"^[a-z0-9][a-z0-9-]{1,30}\.[a-z2-7]{24}\.[a-z2-7]{24}$"


class Place(StrEnum):
    """Where a cookie lies."""

    BRAND_SITE = "brand_site"
    PLATFORM = "platform"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a cookie of the site tag: the URL's parameter, or the call's field, that it is taken from, and its form."""

    name: str
    source: str
    pattern: str


@dataclass(frozen=True, slots=True, eq=False)
class Cookie:
    """One row. `lasts` None is the brand's own lifetime; texts are in English and French."""

    name: str
    place: Place
    set_by: Mapping[str, str]
    purpose: Mapping[str, str]
    data: Mapping[str, str]
    lasts: timedelta | None = None
    http_only: bool = False
    analytics: bool = False
    secure: bool = True
    same_site: str = "Lax"
    parts: tuple[Part, ...] = field(default=())

    def lifetime(self, policy: Policy) -> timedelta:
        """How long it lives at a brand of this policy."""
        return timedelta(hours=policy.cookie_hours) if self.lasts is None else self.lasts


SESSION_ADD = Cookie(
    "Popsell_session_add",
    Place.BRAND_SITE,
    set_by={"en": "the site tag, from the address", "fr": "la balise du site, d’après l’adresse"},
    purpose={
        "en": "An ambassador picks products on the brand's site",
        "fr": "Un ambassadeur choisit des produits sur le site de la marque",
    },
    data={"en": "the ambassador's id and alias", "fr": "l’identifiant et l’alias de l’ambassadeur"},
    parts=(Part("ambassador", "popsell_ambassador", _AMBASSADOR), Part("alias", "popsell_alias", _ALIAS)),
)
SESSION_SHOP = Cookie(
    "Popsell_session_shop",
    Place.BRAND_SITE,
    set_by={"en": "the site tag, from the address", "fr": "la balise du site, d’après l’adresse"},
    purpose={
        "en": "A visitor came by an ambassador's publication",
        "fr": "Un visiteur est venu par la publication d’un ambassadeur",
    },
    data={"en": "the publication's id", "fr": "l’identifiant de la publication"},
    parts=(Part("publication", TAG_PARAMETER, _PUBLICATION),),
)
DATA = Cookie(
    "Popsell_data",
    Place.BRAND_SITE,
    set_by={
        "en": "the brand's own call of Popsell.data()",
        "fr": "l’appel de Popsell.data() par la marque elle-même",
    },
    purpose={
        "en": "Hands a value over to the brand's shop, such as gifts for the basket",
        "fr": "Transmet une valeur à la boutique de la marque, par exemple des cadeaux pour le panier",
    },
    data={"en": "a customer id or product codes", "fr": "un identifiant client ou des codes de produits"},
    parts=(
        Part("customerId", "customerId", r'^[^\u0000-\u001f<>"]{1,100}$'),
        Part("products", "products", r"^[A-Za-z0-9._:-]{1,60}$"),
    ),
)
REGISTERED = Cookie(
    "Popsell_registered",
    Place.PLATFORM,
    set_by={"en": "the platform, at the sign-in", "fr": "la plateforme, à la connexion"},
    purpose={
        "en": "Shows the log-in instead of the sign-up next time",
        "fr": "Montre la connexion au lieu de l’inscription la prochaine fois",
    },
    data={"en": "the digit 1", "fr": "le chiffre 1"},
    lasts=YEAR,
)
REMEMBER_ME = Cookie(
    "Popsell_remember_me",
    Place.PLATFORM,
    set_by={"en": "the platform, at the sign-in", "fr": "la plateforme, à la connexion"},
    purpose={"en": "Keeps an ambassador signed in", "fr": "Garde un ambassadeur connecté"},
    data={"en": "a signed session token", "fr": "un jeton de session signé"},
    lasts=YEAR,
    http_only=True,
)
DASHBOARD = Cookie(
    "Popsell_data_dashboard",
    Place.PLATFORM,
    set_by={"en": "the platform, at the sign-in", "fr": "la plateforme, à la connexion"},
    purpose={
        "en": "Keeps the dashboard's figures at hand, so that it shows at once",
        "fr": "Garde les chiffres du tableau de bord, pour l’afficher aussitôt",
    },
    data={"en": "score and level", "fr": "le score et le niveau"},
    lasts=YEAR,
)
LOG_IN = Cookie(
    "Popsell_log_in",
    Place.PLATFORM,
    set_by={
        "en": "the platform, when a log-in elsewhere begins",
        "fr": "la plateforme, au début d’une connexion ailleurs",
    },
    purpose={
        "en": "Ties a log-in at the brand's directory or at Facebook to this browser",
        "fr": "Lie à ce navigateur une connexion à l’annuaire de la marque ou à Facebook",
    },
    data={"en": "a random key", "fr": "une clé aléatoire"},
    lasts=LOG_IN_LASTS,
    http_only=True,
)
MANAGER = Cookie(
    "Popsell_manager",
    Place.MANAGER,
    set_by={"en": "the Manager, at the log-in", "fr": "le Manager, à la connexion"},
    purpose={"en": "Keeps a member of staff signed in", "fr": "Garde un membre du personnel connecté"},
    data={"en": "a signed session token", "fr": "un jeton de session signé"},
    lasts=timedelta(hours=12),
    http_only=True,
)
_ANALYTICS: dict[str, Any] = {
    "place": Place.BRAND_SITE,
    "set_by": {
        "en": "Google Analytics, after the visitor's yes",
        "fr": "Google Analytics, après le oui du visiteur",
    },
    "purpose": {"en": "Counts visits", "fr": "Compte les visites"},
    "analytics": True,
}
GA = Cookie("_ga", data={"en": "a random number", "fr": "un nombre aléatoire"}, **_ANALYTICS)
UTM = Cookie(
    "_utm…", data={"en": "which campaign led here", "fr": "la campagne à l’origine de la visite"}, **_ANALYTICS
)

COOKIES = (SESSION_ADD, SESSION_SHOP, DATA, REGISTERED, REMEMBER_ME, DASHBOARD, LOG_IN, MANAGER, GA, UTM)


def cookies_of(policy: Policy) -> tuple[Cookie, ...]:
    """The cookies that a brand's visitors and ambassadors can meet; analytics only where the brand turned them on (COO-4)."""
    return tuple(
        cookie
        for cookie in COOKIES
        if cookie.place is not Place.MANAGER and (policy.analytics_id or not cookie.analytics)
    )


def set_cookie(cookie: Cookie, value: str, path: str, lasts: timedelta, *, secure: bool = True) -> str:
    """The Set-Cookie header's value; an empty value removes the cookie. `secure` off is for a machine without TLS alone."""
    seconds = int(lasts.total_seconds()) if value else 0
    flags = [f"{cookie.name}={value}", f"Path={path}", f"Max-Age={seconds}"]
    flags += ["Secure"] if cookie.secure and secure else []
    flags += ["HttpOnly"] if cookie.http_only else []
    return "; ".join([*flags, f"SameSite={cookie.same_site}"])


def tag_settings(policy: Policy) -> dict[str, Any]:
    """What the site tag is told: the rows of the brand's own site, as it needs them."""

    def row(cookie: Cookie) -> dict[str, Any]:
        return {
            "name": cookie.name,
            "seconds": int(cookie.lifetime(policy).total_seconds()),
            "flags": f"{'; Secure' if cookie.secure else ''}; SameSite={cookie.same_site}",
            "parts": [{"name": part.name, "source": part.source, "pattern": part.pattern} for part in cookie.parts],
        }

    return {
        "fromAddress": [row(SESSION_ADD), row(SESSION_SHOP)],
        "data": row(DATA),
        "analytics": {**row(GA), "id": policy.analytics_id} if policy.analytics_id else None,
    }
