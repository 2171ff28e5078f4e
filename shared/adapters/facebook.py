"""Facebook Login: code flow, and the Graph API asked once who it was; every call carries the app's proof (REG-1)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from shared.domain.errors import LogInRefusedError, TryAgainError
from shared.ports import Begun, Document, Identity

if TYPE_CHECKING:
    import httpx

VERSION = "v24.0"
TIMEOUT_SECONDS = 10
FIELDS = "id,first_name,last_name,email,picture.width(512).height(512)"
PICTURES = (".fbcdn.net", ".fbsbx.com")  # where Facebook's own pictures lie
LARGEST_PICTURE = 5 << 20  # bytes


class FacebookIdentityProvider:
    """Who somebody is, by Facebook. The access token is used for one question and forgotten."""

    def __init__(self, app_id: str, secret: str, site: str, graph: str) -> None:
        self._app_id = app_id
        self._secret = secret
        self._dialog = f"{site}/{VERSION}/dialog/oauth"
        self._graph = f"{graph}/{VERSION}"
        self._own_pictures = f"{graph}/{VERSION}/pictures/"  # the sandbox's
        self._client: httpx.AsyncClient | None = None

    async def begin(self, redirect_uri: str, state: str, tenant: str | None = None) -> Begun:
        """Begins a log-in; Facebook has no tenants."""
        asked = {
            "client_id": self._app_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "response_type": "code",
            "scope": "public_profile,email",
        }
        return Begun(f"{self._dialog}?{urlencode(asked)}", {"redirect_uri": redirect_uri, "state": state})

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> Identity:
        """Who came back; the address is Facebook's word for it, which may be none."""
        if "error" in answer:
            raise LogInRefusedError("denied")
        if not hmac.compare_digest(answer.get("state", "").encode(), secrets["state"].encode()):
            raise LogInRefusedError("wrong_state")
        granted = await self._asked(
            "POST",
            "/oauth/access_token",
            data={
                "client_id": self._app_id,
                "client_secret": self._secret,
                "redirect_uri": secrets["redirect_uri"],
                "code": answer.get("code", ""),
            },
        )
        person = await self._me(str(granted.get("access_token", "")), FIELDS)
        said = {name: value for name, value in person.items() if isinstance(value, str)}
        return Identity(
            subject=person["id"],
            email=said.get("email"),
            first_name=said.get("first_name"),
            last_name=said.get("last_name"),
            picture=_picture(person.get("picture")),
        )

    async def account_of(self, token: str) -> str:
        """The id of the account, or of the page, that a token of our app opens; one of another app's is refused (AMB-5)."""
        return str((await self._me(token, "id"))["id"])

    async def picture(self, identity: Identity) -> bytes | None:
        """The picture, from where Facebook keeps them and from nowhere else; None for every way to fail."""
        import httpx

        url = identity.picture or ""
        host = urlsplit(url).hostname or ""
        if not (url.startswith("https://") and host.endswith(PICTURES)) and not url.startswith(self._own_pictures):
            return None
        try:
            async with self._http().stream("GET", url) as response:
                data = b""
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > LARGEST_PICTURE:
                        return None
                return data if response.status_code == 200 else None
        except httpx.HTTPError:
            return None

    async def aclose(self) -> None:
        """Lets go of connections."""
        if self._client:
            await self._client.aclose()
            self._client = None

    def _http(self) -> "httpx.AsyncClient":
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        return self._client

    async def _me(self, token: str, fields: str) -> dict[str, Any]:
        """Whom a token stands for. Facebook takes the proof for a token of this app's alone."""
        proof = hmac.digest(self._secret.encode(), token.encode(), hashlib.sha256).hex()
        person = await self._asked(
            "GET",
            "/me",
            params={"fields": fields, "appsecret_proof": proof},
            headers={"Authorization": f"Bearer {token}"},  # and not in the address, which gets into logs
        )
        id = person.get("id")
        if not isinstance(id, str) or not id.isascii() or not id.isdigit():
            raise LogInRefusedError("claim_missing")
        return person

    async def _asked(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        import httpx

        try:
            response = await self._http().request(method, self._graph + path, **request)
            content = response.json()
        except (httpx.HTTPError, ValueError):
            raise TryAgainError from None
        if response.status_code >= 500 or response.status_code == 429:
            raise TryAgainError
        if response.status_code != 200 or not isinstance(content, dict):
            raise LogInRefusedError("code_refused")
        return content


def _picture(said: object) -> str | None:
    """The address of a picture that the person chose; Facebook's grey figure is none."""
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict) or data.get("is_silhouette") is not False:
        return None
    return data["url"] if isinstance(data.get("url"), str) else None
