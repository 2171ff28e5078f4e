"""The community flow and its members (ACT-3, AMB-3, VIS-4): who hides is not there, for anybody but themselves."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.community import FeedEntry, Reaction, ReactionKind, month_before, month_of
from shared.domain.errors import FieldError, InvalidInputError, UnknownObjectError
from shared.domain.publication import Publication
from shared.domain.visibility import see_in_community, shows_events
from shared.ports import Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.paging import page_of, unveiled, veiled
from shared.usecases.publications import find_publication

# The flow reaches back as far as inactive people are kept, and a page looks through so many months at most.
MONTHS = 36
MONTHS_A_PAGE = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A publication as the community sees it; `author` {} is the viewer's own while hidden."""

    publication: Publication
    author: Mapping[str, Any]
    likes: int
    comments: int
    liked: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment and who wrote it."""

    id: str
    author: Mapping[str, Any]
    text: str
    at: datetime
    own: bool


async def flow(brand: Brand, viewer: str, limit: int, cursor: str | None) -> tuple[list[Shown], str | None]:
    """A page of the flow, newest first: months are partitions, so a page reads the newest ones and never all of them."""
    newest = month_of(brand.now())
    month, following = _read_cursor(unveiled(brand, cursor), newest)
    shown: list[Shown] = []
    for _ in range(MONTHS_A_PAGE):
        while True:
            query = Query(
                partition=month, order_by="at", descending=True, limit=limit - len(shown), cursor=following or None
            )
            page, following = await brand.feed.page(query)
            shown += await _shown(brand, viewer, [item.record for item in page])
            if following is None or len(shown) >= limit:
                break
        if following is None:
            month = month_before(month)
            if _months_between(month, newest) >= MONTHS:
                return shown, None
        if len(shown) >= limit:
            break
    return shown, veiled(brand, f"{month}:{following or ''}")


async def members(brand: Brand, limit: int, cursor: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
    """A page of the community's members, newest first: the fields of VIS-4 of those who do not hide."""

    async def seen(accounts: Sequence[Ambassador]) -> list[Mapping[str, Any] | None]:
        return [see_in_community(account, brand.policy.community_display) or None for account in accounts]

    active = (Where("status", "=", AccountStatus.ACTIVE.value),)
    query = Query(active, order_by="createdAt", descending=True, limit=limit, cursor=unveiled(brand, cursor))
    found, following = await page_of(brand.ambassadors, query, seen)
    return found, veiled(brand, following)


async def comments_of(
    brand: Brand, viewer: str, publication: str, limit: int, cursor: str | None
) -> tuple[list[Comment], str | None]:
    """A page of a publication's comments, oldest first; those of ambassadors who hide are left out."""
    await visible_publication(brand, viewer, publication)

    async def seen(reactions: Sequence[Reaction]) -> list[Comment | None]:
        accounts = await _accounts(brand, (reaction.ambassador_id for reaction in reactions))
        authors = [_author(brand, viewer, accounts.get(reaction.ambassador_id)) for reaction in reactions]
        return [
            None if author is None else Comment(r.id, author, r.text or "", r.at, r.ambassador_id == viewer)
            for r, author in zip(reactions, authors, strict=True)
        ]

    comments = (Where("kind", "=", ReactionKind.COMMENT.value),)
    query = Query(comments, publication, "at", limit=limit, cursor=unveiled(brand, cursor))
    found, following = await page_of(brand.reactions, query, seen)
    return found, veiled(brand, following)


async def visible_publication(brand: Brand, viewer: str, id: str) -> tuple[Publication, Versioned[Ambassador]]:
    """A publication that the viewer may see in the flow, and its author; raises UnknownObjectError for every other one."""
    publication = await find_publication(brand, id)
    if publication is None:
        raise UnknownObjectError
    author = await brand.ambassadors.get(publication.ambassador_id, publication.ambassador_id)
    if author is None or _author(brand, viewer, author.record) is None:
        raise UnknownObjectError
    return publication, author


async def _shown(brand: Brand, viewer: str, entries: Sequence[FeedEntry]) -> list[Shown]:
    accounts = await _accounts(brand, (entry.ambassador_id for entry in entries))
    authors = {entry.id: _author(brand, viewer, accounts.get(entry.ambassador_id)) for entry in entries}
    seen = [entry for entry in entries if authors[entry.id] is not None]
    publications = await brand.activity.get_many([(entry.ambassador_id, entry.id) for entry in seen])
    likes = await brand.reactions.get_many([(entry.id, viewer) for entry in seen])
    return [
        Shown(
            publications[entry.ambassador_id, entry.id].record,
            author=authors[entry.id] or {},
            likes=entry.likes,
            comments=entry.comments,
            liked=(entry.id, viewer) in likes,
            own=entry.ambassador_id == viewer,
        )
        for entry in seen
        if (entry.ambassador_id, entry.id) in publications
    ]


def _author(brand: Brand, viewer: str, account: Ambassador | None) -> Mapping[str, Any] | None:
    """Who did it, as the viewer sees them; None when it is not to be seen. One's own is always."""
    if account is None or not (account.id == viewer or shows_events(account)):
        return None
    return see_in_community(account, brand.policy.community_display)


async def _accounts(brand: Brand, ids: Iterable[str]) -> dict[str, Ambassador]:
    found = await brand.ambassadors.get_many([(id, id) for id in dict.fromkeys(ids)])
    return {id: item.record for (id, _), item in found.items()}


def _read_cursor(cursor: str | None, newest: str) -> tuple[str, str | None]:
    if cursor is None:
        return newest, None
    month, _, following = cursor.partition(":")
    try:
        behind = _months_between(month, newest)
    except ValueError:
        behind = -1
    if not 0 <= behind < MONTHS:
        raise InvalidInputError(errors=[FieldError("cursor", "is not one that this list gave")])
    return month, following or None


def _months_between(month: str, later: str) -> int:
    (year, number), (later_year, later_number) = _parts(month), _parts(later)
    return (later_year - year) * 12 + later_number - number


def _parts(month: str) -> tuple[int, int]:
    if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", month):
        raise ValueError("not a month of the flow")
    return int(month[:4]), int(month[5:])
