"""Sealed files: they come back whole, or not at all."""

import itertools
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.sealing import FRAME_BYTES, SealBrokenError, new_file_key, seal, unseal

HEADER, FRAME = 15, FRAME_BYTES + 16


async def streamed(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def in_chunks(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


async def opened(chunks: Iterable[bytes], key: str) -> bytes:
    return b"".join([chunk async for chunk in unseal(streamed(chunks), key)])


@pytest.mark.parametrize("length", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])
@pytest.mark.parametrize(("written", "read"), [(1000, 4096), (10**6, 17_000), (FRAME_BYTES, FRAME)])
async def test_a_file_comes_back_however_it_is_cut_into_chunks(length: int, written: int, read: int) -> None:
    content, key = bytes(itertools.islice(itertools.cycle(range(251)), length)), new_file_key()
    sealed = b"".join(seal(in_chunks(content, written), key))
    assert await opened(in_chunks(sealed, read), key) == content


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.binary(max_size=50)), st.integers(1, 40))
async def test_any_chunks_come_back(chunks: list[bytes], size: int) -> None:
    key = new_file_key()
    sealed = b"".join(seal(chunks, key))
    assert await opened(in_chunks(sealed, size), key) == b"".join(chunks)


def three_frames(key: str) -> bytes:
    return b"".join(seal([b"a" * FRAME_BYTES, b"b" * FRAME_BYTES, b"c" * 100], key))


@pytest.mark.parametrize(
    "kept", [0, 5, HEADER, HEADER + 16, HEADER + FRAME, HEADER + 2 * FRAME, HEADER + 2 * FRAME + 50]
)
async def test_a_file_that_was_cut_is_noticed(kept: int) -> None:
    key = new_file_key()
    with pytest.raises(SealBrokenError):
        await opened([three_frames(key)[:kept]], key)


@pytest.mark.parametrize("at", [0, 9, HEADER, HEADER + FRAME + 3, -1])
async def test_a_file_that_was_changed_is_noticed(at: int) -> None:
    key = new_file_key()
    changed = bytearray(three_frames(key))
    changed[at] ^= 1
    with pytest.raises(SealBrokenError):
        await opened([bytes(changed)], key)


async def test_frames_that_were_swapped_or_added_are_noticed() -> None:
    key = new_file_key()
    whole = three_frames(key)
    header, first, second, last = (
        whole[:HEADER],
        whole[HEADER:][:FRAME],
        whole[HEADER + FRAME :][:FRAME],
        whole[-116:],
    )
    for tampered in (
        header + second + first + last,
        header + first + first + last,
        whole + last,
        whole + b"x",
    ):
        with pytest.raises(SealBrokenError):
            await opened([tampered], key)


async def test_a_frame_of_another_file_of_the_same_key_is_noticed() -> None:
    key = new_file_key()
    mixed = three_frames(key)[: HEADER + FRAME] + three_frames(key)[HEADER + FRAME :]
    with pytest.raises(SealBrokenError):
        await opened([mixed], key)


@pytest.mark.rule("DEL-8")
async def test_without_its_key_a_file_is_nothing() -> None:
    content = b"contact@example.org" * 100
    sealed = b"".join(seal([content], new_file_key()))
    assert b"contact@" not in sealed
    with pytest.raises(SealBrokenError):
        await opened([sealed], new_file_key())


async def test_the_same_file_under_the_same_key_never_looks_the_same() -> None:
    key = new_file_key()
    assert three_frames(key)[HEADER:] != three_frames(key)[HEADER:]


@pytest.mark.parametrize(
    "key",
    ["", "short", "é" * 44, new_file_key()[:-4], new_file_key() + "AAAA"],
    ids=["empty", "short", "not ascii", "cut", "too long"],
)
async def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a file key"):
        list(seal([b"content"], key))
    with pytest.raises(ValueError, match="not a file key"):
        await opened([b"content"], key)


def test_sealing_takes_no_more_of_a_stream_than_it_needs() -> None:
    taken = []

    def source() -> Iterable[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"x" * FRAME_BYTES

    sealed = iter(seal(source(), new_file_key()))
    for _ in range(3):  # the header and two frames
        next(sealed)
    assert taken == [0, 1, 2]
