"""Who may register, and by which way (REG-1, REG-3): asked before an account is looked for, so that it tells nothing of one."""

from typing import Literal

from shared.domain.errors import FieldError, InvalidInputError, RegistrationClosedError
from shared.domain.policy import BrandStatus, WhiteListMode
from shared.domain.white_list import Entitled
from shared.usecases.brands import Brand
from shared.usecases.white_list import is_listed

Way = Literal["form", "facebook", "sso"]


async def check(brand: Brand, *, way: Way, email: str | None = None, customer_id: str | None = None) -> None:
    """Raises RegistrationClosedError when the way is closed, or the white list has not what it goes by.

    Nobody registers at a brand that is not active (BR-3). Who comes from the brand's own directory needs no list. Raises
    InvalidInputError where a customer ID is needed and none was given.
    """
    registration = brand.policy.registration
    if brand.record.status is not BrandStatus.ACTIVE or not getattr(registration, way):
        raise RegistrationClosedError
    if way == "sso" or registration.white_list is WhiteListMode.OFF:
        return
    if registration.white_list is WhiteListMode.EMAILS:
        kind, value = Entitled.EMAIL, email
    else:
        kind, value = Entitled.CUSTOMER_ID, customer_id
        if not value:
            raise InvalidInputError(errors=[FieldError("customerId", "is required by this brand")])
    if not value or not await is_listed(brand, kind, value):
        raise RegistrationClosedError
