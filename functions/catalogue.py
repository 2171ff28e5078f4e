"""Every function of the suite: its name, its trigger, and the module that is imported when it is first called.

A cold start is a person's wait: indexing the app imports this table alone, and a call imports its own capability.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

import azure.functions as func

STORAGE = "AzureWebJobsStorage"
GET, POST, PUT, PATCH, DELETE = ("GET",), ("POST",), ("PUT",), ("PATCH",), ("DELETE",)
PAGE = ("GET", "HEAD")

BRAND = "/api/brands/{brand}"
CONTACTS = BRAND + "/contacts"
CONTACT = CONTACTS + "/{id}"
COMMUNITY = BRAND + "/community"
COLLECT = BRAND + "/collect"
UGC = BRAND + "/ugc"
MANAGED = "/api/manager/brands/{brand}"
CONTESTS = MANAGED + "/contests"
RETENTION = MANAGED + "/retention"
FORMS = MANAGED + "/forms"
API_KEYS = MANAGED + "/api-keys"
OPERATIONS = "/api/manager/operations"


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP function."""

    module: str
    methods: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Messages:
    """A function for the messages of a queue."""

    module: str
    queue: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function for a schedule: six fields, UTC."""

    module: str
    cron: str


ROUTES: Mapping[str, Route] = {
    "sign_up_ambassador": Route("accounts", POST, BRAND + "/ambassadors"),
    "confirm_ambassador": Route("accounts", POST, BRAND + "/ambassadors/confirm"),
    "open_session": Route("accounts", POST, BRAND + "/session"),
    "close_session": Route("accounts", DELETE, BRAND + "/session"),
    "read_account": Route("accounts", GET, BRAND + "/me"),
    "edit_account": Route("accounts", PATCH, BRAND + "/me"),
    "save_photo": Route("photos", PUT, BRAND + "/me/photo"),
    "read_photo": Route("photos", GET, BRAND + "/me/photo"),
    "remove_photo": Route("photos", DELETE, BRAND + "/me/photo"),
    "read_ambassadors_photo": Route("photos", GET, BRAND + "/community/{id}/photo"),
    "forget_password": Route("passwords", POST, BRAND + "/password/forgot"),
    "reset_password": Route("passwords", POST, BRAND + "/password"),
    "show_new_password": Route("passwords", PAGE, "/p/{token}"),
    "save_new_password": Route("passwords", POST, "/p/{token}"),
    "leave": Route("accounts", DELETE, BRAND + "/me"),
    "enter_contact": Route("contacts", POST, CONTACTS),
    "list_contacts": Route("contacts", GET, CONTACTS),
    "import_address_book": Route("contacts", POST, CONTACTS + "/import"),
    "read_contact": Route("contacts", GET, CONTACT),
    "edit_contact": Route("contacts", PATCH, CONTACT),
    "remove_contact": Route("contacts", DELETE, CONTACT),
    "release_contact": Route("contacts", POST, CONTACT + "/release"),
    "link_address_book_of": Route("account_links", POST, CONTACTS + "/link/{provider}"),
    "read_job": Route("contacts", GET, BRAND + "/jobs/{jobId}"),
    "invite_contacts": Route("mails", POST, CONTACTS + "/invite"),
    "publish": Route("mails", POST, BRAND + "/publications"),
    "list_grants": Route("grants", GET, BRAND + "/me/grants"),
    "read_grant": Route("grants", GET, BRAND + "/me/grants/{network}"),
    "give_grant": Route("grants", PUT, BRAND + "/me/grants/{network}"),
    "withdraw_grant": Route("grants", DELETE, BRAND + "/me/grants/{network}"),
    "read_flow": Route("community", GET, COMMUNITY + "/flow"),
    "list_members": Route("community", GET, COMMUNITY + "/members"),
    "list_comments": Route("community", GET, COMMUNITY + "/publications/{id}/comments"),
    "comment_publication": Route("community", POST, COMMUNITY + "/publications/{id}/comments"),
    "remove_comment": Route("community", DELETE, COMMUNITY + "/publications/{id}/comments/{commentId}"),
    "like_publication": Route("community", PUT, COMMUNITY + "/publications/{id}/like"),
    "unlike_publication": Route("community", DELETE, COMMUNITY + "/publications/{id}/like"),
    "send_newsletter": Route("newsletters", POST, MANAGED + "/newsletters"),
    "read_newsletter": Route("newsletters", GET, MANAGED + "/newsletters/{id}"),
    "show_notices": Route("notices", PAGE, "/n/{token}"),
    "stop_notices": Route("notices", POST, "/n/{token}"),
    "show_leaving": Route("leaving_page", PAGE, "/l/{token}"),
    "leave_by_link": Route("leaving_page", POST, "/l/{token}"),
    "upload_ugc": Route("ugc", POST, UGC),
    "list_ugc": Route("ugc", GET, UGC),
    "read_ugc": Route("ugc", GET, UGC + "/{id}"),
    "show_ugc": Route("ugc", GET, UGC + "/{id}/image"),
    "remove_ugc": Route("ugc", DELETE, UGC + "/{id}"),
    "agree_to_reuse": Route("ugc", PUT, UGC + "/{id}/consent"),
    "withdraw_reuse": Route("ugc", DELETE, UGC + "/{id}/consent"),
    "list_open_contests": Route("ugc", GET, BRAND + "/contests"),
    "list_contests": Route("contests", GET, CONTESTS),
    "read_contest": Route("contests", GET, CONTESTS + "/{id}"),
    "define_contest": Route("contests", PUT, CONTESTS + "/{id}"),
    "list_contest_photos": Route("contests", GET, CONTESTS + "/{id}/photos"),
    "show_contest_photo": Route("contests", GET, CONTESTS + "/{id}/photos/{ambassadorId}/{photoId}"),
    "give_award": Route("contests", PUT, CONTESTS + "/{id}/awards/{ambassadorId}"),
    "list_publications": Route("publications", GET, BRAND + "/publications"),
    "read_publication": Route("publications", GET, BRAND + "/publications/{id}"),
    "remove_publication": Route("publications", DELETE, BRAND + "/publications/{id}"),
    "follow_publication": Route("publications", PAGE, "/r/{publicationId}"),
    "show_shared_photo": Route("publications", PAGE, "/r/{publicationId}/photos/{photoId}"),
    "serve_site_tag": Route("cookies", GET, "/t/{brand}.js"),
    "list_cookies": Route("cookies", GET, BRAND + "/cookies"),
    "fill_in_blog": Route("collection", POST, COLLECT + "/blog/{alias}"),
    "fill_in_form": Route("collection", POST, COLLECT + "/forms/{formId}"),
    "fill_in_external_form": Route("collection", POST, COLLECT + "/external/{formId}"),
    "show_invitation": Route("answers", PAGE, "/i/{token}"),
    "answer_invitation": Route("answers", POST, "/i/{token}"),
    "show_opt_out": Route("answers", PAGE, "/u/{token}"),
    "opt_out": Route("answers", POST, "/u/{token}"),
    "show_confirmation": Route("answers", PAGE, "/c/{token}"),
    "confirm_address": Route("answers", POST, "/c/{token}"),
    "show_rights": Route("rights", PAGE, "/rights/{token}"),
    "use_rights": Route("rights", POST, "/rights/{token}"),
    "list_own_requests": Route("own_rights", GET, BRAND + "/me/rights"),
    "use_own_right": Route("own_rights", POST, BRAND + "/me/rights"),
    "list_changes": Route("changes", GET, BRAND + "/sync/changes"),
    "list_requests": Route("rights_desk", GET, MANAGED + "/rights"),
    "read_request": Route("rights_desk", GET, MANAGED + "/rights/{id}"),
    "erase_person": Route("rights_desk", POST, MANAGED + "/rights/erasures"),
    "extend_request": Route("rights_desk", POST, MANAGED + "/rights/{id}/extend"),
    "close_request": Route("rights_desk", POST, MANAGED + "/rights/{id}/close"),
    "receive_mail_events": Route("mail_events", POST, "/api/webhooks/mailjet"),
    "preview_retention": Route("retention", GET, RETENTION + "/preview"),
    "list_sweeps": Route("retention", GET, RETENTION + "/runs"),
    "confirm_sweep": Route("retention", POST, RETENTION + "/runs/{id}/confirm"),
    "list_managed_contacts": Route("records", GET, MANAGED + "/contacts"),
    "export_managed_contacts": Route("records", GET, MANAGED + "/contacts.csv"),
    "read_managed_contact": Route("records", GET, MANAGED + "/contacts/{id}"),
    "list_managed_ambassadors": Route("records", GET, MANAGED + "/ambassadors"),
    "read_managed_ambassador": Route("records", GET, MANAGED + "/ambassadors/{id}"),
    "read_managed_photo": Route("photos", GET, MANAGED + "/ambassadors/{id}/photo"),
    "remove_managed_ambassador": Route("records", DELETE, MANAGED + "/ambassadors/{id}"),
    "restore_managed_ambassador": Route("records", POST, MANAGED + "/ambassadors/{id}/restore"),
    "read_me": Route("brands", GET, "/api/manager/me"),
    "list_brands": Route("brands", GET, "/api/manager/brands"),
    "read_policy": Route("brands", GET, MANAGED),
    "replace_policy": Route("brands", PUT, MANAGED),
    "read_status": Route("brands", GET, MANAGED + "/status"),
    "change_status": Route("brands", POST, MANAGED + "/status"),
    "list_users": Route("users", GET, MANAGED + "/users"),
    "grant_user": Route("users", POST, MANAGED + "/users"),
    "change_user": Route("users", PATCH, MANAGED + "/users/{id}"),
    "revoke_user": Route("users", DELETE, MANAGED + "/users/{id}"),
    "count_suppressions": Route("oversight", GET, MANAGED + "/suppressions"),
    "release_suppression": Route("oversight", POST, MANAGED + "/suppressions/release"),
    "list_managed_comments": Route("moderation", GET, MANAGED + "/comments"),
    "remove_managed_comment": Route("moderation", DELETE, MANAGED + "/comments/{publicationId}/{commentId}"),
    "list_flags": Route("oversight", GET, MANAGED + "/flags"),
    "close_flag": Route("oversight", POST, MANAGED + "/flags/{id}/close"),
    "list_backups": Route("backups", GET, MANAGED + "/backups"),
    "read_access_log": Route("oversight", GET, MANAGED + "/access-log"),
    "sync_ambassadors": Route("directory", POST, BRAND + "/sync/ambassadors"),
    "sync_contacts": Route("sync", POST, BRAND + "/sync/contacts"),
    "receive_orders": Route("orders", POST, BRAND + "/orders"),
    "load_white_list": Route("white_list", PUT, MANAGED + "/white-list"),
    "count_white_list": Route("white_list", GET, MANAGED + "/white-list"),
    "list_forms": Route("collection", GET, FORMS),
    "read_form": Route("collection", GET, FORMS + "/{formId}"),
    "put_form": Route("collection", PUT, FORMS + "/{formId}"),
    "delete_form": Route("collection", DELETE, FORMS + "/{formId}"),
    "ask_for_voucher": Route("vouchers", POST, BRAND + "/vouchers"),
    "redeem_voucher": Route("vouchers", POST, BRAND + "/vouchers/{code}/redeem"),
    "answer_social_network": Route("social", GET, BRAND + "/social/{network}"),
    "receive_social_events": Route("social", POST, BRAND + "/social/{network}"),
    "migrate_contacts": Route("migration", POST, MANAGED + "/contacts/migrate"),
    "list_api_keys": Route("api_keys", GET, API_KEYS),
    "create_api_key": Route("api_keys", POST, API_KEYS),
    "revoke_api_key": Route("api_keys", DELETE, API_KEYS + "/{id}"),
    "begin_log_in": Route("log_in", GET, BRAND + "/login/{provider}"),
    "finish_log_in": Route("log_in", GET, "/login/callback"),
    "accept_terms": Route("log_in", POST, "/login/accept"),
    "show_signed_in": Route("log_in", GET, "/login/{brand}/done"),
    "show_linked": Route("log_in", GET, "/login/{brand}/linked"),
    "read_session": Route("log_in", GET, BRAND + "/session"),
    "begin_manager_log_in": Route("manager_log_in", GET, "/manager/login"),
    "finish_manager_log_in": Route("manager_log_in", GET, "/manager/callback"),
    "show_manager_welcome": Route("manager_log_in", GET, "/manager/welcome"),
    "read_staff_session": Route("manager_log_in", GET, "/api/manager/session"),
    "close_staff_session": Route("manager_log_in", DELETE, "/api/manager/session"),
    "open_brand": Route("installation", POST, OPERATIONS + "/brands"),
    "rotate_hash_key": Route("installation", POST, OPERATIONS + "/brands/{brand}/hash-key"),
    "rewrap_keys": Route("installation", POST, OPERATIONS + "/keys/rewrap"),
    "show_health": Route("health", GET, "/health"),
    "show_readiness": Route("health", GET, "/ready"),
    "read_operations_health": Route("operations", GET, OPERATIONS + "/health"),
    "list_poison": Route("operations", GET, OPERATIONS + "/poison"),
    "replay_poison": Route("operations", POST, OPERATIONS + "/poison/{queue}/replay"),
    "read_contract": Route("contract", GET, "/openapi.json"),
    "show_contract": Route("contract", GET, "/docs"),
}

QUEUES: Mapping[str, Messages] = {
    "send_account_mails": Messages("accounts", "account-mails"),
    "fetch_address_book": Messages("account_links", "address-book-links"),
    "run_import": Messages("contacts", "imports"),
    "run_newsletter": Messages("newsletters", "newsletters"),
    "send_mails": Messages("mails", "mails"),
    "apply_mail_events": Messages("mail_events", "mail-events"),
    "return_mail_events": Messages("mail_events", "mail-events-poison"),
    "run_backup": Messages("backups", "backups"),
    "run_sweep": Messages("retention", "sweeps"),
    "handle_rights": Messages("rights_work", "rights"),
    "reach_suppressed": Messages("housekeeping", "suppression-reach"),
}

TIMERS: Mapping[str, Schedule] = {
    "sweep_retention": Schedule("retention", "0 15 * * * *"),
    "back_up_brands": Schedule("backups", "0 5 * * * *"),
    "sweep_old_backups": Schedule("backups", "0 40 2 * * *"),
    "warn_of_due_rights": Schedule("rights_work", "0 30 5 * * *"),
    "sweep_lost_work": Schedule("housekeeping", "0 */5 * * * *"),
    "watch": Schedule("operations", "0 */15 * * * *"),
}


def register(app: func.FunctionApp) -> None:
    """Puts every function on the app, each forwarding to its module."""
    for name, route in ROUTES.items():
        bound = app.route(
            route=route.path.lstrip("/"), methods=list(route.methods), auth_level=func.AuthLevel.ANONYMOUS
        )
        bound(app.function_name(name)(_http(name, route.module)))
    for name, messages in QUEUES.items():
        app.queue_trigger(arg_name="msg", queue_name=messages.queue, connection=STORAGE)(
            app.function_name(name)(_messages(name, messages.module))
        )
    for name, schedule in TIMERS.items():
        app.timer_trigger(arg_name="timer", schedule=schedule.cron)(
            app.function_name(name)(_schedule(name, schedule.module))
        )


def load_all() -> None:
    """Imports every module of the table, for those who look at all operations at once."""
    rows: Iterable[Route | Messages | Schedule] = (*ROUTES.values(), *QUEUES.values(), *TIMERS.values())
    for module in dict.fromkeys(row.module for row in rows):
        import_module(f"functions.{module}")


def _http(name: str, module: str) -> Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]:
    async def forward(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        import_module(f"functions.{module}")
        from functions.http import HANDLERS
        from shared.calling import going_on

        with going_on(_parent(context)):
            return await HANDLERS[name](req)

    forward.__name__ = name
    return forward


def _messages(name: str, module: str) -> Callable[[func.QueueMessage, func.Context], Awaitable[None]]:
    async def forward(msg: func.QueueMessage, context: func.Context) -> None:
        import_module(f"functions.{module}")
        from functions.work import MESSAGE_HANDLERS
        from shared.calling import going_on

        with going_on(_parent(context)):
            await MESSAGE_HANDLERS[name](msg)

    forward.__name__ = name
    return forward


def _schedule(name: str, module: str) -> Callable[[func.TimerRequest, func.Context], Awaitable[None]]:
    async def forward(timer: func.TimerRequest, context: func.Context) -> None:
        import_module(f"functions.{module}")
        from functions.work import TIMER_HANDLERS
        from shared.calling import going_on

        with going_on(_parent(context)):
            await TIMER_HANDLERS[name]()

    forward.__name__ = name
    return forward


def _parent(context: func.Context) -> str | None:
    """The host's own span for this call, where it has one."""
    trace = context.trace_context
    return trace.trace_parent if trace else None
