"""Pictures as people's cameras and their ill-wishers make them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(format: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **save: Any) -> bytes:
    """A plain picture: its left half red."""
    made = Image.new(mode, size, "blue")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    made.save(out, format, **save)
    return out.getvalue()


def photo_from_a_telephone(orientation: int = 1, size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG that says where, when and with what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return picture("JPEG", size, exif=exif, comment=b"SecretComment", xmp=b"<x>SecretXmp</x>", icc_profile=b"SecretIcc")


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of some hundred bytes that says it holds billions of pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def webp_bomb(side: int = 16_383) -> bytes:
    """A WebP of some bytes whose canvas would take gigabytes."""
    canvas = (side - 1).to_bytes(3, "little")
    content = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas + canvas
    return b"RIFF" + struct.pack("<I", len(content)) + content
