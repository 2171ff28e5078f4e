"""Entra ID through MSAL: code flow with PKCE, state and nonce; the identity token is checked here (REG-2, VIS-5)."""

import asyncio
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.errors import LogInRefusedError, TryAgainError
from shared.ports import Begun, Document, Identity

if TYPE_CHECKING:
    import requests
    from jwt import PyJWK, PyJWKSet
    from msal import ConfidentialClientApplication

SCOPES = ["email"]  # MSAL adds openid and profile
TENANTS_KEPT = 100
LEEWAY_SECONDS = 60  # how far two clocks may be apart
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NEEDED = ["exp", "iat", "iss", "aud", "sub", "tid", "oid"]


@dataclass(slots=True)
class _Tenant:
    """What is known of one tenant, asked for once in a process."""

    name: str
    client: "ConfidentialClientApplication"
    issuer: str
    keys_url: str
    keys: "PyJWKSet | None" = field(default=None)


class Entra:
    """Log-ins at Entra ID's tenants, for an app that is registered there. MSAL blocks, so that each call has a thread."""

    def __init__(self, authority: str, client_id: str, secret: str, sandbox: str | None = None) -> None:
        self._authority = authority
        self._client_id = client_id
        self._secret = secret
        self._sandbox = sandbox
        self._opened: requests.Session | None = None
        self._tenants: dict[str, _Tenant] = {}

    async def begin(self, redirect_uri: str, state: str, tenant: str | None, scopes: Sequence[str] = ()) -> Begun:
        """Begins a log-in at a tenant, by its id or `organizations` or `common`; raises TryAgainError."""
        return await asyncio.to_thread(self._begin, redirect_uri, state, tenant or "organizations", list(scopes))

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> tuple[dict[str, Any], str]:
        """The identity token's claims, checked, and the access token; raises LogInRefusedError, TryAgainError."""
        return await asyncio.to_thread(self._finish, secrets, answer)

    async def aclose(self) -> None:
        """Lets go of connections."""
        if self._opened:
            self._opened.close()
            self._opened, self._tenants = None, {}

    @property
    def _session(self) -> "requests.Session":
        if self._opened is None:
            from shared.adapters.identity_http import identity_session

            self._opened = identity_session(self._sandbox)
        return self._opened

    def _begin(self, redirect_uri: str, state: str, name: str, scopes: list[str]) -> Begun:
        with _asking():
            flow = self._tenant(name).client.initiate_auth_code_flow(scopes, redirect_uri=redirect_uri, state=state)
        return Begun(flow["auth_uri"], {"tenant": name, "flow": flow})

    def _finish(self, secrets: Document, answer: Mapping[str, str]) -> tuple[dict[str, Any], str]:
        if "error" in answer:
            raise LogInRefusedError("denied")
        said = {
            name: answer[name] for name in ("code", "state") if name in answer
        }  # and nothing that MSAL might follow
        with _asking():
            tenant = self._tenant(secrets["tenant"])
            try:
                result = tenant.client.acquire_token_by_auth_code_flow(secrets["flow"], said)
            except RuntimeError:  # MSAL's word for it, which repeats both
                raise LogInRefusedError("wrong_nonce") from None
            except (ValueError, KeyError):
                raise LogInRefusedError("wrong_state") from None
            if "id_token" not in result:
                raise LogInRefusedError("code_refused")
            return self._checked(tenant, result["id_token"]), result.get("access_token", "")

    def _checked(self, tenant: _Tenant, id_token: str) -> dict[str, Any]:
        """The claims; MSAL checks neither signature nor issuer, audience and time, and says so."""
        import jwt

        try:
            # The provider's time is real, and so must ours be: the suite's own clock can be moved ahead for a demonstration.
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key(tenant, jwt.get_unverified_header(id_token).get("kid")),
                algorithms=["RS256"],
                audience=self._client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": NEEDED},
            )
        except jwt.PyJWTError as error:
            raise LogInRefusedError(_REASONS.get(type(error).__name__, "token_invalid")) from None
        of = str(claims["tid"]).lower()
        if not _GUID.fullmatch(of) or (_GUID.fullmatch(tenant.name) and of != tenant.name):
            raise LogInRefusedError("wrong_tenant")
        if claims["iss"] != tenant.issuer.replace("{tenantid}", of):
            raise LogInRefusedError("wrong_issuer")
        return claims

    def _key(self, tenant: _Tenant, id: str | None) -> "PyJWK":
        """The tenant's signing key; keys are fetched anew for one that is not known yet."""
        import jwt

        for fresh in (False, True):
            if tenant.keys is None or fresh:
                tenant.keys = jwt.PyJWKSet.from_dict(self._fetched(tenant.keys_url))
            for key in tenant.keys.keys:
                if key.key_id == id:
                    return key
        raise LogInRefusedError("unknown_key")

    def _tenant(self, name: str) -> _Tenant:
        if name not in self._tenants:
            from msal import ConfidentialClientApplication

            # MSAL would have the answer posted. A post from the provider's site brings no Lax cookie, and the cookie is what
            # binds the answer to its browser; a code in an address is worth nothing without the verifier and the secret.
            warnings.filterwarnings("ignore", message="response_mode='form_post'")
            while len(self._tenants) >= TENANTS_KEPT:
                self._tenants.pop(next(iter(self._tenants)))
            configuration = self._fetched(f"{self._authority}/{name}/v2.0/.well-known/openid-configuration")
            self._tenants[name] = _Tenant(
                name,
                ConfidentialClientApplication(
                    self._client_id,
                    client_credential=self._secret,
                    authority=f"{self._authority}/{name}",
                    instance_discovery=False,  # the authority is a setting: nobody else need vouch for it
                    http_client=self._session,
                    token_cache=_no_cache(),
                ),
                configuration["issuer"],
                configuration["jwks_uri"],
            )
        return self._tenants[name]

    def _fetched(self, url: str) -> dict[str, Any]:
        response = self._session.get(url)
        response.raise_for_status()
        content: dict[str, Any] = response.json()
        return content


class EntraIdentityProvider:
    """Who somebody is, by Entra ID."""

    def __init__(self, entra: Entra) -> None:
        self._entra = entra

    async def picture(self, identity: Identity) -> bytes | None:
        """None: a directory's pictures are the employer's."""
        return None

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._entra.aclose()

    async def begin(self, redirect_uri: str, state: str, tenant: str | None = None) -> Begun:
        """Begins a log-in."""
        return await self._entra.begin(redirect_uri, state, tenant, SCOPES)

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> Identity:
        """Who came back."""
        claims, _ = await self._entra.finish(secrets, answer)
        said = {name: value for name, value in claims.items() if isinstance(value, str)}
        return Identity(
            subject=f"{claims['tid']}.{claims['oid']}".lower(),
            email=said.get("email"),
            first_name=said.get("given_name"),
            last_name=said.get("family_name"),
            claims=said,
        )


_REASONS = {
    "ExpiredSignatureError": "token_expired",
    "InvalidAudienceError": "wrong_audience",
    "MissingRequiredClaimError": "claim_missing",
    "InvalidSignatureError": "wrong_signature",
}


@contextmanager
def _asking() -> Iterator[None]:
    """Turns a provider that cannot be asked into the error that says so; its own words would repeat addresses and codes."""
    import requests

    try:
        yield
    except requests.RequestException:
        raise TryAgainError from None


def _no_cache() -> Any:
    """A cache for tokens that keeps none: they are used at once, and forgotten."""
    from msal import TokenCache

    class Forgetful(TokenCache):  # type: ignore[misc]  # msal says nothing of its types
        def add(self, event: Any, now: Any = None) -> None:
            """Keeps nothing."""

    return Forgetful()
