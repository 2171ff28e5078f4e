"""The base of every stored record: immutable, camelCase in JSON, times in UTC and whole seconds."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def whole_second(moment: datetime) -> datetime:
    """The moment in UTC without its fraction, so that its text sorts as it does; raises ValueError beyond the calendar."""
    if moment.tzinfo is UTC and not moment.microsecond:
        return moment
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("must be a time of the calendar") from None


def stamp(moment: datetime) -> str:
    """A time as documents hold it, for comparisons in queries."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


Instant = Annotated[AwareDatetime, AfterValidator(whole_second)]


class Record(BaseModel):
    """A document as Python sees it; unset fields are not stored."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The record of a stored document."""
        return cls.model_validate(document)

    def to_document(self) -> dict[str, Any]:
        """The document to store."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def changed(self, **fields: Any) -> Self:
        """A copy with these fields changed; types are the caller's (and mypy's) duty."""
        return self.model_copy(update=fields)
