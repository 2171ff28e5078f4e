"""The Azure Functions app: what stands in the catalogue, nothing else."""

import azure.functions as func

from functions.catalogue import register

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
register(app)
