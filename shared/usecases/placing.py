"""In which account a brand's documents lie: brands spread over accounts, since one holds 500 containers (ADR 0071)."""

from shared.domain.containers import Container
from shared.domain.policy import BrandRecord
from shared.ports import Documents, Ports, Store


class UnknownAccountError(Exception):
    """The brand's record names an account that the settings do not have: nothing of the brand can be reached."""


class Placed:
    """The store as one brand sees it: its own documents in its account, the platform's where they always are."""

    def __init__(self, platform: Store, account: Store) -> None:
        self._platform = platform
        self._account = account

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of the brand."""
        return self._account.brand(brand, container)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return self._platform.platform(container)

    async def scrub(self, brand: str) -> None:
        """Lets erased bytes leave the brand's files."""
        await self._account.scrub(brand)

    async def close(self) -> None:
        """Nothing: the accounts are closed by who opened them, once for all brands."""


def store_of(ports: Ports, record: BrandRecord) -> Store:
    """The store as the brand sees it; raises UnknownAccountError, never another account's documents."""
    if record.account is None:
        return ports.store
    if record.account not in ports.accounts:
        raise UnknownAccountError
    return Placed(ports.store, ports.accounts[record.account])
