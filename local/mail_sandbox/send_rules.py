"""What Mailjet's Send API v3.1 demands of a message, as a table of checks."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from local.mail_sandbox.answers import Json, message_error

MAX_RECIPIENTS = 50
MAX_SUBJECT = 255
MAX_BODY_BYTES = 15 * 1024 * 1024
RECIPIENT_LISTS = ("To", "Cc", "Bcc")

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_TEXTS = ("Subject", "TextPart", "HTMLPart", "CustomID", "EventPayload", "CustomCampaign", "URLTags")
_TRACKING = ("account_default", "disabled", "enabled")
_KNOWN = {
    *("From", "Sender", "To", "Cc", "Bcc", "ReplyTo", "Subject", "TextPart", "HTMLPart", "TemplateID"),
    *("TemplateLanguage", "TemplateErrorReporting", "TemplateErrorDeliver", "Variables", "CustomID"),
    *("EventPayload", "CustomCampaign", "DeduplicateCampaign", "URLTags", "Headers", "TrackOpens"),
    *("TrackClicks", "Attachments", "InlinedAttachments", "Priority", "MonitoringCategory"),
}
# Headers that Mailjet sets itself or that have a property of their own.
_REFUSED_HEADERS = {
    *("from", "sender", "subject", "to", "cc", "bcc", "reply-to", "return-path", "delivered-to", "received"),
    *("dkim-signature", "domainkey-status", "received-spf", "authentication-results", "date", "message-id"),
    *("user-agent", "x-mailer", "list-id", "x-csa-complaints", "x-feedback-id"),
}
_REFUSED_PREFIXES = ("x-mj-", "x-mailjet-")


def errors_of(message: Json) -> list[Json]:
    """Every reason for which Mailjet would refuse the message; none when it would send it."""
    return [error for check in _CHECKS for error in check(message)]


def recipients_of(message: Json) -> list[tuple[str, Json]]:
    """The message's recipients with the list each stands in; one named twice counts once."""
    seen: dict[str, tuple[str, Json]] = {}
    for field in RECIPIENT_LISTS:
        listed = message.get(field)
        for recipient in listed if isinstance(listed, list) else []:
            if isinstance(recipient, dict) and isinstance(recipient.get("Email"), str):
                seen.setdefault(recipient["Email"].lower(), (field, recipient))
    return list(seen.values())


def _has_only_known_properties(message: Json) -> Iterator[Json]:
    for name in message:
        if name not in _KNOWN:
            yield message_error("mj-0004", f'The property "{name}" is unknown.', [name])


def _names_a_sender(message: Json) -> Iterator[Json]:
    if message.get("From") is None:
        if "TemplateID" not in message:
            yield _missing("From")
    else:
        yield from _address(message["From"], "From")
    for field in ("Sender", "ReplyTo"):
        if message.get(field) is not None:
            yield from _address(message[field], field)


def _names_recipients(message: Json) -> Iterator[Json]:
    if message.get("To") is None:
        yield _missing("To")
    for field in RECIPIENT_LISTS:
        listed = message.get(field)
        if listed is None:
            continue
        if not isinstance(listed, list):
            yield _mismatch("array of emails", field)
            continue
        if not listed and field == "To":
            yield message_error("mj-0007", "The To array cannot be empty.", ["To"])
        for place, recipient in enumerate(listed):
            yield from _address(recipient, f"{field}[{place}]")


def _has_texts_of_good_length(message: Json) -> Iterator[Json]:
    for field in _TEXTS:
        if message.get(field) is not None and not isinstance(message[field], str):
            yield _mismatch("string", field)
    subject = message.get("Subject")
    if isinstance(subject, str) and len(subject) > MAX_SUBJECT:
        yield message_error("mj-0006", f"Maximum length is {MAX_SUBJECT} chars.", ["Subject"])


def _has_a_body(message: Json) -> Iterator[Json]:
    parts = ["HTMLPart", "TextPart", "TemplateID"]
    if not any(message.get(part) for part in parts):
        text = 'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.'
        yield message_error("send-0003", text, parts)


def _has_allowed_headers(message: Json) -> Iterator[Json]:
    headers = message.get("Headers")
    if headers is None:
        return
    if not isinstance(headers, dict):
        yield _mismatch("map of strings", "Headers")
        return
    for name, value in headers.items():
        related = f'Headers["{name}"]'
        if name.lower() in _REFUSED_HEADERS or name.lower().startswith(_REFUSED_PREFIXES):
            text = "Header cannot be customized using the Headers collection. Use a dedicated property."
            yield message_error("send-0011", text, [related])
        elif not isinstance(value, str):
            yield _mismatch("string", related)
        elif "\r" in value or "\n" in value:
            yield message_error("mj-0005", "A header holds no line break.", [related])


def _has_allowed_options(message: Json) -> Iterator[Json]:
    for field in ("TrackOpens", "TrackClicks"):
        if message.get(field) is not None and message[field] not in _TRACKING:
            yield message_error("mj-0005", f"Allowed values are {', '.join(_TRACKING)}.", [field])
    template = message.get("TemplateID")
    if template is not None and (not isinstance(template, int) or isinstance(template, bool)):
        yield _mismatch("int64", "TemplateID")
    if message.get("DeduplicateCampaign") and not message.get("CustomCampaign"):
        text = "DeduplicateCampaign needs a CustomCampaign."
        yield message_error("send-0012", text, ["CustomCampaign", "DeduplicateCampaign"])


def _address(value: Any, field: str) -> Iterator[Json]:
    if not isinstance(value, dict) or not isinstance(value.get("Email"), str):
        yield _mismatch("emailIn", field)
        return
    email, name = value["Email"], value.get("Name")
    if not email:
        yield message_error("mj-0012", "The Email cannot be empty.", [f"{field}.Email"])
    elif len(email) > 254 or not _ADDRESS.fullmatch(email) or ".." in email or email[0] == "." or ".@" in email:
        yield message_error("mj-0013", f'"{email}" is an invalid email address.', [f"{field}.Email"])
    if name is not None and not isinstance(name, str):
        yield _mismatch("string", f"{field}.Name")


def _missing(field: str) -> Json:
    return message_error("mj-0003", f"The {field} is mandatory but missing from the input", [field])


def _mismatch(expected: str, field: str) -> Json:
    return message_error("mj-0004", f'Type mismatch. Expected type "{expected}".', [field])


_CHECKS: tuple[Callable[[Json], Iterator[Json]], ...] = (
    _has_only_known_properties,
    _names_a_sender,
    _names_recipients,
    _has_texts_of_good_length,
    _has_a_body,
    _has_allowed_headers,
    _has_allowed_options,
)
