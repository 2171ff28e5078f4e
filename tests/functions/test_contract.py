"""The contract as a document says what the functions do."""

import json
import re

import azure.functions as func

import function_app
from functions import contract_parts as parts
from functions.catalogue import ROUTES
from functions.contract import contract, show_contract
from functions.http import OPERATIONS

assert function_app.app  # loading it declares every operation


def test_every_operation_of_the_functions_stands_in_the_contract_once() -> None:
    described = [
        (method.upper(), path, operation["operationId"])
        for path, methods in contract()["paths"].items()
        for method, operation in methods.items()
    ]
    made = [(method, op.path, op.name) for op in OPERATIONS for method in op.methods if method != "HEAD"]
    assert sorted(described) == sorted(made)
    assert len({name for _, _, name in described}) == len(described)


def test_every_reference_of_the_contract_leads_somewhere() -> None:
    text = json.dumps(contract())
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    assert references
    assert references <= set(contract()["components"]["schemas"])


def test_every_operation_says_who_may_call_it_what_it_takes_and_what_goes_wrong() -> None:
    for op in OPERATIONS:
        described = contract()["paths"][op.path][op.methods[0].lower()]
        assert bool(described["security"]) is (op.auth != "public")
        assert described["summary"].endswith((".", ";", ","))
        assert all(one["description"] for one in described["parameters"] if one["in"] != "query")
        assert "application/problem+json" in described["responses"]["5XX"]["content"]
        assert "413" in described["responses"]
        for status, said in described["responses"].items():
            if status[0] == "4":
                assert said["content"], (op.name, status)
                for error in said["content"].get("application/problem+json", {}).get("examples", {}).values():
                    assert error["value"]["status"] == int(status)
        if op.body or op.takes:
            assert described["requestBody"]["content"]


def test_the_tables_name_no_operation_that_there_is_not() -> None:
    names = {op.name for op in OPERATIONS}
    assert {ROUTES[name].module for name in names} == {module for some in parts.TAGS.values() for module in some}
    named = {*parts.MORE_PARAMETERS, *parts.FORMS, *(name for name, _ in parts.PATHS_OF)}
    assert named | {name for name, _ in parts.RESPONSE_HEADERS} <= names


def test_unknown_fields_are_refused_in_every_body() -> None:
    schemas = contract()["components"]["schemas"]
    bodies = [op.body for op in OPERATIONS if op.body]
    assert bodies
    assert all(schemas[body.__name__]["additionalProperties"] is False for body in bodies)


async def test_the_page_lists_every_route_and_runs_no_script() -> None:
    page = await show_contract(func.HttpRequest(method="GET", url="https://suite.example/docs", body=b""))
    text = page.get_body().decode()
    assert all(op.path in text for op in OPERATIONS)
    assert "<script" not in text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
