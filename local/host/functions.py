"""The functions of an app, as their own metadata describes them to any host."""

import inspect
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


class UnsupportedFunctionError(Exception):
    """The app asks for something that the local host does not do, or that the real one would refuse."""


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """A route; `methods` None means every method."""

    route: str
    methods: frozenset[str] | None
    auth_level: str


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """A queue, and the name of the setting that says where it is."""

    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """A six-field NCRONTAB schedule in UTC."""

    schedule: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what starts it and how it is called."""

    name: str
    trigger: HttpTrigger | QueueTrigger | TimerTrigger
    call: Callable[..., Any]
    parameter: str
    wants_context: bool

    @property
    def is_async(self) -> bool:
        """Async functions share the loop; the others run on threads."""
        return inspect.iscoroutinefunction(self.call)


def load_functions(app_module: str) -> list[Function]:
    """Imports the app as the worker does, inside the running loop, and reads each function, in order of name.

    Raises UnsupportedFunctionError for a binding that the local host does not have.
    """
    app = import_module(app_module).app
    # The library allows one call: a second raises for functions that are built already.
    functions = [_read(built) for built in app.get_functions()]
    return sorted(functions, key=lambda function: function.name.lower())


def _read(built: Any) -> Function:
    name: str = built.get_function_name()
    bindings = [json.loads(raw) for raw in built.get_raw_bindings()]
    triggers = [binding for binding in bindings if binding["type"].endswith("Trigger")]
    others = [binding["type"] for binding in bindings if binding not in triggers and binding["type"] != "http"]
    if len(triggers) != 1 or others:
        raise UnsupportedFunctionError(f"{name}: one HTTP, queue or timer trigger and no other binding, not {others}")
    call = built.get_user_function()
    parameters = inspect.signature(call).parameters
    if triggers[0]["name"] not in parameters:
        raise UnsupportedFunctionError(f"{name} has no parameter {triggers[0]['name']} for its trigger")
    return Function(
        name=name,
        trigger=_trigger(name, triggers[0]),
        call=call,
        parameter=triggers[0]["name"],
        wants_context="context" in parameters,
    )


def _trigger(name: str, binding: Mapping[str, Any]) -> HttpTrigger | QueueTrigger | TimerTrigger:
    match binding["type"]:
        case "httpTrigger":
            methods = binding.get("methods")
            return HttpTrigger(
                route=binding.get("route") or name,
                methods=None if methods is None else frozenset(method.upper() for method in methods),
                auth_level=(binding.get("authLevel") or "FUNCTION").upper(),
            )
        case "queueTrigger":
            return QueueTrigger(queue=_resolve(binding["queueName"]), connection=binding["connection"])
        case "timerTrigger":
            if binding.get("runOnStartup"):
                raise UnsupportedFunctionError(f"{name}: runOnStartup fires at every scale-out; no function uses it")
            return TimerTrigger(schedule=_resolve(binding["schedule"]))
        case unknown:
            raise UnsupportedFunctionError(f"{name}: the local host has no {unknown}")


def _resolve(text: str) -> str:
    """Replaces `%NAME%` by the setting of that name, as the host does for queue names and schedules."""
    return re.sub(r"%([^%]+)%", lambda match: os.environ[match[1]], text)
