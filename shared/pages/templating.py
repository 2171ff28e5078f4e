"""The template engine, made at first use, and the headers that go with every page."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> "Environment":
    """The one environment: escapes all but plain text, and fails on a value that nobody gave."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",), disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@dataclass(frozen=True, slots=True)
class Style:
    """A brand's style sheet, and the source expression that allows it and no other."""

    css: str
    source: str


@lru_cache(maxsize=256)
def style(primary: str, on_primary: str) -> Style:
    """The style sheet in two colours, which the brand has checked to be `#rrggbb`."""
    rules = (_TEMPLATES / "pages" / "style.css").read_text("utf-8")
    css = f":root{{--primary:{primary};--on-primary:{on_primary}}}\n{rules}"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Style(css, f"'sha256-{digest}'")


@cache
def style_of(page: str) -> str:
    """The rules that one page has besides those of all."""
    return (_TEMPLATES / "pages" / f"{page}.css").read_text("utf-8")


def page_headers(language: str, style_source: str) -> dict[str, str]:
    """The headers of a page whose address is a secret: nothing leaves it, loads into it, frames it, or keeps it."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": language,
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {style_source}; img-src data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), browsing-topics=()",
    }
