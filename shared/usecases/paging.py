"""Pages for people who may not see all that the store walks over: their cursors are veiled (VIS-2, VIS-4, BR-1)."""

from shared.domain.cursors import unveil, veil
from shared.domain.errors import FieldError, InvalidInputError
from shared.usecases.brands import Brand


def veiled(brand: Brand, cursor: str | None) -> str | None:
    """The store's cursor as an outsider may hold it: it names the last record that was walked over, shown or not."""
    return veil(cursor, brand.ledger_key)


def unveiled(brand: Brand, cursor: str | None) -> str | None:
    """What `veiled` hid; raises InvalidInputError for what is no cursor of this brand's."""
    try:
        return unveil(cursor, brand.ledger_key)
    except ValueError:
        raise InvalidInputError(errors=[FieldError("cursor", "is not one that this list gave")]) from None
