"""Whether every name that a Bicep file uses is one that it declares, or one that the language has."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from local.infra.bicep import Bicep, Declared, Finding, literal, properties, unwrapped, walk

# What the language has and the project uses; another is added here by whoever looked it up.
FUNCTIONS = frozenset(
    (
        "concat", "empty", "environment", "guid", "join", "length", "loadJsonContent", "readEnvironmentVariable",
        "resourceGroup", "resourceId", "string", "subscription", "subscriptionResourceId", "take", "union", "uniqueString",
    )
)  # fmt: skip
DECORATORS = frozenset(
    ("allowed", "batchSize", "description", "maxLength", "maxValue", "minLength", "minValue", "secure")
)
JSON = "loadJsonContent"


def unresolved(file: Bicep, texts: Mapping[PurePosixPath, str]) -> Iterator[Finding]:
    """Names that nothing declares, functions that nobody knows, and what a loaded file has not."""
    yield from _names(file, file.root, frozenset(file.declared))
    for one in (*file.declared.values(), *file.outputs.values()):
        for name, node in one.decorators.items():
            if name not in DECORATORS:
                yield file.at(node, f"unknown decorator {name}")
    loaded = dict(_loaded(file, texts))
    for name, content in loaded.items():
        if content is None:
            yield file.at(file.declared[name].node, "loads a file that is not there")
    yield from _members(file, loaded)


def unused(file: Bicep) -> Iterator[Finding]:
    """Parameters, variables and existing resources that nothing uses."""
    used = {_text(node) for node in walk(file.root) if node.type == "identifier" and _is_use(node)}
    for one in file.declared.values():
        if one.sort in ("param", "var", "existing") and one.name not in used:
            yield file.at(one.node, f"{one.name} is never used")


def parents(file: Bicep) -> Iterator[Finding]:
    """Resources below a parent of another type, and versions that are not dates."""
    for one in file.declared.values():
        if one.sort not in ("resource", "existing") or one.type is None:
            continue
        type, _, version = one.type.partition("@")
        if not version[:4].isdigit():
            yield file.at(one.node, f"{one.name} has no API version")
        parent = properties(one.body).get("parent")
        above = file.declared.get(_base(parent) or "")
        if above is not None and above.type is not None and type.rpartition("/")[0] != above.type.partition("@")[0]:
            yield file.at(parent or one.node, f"{one.name} is no part of {above.name}")


def _names(file: Bicep, node: Node, known: frozenset[str]) -> Iterator[Finding]:
    if node.type == "for_statement":
        known |= _loop_names(node)
    if node.type == "call_expression":
        called = node.named_children[0]
        if called.type == "identifier" and _text(called) not in FUNCTIONS and not _is_decorator(node):
            yield file.at(called, f"unknown function {_text(called)}")
    elif node.type == "identifier" and _is_use(node) and _text(node) not in known:
        yield file.at(node, f"unknown symbol {_text(node)}")
    for child in node.children:
        yield from _names(file, child, known)


def _loop_names(node: Node) -> frozenset[str]:
    first = node.named_children[0]
    if first.type == "for_loop_parameters":
        return frozenset(_text(child) for child in first.named_children)
    return frozenset((_text(first),))


def _is_use(node: Node) -> bool:
    above = node.parent
    if above is None or above.type.endswith("_declaration"):
        return above is not None and node != above.named_children[0]
    if above.type == "object_property":
        return node != above.named_children[0]
    if above.type == "call_expression":
        return node != above.named_children[0]
    return not (above.type == "for_statement" and node == above.named_children[0])


def _is_decorator(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "decorator"


def _loaded(file: Bicep, texts: Mapping[PurePosixPath, str]) -> Iterator[tuple[str, object | None]]:
    for one in file.sorted_by("var"):
        path = loaded_path(file, one)
        if path is not None:
            yield one.name, json.loads(texts[path]) if path in texts else None


def loaded_path(file: Bicep, one: Declared) -> PurePosixPath | None:
    """The file that a variable holds as JSON; None for any other variable."""
    value = one.value
    if value is None or value.type != "call_expression" or _text(value.named_children[0]) != JSON:
        return None
    name = literal(value.named_children[1].named_children[0])
    return beside(file.path, name or "")


def beside(path: PurePosixPath, name: str) -> PurePosixPath:
    """What a file means by a path: one that starts at the file's own folder."""
    parts: list[str] = []
    for part in (path.parent / name).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _members(file: Bicep, loaded: Mapping[str, object | None]) -> Iterator[Finding]:
    for node in walk(file.root):
        chain = _chain(node)
        content = loaded.get(chain[0]) if chain else None
        for name in chain[1:] if content is not None else ():
            if not isinstance(content, dict) or name not in content:
                yield file.at(node, f"{chain[0]} has no {name}")
                break
            content = content[name]


def _chain(node: Node) -> list[str]:
    """The names of `a.b.c`, of the longest member expression only."""
    if node.type != "member_expression" or (node.parent is not None and node.parent.type == "member_expression"):
        return []
    names: list[str] = []
    while node.type == "member_expression":
        names.append(_text(node.named_children[-1]))
        node = node.named_children[0]
    return [_text(node), *reversed(names)] if node.type == "identifier" else []


def _base(node: Node | None) -> str | None:
    """The symbol that a reference starts with: of `a`, `a[i]`, `a.b`."""
    node = unwrapped(node)
    while node is not None and node.type in ("member_expression", "subscript_expression"):
        node = node.named_children[0]
    return _text(node) if node is not None and node.type == "identifier" else None


def _text(node: Node) -> str:
    return (node.text or b"").decode()
