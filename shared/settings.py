"""The settings, read from the environment once, typed and checked; each error names the setting and never its value."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingError(Exception):
    """A setting is missing or not usable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an installation decides outside the brands' policies."""

    store_url: str  # STORE_URL: sqlite:///directory, or the https address of a Cosmos DB account
    store_accounts: Mapping[str, str]  # STORE_ACCOUNTS: name=address[,name=address]: the accounts that brands may name
    cosmos_key: str | None  # COSMOS_KEY: left out, the managed identity is used
    storage: str | None  # AzureWebJobsStorage: a connection string, or left out for an identity and the addresses below
    storage_blob_uri: str | None  # AzureWebJobsStorage__blobServiceUri
    storage_queue_uri: str | None  # AzureWebJobsStorage__queueServiceUri
    storage_client_id: str | None  # AzureWebJobsStorage__clientId
    backup_storage: str | None  # BACKUP_STORAGE: an account in the second EU region (BAK-1, BAK-2), or
    backup_blob_uri: str | None  # BACKUP_STORAGE__blobServiceUri: the same by the identity above
    public_url: str  # PUBLIC_URL: where people reach the suite; links in mails begin with it
    privacy_policy_url: str  # PRIVACY_POLICY_URL: the platform's own, on pages that belong to no brand (MAIL-2)
    mailjet_url: str  # MAILJET_URL
    mailjet_api_key: str  # MAILJET_API_KEY
    mailjet_api_secret: str  # MAILJET_API_SECRET
    webhook_credentials: tuple[tuple[str, str], ...]  # MAILJET_WEBHOOK_CREDENTIALS: user:password[,user:password]
    master_keys: tuple[bytes, ...]  # MASTER_KEYS: wrap the brands' keys; base64 of 32 bytes each, newest first
    token_keys: tuple[bytes, ...]  # TOKEN_KEYS: sign links and sessions; base64 of 32 bytes each, newest first
    bcrypt_cost: int  # BCRYPT_COST
    entra: "Client | None"  # ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET: the app at Entra ID; left out, nobody signs in by it
    entra_authority: str  # ENTRA_AUTHORITY
    facebook: "Client | None"  # FACEBOOK_APP_ID, FACEBOOK_APP_SECRET
    google: "Client | None"  # GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET
    twitter_secrets: tuple[
        str, ...
    ]  # TWITTER_CONSUMER_SECRETS: X signs with it; two with a comma between while they rotate
    manager_tenant: str  # MANAGER_TENANT: whose users may try the Manager's door
    crm_url: (
        str | None
    )  # CRM_URL: where ambassadors work, with {brand} in it; left out, a log-in ends at a page of our own
    manager_url: str | None  # MANAGER_URL: where a log-in to the Manager ends; left out, at a page of the suite's own
    insights: str | None  # APPLICATIONINSIGHTS_CONNECTION_STRING: where spans and metrics go; left out, nowhere
    identity_sandbox: str | None  # IDENTITY_SANDBOX_URL: in place of every identity provider, on one machine alone


@dataclass(frozen=True, slots=True)
class Client:
    """What an identity provider knows the suite by."""

    id: str
    secret: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment; raises SettingError naming the first that is missing or wrong."""

    def required(name: str) -> str:
        value = environment.get(name, "").strip()
        if not value:
            raise SettingError(f"{name} is not set")
        return value

    def optional(name: str) -> str | None:
        return environment.get(name, "").strip() or None

    def client(name: str) -> Client | None:
        id = optional(f"{name}_ID")
        return Client(id, required(f"{name}_SECRET")) if id else None

    storage, queue_uri = optional("AzureWebJobsStorage"), optional("AzureWebJobsStorage__queueServiceUri")
    if storage is None and queue_uri is None:
        raise SettingError("AzureWebJobsStorage, or AzureWebJobsStorage__queueServiceUri, is not set")
    backup_storage, backup_uri = optional("BACKUP_STORAGE"), optional("BACKUP_STORAGE__blobServiceUri")
    if backup_storage is None and backup_uri is None:
        raise SettingError("BACKUP_STORAGE, or BACKUP_STORAGE__blobServiceUri, is not set")
    return Settings(
        store_url=required("STORE_URL"),
        store_accounts=_accounts(optional("STORE_ACCOUNTS")),
        cosmos_key=optional("COSMOS_KEY"),
        storage=storage,
        storage_blob_uri=optional("AzureWebJobsStorage__blobServiceUri"),
        storage_queue_uri=queue_uri,
        storage_client_id=optional("AzureWebJobsStorage__clientId"),
        backup_storage=backup_storage,
        backup_blob_uri=backup_uri,
        public_url=required("PUBLIC_URL").rstrip("/"),
        privacy_policy_url=required("PRIVACY_POLICY_URL"),
        mailjet_url=required("MAILJET_URL").rstrip("/"),
        mailjet_api_key=required("MAILJET_API_KEY"),
        mailjet_api_secret=required("MAILJET_API_SECRET"),
        webhook_credentials=_credentials(required("MAILJET_WEBHOOK_CREDENTIALS")),
        master_keys=_keys("MASTER_KEYS", required("MASTER_KEYS")),
        token_keys=_keys("TOKEN_KEYS", required("TOKEN_KEYS")),
        bcrypt_cost=_cost(environment.get("BCRYPT_COST", "12")),
        entra=client("ENTRA_CLIENT"),
        entra_authority=(optional("ENTRA_AUTHORITY") or "https://login.microsoftonline.com").rstrip("/"),
        facebook=client("FACEBOOK_APP"),
        google=client("GOOGLE_CLIENT"),
        twitter_secrets=_list(optional("TWITTER_CONSUMER_SECRETS")),
        manager_tenant=optional("MANAGER_TENANT") or "organizations",
        crm_url=optional("CRM_URL"),
        manager_url=optional("MANAGER_URL"),
        insights=optional("APPLICATIONINSIGHTS_CONNECTION_STRING"),
        identity_sandbox=_sandbox(optional("IDENTITY_SANDBOX_URL"), required("PUBLIC_URL")),
    )


def _sandbox(url: str | None, public_url: str) -> str | None:
    """Where anybody may sign in as anybody: only where nobody else reaches the suite."""
    if url and urlsplit(public_url).hostname not in LOOPBACK:
        raise SettingError("IDENTITY_SANDBOX_URL is for a PUBLIC_URL on this machine alone")
    return url.rstrip("/") if url else None


def _accounts(text: str | None) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in _list(text)]
    accounts = {name.strip(): url.strip() for name, _, url in pairs}
    named_well = all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name) and "://" in url for name, url in accounts.items())
    if not named_well or len(accounts) < len(pairs):
        raise SettingError("STORE_ACCOUNTS is not name=address, or several of them with commas between")
    return accounts


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _credentials(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [pair.partition(":") for pair in text.split(",")]
    if not all(user and colon and password for user, colon, password in pairs):
        raise SettingError("MAILJET_WEBHOOK_CREDENTIALS is not user:password, or several of them with commas between")
    return tuple((user.strip(), password.strip()) for user, _, password in pairs)


def _keys(name: str, text: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(base64.b64decode(key.strip(), validate=True) for key in text.split(","))
    except binascii.Error:
        raise SettingError(f"{name} is not base64") from None
    if any(len(key) != 32 for key in keys):
        raise SettingError(f"{name} has a key that is not 32 bytes long")
    return keys


def _cost(text: str) -> int:
    if not text.isdigit() or not 4 <= int(text) <= 16:
        raise SettingError("BCRYPT_COST is not a number from 4 to 16")
    return int(text)
