"""The report of an audit as a page to be filed: self-contained, printable, in words that a data-protection officer uses."""

from collections.abc import Mapping
from datetime import datetime

from shared.domain.auditing import BrandAudit, Finding, FindingKind, Report
from shared.pages.brand import platform_brand
from shared.pages.catalogue import day_text, texts_of
from shared.pages.templating import environment, style, style_of

LISTED = 200  # findings that the page names; the JSON beside it has all


def audit_page(report: Report, language: str, privacy_policy_url: str) -> str:
    """The page, for a file: without the headers of what is served."""
    brand = platform_brand(privacy_policy_url)
    values = {
        "brand": brand.name,
        "processor": brand.processor,
        "date": _moment(report.at, language),
        "finished": _moment(report.finished_at, language),
        "people": str(report.canaries),
        "values": str(report.values),
        "count": str(len(report.findings)),
        "listed": str(LISTED),
    }
    t = {key: str(text) for key, text in texts_of("pages", "audit", language, values).items()}
    look = style(brand.primary_colour, brand.readable_text)
    return (
        environment()
        .get_template("pages/audit.html")
        .render(
            brand=brand,
            brand_name=brand.name,
            language=language,
            css=look.css + style_of("audit"),
            t=t,
            title=t["title"],
            intro=t["intro"],
            result=t["clean"] if report.clean else t["not_clean"],
            notes=[t["method"]],
            report=report,
            kinds=[(t[f"kind_{kind}"], _of(report, kind)) for kind in FindingKind],
            findings=[(t[f"kind_{f.kind}"], _where(f), _whose(f, t)) for f in report.findings[:LISTED]],
            more=len(report.findings) > LISTED,
            brands=[(audited, _rows(audited, t, language)) for audited in report.brands],
            moment=lambda at: _moment(at, language) if at else "–",
        )
    )


def _of(report: Report, kind: FindingKind) -> int:
    return sum(finding.count for finding in report.findings if finding.kind is kind)


def _where(finding: Finding) -> str:
    return ": ".join(part for part in (finding.brand, finding.place, finding.what) if part)


def _whose(finding: Finding, t: Mapping[str, str]) -> str:
    if finding.canary:
        return f"{finding.canary}, {finding.value} ({finding.form})"
    return str(finding.count) if finding.count > 1 else "–"


def _rows(brand: BrandAudit, t: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    anchored = _moment(brand.anchored_at, language) if brand.anchored_at else t["never"]
    return [
        (t["status"], t[f"status_{brand.status}"]),
        (t["ledger"], str(brand.entries)),
        (t["chains"], str(brand.chains)),
        (t["anchored"], anchored),
        (t["anchored_entries"], str(brand.anchored)),
        (t["rights"], str(brand.rights_open)),
        (t["overdue"], str(brand.rights_overdue)),
        (t["backed_up"], _moment(brand.backed_up_at, language) if brand.backed_up_at else t["never"]),
    ]


def _moment(at: datetime, language: str) -> str:
    return f"{day_text(at.date(), language)}, {at:%H:%M} UTC"
