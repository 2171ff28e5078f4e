"""What the address books of Google and Microsoft have in common: asked page by page, with a token that is kept by nobody here."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shared.domain.address_book.entries import FieldTooLongError, tidy
from shared.domain.errors import LogInRefusedError, TryAgainError

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 20


class PageReader:
    """Asks for pages in JSON."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str, token: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        """One page; raises LogInRefusedError when the token is not good (any more), TryAgainError when nobody answers."""
        return await self._asked("GET", url, params=params, headers={"Authorization": f"Bearer {token}"})

    async def post(self, url: str, data: dict[str, str]) -> dict[str, Any]:
        """The answer to a form; raises as `get` does."""
        return await self._asked("POST", url, data=data)

    async def aclose(self) -> None:
        """Lets go of connections."""
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _asked(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        try:
            response = await self._client.request(method, url, **request)
            content = response.json()
        except (httpx.HTTPError, ValueError):
            raise TryAgainError from None
        if response.status_code >= 500 or response.status_code == 429:
            raise TryAgainError
        if response.status_code != 200 or not isinstance(content, dict):
            raise LogInRefusedError("code_refused" if method == "POST" else "token_refused")
        return content


def said(value: object) -> str | None:
    """A provider's text on one line; None for what is none, or far too long to be one."""
    try:
        return tidy(value) if isinstance(value, str) else None
    except FieldTooLongError:
        return None


def objects(value: object) -> Iterable[dict[str, Any]]:
    """The objects of a list, whatever the provider put there."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def address_among(values: Iterable[object]) -> str | None:
    """The first that looks like an address."""
    return next((text for value in values if (text := said(value)) and "@" in text), None)
