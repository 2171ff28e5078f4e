"""What the use cases need from the world, as small protocols; adapters provide it, tests fake or wrap it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from shared.domain.containers import Container
from shared.domain.hashing import WrappedKey
from shared.domain.telemetry import Call
from shared.domain.tokens import Tokens

if TYPE_CHECKING:  # it brings every format of address books along
    from shared.domain.address_book import Entry

Document = dict[str, Any]


class Key(NamedTuple):
    """Where one document lives: its partition and its id."""

    partition: str
    id: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as read, with the ETag that a write must present."""

    document: Document
    etag: str


@dataclass(frozen=True, slots=True)
class Write:
    """One conditional write: `etag` None creates, `document` None deletes, both given replaces."""

    key: Key
    document: Document | None
    etag: str | None


class Outcome(StrEnum):
    """What became of one write of a batch."""

    WRITTEN = "written"
    CONFLICT = "conflict"  # a create found the id, or a unique value, taken
    STALE = "stale"  # the ETag was not the newest, or the document is gone


@dataclass(frozen=True, slots=True)
class Result:
    """One write of a batch: what became of it, and the new ETag of what was written (None for a delete)."""

    outcome: Outcome
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on an indexed field (dotted path); `in` takes a sequence, `contains` a substring."""

    field: str
    op: Literal["=", "in", "<", "<=", ">", ">=", "contains"]
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one container of one brand; without `partition` it crosses partitions (never on a hot path).

    `order_by` is a dotted path; documents that lack it are left out of an ordered answer.
    `cursor` is the one that the page before gave; the answer stays consistent when documents change between pages:
    nothing that stays unchanged is missed or comes twice.
    `range` is one that the container named: the answer is of its documents alone.
    """

    where: tuple[Where, ...] = ()
    partition: str | None = None
    order_by: str | None = None
    descending: bool = False
    limit: int = 100
    cursor: str | None = None
    range: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer; `cursor` None means there is no more."""

    items: list[Stored]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Some of the documents that were written since a position, as they are now, and the position that goes on from there.

    `more` says that the feed has not caught up yet. What was deleted is not among them.
    """

    items: list[Document]
    position: str
    more: bool


class StaleError(Exception):
    """The document changed, or went, since it was read."""


class ConflictError(Exception):
    """The id, or a value that must be unique in its partition, is taken."""


class CursorError(ValueError):
    """The cursor is not one that a page of this query gave."""


class Documents(Protocol):
    """One container of one brand (or of the platform)."""

    async def read(self, key: Key) -> Stored | None:
        """The document, by a point read; None when there is none."""
        ...

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Those of up to 100 documents that exist, batched."""
        ...

    async def create(self, key: Key, document: Document) -> str:
        """Writes a new document and gives its ETag; raises ConflictError."""
        ...

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        """Replaces what was read under `etag` and gives the new one; raises StaleError, or ConflictError on a unique value."""
        ...

    async def delete(self, key: Key, etag: str) -> None:
        """Deletes what was read under `etag`; raises StaleError."""
        ...

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        """Up to 100 conditional writes, batched by partition; each has its own outcome, in input order."""
        ...

    async def query(self, query: Query) -> Page:
        """One page of the documents that match."""
        ...

    async def count(self, where: tuple[Where, ...]) -> int:
        """How many documents match, over all partitions."""
        ...

    async def ranges(self) -> Sequence[str]:
        """The ranges by which a walk over all documents can be shared out: each document is in one of them.

        They stay good when the store cuts its documents up anew. One of a store, or a container, that has no more.
        """
        ...

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        """Up to about so many of the documents written since a position that a call before gave; None is the beginning.

        A document that is written meanwhile comes now, later, or both times, but never not at all.
        """
        ...


class Store(Protocol):
    """Every document of the suite; there is no way to ask without naming a brand or the platform itself."""

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        ...

    def platform(self, container: Container) -> Documents:
        """A container of the platform: brands, their wrapped keys, staff. No personal data of a brand's people."""
        ...

    async def scrub(self, brand: str) -> None:
        """What was erased or overwritten leaves the brand's files now, where a store has files of its own."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A message that lies on a queue; `message` None for what is none of ours, `receipt` only once it is leased."""

    id: str
    since: datetime
    dequeue_count: int
    message: Mapping[str, Any] | None
    receipt: str | None = None


class Queue(Protocol):
    """Hints that work waits: ids only, delivered at least once, perhaps late, perhaps never."""

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue; invisible for the delay."""
        ...


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A queue, how many messages lie on it, and the first of them (up to 32) as they would be handed over."""

    name: str
    messages: int
    seen: Sequence[bytes]


@runtime_checkable
class Queues(Protocol):
    """Every queue there is, looked at without taking anything from it."""

    def look(self) -> AsyncIterator[LookedAt]:
        """Each queue, poison queues too."""


class Backlog(Protocol):
    """What lies on the queues: for who has to see it, and to move on what was kept aside."""

    async def depth(self, queue: str) -> int:
        """About how many messages lie on the queue, invisible ones too; 0 for a queue that there is not."""
        ...

    async def peek(self, queue: str) -> list[Held]:
        """Up to 32 of the messages that are visible, the oldest first; they stay as they are."""
        ...

    async def lease(self, queue: str, seconds: int) -> list[Held]:
        """The same, made invisible to others for so long."""
        ...

    async def release(self, queue: str, held: Held) -> None:
        """Lets others see a message that was leased again, at once."""
        ...

    async def remove(self, queue: str, held: Held) -> None:
        """Deletes a message that was leased; one that is gone, or that somebody else leased since, stays as it is."""
        ...


class Files(Protocol):
    """Blobs by path; the first path segment is the brand."""

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the chunks as one file, replacing what was there."""
        ...

    def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks; raises FileNotFoundError."""
        ...

    async def delete(self, path: str) -> None:
        """Deletes the file; deleting what is gone is fine."""
        ...

    def list(self, prefix: str) -> AsyncIterator[str]:
        """The paths that begin so, in the order of their bytes."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one person, ready for the provider."""

    custom_id: str
    sender_email: str
    sender_name: str
    to_email: str
    to_name: str | None
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None


class Fate(StrEnum):
    """What the provider said, or did not say, of one mail."""

    SENT = "sent"
    REFUSED = "refused"  # this mail's own fault; sending it again would be refused again
    RETRY = "retry"  # nothing was accepted; to be sent again later
    UNKNOWN = "unknown"  # it may have been accepted: look it up before sending again


@dataclass(frozen=True, slots=True)
class SendResult:
    """The fate of one mail, with a reason that holds no personal data."""

    fate: Fate
    reason: str | None = None


class Mailer(Protocol):
    """The mail provider."""

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Hands over up to 50 mails in one call; the fates come in input order. Never raises for the provider's faults."""
        ...

    async def was_accepted(self, custom_id: str) -> bool | None:
        """Whether the provider knows a mail of this custom id; None when it cannot be asked now."""
        ...

    async def forget(self, address: str) -> bool:
        """Has the provider delete what it keeps on an address; True once it holds nothing. Never raises for its faults."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was begun: where the person goes, and what must be kept secret until they are back."""

    url: str
    secrets: Document


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, by the checked word of an identity provider.

    `subject` is theirs alone at this provider: `<tenant>.<object id>` in lower case at Entra ID. `claims` are the
    provider's other words, for what a brand's policy asks for by name.
    """

    subject: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    picture: str | None = None  # where the provider has one
    claims: Mapping[str, str] = field(default_factory=dict)


class IdentityProvider(Protocol):
    """Somebody else's log-in: the person goes there and comes back with an answer."""

    async def begin(self, redirect_uri: str, state: str, tenant: str | None = None) -> Begun:
        """Begins a log-in at a tenant of the provider; raises TryAgainError when it does not answer."""
        ...

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> Identity:
        """Who came back; raises LogInRefusedError for a word that is not good, TryAgainError when nobody can be asked."""
        ...

    async def picture(self, identity: Identity) -> bytes | None:
        """The person's picture; None when there is none, or it cannot be had."""
        ...


class AddressBookProvider(Protocol):
    """Contacts at somebody else's, told with the person's permission."""

    async def begin(self, redirect_uri: str, state: str) -> Begun:
        """Begins to ask for the permission; raises TryAgainError."""
        ...

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> str:
        """The permission as a token, which is a secret; raises LogInRefusedError, TryAgainError."""
        ...

    def pages(self, token: str) -> AsyncIterator[list["Entry"]]:
        """The contacts page by page; raises LogInRefusedError when the token is not good (any more), TryAgainError."""
        ...


class SocialNetwork(Protocol):
    """A social network that tells whose a token is (AMB-5)."""

    async def account_of(self, token: str) -> str:
        """The id of the account that a token opens; raises LogInRefusedError when it opens none, TryAgainError."""
        ...


class Clock(Protocol):
    """The only source of the time."""

    def now(self) -> datetime:
        """The time in UTC, in whole seconds."""
        ...


class Vault(Protocol):
    """Wraps the brands' keys under a master key that is in no database."""

    def wrap(self, key: bytes) -> WrappedKey:
        """Encrypts a key for storage."""
        ...

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Decrypts a stored key; raises ValueError when it was not wrapped here."""
        ...

    def is_newest(self, wrapped: WrappedKey) -> bool:
        """Whether the newest master key wrapped it."""
        ...


class Telemetry(Protocol):
    """What the suite tells of itself; only what `shared/domain/telemetry.py` allows gets in (VIS-8)."""

    def calling(self, function: str, parent: str | None = None) -> AbstractContextManager[Call]:
        """Tells of one call of a function when it ends; `parent` is a W3C traceparent that it goes on from."""
        ...

    def add(self, metric: str, amount: int = 1, **by: str) -> None:
        """Adds to a counter."""
        ...

    def record(self, metric: str, value: float, **by: str) -> None:
        """Notes how a gauge stands."""
        ...

    def flush(self) -> None:
        """Hands over what was noted; blocks for some seconds at most."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a use case may touch."""

    store: Store
    queue: Queue
    files: Files
    tombstones: Files  # who asked to be forgotten or left alone: beside the store, and in no backup
    backups: Files  # in another region
    mailer: Mailer
    clock: Clock
    vault: Vault
    tokens: Tokens
    public_url: str
    bcrypt_cost: int = 12
    identity: Mapping[str, IdentityProvider] = field(default_factory=dict)  # by name: those that the settings know
    accounts: Mapping[str, Store] = field(default_factory=dict)  # by name: where brands lie that are not in `store`
    address_books: Mapping[str, AddressBookProvider] = field(default_factory=dict)
    networks: Mapping[str, SocialNetwork] = field(default_factory=dict)
