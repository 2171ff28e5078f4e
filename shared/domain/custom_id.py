"""The id that a mail carries at the provider and that its events bring back: ids only, so that no index is needed."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([a-z0-9][a-z0-9-]{1,30})\.([a-z2-7]{24})\.([a-z2-7]{24})?\.([a-z2-7]{8})")


@dataclass(frozen=True, slots=True)
class CustomId:
    """Whose mail it is; `contact` None is a mail to the ambassador."""

    brand: str
    ambassador: str
    contact: str | None
    mail: str

    def __str__(self) -> str:
        return f"{self.brand}.{self.ambassador}.{self.contact or ''}.{self.mail}"


def parse_custom_id(text: str) -> CustomId | None:
    """The parts of a custom id of ours; None for any other text."""
    match = _FORM.fullmatch(text)
    return CustomId(*match.groups()) if match else None
