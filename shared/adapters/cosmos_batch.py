"""Conditional writes to Cosmos DB: transactional batches a partition, with an outcome for each write of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic_core import from_json

from shared.adapters.store_contract import sent_bytes
from shared.ports import Outcome, Result, Write

if TYPE_CHECKING:
    from azure.cosmos.aio import ContainerProxy

T = TypeVar("T")

BATCH_BYTES: Final = 1_000_000
"""What one batch may carry; Cosmos DB takes 2 MB, and a larger body would block the event loop."""

PATIENCE: Final = 6
"""How often a throttled request is tried after the SDK has given up on it (it tries nine times, for 30 s at most)."""

LONGEST_WAIT: Final = 10.0
"""Seconds; the service asks for less."""

THROTTLED: Final = (429, 449)
"""Too many requests; and the service's own transient conflict."""

Encoded = tuple[Write, bytes]


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The call's answer; when the service is busy, waits as long as it asks, a bounded number of times."""
    from azure.cosmos.exceptions import CosmosHttpResponseError

    for _ in range(PATIENCE):
        try:
            return await call()
        except CosmosHttpResponseError as error:
            if error.status_code not in THROTTLED:
                raise
            await asyncio.sleep(_wait(error))
    return await call()


async def write_one(container: "ContainerProxy", encoded: Encoded) -> Result:
    """One write on its own."""
    from azure.cosmos.exceptions import CosmosHttpResponseError

    write, body = encoded
    try:
        return await patiently(lambda: _send_one(container, write, body))
    except CosmosHttpResponseError as error:
        if (outcome := _REFUSED.get(error.status_code or 0)) is None:
            raise
        return Result(outcome)


async def write_partition(container: "ContainerProxy", partition: str, writes: Sequence[Encoded]) -> list[Result]:
    """Writes of one partition, in input order.

    A batch is all or nothing, so one refusal undoes the rest: the refused write gets its outcome and the rest is
    sent again, once as a batch and after a second refusal one by one, so that many refusals stay linear.
    """
    results: list[Result] = []
    for chunk in _chunks(writes):
        results += await _write_chunk(container, partition, chunk)
    return results


async def _write_chunk(container: "ContainerProxy", partition: str, writes: Sequence[Encoded]) -> list[Result]:
    results: dict[int, Result] = {}
    for _ in range(2):
        open_ = [index for index in range(len(writes)) if index not in results]
        if len(open_) > 1:
            answers = await _send_batch(container, partition, [writes[index] for index in open_])
            results |= {index: result for index, result in zip(open_, answers, strict=True) if result is not None}
    for index, encoded in enumerate(writes):
        if index not in results:
            results[index] = await write_one(container, encoded)
    return [results[index] for index in range(len(writes))]


async def _send_batch(container: "ContainerProxy", partition: str, writes: Sequence[Encoded]) -> list[Result | None]:
    """What became of each write; None for those that must be sent again."""
    from azure.cosmos.exceptions import CosmosBatchOperationError

    operations = [_operation(write, body) for write, body in writes]
    try:
        answers: Any = await patiently(lambda: container.execute_item_batch(operations, partition_key=partition))
    except CosmosBatchOperationError as error:
        answers = error.operation_responses
    return [_result(int(answer["statusCode"]), answer) for answer in answers]


def _result(status: int, answer: dict[str, Any]) -> Result | None:
    # A batch that is all or nothing has either successes or a refusal; believing each operation's own status is
    # right for that, and also for a server whose batches are not.
    if status < 300:
        return Result(Outcome.WRITTEN, answer.get("eTag") if status != 204 else None)
    outcome = _REFUSED.get(status)
    if outcome is None and status != 424 and status not in THROTTLED:
        raise RuntimeError(f"an operation of a batch was answered with {status}")
    return Result(outcome) if outcome else None


_REFUSED: Final = {404: Outcome.STALE, 409: Outcome.CONFLICT, 412: Outcome.STALE}


def _operation(write: Write, body: bytes) -> tuple[Any, ...]:
    if write.document is None:
        return ("delete", (write.key.id,), {"if_match_etag": write.etag})
    if write.etag is None:
        return ("create", (from_json(body),))
    return ("replace", (write.key.id, from_json(body)), {"if_match_etag": write.etag})


async def _send_one(container: "ContainerProxy", write: Write, body: bytes) -> Result:
    from azure.core import MatchConditions

    if write.document is not None and write.etag is None:
        created = await container.create_item(from_json(body))
        return Result(Outcome.WRITTEN, created["_etag"])
    unchanged: dict[str, Any] = {"etag": write.etag, "match_condition": MatchConditions.IfNotModified}
    if write.document is not None:
        replaced = await container.replace_item(write.key.id, from_json(body), **unchanged)
        return Result(Outcome.WRITTEN, replaced["_etag"])
    await container.delete_item(write.key.id, write.key.partition, **unchanged)
    return Result(Outcome.WRITTEN)


def _chunks(writes: Sequence[Encoded]) -> Iterator[list[Encoded]]:
    chunk: list[Encoded] = []
    size = 0
    for write, body in writes:
        if chunk and size + sent_bytes(body) > BATCH_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append((write, body))
        size += sent_bytes(body)
    if chunk:
        yield chunk


def _wait(error: Any) -> float:
    asked = (error.headers or {}).get("x-ms-retry-after-ms") or 1000
    return min(int(asked) / 1000, LONGEST_WAIT)
