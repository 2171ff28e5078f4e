"""Forms that bring contacts: an ambassador's blog, the brand's forms, the forms of its machines (COL-5, COL-6, COL-10)."""

from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, ShortText, answer, checked, client_ip, operation, parse
from functions.identity import api_key, staff
from shared import app
from shared.domain.api_keys import ApiScope
from shared.domain.errors import TooManyRequestsError
from shared.domain.forms import FieldKind, Form, FormField, FormKind
from shared.domain.policy import ConsentBox
from shared.domain.records import Instant
from shared.domain.staff import MAY_MANAGE_FORMS
from shared.pages.render import language_of
from shared.usecases import fill_in, forms
from shared.usecases.fill_in import Entry

Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Scalar = str | bool | int | float | None


class Consents(Body):
    """The boxes that the form shows: ticked or not."""

    ambassador: bool | None = None
    brand: bool | None = None
    partners: bool | None = None


class FilledIn(Body):
    """What somebody entered, perhaps with a message to the ambassador."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    language: Literal["en", "fr"] | None = None
    message: Message | None = None
    consents: Consents = Consents()
    publication_id: ShortText | None = None

    def entry(self, req: func.HttpRequest, **more: Any) -> Entry:
        """The same for the use case; the person's language is the form's, else the browser's (no machine's)."""
        accepted = None if "X-Api-Key" in req.headers else req.headers.get("Accept-Language")
        language = self.language or (language_of(None, accepted) if accepted else None)
        names = {"first_name": self.first_name, "last_name": self.last_name, "language": language}
        return Entry(
            email=self.email,
            fields={name: value for name, value in names.items() if value},
            consents=self.consents.model_dump(),
            message=self.message,
            publication=self.publication_id,
            **more,
        )


class BlogEntry(FilledIn):
    """A subscription to an ambassador's blog; it has no questions of its own."""

    fields: dict[str, Scalar] = Field(default={}, max_length=0)


class FormEntry(FilledIn):
    """A form of the brand; `fields` answer its own questions, `ambassador` is an id or the name of a page."""

    fields: dict[str, Scalar] = Field(default={}, max_length=30)
    ambassador: ShortText | None = None


class FieldBody(Body):
    """One question of a form."""

    name: Annotated[str, StringConstraints(max_length=40)]
    label: dict[str, str]
    kind: Literal["text", "choice", "date", "number"] = "text"
    required: bool = False
    choices: list[ShortText] = Field(default=[], max_length=50)


class FormBody(Body):
    """A form's definition; texts are given in each language that it speaks."""

    kind: Literal["internal", "external"]
    title: dict[str, str]
    fields: list[FieldBody] = Field(default=[], max_length=30)
    boxes: list[Literal["ambassador", "brand", "partners"]] = Field(default=[], max_length=3)
    default_ambassador: ShortText | None = None


class FieldAnswer(Answer):
    """One question of a form."""

    name: str
    label: dict[str, str]
    kind: FieldKind
    required: bool
    choices: tuple[str, ...]


class FormAnswer(Answer):
    """A form as it is defined; `textVersion` is what the proofs of its consents name."""

    id: str
    kind: FormKind
    title: dict[str, str]
    fields: list[FieldAnswer]
    boxes: tuple[ConsentBox, ...]
    default_ambassador: str | None
    changed_at: Instant
    text_version: str


class FormList(Answer):
    """Every form of the brand, by name."""

    items: list[FormAnswer]


@operation(body=BlogEntry, answers={202: None}, problems=(TooManyRequestsError,))
async def fill_in_blog(req: func.HttpRequest) -> func.HttpResponse:
    """Subscribes to an ambassador's blog or leaves a message; the answer is the same whoever has the address."""
    brand = await app.brand(req.route_params["brand"])
    body = parse(req, BlogEntry)
    await fill_in.fill_in_blog(brand, req.route_params["alias"], body.entry(req), client_ip(req))
    return answer(202)


@operation(body=FormEntry, answers={202: None}, problems=(TooManyRequestsError,))
async def fill_in_form(req: func.HttpRequest) -> func.HttpResponse:
    """Fills in a form of the brand; the answer is the same whoever has the address."""
    brand = await app.brand(req.route_params["brand"])
    body = parse(req, FormEntry)
    entry = body.entry(req, answers=body.fields, ambassador=body.ambassador)
    await fill_in.fill_in_form(brand, req.route_params["formId"], entry, client_ip(req))
    return answer(202)


@operation(auth="api_key", body=FormEntry, answers={202: None})
async def fill_in_external_form(req: func.HttpRequest) -> func.HttpResponse:
    """Takes what was entered in a form that the brand's own machines serve."""
    brand = await api_key(req, ApiScope.FORMS)
    body = parse(req, FormEntry)
    entry = body.entry(req, answers=body.fields, ambassador=body.ambassador)
    await fill_in.fill_in_external(brand, req.route_params["formId"], entry)
    return answer(202)


@operation(auth="staff", answers={200: FormList})
async def list_forms(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's forms."""
    brand = (await staff(req, MAY_MANAGE_FORMS)).brand
    return answer(200, FormList(items=[_shown(form) for form in await forms.all_of(brand)]))


@operation(auth="staff", answers={200: FormAnswer})
async def read_form(req: func.HttpRequest) -> func.HttpResponse:
    """One form."""
    brand = (await staff(req, MAY_MANAGE_FORMS)).brand
    return answer(200, _shown(await forms.get(brand, req.route_params["formId"])))


@operation(auth="staff", body=FormBody, answers={200: FormAnswer, 201: FormAnswer})
async def put_form(req: func.HttpRequest) -> func.HttpResponse:
    """Keeps a form's definition in place of any of its name; what was filled in before keeps the proof of what it showed."""
    brand = (await staff(req, MAY_MANAGE_FORMS)).brand
    body = parse(req, FormBody)
    form = checked(Form, {**body.model_dump(by_alias=True), "id": req.route_params["formId"], "changedAt": brand.now()})
    kept, new = await forms.put(brand, form)
    return answer(201 if new else 200, _shown(kept))


@operation(auth="staff", answers={204: None})
async def delete_form(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a form away; what came in by it stays."""
    brand = (await staff(req, MAY_MANAGE_FORMS)).brand
    await forms.delete(brand, req.route_params["formId"])
    return answer(204)


def _shown(form: Form) -> FormAnswer:
    asked = [
        FieldAnswer(**{name: _plain(getattr(field, name)) for name in FormField.model_fields}) for field in form.fields
    ]
    told = {name: _plain(getattr(form, name)) for name in Form.model_fields if name != "fields"}
    return FormAnswer(**told, fields=asked, text_version=form.text_version)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value
