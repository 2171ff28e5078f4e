"""What the contract says beyond what the operations' own models say: who signs in how, what a path's parts are, forms."""

from collections.abc import Mapping
from typing import Any

from functions.catalogue import ROUTES
from functions.http import ID, Auth, Operation
from shared.domain.errors import (
    BrandSuspendedError,
    ChangedMeanwhileError,
    CsrfError,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    MalformedError,
    TooLargeError,
    UnauthenticatedError,
    UnknownObjectError,
)

ABOUT = """\
What a front end, a machine of a brand and the providers may rely on.

- JSON is camelCase, times are RFC 3339 in UTC, lists are `{items, nextCursor}`, asked for by `?limit=` and `?cursor=`.
- Unknown fields are refused. An error is RFC 9457 `application/problem+json`; its `type` is stable, and `errors`
  names each field.
- What another brand has looks like what does not exist.
- An ambassador signs in by `POST …/session`: the token goes as `Authorization: Bearer`, or by cookie, and then each
  change needs the session's `csrfToken` as `X-CSRF-Token`. Staff come by `/manager/login`.
- `429` says by `Retry-After` when to come back. A `5XX` is ours: the same call may be sent again, and does nothing twice.
"""
LOOKS = ("get", "head")
_BY_MAIL = "The signed token of a mail's link: single-purpose, and it expires."
_OBJECT = {"type": "string", "pattern": f"^{ID}$"}


def _key(place: str, name: str, says: str) -> dict[str, str]:
    return {"type": "apiKey", "in": place, "name": name, "description": says}


def _http(scheme: str, says: str) -> dict[str, str]:
    return {"type": "http", "scheme": scheme, "description": says}


SCHEMES: Mapping[str, dict[str, str]] = {
    "session": _http("bearer", "The token of an ambassador's session."),
    "sessionCookie": _key("cookie", "Popsell_remember_me", "The same by the browser's cookie."),
    "csrf": _key("header", "X-CSRF-Token", "For changes by cookie: `csrfToken` of the session."),
    "staffSession": _http("bearer", "The token of a member of staff."),
    "staffCookie": _key("cookie", "Popsell_manager", "The same by the browser's cookie."),
    "apiKey": _key("header", "X-Api-Key", "A key of the brand, of a scope that the call needs."),
    "signature": _key("header", "x-twitter-webhooks-signature", "The network's HMAC-SHA-256 of the body."),
    "webhook": _http("basic", "The mail provider's credentials."),
}
_SIGN_IN: Mapping[Auth, tuple[str, ...]] = {
    "ambassador": ("session", "sessionCookie"),
    "staff": ("staffSession", "staffCookie"),
    "mail_provider": ("webhook",),
    "api_key": ("apiKey",),
    "social_network": ("signature",),
}

# What a part of a path is, by its name; where an operation means something else by it, by both.
PATHS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "brand": ("The brand.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{1,30}$"}),
    "id": ("The object.", _OBJECT),
    "jobId": ("The job.", _OBJECT),
    "commentId": ("The comment.", {"type": "string", "maxLength": 200}),
    "ambassadorId": ("The ambassador.", _OBJECT),
    "photoId": ("The photo.", _OBJECT),
    "publicationId": ("The publication, as its links name it.", {"type": "string", "maxLength": 100}),
    "formId": ("The form's name.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"}),
    "alias": ("The name of an ambassador's page.", {"type": "string", "maxLength": 100}),
    "code": ("The voucher's code.", {"type": "string", "maxLength": 100}),
    "token": (_BY_MAIL, {"type": "string", "maxLength": 2000}),
    "network": ("The social network.", {"type": "string", "maxLength": 40}),
    "queue": ("The queue.", {"type": "string", "maxLength": 100}),
    "provider": ("Who vouches: `sso` or `facebook`.", {"type": "string", "enum": ["sso", "facebook"]}),
}
PATHS_OF: Mapping[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("link_address_book_of", "provider"): ("Whose contacts.", {"type": "string", "enum": ["google", "outlook"]}),
    ("answer_social_network", "network"): ("The network that calls.", {"type": "string", "enum": ["twitter"]}),
    ("receive_social_events", "network"): ("The network that calls.", {"type": "string", "enum": ["twitter"]}),
    **{(name, "token"): ("A brand, to ask for a link; or the token of that link.", {"type": "string", "maxLength": 2000})
       for name in ("show_rights", "use_rights")},
    **{(name, "id"): ("The publication.", {"type": "string", "maxLength": 100})
       for name in ("read_publication", "remove_publication", "list_comments", "comment_publication", "remove_comment",
                    "like_publication", "unlike_publication")},
    **{(name, "id"): ("The contest.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{1,60}$"})
       for name in ("read_contest", "define_contest", "list_contest_photos", "show_contest_photo", "give_award")},
    ("close_flag", "id"): ("The flag.", {"type": "string", "maxLength": 200}),
}  # fmt: skip


def _parameter(name: str, place: str, says: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": says,
        "schema": {"type": "string", **schema},
    }


_FROM_THE_PROVIDER = [
    _parameter("state", "query", "The log-in that the provider gives back.", maxLength=200),
    _parameter("code", "query", "The provider's code.", maxLength=4000),
    _parameter("error", "query", "Why the provider refused.", maxLength=200),
]
_ONCE = [
    _parameter(
        "Idempotency-Key",
        "header",
        "Names the request: sent again within a week, it gets the same answer.",
        pattern="^[!-~]{1,200}$",
    )
]
MORE_PARAMETERS: Mapping[str, list[dict[str, Any]]] = {
    "follow_publication": [
        _parameter("l", "query", "The place of the content, the first by default.", pattern="^[0-9]{1,3}$"),
    ],
    "finish_log_in": _FROM_THE_PROVIDER,
    "finish_manager_log_in": _FROM_THE_PROVIDER,
    "replace_policy": [_parameter("If-Match", "header", "The `ETag` of the policy that was read; without it, 428.")],
    **dict.fromkeys(("invite_contacts", "publish", "send_newsletter"), _ONCE),
    "list_cookies": [_parameter("Accept-Language", "header", "English or French.", maxLength=200)],
}
_TEXT: dict[str, Any] = {"type": "string", "maxLength": 4000}
_YES = {"type": "string", "enum": ["yes"]}
FORMS: Mapping[str, Mapping[str, Any]] = {
    "answer_invitation": {"answer": {"type": "string", "enum": ["accept", "decline"]}},
    "opt_out": {
        "scope": {"type": "string", "enum": ["ambassador", "brand"]},
        "List-Unsubscribe": {"type": "string", "enum": ["One-Click"]},
    },
    "confirm_address": {"shown": _TEXT},
    "save_new_password": {"password": {"type": "string", "maxLength": 1000}},
    "stop_notices": {"stop": _YES, "List-Unsubscribe": {"type": "string", "enum": ["One-Click"]}},
    "leave_by_link": {"leave": _YES},
    "accept_terms": {"flow": _TEXT, "accept_terms": _YES, "photo": _YES}
    | dict.fromkeys(("email", "first_name", "last_name", "alias", "gender", "customer_id", "interests", "position"), _TEXT),
    "use_rights": {
        "email": _TEXT,
        "do": {
            "type": "string",
            "enum": ["rectify", "restrict", "lift", "object", "erase", "ask", "json", "csv", "provided_json"],
        },
        "sure": _YES,
        "words": _TEXT,
    },
}  # fmt: skip
FILES: Mapping[str, tuple[str, ...]] = {
    "image/*": ("image/jpeg", "image/png", "image/webp"),
    "text/csv": ("text/csv", "application/jsonl"),
}
# The headers of an answer that a client reads.
RESPONSE_HEADERS: Mapping[tuple[str, int], Mapping[str, str]] = {
    ("read_policy", 200): {"ETag": "The version, for `If-Match`."},
    ("replace_policy", 200): {"ETag": "The version now, for `If-Match`."},
    ("export_managed_contacts", 200): {"X-Next-Cursor": "There, where more is left: the `cursor` of the next call."},
}
TAGS: Mapping[str, tuple[str, ...]] = {
    "Accounts": ("accounts", "passwords", "photos", "grants", "own_rights"),
    "Log-in": ("log_in", "manager_log_in"),
    "Contacts": ("contacts", "account_links", "mails"),
    "Community": ("community", "publications", "ugc"),
    "Ways in": ("collection", "vouchers", "cookies"),
    "Pages behind mails": ("answers", "notices", "leaving_page", "rights"),
    "Machines": ("sync", "directory", "orders", "changes", "social", "mail_events"),
    "Manager": (
        "brands", "records", "users", "retention", "rights_desk", "oversight", "contests", "newsletters", "white_list",
        "api_keys", "migration", "backups", "moderation",
    ),
    "The suite": ("contract", "health", "installation", "operations"),
}  # fmt: skip


def security(op: Operation, method: str) -> list[dict[str, list[str]]]:
    """The ways to sign in; by cookie, a change needs the session's own token too."""
    ways: list[dict[str, list[str]]] = [{scheme: []} for scheme in _SIGN_IN.get(op.auth, ())]
    if method not in LOOKS:
        ways = [way | {"csrf": []} if next(iter(way)).endswith("Cookie") else way for way in ways]
    return ways


def problems(op: Operation, method: str) -> list[type[DomainError]]:
    """What may go wrong: what follows from how the operation is declared, and what it declares itself."""
    changes = method not in LOOKS
    may: dict[type[DomainError], bool] = {
        MalformedError: bool(op.body),
        UnauthenticatedError: op.auth != "public",
        CsrfError: changes and op.auth in ("ambassador", "staff"),
        BrandSuspendedError: changes and "{brand}" in op.path and not op.while_suspended,
        UnknownObjectError: "{" in op.path,
        TooLargeError: True,
        ChangedMeanwhileError: changes and op.auth != "public",
        ForbiddenError: op.auth == "api_key",
        InvalidInputError: bool(op.body or op.query),
    }
    found = [error for error, possible in may.items() if possible]
    return sorted({*found, *op.problems}, key=lambda error: (error.status, error.kind))


def tag(op: Operation) -> str:
    """The part of the contract that the operation stands in."""
    found = (name for name, modules in TAGS.items() if ROUTES[op.name].module in modules)
    return next(found, "Manager" if op.path.startswith("/api/manager") else "The suite")


def response_headers(op: Operation, status: int) -> dict[str, Any]:
    """The headers of this answer that a client reads."""
    said = dict(RESPONSE_HEADERS.get((op.name, status), {}))
    if status == 429:
        said["Retry-After"] = "When to come back, in seconds."
    if status == 401:
        said["WWW-Authenticate"] = "How to sign in."
    if status in (302, 303):
        said["Location"] = "Where to go on."
    return {name: {"description": says, "schema": {"type": "string"}} for name, says in said.items()}
