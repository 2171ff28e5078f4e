"""What an import takes of the host's memory, from the upload to the job's end, over HTTP through a whole suite."""

from pathlib import Path

from local.bench.embedded import scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from local.bench.suites import RunningSuite, running_suite
from local.samples import write_google_export
from local.suite_client import Account

ROWS = 100_000
TIMES = 10  # the second file has as many times the rows; names and addresses alone, or it would pass the host's 100 MB
TARGET = Target("value", "at most", 200)
JOB_SECONDS = 3600
_MB = 1 << 20


def measure(rows: int | None, progress: Progress) -> Measurement:
    """MB over the idle process at the peak, of the worse of two files; the floor is that file's request body."""
    count = rows or ROWS
    taken: dict[int, float] = {}
    bodies: dict[int, float] = {}
    with running_suite() as suite, scratch_folder() as folder:
        account = suite.client.sign_up("acme", "ada@example.org")
        other = suite.client.sign_up("acme", "eve@example.org")
        process = suite.host_process()
        for importer, number, names_only in ((account, count, False), (other, count * TIMES, True)):
            file = folder / "export.csv"
            write_google_export(file, number, names_only=names_only)
            bodies[number] = file.stat().st_size / _MB
            taken[number] = _import(suite, importer, file, number, process, progress)
    worse = max(taken, key=lambda number: taken[number])
    conditions = {
        **{f"rows{number}": f"{taken[number]:.0f} MB for a file of {bodies[number]:.0f} MB" for number in taken},
        "over": "resident memory of the idle host before each import",
        "large file": "names and addresses only: the host takes bodies up to 100 MB",
        "suite": "local host, Azurite, SQLite files",
        "floorIs": "the request body, which azure.functions holds as bytes",
    }
    return Measurement("import_memory", taken[worse], "MB", bodies[worse], TARGET, conditions)


def _import(suite: RunningSuite, account: Account, file: Path, rows: int, process: int, progress: Progress) -> float:
    suite.client.drain()
    idle = _forget_peak(process)
    progress(f"uploading {rows:,} rows")
    created = account.call("POST", "/contacts/import", content=file.read_bytes(), expect=202).json()
    ended = account.wait_for(
        created["jobId"], lambda job: progress(f"importing {rows:,} rows", job["done"], rows), JOB_SECONDS
    )
    if (ended["state"], ended["accepted"]) != ("done", rows):
        raise RuntimeError(f"the import ended {ended['state']} with {ended['accepted']} rows of {rows}")
    return _status(process, "VmHWM") - idle


def _forget_peak(process: int) -> float:
    """Lets the kernel begin a new peak at what is resident now, which it gives in MB."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _status(process, "VmRSS")


def _status(process: int, field: str) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024 / _MB
    raise RuntimeError(f"/proc does not tell {field}")
