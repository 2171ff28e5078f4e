"""What keeps the promises when messages are lost: the recovery timer, and global opt-outs that reach every record."""

import logging
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.work import queue_function, timer_function
from shared import app
from shared.usecases import recover, suppressing

blueprint = func.Blueprint()
log = logging.getLogger("popsell")


@timer_function(blueprint, "sweep_lost_work", "0 */5 * * * *")
async def sweep_lost_work() -> None:
    """Finds what a lost message left behind, in every brand."""
    for brand in await app.brands().all():
        found = await recover.recover(await app.brand(brand))
        log.info("recovered", extra={"brand": brand, "found": {n: getattr(found, n) for n in found.__slots__}})


@queue_function(blueprint, "reach_suppressed", suppressing.REACH_QUEUE)
async def reach_suppressed(message: Mapping[str, Any]) -> None:
    """Tells every record of a globally opted-out address (SUP-3)."""
    await suppressing.reach_records(await app.brand(message["brand"]), message["suppression"])
