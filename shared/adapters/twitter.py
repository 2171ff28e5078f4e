"""X, asked whose a token is (AMB-5)."""

from shared.adapters.linked_books import PageReader
from shared.domain.errors import LogInRefusedError


class Twitter:
    """X's API, version 2, with the token that the ambassador gave."""

    def __init__(self, api: str) -> None:
        self._api = api
        self._reader = PageReader()

    async def account_of(self, token: str) -> str:
        """The id of the account that a token opens; raises LogInRefusedError, TryAgainError."""
        data = (await self._reader.get(f"{self._api}/2/users/me", token)).get("data")
        id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(id, str) or not id:
            raise LogInRefusedError("claim_missing")
        return id

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._reader.aclose()
