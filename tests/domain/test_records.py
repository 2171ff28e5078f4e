"""What lets two versions run side by side: a default is not stored, and an unknown field is refused rather than lost."""

import pytest
from pydantic import ValidationError

from shared.domain.records import Record


class Before(Record):
    """A record as the version before knows it."""

    id: str


class After(Record):
    """The same with a new field."""

    id: str
    colour: str | None = None


def test_a_new_field_that_nothing_sets_yet_is_read_by_the_version_before() -> None:
    assert Before.from_document(After(id="a").to_document()) == Before(id="a")
    assert After.from_document(Before(id="a").to_document()) == After(id="a")


def test_a_field_that_the_version_before_does_not_know_is_refused_and_not_dropped() -> None:
    with pytest.raises(ValidationError):
        Before.from_document(After(id="a", colour="red").to_document())
