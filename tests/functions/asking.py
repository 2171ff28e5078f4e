"""How any operation is asked by somebody who may, about things that there are."""

import base64
import re

from functions.http import Operation
from shared.domain.staff import Role
from tests.functions.suite import Suite
from tests.functions.tenants import EXTERNAL, Tenant

OF_THE_TEAM = ("change_status", "release_suppression", "migrate_contacts", "read_managed_contact")
OF_THE_TECHNICAL_TEAM = ("read_access_log", "list_backups")
PROVIDERS = {"link_address_book_of": "google", "begin_log_in": "sso"}


def place_of(operation: Operation, mine: Tenant) -> dict[str, str]:
    """What stands in the path, about things that there are."""
    links = {"/i/": mine.invitation, "/u/": mine.opt_out, "/c/": mine.sign_up, "/rights/": "acme"}
    known = {
        "brand": "acme",
        "network": "twitter",
        "provider": PROVIDERS.get(operation.name, ""),
        "alias": mine.page,
        "ambassadorId": mine.me.account.id,
        "photoId": mine.photo,
        "publicationId": mine.publication,
        "formId": EXTERNAL if operation.name == "fill_in_external_form" else mine.form,
        "token": next((token for path, token in links.items() if operation.path.startswith(path)), mine.invitation),
    }
    names = re.findall(r"{(\w+)}", operation.path)
    return {name: known.get(name) or mine.thing(operation.path) for name in names}


async def credentials(suite: Suite, operation: Operation, mine: Tenant) -> dict[str, str]:
    """Those that open the operation's door."""
    if operation.auth == "ambassador":
        return {"Authorization": f"Bearer {mine.me.token}"}
    if operation.auth == "staff":
        if operation.path.startswith("/api/manager/operations") or operation.name in OF_THE_TECHNICAL_TEAM:
            return await suite.staff(Role.TECHNICAL_TEAM)
        return mine.team if operation.name in OF_THE_TEAM else mine.staff
    if operation.auth == "api_key":
        return {"X-Api-Key": mine.key}
    if operation.auth == "mail_provider":
        return {"Authorization": "Basic " + base64.b64encode(b"provider:new secret").decode()}
    return {}
