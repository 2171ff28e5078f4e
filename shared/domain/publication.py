"""A publication of an ambassador (ACT-1): brand contents and a comment entered by hand, by mail or on a social network."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import Field

from shared.domain.ids import new_id
from shared.domain.records import Instant, Record

# What the site tag reads the publication from, on the brand's own site.
TAG_PARAMETER = "popsell_publication"
_ID = re.compile(r"(?P<brand>[a-z0-9][a-z0-9-]{1,30})\.(?P<ambassador>[a-z2-7]{24})\.[a-z2-7]{24}")


class Channel(StrEnum):
    """Where a publication goes."""

    EMAIL = "email"
    FACEBOOK = "facebook"
    FACEBOOK_PAGES = "facebook_pages"
    INSTAGRAM = "instagram"
    TWITTER = "twitter"
    LINKEDIN = "linkedin"
    PINTEREST = "pinterest"
    MESSENGER = "messenger"
    WHATSAPP = "whatsapp"


class Content(Record):
    """One thing that a publication shows; a link to a page of the brand."""

    title: str = Field(min_length=1, max_length=200)
    url: str = Field(max_length=2000, pattern=r"^https?://[^\s<>\"']+$")
    description: str | None = Field(default=None, max_length=1000)


class Publication(Record):
    """What is sent or shared; whom a mail goes to stands in the batches."""

    id: str
    ambassador_id: str
    channel: Channel = Channel.EMAIL
    subject: str
    body: str
    contents: tuple[Content, ...] = ()
    photos: tuple[str, ...] = ()  # ids of the ambassador's own
    created_at: Instant


class PublicationId(NamedTuple):
    """Where a publication is found."""

    brand: str
    ambassador: str


def new_publication_id(brand: str, ambassador: str, seed: str | None = None) -> str:
    """An id, of this seed or at random, that says where the publication lies: its link costs one point read and no directory."""
    return f"{brand}.{ambassador}.{seed or new_id()}"


def parse_publication_id(text: str) -> PublicationId | None:
    """Brand and ambassador of an id; None for what cannot be one."""
    found = _ID.fullmatch(text)
    return PublicationId(found["brand"], found["ambassador"]) if found else None


def tracked_path(publication: str, place: int) -> str:
    """The path of a content's link in a mail: the same for every recipient, so that it tells nothing of who clicked (ACT-4)."""
    return f"/r/{publication}?l={place}"


def photo_path(publication: str, photo: str) -> str:
    """The path of a photo that a publication shows; whoever has the publication may see it."""
    return f"/r/{publication}/photos/{photo}"


def is_on(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address leads to one of these sites, or to one below it; without any, every address does."""
    host = (urlsplit(url).hostname or "").lower()
    return not hosts or any(host == site or host.endswith(f".{site}") for site in hosts)


def destination(publication: Publication, place: int) -> str | None:
    """The content's own page, with the publication's id for the site tag; None when there is no such content."""
    if not 0 <= place < len(publication.contents):
        return None
    parts = urlsplit(publication.contents[place].url)
    tag = urlencode({TAG_PARAMETER: publication.id})
    return urlunsplit(parts._replace(query=f"{parts.query}&{tag}" if parts.query else tag))
