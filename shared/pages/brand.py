"""How a brand looks on its pages and in its mails (BR-2), checked before it reaches any markup."""

import re
from dataclasses import dataclass

from shared.pages.plain import checked_url

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOGO = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}")
_AA = 4.5  # WCAG 2.2, 1.4.3: the least contrast of text


@dataclass(frozen=True, slots=True)
class Brand:
    """What white-labelling needs; a bad value raises ValueError that names the field.

    Colours are `#rrggbb` and the logo is a data: address, since they stand in a style sheet and under a strict policy.
    """

    name: str
    primary_colour: str
    text_on_primary: str
    logo: str | None
    privacy_policy_url: str
    sender_name: str
    processor: str = "Popsell"

    def __post_init__(self) -> None:
        for field in ("primary_colour", "text_on_primary"):
            if not _COLOUR.fullmatch(getattr(self, field)):
                raise ValueError(f"{field} must be #rrggbb")
        if self.logo is not None and not _LOGO.fullmatch(self.logo):
            raise ValueError("logo must be a base64 data: address of an image")
        checked_url(self.privacy_policy_url, "privacy_policy_url")

    @property
    def readable_text(self) -> str:
        """The brand's text colour where it can be read on the primary colour (AA), else black or white."""
        wanted = (self.text_on_primary, "#ffffff", "#000000")
        return next(colour for colour in wanted if contrast(colour, self.primary_colour) >= _AA)


def platform_brand(privacy_policy_url: str) -> Brand:
    """The look of a page that belongs to no brand that is known, such as that of a link that says nothing."""
    return Brand(
        name="Popsell",
        primary_colour="#1f4f82",
        text_on_primary="#ffffff",
        logo=None,
        privacy_policy_url=privacy_policy_url,
        sender_name="Popsell",
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG defines it, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
