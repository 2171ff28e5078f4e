"""Photos of people: what is refused, and what is left of those that are taken."""

import io
from typing import Any

import pytest
from PIL import Image

from shared.domain.errors import InvalidInputError
from shared.usecases import images
from shared.usecases.images import clean_image
from tests.support.pictures import bomb, photo_from_a_telephone, picture, webp_bomb


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidInputError) as refused:
        clean_image(data, 512)
    (error,) = refused.value.errors
    assert error.field == "photo"
    return error.reason


@pytest.mark.rule("AMB-1")
def test_AMB_1_place_camera_comment_and_profile_of_a_photo_are_gone() -> None:
    taken = photo_from_a_telephone()
    assert b"SecretCamera" in taken and Image.open(io.BytesIO(taken)).getexif().get_ifd(0x8825)
    clean = clean_image(taken, 512)
    assert b"Secret" not in clean.data and b"Exif" not in clean.data
    again = Image.open(io.BytesIO(clean.data))
    assert not again.getexif() and again.format == "JPEG"
    assert (clean.media_type, clean.width, clean.height) == ("image/jpeg", 60, 40)


@pytest.mark.rule("AMB-1")
def test_AMB_1_a_photo_held_sideways_stands_upright_also_when_it_is_made_smaller() -> None:
    clean = clean_image(photo_from_a_telephone(6, (1600, 1200)), 512)
    assert (clean.width, clean.height) == (384, 512)
    pixels = Image.open(io.BytesIO(clean.data)).convert("RGB").resize((1, 2)).tobytes()
    assert pixels[0] > 200 > 50 > pixels[2] and pixels[5] > 200 > 50 > pixels[3]  # red was left and is above


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_AMB_1_each_of_the_three_formats_is_taken_and_made_anew(format: str) -> None:
    data = picture(format, (900, 300)) + b"<script>alert(1)</script>"
    clean = clean_image(data, 512)
    assert (clean.width, clean.height, clean.media_type) == (512, 171, "image/jpeg")
    assert b"<script>" not in clean.data


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_transparent_picture_stays_so_as_webp(mode: str) -> None:
    made = Image.new("RGBA", (20, 20), (255, 0, 0, 0)).convert(mode)
    out = io.BytesIO()
    made.save(out, "PNG", **({"transparency": 0} if mode == "P" else {}))
    clean = clean_image(out.getvalue(), 512)
    assert (clean.media_type, Image.open(io.BytesIO(clean.data)).mode) == ("image/webp", "RGBA")


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "PPM"])
def test_AMB_1_another_format_is_refused_by_its_content(format: str) -> None:
    assert refusal(picture(format)) == "is not a JPEG, PNG or WebP picture"


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff", b"%PDF-1.7"])
def test_AMB_1_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refusal(data) == "is not a JPEG, PNG or WebP picture"


@pytest.mark.rule("AMB-1")
def test_AMB_1_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "thumbnail", explode)
    for data in (bomb(), bomb(2**31 - 1, 1), bomb(40_001, 1000), webp_bomb()):
        assert len(data) < 1000
        assert refusal(data) == "has more than 40 million pixels"


def test_too_many_bytes_and_broken_pictures_are_refused() -> None:
    assert refusal(bytes(images.MAX_BYTES + 1)) == "is larger than 10 MB"
    for whole in (picture(format, (300, 300)) for format in images.FORMATS):
        assert refusal(whole[: len(whole) // 2]).startswith(("cannot be read", "is not a JPEG"))


@pytest.mark.parametrize("save", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}])
def test_the_size_that_a_webp_says_is_read_from_each_kind_of_header(save: dict[str, Any]) -> None:
    assert images.webp_canvas(picture("WEBP", (301, 203), **save)) == (301, 203)
