"""The public contract as a document, made from the operations and models that the functions themselves use."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import azure.functions as func
from pydantic import BaseModel

from functions import contract_parts as parts
from functions.catalogue import load_all
from functions.examples import REQUESTS, answers
from functions.http import OPERATIONS, Answer, Operation, operation
from shared.domain.errors import DomainError, FieldError, InvalidInputError

JSON, PROBLEM, FORM = "application/json", "application/problem+json", "application/x-www-form-urlencoded"
WITHOUT_CONTENT = (204, 302, 303)


class FieldReason(Answer):
    """One field that was refused, and why."""

    field: str
    reason: str


class Problem(Answer):
    """Any answer that is not a success (RFC 9457); `type` is stable, the texts are for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldReason]


@operation(answers={200: None}, gives=(JSON,))
async def read_contract(req: func.HttpRequest) -> func.HttpResponse:
    """The whole contract as OpenAPI 3.1."""
    return func.HttpResponse(json.dumps(contract()), mimetype=JSON)


@operation(answers={200: None}, gives=("text/html",))
async def show_contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract as a page to read."""
    from functions.contract_page import POLICY, page

    return func.HttpResponse(page(contract()), headers={"Content-Security-Policy": POLICY}, mimetype="text/html")


Schemas = Mapping[tuple[Any, Any], dict[str, Any]]


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
    schemas: Schemas = dict(keyed.items())
    paths: dict[str, dict[str, Any]] = {}
    for op in sorted(OPERATIONS, key=lambda op: op.path):
        for method in op.methods:
            if method != "HEAD":  # as GET, without the body
                paths.setdefault(op.path, {})[method.lower()] = _described(op, method.lower(), schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Popsell personal-data engine", "version": "1", "description": parts.ABOUT},
        "tags": [{"name": name} for name in parts.TAGS],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": parts.SCHEMES},
    }


def _described(op: Operation, method: str, schemas: Schemas, components: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": op.name,
        "tags": [parts.tag(op)],
        "summary": op.says.partition("\n")[0],
        "description": op.says,
        "security": parts.security(op, method),
        "parameters": [
            *_path_parameters(op),
            *_query_parameters(op, schemas, components),
            *parts.MORE_PARAMETERS.get(op.name, ()),
        ],
        "responses": _responses(op, method, schemas),
    }
    content = _taken(op, schemas)
    if content:
        says = f"Up to {op.up_to:,} bytes."
        described["requestBody"] = {"required": True, "description": says, "content": content}
    return described


def _taken(op: Operation, schemas: Schemas) -> dict[str, Any]:
    """What the body may be, by media type."""
    if op.body:
        shown = {"example": REQUESTS[op.name]} if op.name in REQUESTS else {}
        return {JSON: {"schema": schemas[op.body, "validation"], **shown}}
    if op.takes == FORM:
        schema = {"type": "object", "properties": parts.FORMS[op.name]}
        return {FORM: {"schema": schema}}
    if op.takes == JSON:
        return {JSON: {"schema": {"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}}}
    binary = {"type": "string", "format": "binary"}
    return {media_type: {"schema": binary} for media_type in parts.FILES.get(op.takes, (op.takes,))} if op.takes else {}


def _responses(op: Operation, method: str, schemas: Schemas) -> dict[str, Any]:
    """Every answer: what the operation declares, each problem by its status, and what is the suite's own fault."""
    may = parts.problems(op, method)
    problem = {"schema": schemas[Problem, "serialization"]}
    found = {}
    for status in sorted({*op.answers, *(error.status for error in may)}):
        errors = [error for error in may if error.status == status]
        content: dict[str, Any] = {}
        model = op.answers.get(status)
        if model:
            given = answers().get(op.name, {})
            shown = {"example": given["content"]} if given.get("status") == status else {}
            content[JSON] = {"schema": schemas[model, "serialization"], **shown}
        elif status in op.answers and status not in WITHOUT_CONTENT:
            content |= {media_type: {"schema": _text(media_type)} for media_type in op.gives}
        if errors:
            content[PROBLEM] = problem | {"examples": {error.kind: _example_of(error) for error in errors}}
        headers = parts.response_headers(op, status)
        says = " ".join(f"`{error.kind}`: {error.title}." for error in errors) or HTTPStatus(status).phrase
        found[str(status)] = {"description": says, "headers": headers, "content": content}
    found["5XX"] = {"description": "Ours: the call may be sent again.", "content": {PROBLEM: problem}}
    return {status: {name: of for name, of in one.items() if of} for status, one in found.items()}


def _text(media_type: str) -> dict[str, Any]:
    return {} if media_type == JSON else {"type": "string"} | ({} if "text" in media_type else {"format": "binary"})


def _example_of(error: type[DomainError]) -> dict[str, Any]:
    fields = [FieldError("email", "is not an email address")] if error is InvalidInputError else []
    value = Problem(
        type=f"urn:popsell:problem:{error.kind}",
        title=error.title,
        status=error.status,
        detail=error.title,
        errors=[FieldReason(field=one.field, reason=one.reason) for one in fields],
    )
    return {"summary": error.title, "value": value.model_dump()}


def _path_parameters(op: Operation) -> list[dict[str, Any]]:
    found = []
    for name in re.findall(r"{(\w+)}", op.path):
        says, schema = parts.PATHS_OF.get((op.name, name)) or parts.PATHS.get(name, ("", {"type": "string"}))
        found.append({"name": name, "in": "path", "required": True, "description": says, "schema": schema})
    return found


def _query_parameters(op: Operation, schemas: Schemas, components: Mapping[str, Any]) -> list[dict[str, Any]]:
    if op.query is None:
        return []
    schema = components[schemas[op.query, "validation"]["$ref"].rsplit("/", 1)[1]]
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": of}
        for name, of in schema["properties"].items()
    ]


def _sorted(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)
