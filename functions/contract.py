"""The public contract as a document, made from the operations and models that the functions themselves use."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape
from http import HTTPStatus
from typing import Any

import azure.functions as func
from pydantic import BaseModel

from functions.catalogue import load_all
from functions.http import OPERATIONS, Answer, Operation, operation

JSON = "application/json"
PROBLEM = "application/problem+json"
ABOUT = (
    "JSON is camelCase, times are RFC 3339 in UTC, lists are {items, nextCursor} with ?limit= and ?cursor=. "
    "Unknown fields are refused. What another brand has looks like what does not exist."
)
STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;color-scheme:light dark;margin:0}main{max-width:50rem;margin:auto;padding:1rem}"
    "article{border-top:1px solid #8888;padding:.5rem 0}h2{font-size:1.05rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.1rem 1rem .1rem 0}"
)
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "ambassador": [{"session": []}, {"sessionCookie": [], "csrf": []}],
    "staff": [{"staffSession": []}, {"staffCookie": [], "csrf": []}],
    "mail_provider": [{"webhook": []}],
    "api_key": [{"apiKey": []}],
    "social_network": [{"signature": []}],
}
SCHEMES = {
    "session": {"type": "http", "scheme": "bearer", "description": "The token of a session."},
    "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "Popsell_remember_me"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "For changes by cookie."},
    "staffCookie": {"type": "apiKey", "in": "cookie", "name": "Popsell_manager"},
    "staffSession": {"type": "http", "scheme": "bearer", "description": "The token of a member of staff."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "A key of the brand."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "x-twitter-webhooks-signature",
        "description": "The network's HMAC-SHA-256 of the body.",
    },
    "webhook": {"type": "http", "scheme": "basic", "description": "The mail provider's credentials."},
}


class FieldReason(Answer):
    """One field that was refused, and why."""

    field: str
    reason: str


class Problem(Answer):
    """Any answer that is not a success (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldReason]


@operation(answers={200: None})
async def read_contract(req: func.HttpRequest) -> func.HttpResponse:
    """The whole contract as OpenAPI 3.1."""
    return func.HttpResponse(json.dumps(contract()), mimetype=JSON)


@operation(answers={200: None})
async def show_contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract as a page to read."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    headers = {"Content-Security-Policy": policy}
    return func.HttpResponse(_page(), headers=headers, mimetype="text/html")


@lru_cache(maxsize=1)
def contract() -> dict[str, Any]:
    """The OpenAPI document; what comes in and what goes out become schemas by the models' own definition."""
    from pydantic.json_schema import JsonSchemaMode, models_json_schema

    load_all()

    coming: set[type[BaseModel]] = {model for op in OPERATIONS for model in (op.body, op.query) if model}
    going: set[type[BaseModel]] = {model for op in OPERATIONS for model in op.answers.values() if model} | {Problem}
    listed: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in _sorted(coming)]
    listed += [(model, "serialization") for model in _sorted(going)]
    keyed, definitions = models_json_schema(listed, ref_template="#/components/schemas/{model}")
    components = definitions.get("$defs", {})
    schemas = {model: schema for (model, _), schema in keyed.items()}
    paths: dict[str, dict[str, Any]] = {}
    for op in sorted(OPERATIONS, key=lambda op: op.path):
        for method in op.methods:
            if method != "HEAD":  # as GET, without the body
                paths.setdefault(op.path, {})[method.lower()] = _described(op, method, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Popsell personal-data engine", "version": "1", "description": ABOUT},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SCHEMES},
    }


Schemas = Mapping[Any, dict[str, Any]]


def _described(op: Operation, method: str, schemas: Schemas, components: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": op.name,
        "summary": op.says.partition("\n")[0],
        "description": op.says,
        "security": SECURITY[op.auth],
        "parameters": [*_path_parameters(op), *_query_parameters(op, schemas, components)],
        "responses": {str(status): _response(op, status, schemas) for status in op.answers}
        | {"default": {"description": "An error.", "content": {PROBLEM: {"schema": schemas[Problem]}}}},
    }
    if op.body:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas[op.body]}}}
    elif op.takes:
        described["requestBody"] = {"required": True, "content": {op.takes: {}}}
    return described


def _response(op: Operation, status: int, schemas: Schemas) -> dict[str, Any]:
    model = op.answers[status]
    said = {"description": HTTPStatus(status).phrase}
    return said | ({"content": {JSON: {"schema": schemas[model]}}} if model else {})


def _path_parameters(op: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", op.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(op: Operation, schemas: Schemas, components: Mapping[str, Any]) -> list[dict[str, Any]]:
    if op.query is None:
        return []
    schema = components[schemas[op.query]["$ref"].rsplit("/", 1)[1]]
    return [{"name": name, "in": "query", "schema": of} for name, of in schema["properties"].items()]


def _sorted(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _page() -> str:
    """A plain page without scripts: every operation, its fields and its answers."""
    rows = []
    for path, methods in contract()["paths"].items():
        for method, described in methods.items():
            answers = ", ".join(status for status in described["responses"] if status != "default")
            rows.append(
                f"<article><h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(described['description'])}</p>"
                f"<p>Answers: {answers}</p>{_fields(described)}</article>"
            )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The contract</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>The contract</h1><p>{escape(ABOUT)}</p>"
        f'<p><a href="/openapi.json">openapi.json</a></p>{"".join(rows)}</main></body></html>'
    )


def _fields(described: Mapping[str, Any]) -> str:
    shown = [(parameter["name"], parameter["in"], "") for parameter in described["parameters"]]
    content = described.get("requestBody", {}).get("content", {})
    reference = content.get(JSON, {}).get("schema", {}).get("$ref")
    if reference:
        schema = contract()["components"]["schemas"][reference.rsplit("/", 1)[1]]
        required = schema.get("required", ())
        shown += [(name, "body", "required" if name in required else "") for name in schema.get("properties", {})]
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{place}</td><td>{needed}</td></tr>"
        for name, place, needed in shown
    )
    return f"<table><tr><th>field</th><th>in</th><th></th></tr>{cells}</table>" if cells else ""
