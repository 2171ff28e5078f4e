"""`./dev ways-in`: brings one person in by each way of COL-1…10, over HTTP and the mail sandbox, and tells who sees what."""

import argparse
import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from local.suite_client import Account, Suite, SuiteError, find_link
from shared.domain.social import signature

BRAND = "acme"
VIEWERS = ("ambassador", "brand user", "account team")
HIDDEN = "-"
Seen = tuple[str, str, str]  # by each viewer: "ambassador opt-in / brand opt-in", or hidden


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: what is done for a person, and what each viewer must see before and after the address is confirmed."""

    rule: str
    says: str
    bring: Callable[["Stage", str], None]
    before: Seen | None  # None: nothing waits for a confirmation
    after: Seen


@dataclass(slots=True)
class Stage:
    """A running suite with an ambassador in it, and the keys and sessions that scripts are given."""

    suite: Suite
    account: Account
    demo: dict[str, Any]
    me: dict[str, Any] = field(default_factory=dict)

    def machine(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of the brand's own servers; raises SuiteError when a row of the answer names a fault."""
        headers = {"X-Api-Key": self.demo["brands"][BRAND]["apiKey"]}
        answer = self.suite.call("POST", f"/api/brands/{BRAND}{path}", json=body, headers=headers)
        if answer.status_code not in (200, 202):
            raise SuiteError(f"{path}: {answer.status_code} {answer.text[:300]}")
        said: dict[str, Any] = answer.json() if answer.content else {}
        faults = [row["errors"] for row in said.get("items", ()) if row.get("errors")]
        if faults:
            raise SuiteError(f"{path}: {faults}")
        return said

    def visitor(self, path: str, body: dict[str, Any]) -> None:
        """Somebody without an account sends a form."""
        self.suite.call("POST", f"/api/brands/{BRAND}{path}", json=body, expect=202)

    def seen(self, who: str) -> Seen:
        """What each viewer sees of a person, known by address or alias."""
        admin, team = self.demo["manager"]["brand_admin"][BRAND]["token"], self.demo["manager"]["account_team"]["token"]
        return (_found(self.account.contacts(), who), self._in_the_manager(admin, who), self._in_the_manager(team, who))

    def _in_the_manager(self, token: str, who: str) -> str:
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/api/manager/brands/{BRAND}/contacts"
        found: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 200, "ambassador": self.me["id"]}
        while True:
            page = self.suite.call("GET", path, params=params, headers=headers, expect=200).json()
            found += page["items"]
            if page["nextCursor"] is None:
                return _found(found, who)
            params["cursor"] = page["nextCursor"]


def _found(contacts: Sequence[dict[str, Any]], who: str) -> str:
    same = [c for c in contacts if who in (c.get("email"), c.get("twitterId"))]
    if not same:
        return HIDDEN
    (contact,) = same  # one record an address (CON-2)
    return f"{contact['ambassadorOptIn']} / {contact['brandOptIn']}"


def _typed(stage: Stage, email: str) -> None:
    stage.account.call("POST", "/contacts", json={"email": email, "firstName": "Col"}, expect=201)


def _typed_with_evidence(stage: Stage, email: str) -> None:
    entry = {"email": email, "firstName": "Col", "optInEvidence": "Signed the card at the stand"}
    stage.account.call("POST", "/contacts", json=entry, expect=201)


def _imported(stage: Stage, email: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows((("First Name", "E-mail 1 - Label", "E-mail 1 - Value"), ("Col", "* Home", email)))
    job = stage.account.import_file(text.getvalue().encode(), format="google-csv")
    if job["accepted"] != 1:
        raise SuiteError(f"the import took {job['accepted']} rows")


def _synced(**opt_in: Any) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        row = {"key": f"crm-{email}", "ambassador": stage.me["id"], "email": email, "firstName": "Col", **opt_in}
        stage.machine("/sync/contacts", {"upserts": [row], "deletes": []})

    return bring


def _liked(stage: Stage, alias: str) -> None:
    """The ambassador links an account at the network, and somebody there likes a post of theirs."""
    account = f"at-{stage.me['id']}"
    stage.account.call(
        "PUT", "/me/grants/twitter", json={"accountId": account, "token": f"token-of-{account}"}, expect=200
    )
    now = datetime.fromisoformat(stage.suite.now())
    person = {"id_str": f"id-{alias}", "screen_name": alias.removeprefix("@")}
    like = {"user": person, "timestamp_ms": int(now.timestamp() * 1000)}
    body = json.dumps({"for_user_id": account, "favorite_events": [like]}).encode()
    signed = {"x-twitter-webhooks-signature": signature(stage.demo["social"]["twitter"]["consumerSecret"], body)}
    stage.suite.call("POST", f"/api/brands/{BRAND}/social/twitter", content=body, headers=signed, expect=200)


def _blog(**ticked: bool) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        form = {"email": email, "firstName": "Col", "consents": ticked}
        stage.visitor(f"/collect/blog/{stage.me['blogAlias']}", form)

    return bring


def _internal(**ticked: bool) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        form = {"email": email, "firstName": "Col", "ambassador": stage.me["id"], "consents": ticked}
        stage.visitor("/collect/forms/newsletter", form)

    return bring


def _external(**asked: bool) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        form = {"email": email, "firstName": "Col", "ambassador": stage.me["id"], "consents": asked}
        stage.machine("/collect/external/game", form)

    return bring


def _ordered(**order: Any) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        bought = {"orderId": f"order-{email}", "ambassador": stage.me["id"], "email": email, "firstName": "Col"}
        stage.machine("/orders", {"orders": [{**bought, "amount": "49.90", "currency": "EUR", **order}]})

    return bring


def _voucher(**ticked: bool) -> Callable[[Stage, str], None]:
    def bring(stage: Stage, email: str) -> None:
        wish = {"email": email, "firstName": "Col", "ambassador": stage.me["id"], "consents": ticked}
        stage.visitor("/vouchers", wish)

    return bring


def _everybody(opt_ins: str) -> Seen:
    return (opt_ins, opt_ins, opt_ins)


def _not_the_brand(opt_ins: str) -> Seen:
    return (opt_ins, HIDDEN, opt_ins)


PENDING: Seen = (HIDDEN, HIDDEN, "blog_pending / none")
ALL_TICKED = {"ambassador": True, "brand": True, "partners": True}
NONE_TICKED = {"ambassador": False, "brand": False, "partners": False}
WAYS = (
    Way("COL-1", "typed in", _typed, None, _not_the_brand("new / none")),
    Way("COL-1", "typed in, with evidence", _typed_with_evidence, None, _not_the_brand("opt_in_other / none")),
    Way("COL-2", "imported", _imported, None, _not_the_brand("new / none")),
    Way("COL-3", "synced, opted in", _synced(optIn=True), None, _everybody("opt_in_brand_import / brand_database")),
    Way("COL-3", "synced, nothing sent", _synced(), None, _everybody("new / storage_only")),
    Way("COL-4", "liked a post", _liked, None, _not_the_brand("social_only / none")),
    Way("COL-5", "blog, all ticked", _blog(**ALL_TICKED), PENDING, _everybody("opt_in_blog / blog")),
    Way("COL-5", "blog, none ticked", _blog(**NONE_TICKED), PENDING, _not_the_brand("storage_only / none")),
    Way("COL-6", "form, all ticked", _internal(**ALL_TICKED), PENDING, _everybody("opt_in_internal_form / internal_form")),
    Way("COL-6", "form, none ticked", _internal(**NONE_TICKED), PENDING, _everybody("storage_only / storage_only")),
    Way("COL-7", "order, brand says yes", _ordered(brandOptIn=True), None, _everybody("opt_in_order / brand_database")),
    Way("COL-7", "order, nothing said", _ordered(), None, _everybody("storage_only / storage_only")),
    Way("COL-8", "order, pop-in ticked", _ordered(popin={"ambassadorOptIn": True}), None,
        _everybody("opt_in_order_popin / storage_only")),
    Way("COL-8", "order, pop-in not ticked", _ordered(popin={"ambassadorOptIn": False}), None,
        _everybody("storage_only / storage_only")),
    Way("COL-9", "voucher, all ticked", _voucher(**ALL_TICKED), PENDING, _everybody("opt_in_blog / blog")),
    Way("COL-10", "external form", _external(), None, _everybody("new / storage_only")),
    Way("COL-10", "external form, not ticked", _external(ambassador=False), None,
        _everybody("storage_only / storage_only")),
    Way("COL-10", "external form, asked", _external(ambassador=True, brand=True), None,
        _everybody("opt_in_external_form / external_form")),
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Plays every way in; 0 when each viewer saw what the rules say, before and after the confirmation."""
    parser = argparse.ArgumentParser(prog="./dev ways-in", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    args = parser.parse_args(argv)
    suite = Suite(f"http://localhost:{args.port}", f"http://localhost:{args.port + 1}")
    try:
        return play(suite)
    except httpx.ConnectError:
        print(f"No suite answers on port {args.port}: start it with ./dev run in another shell.")
    except SuiteError as error:
        print(f"Stopped: {error}")
    return 1


def play(suite: Suite) -> int:
    """Every way with a person of its own; prints a table, gives 1 when somebody saw something else."""
    stamp = suite.now().replace(":", "").replace("-", "").lower()[:15]
    account = suite.sign_up(BRAND, f"col.{stamp}@demo.example.org", alias=f"col{stamp}")
    stage = Stage(suite, account, suite.call("GET", "/admin/demo", expect=200).json())
    stage.me = account.call("GET", "/me", expect=200).json()
    print(f"{'rule':<8}{'way':<26}{'':<8}" + "".join(f"{viewer:<40}" for viewer in VIEWERS))
    wrong = 0
    for number, way in enumerate(WAYS, start=1):
        who = f"@way{number:02}{stamp}" if way.rule == "COL-4" else f"way{number:02}.{stamp}@demo.example.org"
        way.bring(stage, who)
        suite.drain()
        if way.before:
            wrong += _show(way, "before", stage.seen(who), way.before)
            _confirm(suite, who)
        wrong += _show(way, "after" if way.before else "", stage.seen(who), way.after)
    print("\nEverybody saw what the rules say." if not wrong else f"\n{wrong} of the lines are not what the rules say.")
    return 1 if wrong else 0


def _confirm(suite: Suite, email: str) -> None:
    """Opens the newest mail's link, reads the page, and presses its button."""
    link = find_link(suite.mails(email)[0], "/c/")
    page = suite.call("GET", link, expect=200).text
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    suite.call("POST", link, data=form, expect=200)
    suite.drain()


def _show(way: Way, when: str, seen: Seen, due: Seen) -> int:
    right = seen == due
    print(
        f"{way.rule:<8}{way.says:<26}{when:<8}" + "".join(f"{what:<40}" for what in seen) + ("" if right else "WRONG")
    )
    if not right:
        print(f"{'':<34}{'due:':<8}" + "".join(f"{what:<40}" for what in due))
    return 0 if right else 1
