"""The Azure Functions app: what stands in the catalogue, nothing else."""

import azure.functions as func

from functions.catalogue import register
from shared.collector import look_for_cycles_seldom

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
register(app)
look_for_cycles_seldom()
