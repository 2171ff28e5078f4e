"""What keeps the promises when messages are lost: the recovery timer, and global opt-outs that reach every record."""

import json
import logging

import azure.functions as func

from shared import app
from shared.usecases import recover, suppressing

blueprint = func.Blueprint()
log = logging.getLogger("popsell")


@blueprint.function_name("sweep_lost_work")
@blueprint.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def sweep_lost_work(timer: func.TimerRequest) -> None:
    """Finds what a lost message left behind, in every brand."""
    for brand in await app.brands().all():
        found = await recover.recover(await app.brand(brand))
        log.info("recovered", extra={"brand": brand, "found": {n: getattr(found, n) for n in found.__slots__}})


@blueprint.function_name("reach_suppressed")
@blueprint.queue_trigger(arg_name="msg", queue_name=suppressing.REACH_QUEUE, connection="AzureWebJobsStorage")
async def reach_suppressed(msg: func.QueueMessage) -> None:
    """Tells every record of a globally opted-out address (SUP-3)."""
    message = json.loads(msg.get_body())
    await suppressing.reach_records(await app.brand(message["brand"]), message["suppression"])
