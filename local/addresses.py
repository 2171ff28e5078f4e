"""The ports of a local suite: one number moves them all, everything is on loopback."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Port:
    """A port and what it is for."""

    number: int
    purpose: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.number}"

    @property
    def is_free(self) -> bool:
        """Whether it can be bound now."""
        try:
            with listen(self.number):
                return True
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Ports:
    """The suite's ports, counted from the functions host's."""

    first: int
    hosts: int = 1
    cosmos: bool = False
    """Whether the documents lie in an emulator of Cosmos DB, and not in files."""

    @property
    def functions(self) -> Port:
        """The product itself."""
        return Port(self.first, "functions: pages, API, /docs, /admin")

    @property
    def mail(self) -> Port:
        """In place of Mailjet."""
        return Port(self.first + 1, "mail sandbox: inbox, Mailjet's API")

    @property
    def blobs(self) -> Port:
        """In place of Blob Storage."""
        return Port(self.first + 2, "blobs (Azurite)")

    @property
    def queues(self) -> Port:
        """In place of Queue Storage."""
        return Port(self.first + 3, "queues (Azurite)")

    @property
    def documents(self) -> Port:
        """In place of a Cosmos DB account, when the run has one."""
        return Port(self.first + 4, "documents (Cosmos DB emulator)")

    @property
    def identity(self) -> Port:
        """In place of Entra ID and the others."""
        return Port(self.first + 5, "identity sandbox: Entra ID, Facebook, Google")

    @property
    def further_hosts(self) -> tuple[Port, ...]:
        """The same functions over the same data, as a scaled-out app has them."""
        return tuple(
            Port(self.identity.number + number, f"functions, host {number + 1}") for number in range(1, self.hosts)
        )

    def all(self) -> tuple[Port, ...]:
        """Every port that the suite binds."""
        documents = (self.documents,) if self.cosmos else ()
        return (self.functions, self.mail, self.blobs, self.queues, *documents, self.identity, *self.further_hosts)


def busy(ports: Iterable[Port]) -> list[Port]:
    """Those that something else has."""
    return [port for port in ports if not port.is_free]


def listen(port: int) -> socket.socket:
    """A listening socket on loopback (port 0: any free one); raises OSError when the port is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A suite that has just stopped leaves connections in TIME_WAIT; they must not count as busy.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


def free_port() -> int:
    """A port that nothing has at this moment."""
    with listen(0) as listening:
        return int(listening.getsockname()[1])
