"""The benchmarks themselves: each runs, brings its floor, and says what it measured. No time is judged here."""

import json

import pytest

from local import bench
from local.bench import BENCHMARKS
from local.bench.measurement import Measurement, Target
from local.bench.terminal import table

ROWS = 200


@pytest.fixture(scope="module")
def answer() -> tuple[int, str]:
    """Exit code and output of all benchmarks, as small as can be."""
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *text, file=None, **_: None if file else lines.extend(map(str, text)))
        return bench.main(["--json", "--rows", str(ROWS)]), "\n".join(lines)


def test_every_benchmark_runs_and_gives_a_line_of_json_beside_its_floor(answer: tuple[int, str]) -> None:
    code, output = answer
    lines = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [line["name"] for line in lines] == list(BENCHMARKS)
    for line in lines:
        assert set(line) == {"name", "value", "unit", "floor", "ratio", "conditions"}
        assert line["value"] > 0
        assert line["floor"] > 0
        assert line["unit"]
        assert {"python", "cpus", "load1m", "floorIs"} <= set(line["conditions"])


def test_a_benchmark_that_cannot_run_is_named_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_rows: int | None, _progress: object) -> Measurement:
        raise RuntimeError("there is no disk")

    monkeypatch.setitem(BENCHMARKS, "sweep", broken)
    assert bench.main(["sweep"]) == 1
    assert "sweep could not be run" in capsys.readouterr().err


def test_a_name_that_is_no_benchmark_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    assert "there is no benchmark speed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("value", "at least", 100), "met"),
        (Target("value", "at least", 101), "NOT MET"),
        (Target("value", "at most", 99), "NOT MET"),
        (Target("ratio", "at most", 2), "met"),
        (Target("ratio", "at most", 1.9), "NOT MET"),
    ],
)
def test_the_table_says_whether_the_target_is_met(target: Target, met: str) -> None:
    row = table([Measurement("sweep", 100, "rows/s", 50, target, {"rows": 3})]).splitlines()[1]
    assert row.startswith("sweep")
    assert row.split("  ")[-1].strip() == met
