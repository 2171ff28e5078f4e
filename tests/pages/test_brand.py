"""White-labelling: what a brand may choose, and that it can be read (BR-2)."""

import pytest

from shared.pages.brand import contrast
from tests.pages.samples import a_brand, pages


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("primary_colour", "red"),
        ("primary_colour", "#fff"),
        ("primary_colour", "#123456;}"),
        ("text_on_primary", "#12345g"),
        ("logo", "https://example.org/logo.png"),
        ("logo", 'data:image/png;base64,AAAA"onload="x'),
        ("logo", "data:text/html;base64,AAAA"),
        ("privacy_policy_url", "javascript:alert(1)"),
    ],
)
@pytest.mark.rule("BR-2")
def test_a_bad_look_is_refused_by_the_name_of_its_field(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=field):
        a_brand(**{field: value})


@pytest.mark.rule("BR-2")
def test_a_page_wears_the_brands_colours_and_name() -> None:
    brand = a_brand(name="Globex", primary_colour="#7a1f5c", text_on_primary="#ffeeff")
    html = pages("en", brand=brand)["invitation"].html
    assert "--primary:#7a1f5c;--on-primary:#ffeeff" in html
    assert '<p class="brand">Globex</p>' in html


@pytest.mark.parametrize(
    ("primary", "wanted", "shown"),
    [
        ("#1f4f82", "#ffffff", "#ffffff"),
        ("#ffd23f", "#ffffff", "#000000"),
        ("#111111", "#222222", "#ffffff"),
        ("#ffd23f", "#1b1f24", "#1b1f24"),
    ],
)
def test_a_button_can_be_read_whatever_the_brand_chose(primary: str, wanted: str, shown: str) -> None:
    assert a_brand(primary_colour=primary, text_on_primary=wanted).readable_text == shown


def test_some_text_can_be_read_on_every_grey() -> None:
    for level in range(256):
        brand = a_brand(primary_colour=f"#{level:02x}{level:02x}{level:02x}", text_on_primary="#808080")
        assert contrast(brand.readable_text, brand.primary_colour) >= 4.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("#1b1f24", "#ffffff"),
        ("#55606c", "#ffffff"),
        ("#55606c", "#f3f4f6"),
        ("#eceff3", "#1a1e24"),
        ("#a9b3be", "#1a1e24"),
        ("#a9b3be", "#101317"),
    ],
)
def test_our_own_inks_can_be_read_by_day_and_by_night(ink: str, ground: str) -> None:
    html = pages("en")["invitation"].html
    assert ink in html and ground in html
    assert contrast(ink, ground) >= 4.5
