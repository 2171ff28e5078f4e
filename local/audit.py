"""`./dev audit`: is every ledger whole, nobody past their day, and nothing left of who was erased? A report to be filed."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from pydantic import ValidationError

from local.bench.terminal import Teller
from local.raw_files import pieces, raw_files
from local.state import MARKER, State
from local.suite_ports import run, suite_of
from shared import app
from shared.domain.auditing import BrandAudit, Finding, FindingKind, Report
from shared.domain.canaries import Canaries, Canary, sought
from shared.pages.audit_page import audit_page
from shared.ports import Queues
from shared.usecases.audit import audit_brand, audit_platform, audit_queues, every_brand
from shared.usecases.searching import Search

NOT_POSSIBLE = 2


def main(argv: list[str]) -> int:
    """Prints the findings and where the report lies; 0 when nothing is wrong, 1 when something is, 2 when it cannot be told."""
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.add_argument("--canaries", type=Path, help="a JSON file of whom nothing may be left (docs/operations.md)")
    parser.add_argument("--state", default=".state", help="the state directory of ./dev run")
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    parser.add_argument("--environment", action="store_true", help="read what the environment's settings name instead")
    parser.add_argument("--out", type=Path, help="where the report goes; else the folder `reports` beside the store")
    parser.add_argument("--language", choices=("en", "fr"), default="en", help="the report's")
    arguments = parser.parse_args(argv)
    try:
        canaries = _read(arguments.canaries)
    except (OSError, ValueError) as error:
        print(f"{arguments.canaries}: {_reason(error)}", file=sys.stderr)
        return NOT_POSSIBLE
    folder = Path(arguments.state)
    if not arguments.environment and not (folder / MARKER).exists():
        print(f"{folder} is not a state folder of this suite", file=sys.stderr)
        return NOT_POSSIBLE
    with nullcontext() if arguments.environment else suite_of(folder, arguments.port) as state:
        out = arguments.out or (Path("reports") if state is None else state.root / "reports")
        return run(_audit(state, canaries, out, arguments.language))


def _read(path: Path | None) -> tuple[Canary, ...]:
    return Canaries.model_validate_json(path.read_bytes()).people if path else ()


def _reason(error: OSError | ValueError) -> str:
    """What is wrong with the file, by the names of fields: it may be full of people."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'][:3])}: {first['msg']}"
    return "cannot be read" if isinstance(error, OSError) else "is not JSON"


async def _audit(state: State | None, canaries: Sequence[Canary], out: Path, language: str) -> int:
    teller = Teller("audit")
    report = await make_report(state, canaries, teller)
    teller.finish()
    if not report.brands:
        print("there is no brand in this store: is it the one that was meant?", file=sys.stderr)
        return NOT_POSSIBLE
    for line in summary(report):
        print(line)
    html, data = await asyncio.to_thread(_file, report, out, language)
    print(f"report: {html}\n        {data}")
    return 0 if report.clean else 1


async def make_report(state: State | None, canaries: Sequence[Canary], tell: Callable[[str], None]) -> Report:
    """Reads everything once; without a state folder, what the ports reach."""
    ports, brands = app.ports_of_the_suite(), app.brands()
    began, search, findings = ports.clock.now(), _search(canaries, tell), list[Finding]()
    audited: list[BrandAudit] = []
    for record in await every_brand(brands):
        found = await audit_brand(brands, record.id, tell)
        audited.append(found.brand)
        findings += found.findings
        if search:
            await search.brand(await brands.what_is_left(record.id))
    findings += await audit_platform(ports)
    queues = ports.queue
    rows, wrong = await audit_queues(queues, search) if isinstance(queues, Queues) else ([], [])
    if search:
        await search.platform([brand.brand for brand in audited])
        if state:
            search_the_disk(search, state)
        findings += search.findings
    return Report(
        at=began,
        finished_at=ports.clock.now(),
        canaries=len(canaries),
        values=sum(len(values) for canary in canaries for values in canary.values.values()),
        brands=tuple(audited),
        queues=tuple(rows),
        searched=tuple(search.searched) if search else (),
        findings=tuple(dict.fromkeys((*findings, *wrong))),  # what lies where two pieces overlap was found twice
    )


def _search(canaries: Sequence[Canary], tell: Callable[[str], None]) -> Search | None:
    if not canaries:
        return None
    from local.needles import Needles  # its library is of no use to the rest

    wanted = sought(canaries)
    return Search(app.ports_of_the_suite(), wanted, Needles(wanted), tell)


def search_the_disk(search: Search, state: State) -> None:
    """Searches the bytes of every file of the state folder, whatever they mean."""
    for place, brand, path in raw_files(state):
        name = str(path.relative_to(state.root))
        search.tell(name)
        search.read(place, brand, "a path", name.encode(), items=0)
        search.note(place, brand, items=1)
        for piece in pieces(path, 2 * search.sought.longest):
            search.read(place, brand, name, piece, items=0)


def summary(report: Report) -> list[str]:
    """The report in some lines."""
    lines = []
    for brand in report.brands:
        due = sum(row.due for row in brand.due)
        late = sum(row.count for row in brand.waiting if row.late)
        lines.append(
            f"{brand.brand} ({brand.status}): {brand.entries} ledger entries in {brand.chains} chains, {due} records due, "
            f"{late} pieces of work late, {brand.rights_open} requests open"
        )
    lines.append(f"{sum(q.messages for q in report.queues)} messages on queues, {report.poisoned} of them poison")
    if report.canaries:
        items, size = sum(s.items for s in report.searched), sum(s.bytes for s in report.searched)
        lines.append(
            f"searched {items:,} documents, files and messages ({size / 1e6:,.1f} MB) for {report.canaries} people"
        )
    lines += [_line(finding) for finding in report.findings]
    lines.append("nothing is wrong" if report.clean else f"{len(report.findings)} findings")
    return lines


def _line(finding: Finding) -> str:
    where = ": ".join(part for part in (finding.brand, finding.place, finding.what) if part)
    if finding.kind is FindingKind.TRACE:
        return f"  trace of {finding.canary}, {finding.value} ({finding.form}): {where}"
    times = f" ({finding.count})" if finding.count > 1 else ""
    return f"  {finding.kind.value.replace('_', ' ')}: {where}{times}"


def _file(report: Report, out: Path, language: str) -> tuple[Path, Path]:
    """Writes both forms of the report, readable by the owner alone."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for end, text in (
        ("html", audit_page(report, language, app.settings().privacy_policy_url)),
        ("json", json.dumps(report.model_dump(mode="json", by_alias=True), indent=2) + "\n"),
    ):
        path = out / f"audit-{report.at:%Y-%m-%dT%H%M%SZ}.{end}"
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
        made.append(path)
    html, data = made
    return html, data
