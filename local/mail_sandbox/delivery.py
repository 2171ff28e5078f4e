"""From an accepted message of the Send API to the mails it becomes, and what Mailjet says of them."""

import json
from datetime import datetime
from secrets import randbelow
from uuid import uuid4

from local.mail_sandbox.answers import Json, message_error
from local.mail_sandbox.clock import rfc3339
from local.mail_sandbox.links import links_of
from local.mail_sandbox.send_rules import recipients_of
from local.mail_sandbox.store import Mail

_HREF = "https://api.mailjet.com/v3/REST/message/"


def mails_of(message: Json, now: datetime) -> list[Mail]:
    """A mail for each recipient, as Mailjet counts them: each has a MessageID of its own."""
    html, text = message.get("HTMLPart") or "", message.get("TextPart") or ""
    sender = message.get("From") or {"Email": "template@example.com"}
    shared: Json = {
        "at": rfc3339(now),
        "from": sender["Email"],
        "fromName": sender.get("Name") or "",
        "replyTo": (message.get("ReplyTo") or {}).get("Email", ""),
        "subject": message.get("Subject") or "",
        "text": text,
        "html": html,
        "customId": message.get("CustomID") or "",
        "eventPayload": message.get("EventPayload") or "",
        "customCampaign": message.get("CustomCampaign") or "",
        "headers": message.get("Headers") or {},
        "links": links_of(html, text),
    }
    mails = []
    for field, recipient in recipients_of(message):
        # Above 2^53, so that a caller who reads them as floating point numbers is found out.
        own = {"id": str(2**59 + randbelow(2**59)), "messageUuid": str(uuid4()), "to": recipient["Email"]}
        document = own | {"toName": recipient.get("Name") or "", "field": field} | shared
        mails.append(
            Mail(
                id=own["id"],
                at=shared["at"],
                recipient=own["to"],
                subject=shared["subject"],
                custom_id=shared["customId"],
                status="sent",
                document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
            )
        )
    return mails


def success(message: Json, mails: list[Mail], *, validate_only: bool) -> Json:
    """The message's entry in the answer; `validate_only` is SandboxMode, which has no ids to give."""
    result: Json = {
        "Status": "success",
        "CustomID": message.get("CustomID") or "",
        "To": [],
        "Cc": [],
        "Bcc": [],
    }
    for mail in mails:
        document = json.loads(mail.document)
        number = 0 if validate_only else int(mail.id)
        result[document["field"]].append(
            {
                "Email": document["to"],
                "MessageUUID": "" if validate_only else document["messageUuid"],
                "MessageID": number,
                "MessageHref": f"{_HREF}{number}",
            }
        )
    return result


def feigned_errors(message: Json) -> list[Json]:
    """A refusal of a message that has nothing wrong, worded as Mailjet words it: with the address in it."""
    recipients = recipients_of(message)
    address = recipients[0][1]["Email"] if recipients else ""
    return [message_error("mj-0013", f'"{address}" is an invalid email address.', ["To[0].Email"])]


def as_looked_up(mail: Mail) -> Json:
    """The mail as `GET /v3/REST/message` lists it."""
    document = json.loads(mail.document)
    return {
        "ArrivedAt": mail.at[:19] + "Z",
        "AttachmentCount": 0,
        "AttemptCount": 0,
        "ContactAlt": mail.recipient,
        "CustomID": mail.custom_id,
        "ID": int(mail.id),
        "IsHTMLPartIncluded": bool(document["html"]),
        "IsTextPartIncluded": bool(document["text"]),
        "Status": mail.status,
        "Subject": mail.subject,
        "UUID": document["messageUuid"],
    }
