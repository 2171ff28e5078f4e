"""The Manager's page of a brand's API keys: listed, made (the secret is shown this once), taken back."""

from typing import Annotated

import azure.functions as func
from pydantic import Field, StringConstraints, field_validator

from functions.http import Answer, Body, ShortText, answer, object_id, operation, parse
from functions.identity import staff
from shared.domain.api_keys import ApiKey, ApiScope
from shared.domain.errors import TooManyKeysError
from shared.domain.records import Instant
from shared.domain.staff import MAY_MANAGE_KEYS
from shared.usecases import api_keys


class KeyBody(Body):
    """What a new key is for; without `expiresAt` it is good until it is taken back."""

    scopes: list[Annotated[str, StringConstraints(max_length=40)]] = Field(min_length=1, max_length=20)
    name: ShortText | None = None
    expires_at: Instant | None = None

    @field_validator("scopes")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        if set(value) - set(ApiScope):
            raise ValueError(f"must be of {', '.join(ApiScope)}")
        return value


class KeyAnswer(Answer):
    """A key without its secret."""

    id: str
    name: str | None
    scopes: tuple[ApiScope, ...]
    created_at: Instant
    created_by: str
    expires_at: Instant | None
    last_used_at: Instant | None


class NewKeyAnswer(KeyAnswer):
    """A key with its text, which is not shown again."""

    key: str


class KeyList(Answer):
    """Every key of the brand, newest last."""

    items: list[KeyAnswer]


@operation(auth="staff", answers={200: KeyList})
async def list_api_keys(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's API keys; their last use is shown to the quarter of an hour."""
    brand = (await staff(req, MAY_MANAGE_KEYS)).brand
    return answer(200, KeyList(items=[KeyAnswer(**_shown(key)) for key in await api_keys.keys_of(brand)]))


@operation(auth="staff", body=KeyBody, answers={201: NewKeyAnswer}, problems=(TooManyKeysError,))
async def create_api_key(req: func.HttpRequest) -> func.HttpResponse:
    """Makes a key. Two of the same scopes may be valid at once, so that one can take over from the other."""
    caller = await staff(req, MAY_MANAGE_KEYS)
    body = parse(req, KeyBody)
    scopes = {ApiScope(scope) for scope in body.scopes}
    key, text = await api_keys.create_key(
        caller.brand, scopes, caller.member.id, name=body.name, expires_at=body.expires_at
    )
    return answer(201, NewKeyAnswer(**_shown(key), key=text))


@operation(auth="staff", answers={204: None})
async def revoke_api_key(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a key back at once."""
    brand = (await staff(req, MAY_MANAGE_KEYS)).brand
    await api_keys.revoke_key(brand, object_id(req))
    return answer(204)


def _shown(key: ApiKey) -> dict[str, object]:
    return {name: getattr(key, name) for name in KeyAnswer.model_fields}
