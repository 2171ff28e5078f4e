"""Whom the settings know to ask: identity providers, address books, networks; each is made at its first use, and not before."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.ports import AddressBookProvider, IdentityProvider, SocialNetwork
from shared.settings import Client, Settings

if TYPE_CHECKING:
    from shared.adapters.entra import Entra
    from shared.adapters.facebook import FacebookIdentityProvider

T = TypeVar("T")


class Lazily(Mapping[str, T], Generic[T]):
    """Things by name, each made at its first use and kept."""

    def __init__(self, makers: Mapping[str, Callable[[], T]]) -> None:
        self._makers = makers
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def made(self) -> list[T]:
        """Those that were asked for."""
        return list(self._made.values())


def identity_providers(s: Settings) -> Lazily[IdentityProvider]:
    """The brands' directories and the Manager's (`sso`), and Facebook."""
    makers: dict[str, Callable[[], IdentityProvider]] = {}
    if entra := s.entra:
        makers["sso"] = lambda: _sso(s, entra)
    if facebook := s.facebook:
        makers["facebook"] = lambda: _facebook(s, facebook)
    return Lazily(makers)


def address_books(s: Settings) -> Lazily[AddressBookProvider]:
    """Outlook's contacts, by the app at Entra ID, and Google's."""
    makers: dict[str, Callable[[], AddressBookProvider]] = {}
    if entra := s.entra:
        makers["outlook"] = lambda: _outlook(s, entra)
    if google := s.google:
        makers["google"] = lambda: _google(s, google)
    return Lazily(makers)


def social_networks(s: Settings) -> Lazily[SocialNetwork]:
    """The networks that say whose a token is; a grant at any other stays unverified, and nothing is read by it (AMB-5)."""
    makers: dict[str, Callable[[], SocialNetwork]] = {}
    if facebook := s.facebook:
        makers |= dict.fromkeys(("facebook", "facebook_pages"), lambda: _facebook(s, facebook))
    if s.twitter_secrets:
        makers["twitter"] = lambda: _twitter(s)
    return Lazily(makers)


def _sso(s: Settings, client: Client) -> IdentityProvider:
    from shared.adapters.entra import EntraIdentityProvider

    return EntraIdentityProvider(_entra(s, client))


def _facebook(s: Settings, client: Client) -> "FacebookIdentityProvider":
    from shared.adapters.facebook import FacebookIdentityProvider

    site, graph = "https://www.facebook.com", "https://graph.facebook.com"
    if s.identity_sandbox:
        site = graph = f"{s.identity_sandbox}/facebook"
    return FacebookIdentityProvider(client.id, client.secret, site, graph)


def _twitter(s: Settings) -> SocialNetwork:
    from shared.adapters.twitter import Twitter

    return Twitter(f"{s.identity_sandbox}/twitter" if s.identity_sandbox else "https://api.x.com")


def _outlook(s: Settings, client: Client) -> AddressBookProvider:
    from shared.adapters.graph import GraphAddressBook

    graph = f"{s.identity_sandbox}/graph" if s.identity_sandbox else "https://graph.microsoft.com"
    return GraphAddressBook(_entra(s, client), graph)


def _google(s: Settings, client: Client) -> AddressBookProvider:
    from shared.adapters.people import GoogleAddressBook, GoogleUrls

    at = s.identity_sandbox
    urls = GoogleUrls(f"{at}/google/auth", f"{at}/google/token", f"{at}/people") if at else GoogleUrls()
    return GoogleAddressBook(client.id, client.secret, urls)


def _entra(s: Settings, client: Client) -> "Entra":
    from shared.adapters.entra import Entra

    return Entra(s.entra_authority, client.id, client.secret, s.identity_sandbox)
