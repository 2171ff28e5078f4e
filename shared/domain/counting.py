"""What became of a publication, as counts of nobody in particular (ACT-4): in shards, so that no document is a hot spot."""

from enum import StrEnum

from shared.domain.records import Record

SHARDS = 8
KEYS_KEPT = 60


class Counted(StrEnum):
    """What is counted."""

    OPENS = "opens"
    CLICKS = "clicks"
    RESHARES = "reshares"


class CountShard(Record):
    """A part of a publication's counts; a key that it remembers is not counted again."""

    id: str
    publication_id: str
    ambassador_id: str
    opens: int = 0
    clicks: int = 0
    reshares: int = 0
    keys: tuple[str, ...] = ()

    def plus(self, what: Counted, key: str | None = None) -> "CountShard":
        """The shard after one more; itself when the key is known."""
        if key is not None and key in self.keys:
            return self
        keys = self.keys if key is None else (*self.keys, key)[-KEYS_KEPT:]
        return self.changed(**{what.value: getattr(self, what.value) + 1}, keys=keys)


def shard_of(key: str) -> str:
    """The shard that a key always falls into."""
    return str(sum(key.encode()) % SHARDS)
