"""Reads Bicep: what a file declares, where, and what of its syntax the checks do not understand.

No Bicep compiler can be had from a package registry. The grammar is tree-sitter's; it is older than the language, so the
project keeps to plain syntax, and whatever the grammar does not know is a finding.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from tree_sitter import Language, Node, Parser


class Finding(NamedTuple):
    """Something that is wrong, and where; a line of 0 stands for the whole file."""

    file: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}" if self.line else f"{self.file}: {self.says}"


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter, variable, resource, module or output; `type` is a type, a resource's, or the path of a module."""

    sort: str
    name: str
    node: Node
    type: str | None = None
    value: Node | None = None
    decorators: dict[str, Node] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """Where it is declared."""
        return line_of(self.node)

    @property
    def body(self) -> Node | None:
        """The object of a resource or module, without the loop or the condition around it."""
        return unwrapped(self.value)


@dataclass(frozen=True, slots=True)
class Bicep:
    """One file, read."""

    path: PurePosixPath
    root: Node
    declared: dict[str, Declared]
    outputs: dict[str, Declared]
    using: str | None = None

    def sorted_by(self, sort: str) -> list[Declared]:
        """Its declarations of one sort."""
        return [one for one in self.declared.values() if one.sort == sort]

    def at(self, node: Node, says: str) -> Finding:
        """A finding at a node."""
        return Finding(str(self.path), line_of(node), says)


_SORTS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}
_VALUES = (
    "object", "array", "string", "number", "boolean", "null", "identifier", "call_expression", "member_expression",
    "subscript_expression", "ternary_expression", "binary_expression", "for_statement", "if_statement",
    "parenthesized_expression", "unary_expression",
)  # fmt: skip
_USING = re.compile(r"^using '([^']+)'[ \t]*$", re.MULTILINE)


@cache
def read(path: PurePosixPath, text: str) -> Bicep:
    """One file, which is read once whoever asks; of a `.bicepparam` the parameters that it gives."""
    using = None
    if path.suffix == ".bicepparam":
        found = _USING.search(text)
        using = found[1] if found else None
        # The grammar does not know parameter files. An assignment in one reads as a variable of a template.
        text = re.sub(r"^param ", "var   ", _USING.sub(lambda m: " " * len(m[0]), text), flags=re.MULTILINE)
    root = _parser().parse(text.encode()).root_node
    declared: dict[str, Declared] = {}
    outputs: dict[str, Declared] = {}
    decorators: dict[str, Node] = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = {_text(call.named_children[0]): call for call in within(node, "call_expression")}
        if node.type in _SORTS:
            one = _declared(node, decorators)
            (outputs if one.sort == "output" else declared).setdefault(one.name, one)
            decorators = {}
    return Bicep(path, root, declared, outputs, using)


def syntax(file: Bicep) -> Iterator[Finding]:
    """What the grammar does not understand, and what it understands wrongly or the other reader not at all."""
    for node in walk(file.root):
        if node.type == "ERROR" or node.is_missing:
            yield file.at(node, "not understood")
        elif node.type in ("lambda_expression", "spread_expression") or (
            node.type == "unary_expression" and node.children[0].type == "!"
        ):
            yield file.at(node, "not plain syntax: no lambda, no spread, no !")
    names: dict[tuple[bool, str], int] = {}
    for node in file.root.named_children:
        if node.type in _SORTS:
            key = (node.type == "output_declaration", _text(_named(node, "identifier")))
            if key in names:
                yield file.at(node, f"{key[1]} is declared twice, first in line {names[key]}")
            names.setdefault(key, line_of(node))


def properties(node: Node | None) -> dict[str, Node]:
    """The values of an object by their names; a name that is computed is left out."""
    found: dict[str, Node] = {}
    for child in node.named_children if node is not None and node.type == "object" else ():
        if child.type == "object_property" and len(child.named_children) == 2:
            key, value = child.named_children
            name = literal(key) if key.type == "string" else _text(key)
            if name is not None:
                found[name] = value
    return found


def unwrapped(node: Node | None) -> Node | None:
    """What a loop makes, or what a condition decides on; else the node itself."""
    while node is not None and node.type in ("for_statement", "if_statement"):
        node = node.named_children[-1]
    return node


def literal(node: Node | None) -> str | None:
    """The text of a string without anything computed in it; None for all else."""
    if node is None or node.type != "string" or within(node, "interpolation"):
        return None
    return re.sub(r"\\(.)", r"\1", _text(node).strip("'"))


def within(node: Node, type: str) -> list[Node]:
    """Every node of a type below."""
    return [one for one in walk(node) if one.type == type]


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def line_of(node: Node) -> int:
    """The line, counted from 1."""
    return node.start_point[0] + 1


def _declared(node: Node, decorators: dict[str, Node]) -> Declared:
    sort = _SORTS[node.type]
    type = None
    rest = node.named_children[1:]
    if sort in ("resource", "module"):
        type = literal(rest[0])
        rest = rest[1:]
    else:
        named = [one for one in rest if one.type == "type"]
        type = _text(named[0]) if named else None
    values = [one for one in rest if one.type in _VALUES]
    is_existing = any(child.type == "existing" for child in node.children)
    value = values[0] if values else None
    return Declared("existing" if is_existing else sort, _text(node.named_children[0]), node, type, value, decorators)


def _named(node: Node, type: str) -> Node:
    return next(child for child in node.named_children if child.type == type)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


@cache
def _parser() -> Parser:
    import tree_sitter_bicep

    return Parser(Language(tree_sitter_bicep.language()))
