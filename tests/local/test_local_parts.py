"""The small parts of the local stack: clock, durations, state folder, settings."""

import base64
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.addresses import Ports
from local.clock import ClockMovedBackError, ShiftedClock
from local.cosmos_emulator import KEY
from local.durations import Duration
from local.environment import functions_environment, read_values
from local.project import ROOT
from local.state import NotAStateFolderError, State


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("P31D", "2026-01-01T12:00:00", "2026-02-01T12:00:00"),
        ("PT5M", "2026-01-01T12:00:00", "2026-01-01T12:05:00"),
        ("P1M", "2026-01-31T12:00:00", "2026-02-28T12:00:00"),
        ("P1Y2M", "2026-11-30T12:00:00", "2028-01-30T12:00:00"),
        ("P1Y", "2024-02-29T12:00:00", "2025-02-28T12:00:00"),
        ("P2WT1H1S", "2026-01-01T12:00:00", "2026-01-15T13:00:01"),
    ],
)
def test_a_duration_is_counted_on_the_calendar(text: str, start: str, end: str) -> None:
    assert Duration.parse(text).after(datetime.fromisoformat(start)) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1D", "-P1D", "P1.5D", "P1H", "p1d", "P99999999999D"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|time"):
        Duration.parse(text)


def test_two_clocks_on_one_folder_agree_and_a_third_one_remembers(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    one, other = ShiftedClock(path), ShiftedClock(path)
    target = one.now() + timedelta(days=400)
    other.now()
    one.move_to(target)
    for clock in (one, other, ShiftedClock(path)):
        assert timedelta(0) <= clock.now() - target < timedelta(minutes=1)


def test_a_clock_does_not_go_back(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path / "clock.json")
    with pytest.raises(ClockMovedBackError):
        clock.move_to(datetime(2020, 1, 1, tzinfo=UTC))
    clock.move_to(clock.now())
    assert clock.now().microsecond == 0


def test_a_state_folder_keeps_its_secrets_to_its_owner_and_for_good(tmp_path: Path) -> None:
    state = State(tmp_path / "new" / "state")
    state.open()
    secrets = state.secrets()
    assert state.secrets() == secrets
    assert stat.S_IMODE((state.root / "secrets.json").stat().st_mode) == 0o600
    keys = (secrets.master_keys, secrets.token_keys)
    assert [len(base64.b64decode(key)) for key in keys] == [32, 32]
    state.empty()
    assert sorted(path.name for path in state.root.iterdir()) == [".popsell-state", "logs"]
    assert state.secrets() != secrets


def test_a_file_is_no_state_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotAStateFolderError):
        State(tmp_path / "file").open()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.delenv("STORE_URL", raising=False)
    state = State(tmp_path / "state")
    state.open()
    return state


def test_a_run_decides_where_things_are_and_the_example_the_rest(state: State) -> None:
    values = functions_environment(ROOT, Ports(8000), state)
    assert values["STORE_URL"] == f"sqlite://{state.store}"
    assert "QueueEndpoint=http://127.0.0.1:8003/" in values["AzureWebJobsStorage"]
    assert values["MAILJET_URL"] == "http://127.0.0.1:8001"
    assert values["PUBLIC_URL"] == "http://localhost:8000"
    assert values["BCRYPT_COST"] == read_values(ROOT)["BCRYPT_COST"]
    assert values["MASTER_KEYS"] == state.secrets().master_keys


def test_a_developers_settings_may_name_a_cosmos_account(state: State, tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"STORE_URL": "https://x.documents.azure.com"}}')
    values = functions_environment(tmp_path, Ports(8000), state)
    assert values["STORE_URL"] == "https://x.documents.azure.com"


def test_a_run_over_cosmos_has_an_emulator_of_its_own(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", "sqlite:///elsewhere")
    values = functions_environment(ROOT, Ports(8000, cosmos=True), state)
    assert (values["STORE_URL"], values["COSMOS_KEY"]) == ("http://127.0.0.1:8004", KEY)


def test_the_callers_own_account_comes_with_its_key(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", "http://127.0.0.1:8081")
    monkeypatch.setenv("COSMOS_KEY", "of-the-caller")
    values = functions_environment(ROOT, Ports(8000), state)
    assert (values["STORE_URL"], values["COSMOS_KEY"]) == ("http://127.0.0.1:8081", "of-the-caller")


def test_no_two_parts_of_a_run_want_one_port() -> None:
    numbers = [port.number for port in Ports(8000, hosts=3, cosmos=True).all()]
    assert len(numbers) == len(set(numbers)) == 8


def test_the_callers_own_store_comes_first(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", "sqlite:///elsewhere")
    assert functions_environment(ROOT, Ports(8000), state)["STORE_URL"] == "sqlite:///elsewhere"
