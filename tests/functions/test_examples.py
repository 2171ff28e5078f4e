"""Every example of the contract is run: it gets the answer that the contract shows, in form if not in its ids."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest

from functions.contract import contract
from functions.examples import ANSWERS, REQUESTS, answers
from functions.http import OPERATIONS, Operation
from shared.domain.social import signature
from tests.functions.asking import credentials, place_of
from tests.functions.suite import PASSWORD, Suite
from tests.functions.tenants import Tenant, move_in
from tests.support.pictures import picture

RECORD = os.environ.get("EXAMPLES") == "record"
WITH_EXAMPLE = [op for op in OPERATIONS if op.body or any(op.answers.values())]
# What needs another act, or another's word, before it succeeds: the example of the request is still held to the model.
REFUSED: Mapping[str, tuple[int, str]] = {
    "release_contact": (409, "only a soft bounce can be released"),
    "release_suppression": (409, "only a listed address can be released"),
    "confirm_sweep": (409, "only the plan that waits can be confirmed"),
    "give_grant": (422, "only the network knows a good token"),
    "link_address_book_of": (404, "no provider is set up here"),
    "read_grant": (404, "none was given"),
    "read_newsletter": (404, "none was sent"),
    "replay_poison": (404, "no message was put aside"),
    "reset_password": (404, "the link comes by mail"),
}


async def sent_with(suite: Suite, operation: Operation, mine: Tenant) -> dict[str, Any]:
    """What of a request is another thing in each suite, or no JSON."""
    with_body: dict[str, dict[str, Any]] = {
        "confirm_ambassador": {"token": mine.sign_up},
        "open_session": {"email": mine.me.account.email, "password": PASSWORD},
    }
    more: dict[str, dict[str, Any]] = {
        "import_address_book": {"content": b"grace@example.org\n"},
        "upload_ugc": {"content": picture()},
        "list_changes": {"params": {"since": "2030-01-01T00:00:00Z"}},
        "load_white_list": {"content": b"email\ngrace@example.org\n", "headers": {"Content-Type": "text/csv"}},
        "answer_social_network": {"params": {"crc_token": "abc"}},
        "receive_mail_events": {"json": []},
    }
    asked = more.get(operation.name, {})
    if operation.body:
        asked = {"json": {**REQUESTS[operation.name], **with_body.get(operation.name, {})}}
    headers = {**await credentials(suite, operation, mine), **asked.pop("headers", {})}
    if operation.name == "replace_policy":
        shown = await suite.http.get("/api/manager/brands/acme", headers=headers)
        headers["If-Match"] = shown.headers["ETag"]
    if operation.name == "agree_to_reuse":
        (contest,) = (await mine.me.call("GET", "/contests")).json()["items"]
        asked = {"json": {"contest": contest["id"], "textVersion": contest["textVersion"]}}
    if operation.name == "receive_social_events":
        asked, headers["x-twitter-webhooks-signature"] = {"content": b"{}"}, signature("new secret", b"{}")
    return {**asked, "headers": headers}


@pytest.mark.parametrize("operation", WITH_EXAMPLE, ids=lambda operation: operation.name)
async def test_an_example_gets_the_answer_that_is_shown(suite: Suite, operation: Operation) -> None:
    mine = await move_in(suite, "acme", "ada@example.org")
    path = operation.path.format(**place_of(operation, mine))
    answer = await suite.http.request(operation.methods[0], path, **await sent_with(suite, operation, mine))
    if operation.name in REFUSED:
        assert answer.status_code == REFUSED[operation.name][0], answer.text
        return
    assert answer.status_code in operation.answers, answer.text
    if not operation.answers[answer.status_code]:
        assert not answer.content
        return
    if RECORD:
        _record(operation.name, answer.status_code, answer.json())
    shown = answers()[operation.name]
    assert answer.status_code == shown["status"]
    assert form_of(answer.json()) == form_of(shown["content"]), "run with EXAMPLES=record, and look at what changed"


def test_each_body_has_an_example_and_each_example_an_operation() -> None:
    assert set(REQUESTS) == {op.name for op in OPERATIONS if op.body}
    assert set(answers()) <= {op.name for op in WITH_EXAMPLE}


def test_the_examples_of_the_document_are_as_the_document_says() -> None:
    """Each is held to its schema by what a front end would use: the document alone."""
    components, held = contract()["components"], 0
    for methods in contract()["paths"].values():
        for operation in methods.values():
            for said in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = said.get("content", {}).get("application/json", {})
                if "example" in content:
                    jsonschema_rs.validator_for({**content["schema"], "components": components}).validate(
                        content["example"]
                    )
                    held += 1
    assert held > len(REQUESTS) + 80


def form_of(content: Any) -> Any:
    """What a document consists of, without the values that differ from suite to suite."""
    if isinstance(content, dict):
        return {name: form_of(value) for name, value in content.items()}
    if isinstance(content, list):
        return [form_of(value) for value in content[:1]]
    return type(content).__name__


def _without_secrets(content: Any) -> Any:
    """The answer without tokens and keys, which a document would carry into every clone."""
    if isinstance(content, dict):
        return {name: _without_secrets(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_without_secrets(value) for value in content]
    return "…" if isinstance(content, str) and re.fullmatch(r"[\w.=+/-]{41,}", content) else content


def _record(name: str, status: int, content: Any) -> None:
    known = json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}
    kept = {**known, name: {"status": status, "content": _without_secrets(content)}}
    text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
    ANSWERS.write_text(text + "\n", encoding="utf-8")
    answers.cache_clear()
