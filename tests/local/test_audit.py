"""`./dev audit` as somebody runs it over a state folder: what it finds, files, and says to the shell."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import audit
from local.addresses import Ports, free_port
from local.environment import functions_environment
from local.project import ROOT
from local.raw_files import A_PIECE, pieces, raw_files
from local.state import State
from shared import app
from shared.adapters.clock import SystemClock
from tests.local.test_drill import world_of
from tests.support.acts import entered
from tests.support.fakes import FakeClock, FakeFiles, FakeQueue

SECRET = "zqcanary.person@zq7.example.org"
PEOPLE = {"people": [{"id": "one", "values": {"email": SECRET}, "goneFrom": {"acme": "2020-01-01T00:00:00Z"}}]}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """A state folder whose queues and files are fakes: the real ones are searched in `tests/e2e`."""
    state, clock = State(tmp_path / "state"), FakeClock(SystemClock().now())
    state.open()
    monkeypatch.setattr(app, "_overrides", {})
    for name, value in functions_environment(ROOT, Ports(free_port()), state).items():
        monkeypatch.setenv(name, value)

    @contextmanager
    def suite_of(folder: Path, port: int) -> Iterator[State]:
        files = {name: FakeFiles() for name in ("files", "tombstones", "backups")}
        app.override(clock=clock, queue=FakeQueue(clock), **files)
        yield state

    monkeypatch.setattr(audit, "suite_of", suite_of)
    yield state
    app.override()


@pytest.mark.rule("DEL-8")
def test_DEL_8_the_command_finds_what_lies_in_store_log_and_disk_and_files_a_report(
    state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(known(state))
    (state.logs / "functions.log").write_text(f'{{"message": "to {SECRET.upper()}"}}\n')
    people, out = tmp_path / "people.json", tmp_path / "reports"
    people.write_text(json.dumps(PEOPLE))
    options = ("--state", str(state.root), "--canaries", str(people), "--out", str(out), "--language", "fr")
    assert audit.main([*options]) == 1
    said = capsys.readouterr().out
    assert "trace of one, email" in said
    html, data = (path.read_text("utf-8") for path in sorted(out.iterdir(), key=lambda path: path.suffix != ".html"))
    assert SECRET not in (said + html + data).lower()
    assert '<html lang="fr">' in html and "<script" not in html
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    report = json.loads(data)
    assert {(f["brand"], f["place"], f["what"].rpartition(": ")[2]) for f in report["findings"]} == {
        ("acme", "store: contacts", "email"),
        ("acme", "store: contacts", "search"),
        ("acme", "disk: store", "store/acme.sqlite3"),
        (None, "disk: logs", "logs/functions.log"),
    }
    read = {row["place"] for row in report["searched"]}
    assert read >= {"disk: .", "disk: logs", "files", "tombstones", "backups", "store: keys"}


async def known(state: State) -> None:
    """Somebody in the book of an ambassador."""
    world = await world_of(state)
    await entered(world, (await world.ambassador()).id, SECRET)
    await world.ports.store.close()


def test_without_people_the_command_audits_and_searches_for_nobody(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(known(state))
    assert audit.main(["--state", str(state.root)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    (data,) = (state.root / "reports").glob("*.json")
    report = json.loads(data.read_text())
    assert (report["canaries"], report["searched"], report["findings"]) == (0, [], [])
    assert {brand["brand"] for brand in report["brands"]} == {"acme", "globex"}


def test_of_a_store_without_brands_the_command_does_not_say_that_nothing_is_wrong(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(["--state", str(state.root)]) == audit.NOT_POSSIBLE
    said = capsys.readouterr()
    assert "no brand" in said.err and "nothing is wrong" not in said.out
    assert not (state.root / "reports").exists()


@pytest.mark.parametrize("people", [{"people": [{"id": "one", "values": {"name": "Zoe"}}]}, "nonsense", None])
def test_a_file_that_names_nobody_to_search_for_is_refused_by_its_fields(
    tmp_path: Path, people: object, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps(people))
    assert audit.main(["--canaries", str(file), "--state", str(tmp_path / "nothing")]) == audit.NOT_POSSIBLE
    said = capsys.readouterr().err
    assert "people" in said and "Zoe" not in said


def test_what_is_no_state_folder_is_not_made_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--state", str(tmp_path / "nothing")]) == audit.NOT_POSSIBLE
    assert "not a state folder" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_every_file_of_a_state_folder_is_read_but_the_providers(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.open()
    for name in ("store/acme.sqlite3-wal", "store/platform.sqlite3", "mail/mails.sqlite3", "azurite/a/b", "clock.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {(place, brand, path.name) for place, brand, path in raw_files(state)} == {
        ("disk: store", "acme", "acme.sqlite3-wal"),
        ("disk: store", None, "platform.sqlite3"),
        ("disk: azurite", None, "b"),
        ("disk: .", None, "clock.json"),
        ("disk: .", None, ".popsell-state"),
    }


def test_nothing_is_cut_in_two_by_the_pieces_that_a_file_is_read_in(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(A_PIECE - 3) + b"sought" + bytes(10))
    assert any(b"sought" in piece for piece in pieces(path, 6))
    assert list(pieces(tmp_path / "gone", 6)) == []
