"""People's photos made harmless: judged by their content, decoded within limits, written anew without any metadata (AMB-1)."""

import io
import threading
from dataclasses import dataclass

from shared.domain.errors import FieldError, InvalidInputError

MAX_BYTES = 10 << 20
MAX_PIXELS = 40_000_000  # what a telephone takes; four bytes each are held while one is decoded
FORMATS = ("JPEG", "PNG", "WEBP")

# Decoding is the one thing here that takes memory by the hundred megabytes.
_DECODING = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture of our own making: JPEG, or WebP where it is transparent, upright, without metadata."""

    data: bytes
    media_type: str
    width: int
    height: int


def clean_image(data: bytes, longest: int, field: str = "photo") -> CleanImage:
    """The picture at most `longest` pixels wide and high; takes a moment of computing, so call it in a thread.

    Only pixels are carried over: the place and the camera of EXIF, comments, profiles and whatever hangs on behind are
    gone. Raises InvalidInputError naming the field: for what is no JPEG, PNG or WebP by its content, for a broken one, and
    before decoding for too many bytes or pixels.
    """
    from PIL import Image, ImageOps  # only who sends a picture waits for it

    if len(data) > MAX_BYTES:
        raise _refused(field, f"is larger than {MAX_BYTES >> 20} MB")
    _check_pixels(*webp_canvas(data), field)
    Image.MAX_IMAGE_PIXELS = None  # its own limit only warns at first; ours refuses
    try:
        # Names the formats, or any of Pillow's thirty parsers could be reached from outside.
        picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:
        raise _refused(field, "is not a JPEG, PNG or WebP picture") from None
    _check_pixels(*picture.size, field)
    try:
        with _DECODING:
            picture.thumbnail((longest, longest))  # of a large JPEG decodes no more than this needs
            picture = ImageOps.exif_transpose(picture)
            transparent = picture.has_transparency_data
            picture = picture.convert("RGBA" if transparent else "RGB")
    except Exception:  # what a decoder raises for broken bytes is not one kind of error
        raise _refused(field, "cannot be read: it is broken or cut short") from None
    picture.info.clear()  # some writers carry over from here what nobody asked for
    out = io.BytesIO()
    picture.save(out, "WEBP" if transparent else "JPEG", quality=85)
    return CleanImage(out.getvalue(), "image/webp" if transparent else "image/jpeg", *picture.size)


def _check_pixels(width: int, height: int, field: str) -> None:
    if width * height > MAX_PIXELS:
        raise _refused(field, f"has more than {MAX_PIXELS // 1_000_000} million pixels")


def webp_canvas(data: bytes) -> tuple[int, int]:
    """How large a WebP says it is; (0, 0) for all else. Its decoder takes the memory already when it opens."""
    chunk, body = data[12:16], data[20:30].ljust(10, b"\0")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0, 0
    if chunk == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _refused(field: str, reason: str) -> InvalidInputError:
    return InvalidInputError(errors=[FieldError(field, reason)])
