"""The Azure Functions app: the list of its blueprints."""

import azure.functions as func

from functions import accounts, answers, contacts, contract, housekeeping, mail_events, mails, retention

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for module in (accounts, contacts, mails, answers, mail_events, retention, housekeeping, contract):
    app.register_functions(module.blueprint)
