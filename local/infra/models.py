"""Whether each property of a resource is one that Microsoft's own SDK knows, and takes the value.

`models.json` holds as much of the SDK's models as the templates use; `python -m local.infra.refresh_models` makes it anew.
A type is written as `string`, `int`, `number`, `bool`, `any`, `=one|another` (one of these texts), `[]` or `{}` before
the type of the items, or the name of a model.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Protocol

from tree_sitter import Node

from local.infra.bicep import Bicep, Finding, literal, properties
from local.project import ROOT

DOCUMENT = ROOT / "local" / "infra" / "models.json"
# What every declaration may have, whatever its model says.
COMMON: Mapping[str, str] = {
    "name": "string", "location": "string", "tags": "{}string", "scope": "any", "parent": "any", "dependsOn": "any",
}  # fmt: skip
_PLAIN = {"number": ("int", "number"), "boolean": ("bool",), "string": ("string",)}


class Models(Protocol):
    """The SDK's models, or as much of them as was written down."""

    def root(self, resource: str) -> str | None:
        """The model of a type of resources; None for one that is not known."""
        ...

    def fields(self, model: str) -> Mapping[str, str] | None:
        """What a model has, with its types; None for one that is not known."""
        ...


class WrittenModels:
    """Those of a document."""

    def __init__(self, text: str) -> None:
        known = json.loads(text)
        self._roots: dict[str, str] = known["resources"]
        self._models: dict[str, dict[str, str]] = known["models"]

    def root(self, resource: str) -> str | None:
        """The model of a type of resources."""
        return self._roots.get(resource)

    def fields(self, model: str) -> Mapping[str, str] | None:
        """What a model has."""
        return self._models.get(model)


def unknown(file: Bicep, models: Models) -> Iterator[Finding]:
    """Properties that no model has, and values that theirs does not take."""
    for one in file.sorted_by("resource"):
        resource = (one.type or "").partition("@")[0]
        model = models.root(resource)
        if model is None or one.body is None:
            yield file.at(one.node, f"no model of {resource}: refresh models.json")
            continue
        fields = {**COMMON, **(models.fields(model) or {})}
        yield from _object(file, one.body, fields, models)


def _object(file: Bicep, node: Node, fields: Mapping[str, str], models: Models) -> Iterator[Finding]:
    for name, value in properties(node).items():
        if name not in fields:
            yield file.at(value, f"no property is called {name} here")
        else:
            yield from _value(file, value, fields[name], models)


def _value(file: Bicep, node: Node, type: str, models: Models) -> Iterator[Finding]:
    if node.type == "ternary_expression":
        for branch in node.named_children[1:]:
            yield from _value(file, branch, type, models)
    elif node.type == "if_statement":
        yield from _value(file, node.named_children[-1], type, models)
    elif type == "any":
        return
    elif node.type in ("array", "for_statement"):
        yield from _items(file, node, type, models)
    elif node.type == "object":
        yield from _members(file, node, type, models)
    elif node.type in _PLAIN and type not in _PLAIN[node.type] and not _is_one_of(node, type):
        yield file.at(node, f"{(node.text or b'').decode()} is not {type.lstrip('=')}")


def _items(file: Bicep, node: Node, type: str, models: Models) -> Iterator[Finding]:
    if not type.startswith("[]"):
        yield file.at(node, f"a list where there is {type} to be")
        return
    items = node.named_children[-1:] if node.type == "for_statement" else node.named_children
    for item in items:
        yield from _value(file, item, type[2:], models)


def _members(file: Bicep, node: Node, type: str, models: Models) -> Iterator[Finding]:
    if type.startswith("{}"):
        for value in properties(node).values():
            yield from _value(file, value, type[2:], models)
        return
    fields = models.fields(type)
    if fields is None:
        yield file.at(node, f"no model {type}: refresh models.json, if an object belongs here")
        return
    yield from _object(file, node, fields, models)


def _is_one_of(node: Node, type: str) -> bool:
    text = literal(node)
    return type.startswith("=") and (text is None or text in type[1:].split("|"))
