"""What an answer of Mailjet's Send API says of each mail, whatever its HTTP status."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.ports import Fate, OutgoingMail, SendResult


class _Error(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    code: str | None = Field(default=None, alias="ErrorCode")
    status: int | None = Field(default=None, alias="StatusCode")
    # ErrorMessage is left unread: it may quote an address (VIS-8).


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    status: str = Field(alias="Status")
    custom_id: str | None = Field(default=None, alias="CustomID")
    errors: tuple[_Error, ...] | None = Field(default=None, alias="Errors")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    messages: tuple[object, ...] | None = Field(default=None, alias="Messages")
    code: str | None = Field(default=None, alias="ErrorCode")


# Not the mail's fault: credentials or the sender's set-up, to be put right by staff, and then it goes.
_OUR_SETUP = frozenset({"mj-0001", "mj-0015", "send-0006", "send-0007", "send-0008"})

_NOT_NOW = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})

# A gateway that got no answer cannot say whether Mailjet took the mails.
_AMBIGUOUS = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})

_CODE = re.compile(r"[a-z]{2,12}-\d{4}", re.ASCII)


def read_send_answer(status: int, body: bytes, mails: Sequence[OutgoingMail]) -> list[SendResult]:
    """The fate of each mail, in input order; never raises.

    Successes are looked for at any status, because a mixed result is a 400. What the answer does not cover is
    UNKNOWN unless its status says that nothing was accepted. A call that is refused as a whole is tried again, but
    for the call of one mail: then it is known which mail spoils it.
    """
    answer = _parsed(body)
    if answer is not None and answer.messages:
        return _by_index(answer.messages, mails)
    if answer is not None and answer.code and _blames_the_call(status, answer.code) and len(mails) == 1:
        return same_for_all(mails, Fate.REFUSED, _code(answer.code))
    if answer is not None and answer.code:
        return same_for_all(mails, Fate.RETRY, _code(answer.code))
    if status in _AMBIGUOUS or status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.BAD_REQUEST:
        return same_for_all(mails, Fate.UNKNOWN, f"unreadable_answer_{status}")
    return same_for_all(mails, Fate.RETRY, f"http_{status}")


def same_for_all(mails: Sequence[OutgoingMail], fate: Fate, reason: str) -> list[SendResult]:
    """One fate for every mail of a call."""
    return [SendResult(fate, reason)] * len(mails)


def _blames_the_call(status: int, code: str) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not (
        status in _NOT_NOW or code in _OUR_SETUP
    )


def _by_index(messages: Sequence[object], mails: Sequence[OutgoingMail]) -> list[SendResult]:
    if len(messages) > len(mails):
        return same_for_all(mails, Fate.UNKNOWN, "too_many_answers")  # whose is whose?
    results = [_one(message, mail) for message, mail in zip(messages, mails, strict=False)]
    missing = len(mails) - len(results)
    return results + [SendResult(Fate.UNKNOWN, "not_answered")] * missing


def _one(raw: object, mail: OutgoingMail) -> SendResult:
    try:
        message = _Message.model_validate(raw)
    except ValidationError:
        return SendResult(Fate.UNKNOWN, "unreadable_answer")
    if message.custom_id and message.custom_id != mail.custom_id:
        return SendResult(Fate.UNKNOWN, "answer_of_another_mail")
    if message.status == "success":
        return SendResult(Fate.SENT)
    if message.status != "error":
        return SendResult(Fate.UNKNOWN, "unreadable_answer")
    return _refusal(message.errors or ())


def _refusal(errors: Sequence[_Error]) -> SendResult:
    reason = _code(next((error.code for error in errors if error.code), None))
    passing = [error for error in errors if error.code in _OUR_SETUP or _passes(error.status)]
    if passing:
        return SendResult(Fate.RETRY, _code(passing[0].code))
    # An error that names neither code nor status does not say that the mail is at fault.
    blames_the_mail = any(error.code or error.status for error in errors)
    return SendResult(Fate.REFUSED if blames_the_mail else Fate.RETRY, reason)


def _passes(status: int | None) -> bool:
    return status is not None and (status in _NOT_NOW or status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _parsed(body: bytes) -> _Answer | None:
    try:
        return _Answer.model_validate_json(body)
    except ValidationError:
        return None


def _code(code: str | None) -> str:
    """The error code when it looks like one, so that nothing else of an answer reaches a log."""
    return code if code and _CODE.fullmatch(code) else "error_without_code"
