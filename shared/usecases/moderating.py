"""What a brand's staff see of the comments in its community, and take out of it (VIS-2, VIS-6): shown, and never exported."""

from dataclasses import dataclass, replace

from shared.domain.community import Reaction, ReactionKind
from shared.domain.errors import UnknownObjectError
from shared.domain.publication import parse_publication_id
from shared.domain.visibility import Standing, Viewer, ambassador_standing
from shared.ports import Query, Where
from shared.usecases import reacting
from shared.usecases.brands import Brand


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and the name of who said it; None where the viewer may not know the account."""

    comment: Reaction
    author: str | None


async def find_comments(
    brand: Brand, viewer: Viewer, publication: str | None, limit: int, cursor: str | None
) -> tuple[list[Said], str | None]:
    """One page of the comments, newest first: of the whole community, or of one publication of the brand's.

    What ambassadors hide from each other (AMB-3) is not hidden from their brand.
    """
    if publication is not None and not _is_of(brand, publication):
        return [], None
    query = Query((Where("kind", "=", ReactionKind.COMMENT.value),), publication, "at", descending=True, limit=limit)
    page, cursor = await brand.reactions.page(replace(query, cursor=cursor))
    comments = [item.record for item in page]
    accounts = await brand.ambassadors.get_many([(c.ambassador_id, c.ambassador_id) for c in comments])
    names = {
        id: item.record.display_name
        for (id, _), item in accounts.items()
        if ambassador_standing(item.record, viewer) is not Standing.HIDDEN
    }
    return [Said(comment, names.get(comment.ambassador_id)) for comment in comments], cursor


async def take_out(brand: Brand, publication: str, comment: str) -> None:
    """Deletes somebody's comment; raises UnknownObjectError for what is none of this brand's."""
    found = await brand.reactions.get(publication, comment) if _is_of(brand, publication) else None
    if found is None:
        raise UnknownObjectError
    await reacting.remove_comment(brand, found.record.ambassador_id, publication, comment)


def _is_of(brand: Brand, publication: str) -> bool:
    whose = parse_publication_id(publication)
    return whose is not None and whose.brand == brand.id
