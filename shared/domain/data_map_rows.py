"""What a row of the data map says, and how a model's fields are told apart in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.anonymisation import Fate, check_table
from shared.domain.containers import Container
from shared.domain.records import Record

# The grounds of art. 6(1), as a data-protection officer names them.
CONTRACT = "contract with the ambassador, art. 6(1)(b)"
DUTY = "legal obligation, art. 6(1)(c)"
INTEREST = "legitimate interest, art. 6(1)(f)"
NO_PERSON = "says nothing of a person"

NOBODY = "nobody outside"


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of record and where it lies; `until` names the rule that ends it."""

    where: Container | str
    model: type[Record] | str
    whose: str
    purpose: str
    ground: str
    until: str
    recipients: str
    seen_by: str
    fields: Mapping[str, Fate]

    def __post_init__(self) -> None:
        """Raises TypeError unless every field of the model has exactly one row."""
        if not isinstance(self.model, str):
            check_table(self.model, self.fields)

    @property
    def name(self) -> str:
        """What the record is called."""
        return self.model if isinstance(self.model, str) else self.model.__name__


def fields(**lists: str) -> Mapping[str, Fate]:
    """A table from lists of names by fate (`keep="id at"`); raises TypeError for a name that stands twice."""
    rows: dict[str, Fate] = {}
    for fate, names in lists.items():
        for name in names.split():
            if name in rows:
                raise TypeError(f"{name} has two rows")
            rows[name] = Fate(fate)
    return rows
