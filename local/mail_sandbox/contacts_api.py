"""Mailjet's two calls by which a person is forgotten: a contact's id by its address, and its deletion."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.mail_sandbox import answers
from local.mail_sandbox.send_api import Credentials
from local.mail_sandbox.store import MailStore


class ContactsApi:
    """The contacts that mails made. Deleting one leaves the mails: those lie in the person's own mailbox."""

    def __init__(self, store: MailStore, credentials: Credentials) -> None:
        self._store = store
        self._credentials = credentials

    async def look_up(self, request: Request) -> Response:
        """`GET /v3/REST/contact/{address}`: the contact of an address; 404 when there is none."""
        if not self._credentials.match(request):
            return answers.unauthorised()
        address = request.path_params["address"]
        id = await run_in_threadpool(self._store.contact, address)
        if id is None:
            return JSONResponse({"ErrorMessage": "Object not found", "StatusCode": 404}, 404)
        return JSONResponse({"Count": 1, "Data": [{"ID": id, "Email": address.lower()}], "Total": 1})

    async def delete(self, request: Request) -> Response:
        """`DELETE /v4/contacts/{id}`: deletes it; 404 when there is none."""
        if not self._credentials.match(request):
            return answers.unauthorised()
        deleted = await run_in_threadpool(self._store.delete_contact, request.path_params["id"])
        return Response(status_code=200 if deleted else 404)
