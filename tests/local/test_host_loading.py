"""The local host refuses an app that would work here and nowhere else, and reads host.json as the real one."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import azure.functions as func
import pytest

from local.host.functions import Function, HttpTrigger, UnsupportedFunctionError, load_functions
from local.host.logs import OneLine
from local.host.routes import compile_routes
from local.host.settings import QueueSettings, read_host_json
from local.project import ROOT


def http(name: str, route: str, *methods: str) -> Function:
    trigger = HttpTrigger(route, frozenset(methods) or None, "ANONYMOUS")
    return Function(name, trigger, lambda req: None, "req", wants_context=False)


def test_a_function_that_another_hides_is_refused_because_azure_tries_them_by_name() -> None:
    with pytest.raises(UnsupportedFunctionError, match=r"details .* hides import_things"):
        compile_routes([http("details", "things/{id}", "GET"), http("import_things", "things/import", "GET")], "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (http("a", "things/import", "GET"), http("b", "things/{id}", "GET")),
        (http("a", "things/{id}", "GET"), http("b", "things/import", "POST")),
        (http("a", "things/{id:int}", "GET"), http("b", "things/import", "GET")),
        (http("a", "things/{id:length(22)}", "GET"), http("b", "things/import", "GET")),
        (http("a", "things/{id:guid}", "GET"), http("b", "things/{name:alpha}", "GET")),
    ],
)
def test_functions_that_azure_tells_apart_live_side_by_side(first: Function, second: Function) -> None:
    assert len(compile_routes([first, second], "api").items) == 2


def test_a_constraint_holds_and_the_prefix_comes_first() -> None:
    routes = compile_routes([http("a", "things/{id:int}")], "api")
    assert routes.find("DELETE", "/api/things/12")
    assert routes.find("GET", "/api/things/twelve") is None
    assert routes.find("GET", "/things/12") is None


@pytest.mark.parametrize("route", ["/things", "things/{id:even}", "things/{id"])
def test_a_route_that_cannot_be_read_is_refused(route: str) -> None:
    with pytest.raises(UnsupportedFunctionError):
        compile_routes([http("a", route)], "")


def test_a_binding_that_the_host_does_not_have_is_refused(load: Callable[[func.FunctionApp], None]) -> None:
    app = func.FunctionApp()

    @app.blob_trigger("blob", "files/{name}", "AzureWebJobsStorage")
    def on_file(blob: func.InputStream) -> None:
        pass

    with pytest.raises(UnsupportedFunctionError, match="blobTrigger"):
        load(app)


def test_a_timer_that_would_run_at_every_scale_out_is_refused(
    load: Callable[[func.FunctionApp], None],
) -> None:
    app = func.FunctionApp()

    @app.timer_trigger("timer", "0 0 * * * *", run_on_startup=True)
    def sweep(timer: func.TimerRequest) -> None:
        pass

    with pytest.raises(UnsupportedFunctionError, match="runOnStartup"):
        load(app)


def test_a_function_without_a_parameter_for_its_trigger_is_refused(
    load: Callable[[func.FunctionApp], None],
) -> None:
    app = func.FunctionApp()

    @app.queue_trigger("message", "work", "AzureWebJobsStorage")
    def do_work(letter: func.QueueMessage) -> None:
        pass

    with pytest.raises(UnsupportedFunctionError, match="do_work has no parameter message"):
        load(app)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[func.FunctionApp], None]:
    def load_app(app: func.FunctionApp) -> None:
        module = ModuleType("some_app")
        module.__dict__["app"] = app
        monkeypatch.setitem(sys.modules, "some_app", module)
        load_functions("some_app")

    return load_app


def test_the_projects_host_json_is_obeyed() -> None:
    settings = read_host_json(ROOT / "host.json")
    assert settings.route_prefix == ""
    assert settings.function_timeout == timedelta(minutes=30)
    assert settings.queues == QueueSettings(4, 2, 5, timedelta(seconds=10), "base64")


def test_an_empty_host_json_means_the_real_hosts_defaults(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    settings = read_host_json(tmp_path / "host.json")
    assert (settings.route_prefix, settings.queues) == ("api", QueueSettings())


def test_an_unknown_message_encoding_is_refused(tmp_path: Path) -> None:
    content = {"extensions": {"queues": {"messageEncoding": "rot13"}}}
    (tmp_path / "host.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="rot13"):
        read_host_json(tmp_path / "host.json")


def test_the_terminal_shows_where_an_exception_came_from_and_not_what_it_said() -> None:
    try:
        raise RuntimeError("someone@example.com")
    except RuntimeError:
        record = logging.LogRecord("host", logging.ERROR, "", 0, "thing failed", (), sys.exc_info())
    line = OneLine().format(record)
    assert line.startswith("error: host: thing failed: RuntimeError at test_host_loading.py:")
    assert "someone@example.com" not in line
