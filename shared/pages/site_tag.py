"""The script that a brand puts on its own site, with what it may store written into it (COO-1, COO-4)."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# A brand that is suspended or ended: its site keeps its script element, and the tag does nothing.
SILENT = "/* This brand's programme is not running. */\n"


def site_tag(settings: Mapping[str, Any]) -> str:
    """The script; `settings` are the cookies' rows."""
    # As JSON in a script: `<` could end an element that somebody wrote it into, U+2028 a line.
    said = json.dumps(settings, separators=(",", ":")).replace("<", "\\u003c")
    return _script().replace("(SETTINGS)", f"({said})")


@cache
def _script() -> str:
    return (Path(__file__).parent / "templates" / "site_tag.js").read_text("utf-8")
