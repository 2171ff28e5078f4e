"""`/docs`: the contract as one page without scripts and without anything loaded from elsewhere."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

JSON = "application/json"
STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--link:#1f5fae}
@media(prefers-color-scheme:dark){:root{--link:#8ab8f5}}
*{box-sizing:border-box}
body{font:1rem/1.55 system-ui,sans-serif;margin:0}
a{color:var(--link)}
main{max-width:60rem;margin:auto;padding:1.5rem 1.25rem 6rem}
h1{margin:.5rem 0}h2{margin:3rem 0 .5rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
nav{columns:16rem;margin:1.5rem 0;padding:1rem;background:var(--soft);border-radius:.5rem}
nav ul{list-style:none;margin:0 0 1rem;padding:0;break-inside:avoid}
code,pre{font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}
pre{background:var(--soft);padding:.75rem;border-radius:.4rem;overflow-x:auto;margin:.4rem 0;max-height:28rem}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0}
details>div{padding:0 1rem 1rem}
summary{cursor:pointer;padding:.6rem 1rem;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}
summary span{opacity:.75}
summary code{overflow-wrap:anywhere}
b.get,b.post,b.put,b.patch,b.delete{font:700 .75rem/1 ui-monospace,monospace;color:#fff;padding:.3rem .45rem;border-radius:.3rem;
min-width:4.2rem;text-align:center}
b.get{background:#1f5fae}b.post{background:#1c7a46}b.put{background:#8a5a00}b.patch{background:#7a4ca0}b.delete{background:#b3261e}
table{border-collapse:collapse;width:100%;margin:.4rem 0;font-size:.925rem}
td,th{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line)}
td:first-child{white-space:nowrap}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LIMITS = {
    "minLength": "from {} characters", "maxLength": "up to {} characters", "minimum": "from {}", "maximum": "up to {}",
    "maxItems": "up to {} items", "minItems": "from {} items", "pattern": "matches <code>{}</code>", "default": "default {}",
}  # fmt: skip


def page(contract: Mapping[str, Any]) -> str:
    """Every operation by its part of the suite: who may call it, what it takes, and each answer."""
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in contract["tags"]}
    index: dict[str, list[str]] = {tag["name"]: [] for tag in contract["tags"]}
    for path, methods in contract["paths"].items():
        for method, described in methods.items():
            tag, id = described["tags"][0], described["operationId"]
            by_tag[tag].append(_operation(contract, method, path, described))
            index[tag].append(f'<li><a href="#{id}">{escape(id.replace("_", " "))}</a></li>')
    listed = "".join(
        f'<ul><li><a href="#{_anchor(tag)}"><strong>{escape(tag)}</strong></a></li>{"".join(items)}</ul>'
        for tag, items in index.items()
    )
    parts = "".join(f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>{"".join(items)}' for tag, items in by_tag.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The contract</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>The contract</h1>{_prose(contract['info']['description'])}"
        f'<p>For programs: <a href="/openapi.json">openapi.json</a></p><nav>{listed}</nav>{parts}</main></body></html>'
    )


def _operation(contract: Mapping[str, Any], method: str, path: str, described: Mapping[str, Any]) -> str:
    return (
        f'<details id="{described["operationId"]}"><summary><b class="{method}">{method.upper()}</b>'
        f"<code>{escape(path)}</code><span>{_inline(described['summary'])}</span></summary>"
        f"<div>{_prose(described['description'].partition(chr(10))[2])}{_who(described)}{_taken(contract, described)}"
        f"{_answers(contract, described)}</div></details>"
    )


def _who(described: Mapping[str, Any]) -> str:
    ways = [" and ".join(f"<code>{name}</code>" for name in way) for way in described["security"]]
    return f"<p>Signed in by {', or '.join(ways)}.</p>" if ways else "<p>Open to everybody.</p>"


def _taken(contract: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    rows = [
        _row(one["name"], one["in"], one["required"], one["schema"], one.get("description", ""), contract)
        for one in described["parameters"]
    ]
    shown = ""
    for media_type, content in described.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(contract, content["schema"])
        required = schema.get("required", ())
        rows += [
            _row(name, "body", name in required, of, "", contract) for name, of in schema.get("properties", {}).items()
        ]
        if "example" in content:
            shown += f"<h3>Request</h3>{_code(content['example'])}"
        elif "properties" not in schema:
            rows.append(f"<tr><td><code>{escape(media_type)}</code></td><td>body</td><td></td></tr>")
    return (f"<h3>Takes</h3><table>{''.join(rows)}</table>" if rows else "") + shown


def _row(
    name: str, place: str, required: bool, schema: Mapping[str, Any], says: str, contract: Mapping[str, Any]
) -> str:
    text = "; ".join(part for part in (_kind(contract, schema), "required" if required else "", _inline(says)) if part)
    return f"<tr><td><code>{escape(name)}</code></td><td>{place}</td><td>{text}</td></tr>"


def _kind(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    of = _resolved(contract, schema)
    if "anyOf" in of:
        return " or ".join(dict.fromkeys(_kind(contract, one) for one in of["anyOf"])) + _limits(of)
    if "enum" in of:
        return " · ".join(f"<code>{escape(str(one))}</code>" for one in of["enum"])
    if "const" in of:
        return f"<code>{escape(json.dumps(of['const']))}</code>"
    if of.get("type") == "array":
        return f"list of {_kind(contract, of.get('items', {}))}{_limits(of)}"
    if of.get("type") == "object" and "properties" in of:
        return "{" + ", ".join(f"<code>{escape(name)}</code>" for name in of["properties"]) + "}"
    return str(of.get("format") or of.get("type") or "anything") + _limits(of)


def _limits(schema: Mapping[str, Any]) -> str:
    given = {
        name: schema[name]
        for name in _LIMITS
        if schema.get(name) is not None and (name, schema[name]) != ("minLength", 1)
    }
    said = [_LIMITS[name].format(escape(str(value))) for name, value in given.items()]
    return f" ({', '.join(said)})" if said else ""


def _answers(contract: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    rows, shown = [], ""
    for status, said in described["responses"].items():
        contents: Iterable[tuple[str, Mapping[str, Any]]] = said.get("content", {}).items()
        kinds = [
            _kind(contract, content["schema"]) if name == JSON and content["schema"] else escape(name)
            for name, content in contents
            if name != "application/problem+json"
        ]
        headers = [f"header <code>{escape(name)}</code>" for name in said.get("headers", {})]
        rows.append(
            f"<tr><td>{status}</td><td>{_inline(said['description'])}</td><td>{'<br>'.join(kinds + headers)}</td></tr>"
        )
        for name, content in contents:
            if name == JSON and "example" in content:
                shown += f"<h3>Answer {status}</h3>{_code(content['example'])}"
    return f"<h3>Answers</h3><table>{''.join(rows)}</table>{shown}"


def _resolved(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    of: Mapping[str, Any] = contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return of


def _code(example: Any) -> str:
    return f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"


def _prose(text: str) -> str:
    """Paragraphs and lists of the little markup that docstrings use."""
    made = ""
    for part in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in part.strip().splitlines()]
        if lines and lines[0].startswith("- "):
            items = re.split(r"(?:^|\s)- (?=[A-Z`])", " ".join(lines))[1:]
            made += f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>"
        else:
            made += f"<p>{_inline(' '.join(lines))}</p>"
    return made


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")
