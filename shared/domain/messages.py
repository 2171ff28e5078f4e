"""What a queue's message may hold (DEL-8): ids, keyed hashes and times, so that no queue and no poison queue holds a person.

Every message that any test sends is held against this table.
"""

import re
from collections.abc import Mapping
from typing import Any

_BRAND = r"[a-z0-9][a-z0-9-]{1,30}"
_ID = r"[a-z2-7]{24}"
_SHORT_ID = r"[a-z2-7]{8}"
_HASH = r"v[0-9]+\.[0-9a-f]{64}"

# A name's value is a pattern; a list's, the patterns of each of its items' places or names; None stands for a count.
Schema = Mapping[str, Any]

MESSAGES: Mapping[str, tuple[Schema, ...]] = {
    "account-mails": ({"brand": _BRAND, "mails": [[_ID, _SHORT_ID]]},),
    "address-book-links": ({"brand": _BRAND, "job": _ID},),
    "imports": ({"brand": _BRAND, "job": _ID},),
    "newsletters": ({"brand": _BRAND, "newsletter": rf"{_ID}|suspended[0-9]{{14}}"},),  # the second: since when
    "mails": ({"brand": _BRAND, "batch": _ID},),
    "backups": ({"brand": _BRAND, "backup": _ID},),
    "sweeps": ({"brand": _BRAND, "run": _ID}, {"brand": _BRAND, "run": _ID, "part": None}),
    "suppression-reach": ({"brand": _BRAND, "suppression": _HASH},),
    "rights": tuple({"brand": _BRAND, what: _ID} for what in ("request", "link", "notice", "provider")),
    "mail-events": tuple(
        {"brand": _BRAND, "events": [{
            "customId": rf"{_BRAND}\.{_ID}\.({_ID})?\.{_SHORT_ID}",
            "kind": r"[a-z_]{1,30}",
            "at": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
            "addresses": [_HASH],
            "key": r"[0-9a-f]{24}",
        }]} | returned
        for returned in ({}, {"returned": None})
    ),
}  # fmt: skip


def faults(queue: str, message: Mapping[str, Any]) -> str | None:
    """Where a message is not one of its queue's; None for a good one. Names the place and never the value."""
    if queue not in MESSAGES:
        return f"{queue} is no queue"
    if any(_fits(message, schema) for schema in MESSAGES[queue]):
        return None
    return f"{queue}: a message may not hold that ({', '.join(sorted(message))})"


def _fits(value: Any, schema: Any) -> bool:
    match schema:
        case None:
            return isinstance(value, int)
        case str():
            return isinstance(value, str) and re.fullmatch(schema, value) is not None
        case [each]:  # any number of one kind
            return isinstance(value, list) and all(_fits(item, each) for item in value)
        case [*places]:
            return (
                isinstance(value, list)
                and len(value) == len(places)
                and all(_fits(item, place) for item, place in zip(value, places, strict=True))
            )
    return (
        isinstance(value, Mapping)
        and value.keys() == schema.keys()
        and all(_fits(value[name], place) for name, place in schema.items())
    )
