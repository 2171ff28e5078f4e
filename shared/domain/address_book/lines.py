"""Lines of a file of unknown encoding, in constant memory: UTF-8, UTF-16 and Windows-1252.

UTF-16 is known by its byte order mark (or by the zeros of its first letters). Everything else is decided
a line at a time: a line that is not UTF-8 is Windows-1252. So a late wrong byte changes its own line only,
and nobody reads the whole file to learn its encoding.
"""

import codecs
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import BinaryIO

HEAD_SIZE = 64 * 1024
"""Bytes that suffice to know the encoding and the format."""

LINE_LIMIT = 100_000
"""Bytes of a line that are held at once; a longer line comes in pieces."""

_ENDS = (b"\n", b"\r")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY_MAGIC = (
    b"PK\x03\x04",
    b"%PDF-",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
    b"SQLite format 3\x00",
)
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\x1b")))


def read_head(file: BinaryIO) -> bytes:
    """The first HEAD_SIZE bytes, fewer only when the file is shorter."""
    head = b""
    while len(head) < HEAD_SIZE and (chunk := file.read(HEAD_SIZE - len(head))):
        head += chunk
    return head


def is_binary(head: bytes) -> bool:
    """Whether the head is of a picture, an archive or other things that no line of text starts with."""
    if head.startswith(_BINARY_MAGIC):
        return True
    text = b"".join(as_utf8(head))
    return len(text) - len(text.translate(None, _CONTROLS)) > len(text) // 20 + 4


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding of the file and the length of its byte order mark."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name, len(mark)
    start = head[:64]
    if len(start) >= 8 and not any(start[1::2]) and all(start[::2]):
        return "utf-16-le", 0
    if len(start) >= 8 and not any(start[::2]) and all(start[1::2]):
        return "utf-16-be", 0
    return "utf-8", 0


def as_utf8(head: bytes, file: BinaryIO | None = None) -> Iterator[bytes]:
    """The head and the rest of the file without byte order mark; UTF-16 becomes UTF-8, all else stays."""
    name, mark = _encoding(head)
    rest = iter(partial(file.read, HEAD_SIZE), b"") if file else ()
    chunks = chain((head[mark:],), rest)
    if name == "utf-8":
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(name)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends (LF, CR LF or CR; the last one is given one), whatever the chunks are.

    A line over LINE_LIMIT comes in several pieces, of which only the last has an end.
    """
    pending = b""
    for chunk in chunks:
        lines = (pending + chunk).splitlines(keepends=True)
        # The last line may go on, and a CR at the end may be half of a CR LF.
        pending = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            while len(line) > LINE_LIMIT:
                cut = _cut(line)
                yield line[:cut]
                line = line[cut:]
            yield line
        while len(pending) > LINE_LIMIT:
            cut = _cut(pending)
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending if pending.endswith(_ENDS) else pending + b"\n"


def _cut(line: bytes) -> int:
    """Where to cut a long line: behind the last separator, the surest first, to cut no pasted address."""
    for separator in (b">", b";", b",", b" "):
        cut = line.rfind(separator, 0, LINE_LIMIT) + 1
        if cut:
            return cut
    return LINE_LIMIT


def has_end(piece: bytes) -> bool:
    """Whether a piece is the last of its line."""
    return piece.endswith(_ENDS)


def decode(line: bytes) -> str:
    """The text of a line: UTF-8, else Windows-1252, in which its five unused bytes become U+FFFD."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
