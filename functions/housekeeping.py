"""What keeps the promises when messages are lost: the recovery timer, and global opt-outs that reach every record."""

import logging
from collections.abc import Mapping
from typing import Any

from functions.work import for_each, queue_function, timer_function
from shared import app
from shared.usecases import recover, suppressing
from shared.usecases.flows import forget_old_flows
from shared.usecases.quarantining import forget_old_events

log = logging.getLogger("popsell")


@timer_function
async def sweep_lost_work() -> None:
    """Finds what a lost message left behind, in every brand."""
    await forget_old_events(app.quarantine(), app.ports_of_the_suite())
    await forget_old_flows(app.ports_of_the_suite())
    await for_each(await app.brands().all(), _recover)


async def _recover(brand: str) -> None:
    found = await recover.recover(await app.brand(brand))
    log.info("recovered", extra={"brand": brand, "found": {name: getattr(found, name) for name in found.__slots__}})


@queue_function(suppressing.REACH_QUEUE)
async def reach_suppressed(message: Mapping[str, Any]) -> None:
    """Tells every record of a globally opted-out address (SUP-3)."""
    await suppressing.reach_records(await app.brand(message["brand"]), message["suppression"])
