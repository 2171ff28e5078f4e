"""Route templates and the order in which they are tried, as in the real host.

The real host matches without regard to case, tries the functions in order of their names and does not prefer
a literal to a parameter. An app in which one function hides another is refused here, before Azure surprises.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from local.host.functions import Function, HttpTrigger, UnsupportedFunctionError

_PARAMETER = re.compile(r"\{(?P<all>\*?)(?P<name>\w+)(?::(?P<constraint>[^}?]+))?(?P<optional>\??)\}")
# A constraint's pattern and a value that satisfies it.
_CONSTRAINTS = {
    "int": (r"-?\d+", "1"),
    "guid": (r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "0" * 8 + "-0000" * 3 + "-" + "0" * 12),
    "alpha": (r"[A-Za-z]+", "a"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP function's template, ready to match."""

    function: Function
    template: str
    pattern: re.Pattern[str]
    sample: str

    def takes(self, method: str) -> bool:
        """Whether the function declares the method."""
        methods = _http(self.function).methods
        return methods is None or method in methods


@dataclass(frozen=True, slots=True)
class Routes:
    """All HTTP functions in the order in which they are tried."""

    items: tuple[Route, ...]
    _by_method: dict[str, tuple[Route, ...]] = field(default_factory=dict, compare=False)

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The first function whose template and methods fit, with its decoded route parameters.

        An undeclared method is a 404 in the real host, HEAD for a GET function included.
        """
        path = raw_path.strip("/")
        for route in self._taking(method):
            if match := route.pattern.fullmatch(path):
                return route, {name: _decode(value) for name, value in match.groupdict().items() if value}
        return None

    def _taking(self, method: str) -> tuple[Route, ...]:
        if method not in self._by_method:
            self._by_method[method] = tuple(route for route in self.items if route.takes(method))
        return self._by_method[method]


def compile_routes(functions: Sequence[Function], prefix: str) -> Routes:
    """Compiles the routes of functions sorted by name; raises UnsupportedFunctionError for a hidden one."""
    routes = tuple(_compile(function, prefix) for function in functions if isinstance(function.trigger, HttpTrigger))
    for position, later in enumerate(routes):
        for earlier in routes[:position]:
            if _share_a_method(earlier, later) and earlier.pattern.fullmatch(later.sample):
                raise UnsupportedFunctionError(
                    f"{earlier.function.name} ({earlier.template}) hides "
                    f"{later.function.name} ({later.template}): "
                    "the host tries functions in order of their names; rename one or add a constraint"
                )
    return Routes(routes)


def _compile(function: Function, prefix: str) -> Route:
    route = _http(function).route
    if route.startswith("/"):
        raise UnsupportedFunctionError(f"{function.name}: a route does not begin with a slash")
    template = "/".join(part for part in (prefix.strip("/"), route) if part)
    pattern, sample, end = "", "", 0
    for match in _PARAMETER.finditer(template):
        literal = template[end : match.start()]
        end = match.end()
        value_pattern, value = _value(function.name, match)
        if match["optional"] or match["all"]:
            pattern += f"{re.escape(literal.removesuffix('/'))}(?:/(?P<{match['name']}>{value_pattern}))?"
        else:
            pattern += f"{re.escape(literal)}(?P<{match['name']}>{value_pattern})"
        sample += literal + value
    rest = template[end:]
    if set("{}") & set(rest):
        raise UnsupportedFunctionError(f"{function.name}: cannot read the route {template}")
    return Route(function, template, re.compile(pattern + re.escape(rest), re.IGNORECASE), sample + rest)


def _value(name: str, match: re.Match[str]) -> tuple[str, str]:
    constraint = match["constraint"]
    if match["all"]:
        return ".*", "any"
    if constraint is None:
        return "[^/]+", "any"
    if length := re.fullmatch(r"length\((\d+)\)", constraint):
        return f"[^/]{{{length[1]}}}", "x" * int(length[1])
    if constraint not in _CONSTRAINTS:
        raise UnsupportedFunctionError(f"{name}: the local host has no route constraint {constraint}")
    return _CONSTRAINTS[constraint]


def _share_a_method(one: Route, other: Route) -> bool:
    mine, theirs = _http(one.function).methods, _http(other.function).methods
    return mine is None or theirs is None or bool(mine & theirs)


def _http(function: Function) -> HttpTrigger:
    assert isinstance(function.trigger, HttpTrigger)
    return function.trigger


def _decode(value: str) -> str:
    """Decodes a value of a path; a slash stays encoded, as ASP.NET leaves it."""
    return unquote(re.sub("%2f", "%252F", value, flags=re.IGNORECASE))
