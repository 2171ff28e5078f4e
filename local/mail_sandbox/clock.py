"""The suite's clock, which a developer may have moved, as the mail sandbox sees it."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import urljoin

import httpx

FRESH_SECONDS = 0.2
TIMEOUT_SECONDS = 2.0


class SuiteClock:
    """Tells the time of the functions host that owns the webhook, by its `GET /admin/clock`."""

    def __init__(self, client: httpx.AsyncClient, webhook_url: str) -> None:
        self._client = client
        self._url = urljoin(webhook_url, "/admin/clock")
        self._ahead = timedelta(0)
        self._asked_at: float | None = None

    async def now(self, *, fresh: bool = False) -> datetime:
        """The suite's time in UTC, at most 0.2 s stale, or asked anew when `fresh`.

        While the host does not answer, the real time moved by what the host last said: a host that restarts
        must not throw mails years back. A host that never answered leaves the real time.
        """
        recent = self._asked_at is not None and monotonic() - self._asked_at < FRESH_SECONDS
        if fresh or not recent:
            await self._ask()
            self._asked_at = monotonic()
        return _real_now() + self._ahead

    async def _ask(self) -> None:
        try:
            answer = await self._client.get(self._url, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            told = datetime.fromisoformat(answer.json()["now"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return
        self._ahead = told.astimezone(UTC) - _real_now()


def _real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a process of its own, outside the product and its Clock port


def rfc3339(moment: datetime) -> str:
    """The moment in UTC with microseconds and a Z: one width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
