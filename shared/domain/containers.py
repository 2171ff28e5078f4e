"""The containers of a brand and of the platform: partition, unique values, and every path that a query may use."""

from dataclasses import dataclass

Group = tuple[str, ...]
"""Paths that an index holds, in order: a query holds all but the last by equality, the last in any way or as its order."""


@dataclass(
    frozen=True, slots=True, eq=False
)  # each is itself: what is known of one is kept by it, and asked for per write
class Container:
    """One kind of document, and every path that a query may use; what no query asks for is not indexed.

    Each index costs at every write, so each group says where it is asked: `across` all partitions, `inside` one of them,
    or both ways, which takes two indexes as `indexes` and one as `equal`, by equality (or one of some) alone. `unique`
    paths are so inside a partition, and there they may be asked for by equality.
    `contains` are the texts that are searched in, inside one partition or what an index holds: no store sorts by them.
    A document's own id may be asked for everywhere.
    Kinds of few documents that name one `home` share a container where containers are scarce (Cosmos DB).
    """

    name: str
    partition: str
    indexes: tuple[Group, ...] = ()
    across: tuple[Group, ...] = ()
    inside: tuple[Group, ...] = ()
    equal: tuple[Group, ...] = ()
    unique: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    backed_up: bool = True
    home: str | None = None


AMBASSADORS = Container(
    "ambassadors",
    partition="id",
    indexes=(
        ("clock.rule", "clock.since"),
        ("owedSince",),
        ("looseSince",),
        ("grantsSince",),
        ("proof.at",),
        ("createdAt",),
        ("status", "createdAt"),
        ("brandSees", "createdAt"),
        ("customerHash",),
    ),
    contains=("search",),
)
CONTACTS = Container(
    "contacts",
    partition="ambassadorId",
    # Only what brand users may see carries `brandSees`: their lists, counts and searches meet nothing else (VIS-2).
    # The teams' lists go by `createdAt`, which grows at its end and so costs an import little.
    indexes=(("brandSees", "createdAt"), ("createdAt",)),
    across=(
        ("brandSees", "brandOptIn", "createdAt"),
        ("clock.rule", "clock.since"),
        ("outgoing.at",),
        ("asking.confirmed.at",),
        ("proof.at",),
    ),
    inside=(("ambassadorOptIn",), ("twitterHash",)),
    equal=(("emailHash",),),
    unique=("addressKey",),
    contains=("search", "brandSearch"),
)
ACTIVITY = Container("activity", partition="ambassadorId", indexes=(("createdAt",),))
FEED = Container("feed", partition="month", indexes=(("at",), ("ambassadorId",)))
REACTIONS = Container(
    "reactions", partition="publicationId", indexes=(("kind", "at"), ("publicationId", "kind"), ("ambassadorId",))
)
COUNTERS = Container("counters", partition="publicationId")
NEWSLETTERS = Container("newsletters", partition="id", indexes=(("openSince",), ("startedAt",)), home="work")
UGC = Container(
    "ugc",
    partition="ambassadorId",
    indexes=(("createdAt",), ("consent.contest", "createdAt"), ("deleteAt",), ("unsettledSince",), ("proof.at",)),
)
CONTESTS = Container("contests", partition="id", indexes=(("endsAt",),), home="settings")
RIGHTS = Container(
    "rights",
    partition="id",
    indexes=(("waitingUntil",), ("receivedAt",), ("runningSince",), ("owedSince",), ("passedOnAt",)),
    equal=(("subject",),),
    home="oversight",
)
FLAGS = Container(
    "flags",
    partition="id",
    indexes=(("openSince",), ("at",), ("clock.rule", "clock.since")),
    equal=(("subject",),),
    home="oversight",
)
SUPPRESSIONS = Container(
    "suppressions",
    partition="id",
    # Each has its reasons' dates and no others, so that each reason's index holds its own: counted, and never listed.
    indexes=(
        ("reachSince",),
        ("reasons.global_opt_out",),
        ("reasons.hard_bounce",),
        ("reasons.repeated_soft_bounce",),
        ("reasons.spam",),
        ("reasons.blocked",),
    ),
)
LEDGER = Container("ledger", partition="subject", indexes=(("seq",),))
CLAIMS = Container("claims", partition="id")
# Two kinds of counts that are soon forgotten: by `since` rate limits are found, by `at` the traces of ACT-5.
LIMITS = Container("limits", partition="id", indexes=(("since",), ("at",)), backed_up=False)
# Links are forgotten within a week: no backup keeps whose address asked.
RIGHTS_LINKS = Container(
    "rightsLinks",
    partition="id",
    indexes=(("pendingSince",), ("askedAt",)),
    equal=(("subject",),),
    backed_up=False,
    home="oversight",
)
# What the mail provider has still to forget: gone once it has, and in no backup.
FORGETTINGS = Container("forgettings", partition="id", indexes=(("owedSince",),), backed_up=False, home="oversight")
JOBS = Container("jobs", partition="id", indexes=(("openSince",), ("startedAt",)), home="work")
BATCHES = Container("batches", partition="id", indexes=(("openSince",), ("startedAt",)), home="work")
# Forgotten within a week: no backup keeps what somebody asked for.
REPEATS = Container("repeats", partition="id", indexes=(("at",),), backed_up=False, home="oversight")
API_KEYS = Container("apiKeys", partition="id", home="lookups")
SYNC_KEYS = Container("syncKeys", partition="id", equal=(("contactId",),), home="lookups")
SALES = Container("sales", partition="id", home="lookups")
VOUCHERS = Container("vouchers", partition="id", indexes=(("expiresAt",),), home="lookups")
ALLOWED = Container("allowed", partition="id", across=(("load", "kind"),), home="lookups")
RUNS = Container("runs", partition="id", indexes=(("openSince",), ("startedAt",)), home="work")
FORMS = Container("forms", partition="id", home="settings")
# A restored store has no backups of its own yet: the first after it is a full one.
BACKUPS = Container("backups", partition="id", indexes=(("openSince",), ("startedAt",)), backed_up=False, home="work")
ACCESS_LOG = Container("accessLog", partition="id", indexes=(("at",),), home="oversight")

BRAND_CONTAINERS = (
    AMBASSADORS,
    CONTACTS,
    ACTIVITY,
    FEED,
    REACTIONS,
    COUNTERS,
    NEWSLETTERS,
    UGC,
    CONTESTS,
    FLAGS,
    RIGHTS,
    RIGHTS_LINKS,
    FORGETTINGS,
    SUPPRESSIONS,
    LEDGER,
    CLAIMS,
    LIMITS,
    REPEATS,
    JOBS,
    BATCHES,
    RUNS,
    FORMS,
    BACKUPS,
    ACCESS_LOG,
    API_KEYS,
    ALLOWED,
    SYNC_KEYS,
    SALES,
    VOUCHERS,
)

BRANDS = Container("brands", partition="id", indexes=(("status",),))
KEYS = Container("keys", partition="id")
STAFF = Container("staff", partition="id", indexes=(("grants",),), contains=("grants",))
FLOWS = Container("flows", partition="id", indexes=(("expiresAt",),))
QUARANTINE = Container("quarantine", partition="id", indexes=(("at",),))

PLATFORM_CONTAINERS = (BRANDS, KEYS, STAFF, FLOWS, QUARANTINE)
