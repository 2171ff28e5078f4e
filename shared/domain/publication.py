"""A publication that an ambassador sends by mail (ACT-1): brand contents and a comment entered by hand."""

from pydantic import Field

from shared.domain.ids import new_id
from shared.domain.records import Instant, Record


class Content(Record):
    """One thing that a publication shows; a link to a page of the brand."""

    title: str = Field(min_length=1, max_length=200)
    url: str = Field(max_length=2000, pattern=r"^https?://[^\s<>\"']+$")
    description: str | None = Field(default=None, max_length=1000)


class Publication(Record):
    """What is sent; whom it is sent to stands in the batches."""

    id: str = Field(default_factory=new_id)
    ambassador_id: str
    subject: str
    body: str
    contents: tuple[Content, ...] = ()
    created_at: Instant
