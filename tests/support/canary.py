"""Somebody invented with every field of every record filled in, so that a search can tell where an erasure did not reach (DEL-8).

What is filled is driven by the models and their field tables: a new field is filled by its type, and its text is searched for
unless the table says that it stays. A model that nobody places, and a kind of value that nobody knows to fill, fail the test.
"""

import types
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from shared.domain.anonymisation import Fate
from shared.domain.canaries import Canary
from shared.domain.data_map import INSIDE, PLACES
from shared.domain.records import Record

T = TypeVar("T", bound=Record)

GOES = (Fate.ERASE, Fate.HASH, Fate.DELETE, Fate.COARSEN)
MARK = "Zqx7"  # stands in no random id, and hardly in a key


class NothingToFillError(TypeError):
    """A field has a type that `filled` does not know, or was left empty."""


def filled(model: type[T], at: datetime, tag: str = "", **given: Any) -> T:
    """A record with something in every field: what is given, else by the field's type; texts say where they stand.

    None may be given for what cannot stand beside the rest. Raises NothingToFillError.
    """
    unknown = given.keys() - model.model_fields.keys()
    if unknown:
        raise NothingToFillError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    values = {
        name: given[name] if name in given else _value(field.annotation, at, f"{MARK}{tag}{model.__name__}{name}")
        for name, field in model.model_fields.items()
    }
    return model(**values)


def _value(kind: Any, at: datetime, text: str) -> Any:
    text = text.replace("_", "")
    if kind is Any:
        return text
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _value(next(one for one in inside if one is not type(None)), at, text)
    if origin is Literal:
        return inside[-1]
    if origin is not None and hasattr(kind, "__metadata__"):
        return _value(inside[0], at, text)
    if origin is tuple:
        return tuple(_value(one, at, f"{text}{place}") for place, one in enumerate(inside) if one is not Ellipsis)
    if origin is not None and issubclass(origin, Mapping):
        return {_value(inside[0], at, f"{text}name"): _value(inside[1], at, text)}
    if isinstance(kind, type):
        return _plain(kind, at, text)
    if hasattr(kind, "__supertype__"):
        return _value(kind.__supertype__, at, text)
    raise NothingToFillError(f"{text}: {kind}")


def _plain(kind: type, at: datetime, text: str) -> Any:
    if issubclass(kind, Record):
        return filled(kind, at, tag=text.removeprefix(MARK))
    if issubclass(kind, Enum):
        return list(kind)[-1]
    by_type = {str: text, bool: True, int: 7, float: 0.5, date: at.date()}
    if kind in by_type:
        return by_type[kind]
    if issubclass(kind, datetime) or kind.__name__ == "AwareDatetime":
        return at
    raise NothingToFillError(f"{text}: {kind}")


def empty_fields(record: Record) -> set[str]:
    """The fields that hold nothing, or what they hold by default."""
    kept = record.model_dump(mode="json", exclude_defaults=True)
    return {name for name in type(record).model_fields if kept.get(name) in (None, "", [], {})}


def what_must_go(record: Record) -> Iterator[tuple[str, str]]:
    """Each text of the record that may not be left, with the name of its model and field."""
    name = type(record).__name__
    table = next(place.fields for place in PLACES if place.name == name)
    for field, fate in table.items():
        if fate in GOES:
            inner = INSIDE.get(_record_in(record, field)) if fate is Fate.COARSEN else None
            for text in _texts(getattr(record, field), inner):
                yield f"{name} {field.replace('_', ' ')}", text


def _record_in(record: Record, field: str) -> Any:
    value = getattr(record, field)
    return type(value[0] if isinstance(value, tuple) and value else value)


def _texts(value: Any, table: Mapping[str, Fate] | None = None) -> Iterator[str]:
    if isinstance(value, Record):
        for name in type(value).model_fields:
            if table is None or table[name] in GOES:
                yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _texts(name)
            yield from _texts(inside)
    elif isinstance(value, tuple):
        for inside in value:
            yield from _texts(inside, table)
    elif isinstance(value, str) and not isinstance(value, Enum) and MARK in value:
        yield value


def canary_of(id: str, records: list[Record], brand: str, since: datetime, **more: str) -> Canary:
    """Whom to search for: every text of the records that may not be left, by model and field."""
    values: dict[str, list[str]] = {label: [text] for label, text in more.items()}
    for record in records:
        for label, text in what_must_go(record):
            if text not in values.setdefault(label, []):
                values[label].append(text)
    return Canary(id=id, values={label: tuple(texts) for label, texts in values.items()}, gone_from={brand: since})
