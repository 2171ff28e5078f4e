"""Whether modules are given what they ask for, and asked only for what they put out; the same for parameter files."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from local.infra.bicep import Bicep, Declared, Finding, line_of, literal, properties, walk
from local.infra.symbols import beside

Files = Mapping[PurePosixPath, Bicep]

_PLAIN = {"string": "string", "number": "int", "boolean": "bool", "array": "array", "object": "object"}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "&&", "||")


def calls(file: Bicep, files: Files) -> Iterator[Finding]:
    """What is wrong with the parameters of each module that the file calls."""
    for module in file.sorted_by("module"):
        called = _called(file, module, files)
        if called is None:
            yield file.at(module.node, f"module {module.name} is no file: {module.type}")
            continue
        given = properties(properties(module.body).get("params"))
        yield from _given(file, called, given, line_of(module.node), f"module {module.name}", files)


def parameter_file(file: Bicep, files: Files) -> Iterator[Finding]:
    """What is wrong with a parameter file: it must fit the template that it is for."""
    template = files.get(beside(file.path, file.using or ""))
    if template is None:
        yield Finding(str(file.path), 1, "is for no template that is here")
        return
    given = {one.name: one.value for one in file.sorted_by("var") if one.value is not None}
    yield from _given(file, template, given, 1, "the file", files)


def outputs(file: Bicep, files: Files) -> Iterator[Finding]:
    """Outputs that a module is asked for and has not."""
    for node in walk(file.root):
        asked = _output_of(node)
        module = file.declared.get(asked[0]) if asked else None
        if asked is None or module is None or module.sort != "module":
            continue
        called = _called(file, module, files)
        if called is not None and asked[1] not in called.outputs:
            yield file.at(node, f"module {module.name} puts out no {asked[1]}")


def _given(file: Bicep, asks: Bicep, given: Mapping[str, Node], line: int, who: str, files: Files) -> Iterator[Finding]:
    wanted = {one.name: one for one in asks.sorted_by("param")}
    for name, one in wanted.items():
        if name not in given and one.value is None:
            yield Finding(str(file.path), line, f"{who} lacks {name}")
    for name, value in given.items():
        if name not in wanted:
            yield file.at(value, f"{who} has no parameter {name}")
        else:
            yield from _fits(file, wanted[name], value, files)


def _fits(file: Bicep, param: Declared, value: Node, files: Files) -> Iterator[Finding]:
    type = type_of(file, value, files)
    if type is not None and param.type is not None and type != param.type:
        yield file.at(value, f"{param.name} is {param.type}, not {type}")
    allowed = param.decorators.get("allowed")
    text = literal(value)
    if allowed is not None and text is not None:
        values = [literal(one) for one in _argument(allowed).named_children]
        if text not in values:
            yield file.at(value, f"{param.name} cannot be {text}")
    for name, is_wrong in (("minValue", int.__lt__), ("maxValue", int.__gt__)):
        limit = param.decorators.get(name)
        if limit is not None and value.type == "number" and is_wrong(_number(value), _number(_argument(limit))):
            yield file.at(value, f"{param.name} is beyond its {name}")
    size = _size(value)
    for name, is_wrong in (("minLength", int.__lt__), ("maxLength", int.__gt__)):
        limit = param.decorators.get(name)
        if limit is not None and size is not None and is_wrong(size, _number(_argument(limit))):
            yield file.at(value, f"{param.name} is beyond its {name}")


def type_of(file: Bicep, node: Node, files: Files) -> str | None:
    """The plain type of a value; None where only a compiler would know."""
    if node.type in _PLAIN:
        return _PLAIN[node.type]
    if node.type == "for_statement":
        return "array"
    if node.type == "binary_expression" and any(child.type in _COMPARISONS for child in node.children):
        return "bool"
    if node.type == "ternary_expression":
        types = {type_of(file, one, files) for one in node.named_children[1:]}
        return types.pop() if len(types) == 1 else None
    if node.type == "identifier":
        one = file.declared.get(_text(node))
        if one is None or one.sort not in ("param", "var"):
            return None
        return one.type if one.sort == "param" else type_of(file, one.value, files) if one.value else None
    asked = _output_of(node)
    module = file.declared.get(asked[0]) if asked else None
    called = _called(file, module, files) if module and module.sort == "module" else None
    output = called.outputs.get(asked[1]) if called and asked else None
    return output.type if output else None


def _called(file: Bicep, module: Declared, files: Files) -> Bicep | None:
    return files.get(beside(file.path, module.type or ""))


def _output_of(node: Node) -> tuple[str, str] | None:
    """The module and the output of `module.outputs.name` and of `modules[i].outputs.name`."""
    if node.type != "member_expression":
        return None
    inner = node.named_children[0]
    if inner.type != "member_expression" or _text(inner.named_children[-1]) != "outputs":
        return None
    base = inner.named_children[0]
    if base.type == "subscript_expression":
        base = base.named_children[0]
    return _text(base), _text(node.named_children[-1])


def _size(value: Node) -> int | None:
    if value.type == "array":
        return len([child for child in value.named_children if child.type != "comment"])
    text = literal(value)
    return None if text is None else len(text)


def _argument(call: Node) -> Node:
    return call.named_children[1].named_children[0]


def _number(node: Node) -> int:
    return int(_text(node))


def _text(node: Node) -> str:
    return (node.text or b"").decode()
