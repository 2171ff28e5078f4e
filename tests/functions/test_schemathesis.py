"""Schemathesis holds every operation against its own contract: no failure of ours, and no answer that is not named there.

Each operation gets `CONTRACT_EXAMPLES` requests (100), the same ones every time. Where so many differ: most are good ones of
somebody who may and about things that there are, some are about things that there are not, and a quarter is broken.
"""

import copy
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.contract import contract
from functions.http import OPERATIONS, Operation
from functions.social import SIGNATURE
from shared.domain.social import signature
from tests.functions.asking import credentials, place_of
from tests.functions.suite import URL, Suite, routes
from tests.functions.tenants import Tenant, move_in

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "100"))
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
BY_NAME = {op.name: op for op in OPERATIONS}
OPERATION_METHODS = [(op, method) for op in OPERATIONS for method in op.methods if method != "HEAD"]

same_every_time = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def described() -> Any:
    """The contract as schemathesis reads it; who calls is ours to say, and costs nothing to make up."""
    document = copy.deepcopy(contract())
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["security"] = []
    return schemathesis.openapi.from_dict(document)


@cache
def cases(name: str, method: str, place: tuple[tuple[str, str], ...]) -> st.SearchStrategy[Any]:
    """Requests of an operation; `place` leads to something that there is."""
    operation = BY_NAME[name]
    made = described()[operation.path][method]
    good = made.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=dict(place))
    elsewhere = made.as_strategy(generation_mode=GenerationMode.POSITIVE)
    broken = made.as_strategy(generation_mode=GenerationMode.NEGATIVE, path_parameters=dict(place))
    if not place and not (operation.body or operation.query or operation.takes or made.query):
        return good  # type: ignore[no-any-return]  # nothing in it can be broken
    return st.integers(0, 19).flatmap(lambda n: good if n < 12 else elsewhere if n < 15 else broken)


@pytest.fixture
def got() -> Iterator[set[int]]:
    """The statuses of an operation's answers: somebody must have got past the door, or nothing was tried behind it."""
    statuses: set[int] = set()
    yield statuses
    assert statuses - {401}, "every caller was turned away at the door"


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """Who asks, and one of everything that is theirs."""
    return await move_in(suite, "acme", "ada@example.org")


@pytest.mark.parametrize(("operation", "method"), OPERATION_METHODS, ids=lambda of: getattr(of, "name", of))
@given(data=st.data())
@same_every_time
async def test_every_answer_is_in_the_contract(
    suite: Suite, mine: Tenant, got: set[int], operation: Operation, method: str, data: st.DataObject
) -> None:
    case = data.draw(cases(operation.name, method, tuple(place_of(operation, mine).items())))
    sent = case.as_transport_kwargs(base_url=URL, headers=await credentials(suite, operation, mine))
    prepared = requests.Request(**sent).prepare()
    headers = {name: str(value) for name, value in prepared.headers.items()}
    body = prepared.body if isinstance(prepared.body, bytes | str) else None
    if operation.auth == "social_network":
        headers[SIGNATURE] = signature("new secret", body.encode() if isinstance(body, str) else body or b"")
    asked = suite.http.build_request(method, prepared.url or "", headers=headers, content=body)
    found = routes().find(method, asked.url.raw_path.split(b"?")[0].decode("latin-1"))
    assume(found is not None and found[0].function.name == operation.name)  # else the path is another's, or nobody's
    if operation.auth == "public":
        suite.world.clock.advance(hours=2)  # the rate limits are another test's
    answer = await suite.http.send(asked)
    got.add(answer.status_code)
    assert answer.status_code < 500, f"{answer.status_code} {answer.text}"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failures:
        raise AssertionError("\n".join(map(str, failures.exceptions))) from None
