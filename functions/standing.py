"""Whether a brand lets its people in now (BR-3): asked once, before any function of theirs runs."""

import azure.functions as func

from functions.catalogue import BRAND
from shared import app
from shared.domain.errors import BrandSuspendedError, UnknownObjectError
from shared.domain.policy import BrandRecord, BrandStatus

LOOKS = ("GET", "HEAD")


async def check_standing(req: func.HttpRequest, path: str, *, while_suspended: bool) -> None:
    """Raises UnknownObjectError for a brand that ended, BrandSuspendedError for a change at one that is suspended.

    Only at the routes of a brand's own people. A brand that does not exist is left to the function, which answers it as
    it answers whatever is not the caller's.
    """
    if not path.startswith(BRAND + "/"):
        return
    try:
        record = (await app.brand(req.route_params["brand"])).record
    except UnknownObjectError:
        return
    check_open(record, changes=req.method not in LOOKS and not while_suspended)


def check_open(record: BrandRecord, *, changes: bool) -> None:
    """The same for who is at a brand already."""
    if record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    if record.status is BrandStatus.SUSPENDED and changes:
        raise BrandSuspendedError
