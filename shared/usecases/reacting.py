"""Likes and comments of other ambassadors (ACT-3): one like each, counted anew from the reactions themselves."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from shared.domain.ambassador import AccountMail, Ambassador
from shared.domain.community import Reaction, ReactionKind, month_of
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.gamification import Act
from shared.domain.publication import Publication, parse_publication_id
from shared.ports import ConflictError, StaleError, Where
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.community import visible_publication
from shared.usecases.limiting import count_against
from shared.usecases.playing import played
from shared.usecases.publications import find_publication
from shared.usecases.saving import ATTEMPTS


async def comment(brand: Brand, commenter: str, publication: str, text: str) -> Reaction:
    """Adds a comment, and tells the author by mail if they want to be told of each (AMB-4)."""
    found, author = await visible_publication(brand, commenter, publication)
    await count_against(brand, "comment", commenter)
    said = Reaction(
        publication_id=publication,
        kind=ReactionKind.COMMENT,
        ambassador_id=commenter,
        text=text,
        at=brand.now(),
    )
    told = None if author.record.id == commenter else await _owe_notice(brand, author, said)
    # The notice first: one about a comment that never came to be is not sent, a comment without its notice would be lost.
    await brand.reactions.create(said)
    if told:
        await queue_account_mail(brand, told)
    await _recount(brand, found)
    await played(brand, commenter, Act.COMMENTED)
    return said


async def remove_comment(brand: Brand, commenter: str, publication: str, id: str) -> None:
    """Deletes an own comment; raises UnknownObjectError for anybody else's."""
    current = await brand.reactions.get(publication, id) if parse_publication_id(publication) else None
    if current is None or current.record.ambassador_id != commenter or current.record.kind is not ReactionKind.COMMENT:
        raise UnknownObjectError
    await recount(brand, publication, without=[current.record])  # asked again, it finds the comment or nothing to do
    with suppress(StaleError):
        await brand.reactions.delete(current)


async def like(brand: Brand, liker: str, publication: str) -> None:
    """Likes a publication; again changes nothing."""
    found, _ = await visible_publication(brand, liker, publication)
    with suppress(ConflictError):
        await brand.reactions.create(
            Reaction(id=liker, publication_id=publication, kind=ReactionKind.LIKE, ambassador_id=liker, at=brand.now())
        )
    await _recount(brand, found)
    await played(brand, liker, Act.LIKED)


async def unlike(brand: Brand, liker: str, publication: str) -> None:
    """Takes an own like back; again changes nothing."""
    found, _ = await visible_publication(brand, liker, publication)
    current = await brand.reactions.get(publication, liker)
    if current:
        with suppress(StaleError):
            await brand.reactions.delete(current)
    await _recount(brand, found)


async def _owe_notice(brand: Brand, author: Versioned[Ambassador], said: Reaction) -> Ambassador | None:
    """The author, owed the notice of a comment; None when they do not want any, or have too many waiting."""
    current: Versioned[Ambassador] | None = author
    for _ in range(ATTEMPTS):
        if current is None or not current.record.communication.comment_notifications:
            return None
        about = f"{said.publication_id} {said.id}"
        after = owing(current.record, AccountMail.NEW_COMMENT, brand.now(), about=about)
        if after == current.record:
            return None
        with suppress(StaleError):
            return (await brand.ambassadors.replace(current, after)).record
        current = await brand.ambassadors.get(author.record.id, author.record.id)
    raise ChangedMeanwhileError


async def recount(brand: Brand, publication: str, without: Sequence[Reaction] = ()) -> None:
    """Writes down how many there are now: from the reactions, so that every act mends what a crash left wrong.

    `without` are those that are about to go.
    """
    found = await find_publication(brand, publication)
    if found:
        await _recount(brand, found, without)


async def _recount(brand: Brand, publication: Publication, without: Sequence[Reaction] = ()) -> None:
    going = Counter(reaction.kind for reaction in without)
    for _ in range(ATTEMPTS):
        entry = await brand.feed.get(month_of(publication.created_at), publication.id)
        if entry is None:
            return
        counted = entry.record.changed(
            likes=await _count(brand, publication.id, ReactionKind.LIKE) - going[ReactionKind.LIKE],
            comments=await _count(brand, publication.id, ReactionKind.COMMENT) - going[ReactionKind.COMMENT],
        )
        if counted == entry.record:
            return
        with suppress(StaleError):
            await brand.feed.replace(entry, counted)
            return


async def _count(brand: Brand, publication: str, kind: ReactionKind) -> int:
    return await brand.reactions.count(Where("publicationId", "=", publication), Where("kind", "=", kind.value))
