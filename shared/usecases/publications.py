"""An ambassador's own publications and what became of them (ACT-1, ACT-4), and where their links lead."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.community import month_of
from shared.domain.counting import Counted
from shared.domain.errors import UnknownObjectError
from shared.domain.flags import FlagKind
from shared.domain.policy import BrandStatus
from shared.domain.publication import Publication, destination, parse_publication_id
from shared.domain.tracing import Visitor
from shared.ports import Query
from shared.usecases.accounts import active_account
from shared.usecases.brands import Brand, Brands
from shared.usecases.counting import count_one, counts_of
from shared.usecases.tracing import notice
from shared.usecases.ugc import Picture, own_photo, picture_of


@dataclass(frozen=True, slots=True)
class Told:
    """A publication and its counts; there is nothing about who (ACT-4)."""

    publication: Publication
    opens: int
    clicks: int
    reshares: int
    comments: int
    likes: int


async def find_publication(brand: Brand, id: str) -> Publication | None:
    """The publication of this id, by a point read; another brand's is as unknown as one that never was (BR-1)."""
    whose = parse_publication_id(id)
    if whose is None or whose.brand != brand.id:
        return None
    found = await brand.activity.get(whose.ambassador, id)
    return found.record if found else None


async def own_publication(brand: Brand, ambassador: str, id: str) -> Told:
    """A publication of this ambassador's; raises UnknownObjectError for anybody else's."""
    publication = await find_publication(brand, id)
    if publication is None or publication.ambassador_id != ambassador:
        raise UnknownObjectError
    (told,) = await _told(brand, [publication])
    return told


async def own_publications(
    brand: Brand, ambassador: str, limit: int, cursor: str | None
) -> tuple[list[Told], str | None]:
    """A page of this ambassador's publications, newest first."""
    page, following = await brand.activity.page(
        Query(partition=ambassador, order_by="createdAt", descending=True, limit=limit, cursor=cursor)
    )
    return await _told(brand, [item.record for item in page]), following


async def follow(brands: Brands, id: str, place: int, visitor: Visitor | None) -> str:
    """Where a content's link leads, counted as a click of nobody in particular (ACT-4) unless no person asks (None).

    Raises UnknownObjectError. A burst from one address is flagged about whose publication it is (ACT-5).

    It is no deliberate act of a person (RET-13): a GET cannot be told from a mail scanner's. The provider's click event is one.
    """
    brand, publication = await _public(brands, id)
    url = destination(publication, place)
    if url is None:
        raise UnknownObjectError
    await active_account(brand, publication.ambassador_id)  # nothing leads on in the name of who left (DEL-1)
    if visitor:
        await count_one(brand, id, Counted.CLICKS)
        if visitor.ip:
            await notice(brand, FlagKind.CLICK_BURST, visitor, publication.ambassador_id)
    return url


async def shared_photo(brands: Brands, id: str, photo: str) -> Picture:
    """A photo that a publication shows; raises UnknownObjectError for every other one, and when its owner deleted it."""
    brand, publication = await _public(brands, id)
    if photo not in publication.photos:
        raise UnknownObjectError
    return await picture_of(brand, await own_photo(brand, publication.ambassador_id, photo))


async def _public(brands: Brands, id: str) -> tuple[Brand, Publication]:
    """A publication for whoever has its id, and its brand; raises UnknownObjectError, as at a brand that ended (BR-3)."""
    whose = parse_publication_id(id)
    if whose is None:
        raise UnknownObjectError
    brand = await brands.get(whose.brand)
    publication = await find_publication(brand, id)
    if publication is None or brand.record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    return brand, publication


async def _told(brand: Brand, publications: Sequence[Publication]) -> list[Told]:
    ids = [publication.id for publication in publications]
    counts = await counts_of(brand, ids)
    places = [(month_of(publication.created_at), publication.id) for publication in publications]
    feed = await brand.feed.get_many(places)
    told = []
    for publication, place in zip(publications, places, strict=True):
        entry = feed.get(place)
        said = counts[publication.id]
        told.append(
            Told(
                publication,
                opens=said.opens,
                clicks=said.clicks,
                reshares=said.reshares,
                comments=entry.record.comments if entry else 0,
                likes=entry.record.likes if entry else 0,
            )
        )
    return told
