"""The events that Mailjet's Event API posts, with what it fills in for each type."""

from datetime import datetime
from typing import Any
from zlib import crc32

from local.mail_sandbox.problems import invalid

Json = dict[str, Any]

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"
_READER: Json = {"ip": "192.0.2.1", "geo": "FR", "agent": _AGENT}
_HARD: Json = {"blocked": True, "error_related_to": "recipient", "error": "user unknown", "comment": ""}
_SOFT: Json = {"blocked": False, "error_related_to": "recipient", "error": "quota exceeded", "comment": ""}
_BLOCKED: Json = {"error_related_to": "mailjet", "error": "preblocked"}
_EVENTS = ("sent", "open", "click", "bounce", "blocked", "spam", "unsub")
_STATUS_WORDS = {"open": "opened", "click": "clicked"}
_COMMON = {
    *("event", "time", "email", "mj_campaign_id", "mj_contact_id", "customcampaign", "MessageID"),
    *("Message_GUID", "CustomID", "Payload"),
}
_OF_A_TYPE = {
    *("mj_message_id", "smtp_reply", "url", "ip", "geo", "agent", "blocked", "hard_bounce", "source"),
    *("error_related_to", "error", "comment", "mj_list_id"),
}
FIELDS = _COMMON | _OF_A_TYPE


def full_event(partial: Json, document: Json, now: datetime) -> Json:
    """The event about the mail `document` with every field that Mailjet would send, at `now` unless it says.

    What `partial` holds wins over every default, also nulls and wrong types: real events have them.
    Raises ProblemError 422 naming the field when its `event` is none of Mailjet's or a field is unknown.
    """
    event = partial.get("event")
    if not isinstance(event, str) or event not in _EVENTS:
        raise invalid("event", f"one of {', '.join(_EVENTS)}")
    for field in partial:
        if field not in FIELDS:
            raise invalid(field, "not a field of Mailjet's events")
    common: Json = {
        "event": event,
        "time": int(now.timestamp()),
        "MessageID": int(document["id"]),
        "Message_GUID": document["messageUuid"],
        "email": document["to"],
        "mj_campaign_id": crc32(document["customCampaign"].encode()),
        "mj_contact_id": crc32(document["to"].lower().encode()),
        "customcampaign": document["customCampaign"],
        "CustomID": document["customId"],
        "Payload": document["eventPayload"],
    }
    return common | _particulars(event, partial, document) | partial


def status_after(event: Json) -> str:
    """The word the message look-up uses once `event` has happened."""
    if event["event"] == "bounce":
        return "hardbounced" if event["hard_bounce"] in (True, "true") else "softbounced"
    return _STATUS_WORDS.get(event["event"], str(event["event"]))


def _particulars(event: str, partial: Json, document: Json) -> Json:
    if event == "sent":
        return {"mj_message_id": document["id"], "smtp_reply": "sent (250 2.0.0 OK)"}
    if event == "open":
        return _READER
    if event == "click":
        return _READER | {"url": document["links"][0] if document["links"] else ""}
    if event == "bounce":
        hard = partial.get("hard_bounce", False)
        return {"hard_bounce": hard} | (_HARD if hard in (True, "true") else _SOFT)
    if event == "blocked":
        return _BLOCKED
    if event == "spam":
        return {"source": "JMRPP"}
    return _READER | {"mj_list_id": 0}
