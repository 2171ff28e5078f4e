"""Vouchers (COL-9): a page asks for one, a shop redeems it."""

from typing import Annotated, Any

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, ShortText, answer, client_ip, operation, parse
from functions.identity import api_key
from functions.orders import Amount, Currency, Products
from shared import app
from shared.domain.api_keys import ApiScope
from shared.domain.collecting import Said
from shared.domain.errors import TooManyRequestsError, VoucherExpiredError, VoucherRedeemedError
from shared.domain.records import Instant
from shared.pages.render import language_of
from shared.usecases import ask_for_voucher as asking
from shared.usecases.redeeming import redeem

TEXT_VERSION = "voucher"


class VoucherConsents(Body):
    """The boxes that the page shows: ticked or not."""

    ambassador: bool | None = None
    brand: bool | None = None
    partners: bool | None = None


class VoucherBody(Body):
    """Who would like a voucher, of which ambassador: an id or the name of a page."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    ambassador: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    consents: VoucherConsents = VoucherConsents()


class RedeemBody(Body):
    """The purchase; `orderId` is the shop's own, and tells a repeat from another purchase."""

    amount: Amount
    currency: Currency
    products: Products = Field(default=[])
    order_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class RedeemedVoucher(Answer):
    """A voucher that is used up now, the same whenever it is asked for."""

    code: str
    ambassador_id: str
    amount: str
    currency: str
    redeemed_at: Instant


@operation(body=VoucherBody, answers={202: None}, problems=(TooManyRequestsError,))
async def ask_for_voucher(req: func.HttpRequest) -> func.HttpResponse:
    """Asks for a voucher, which comes by mail; the answer never tells who is opted in."""
    brand, body = await app.brand(req.route_params["brand"]), parse(req, VoucherBody)
    accepted = req.headers.get("Accept-Language")
    names: dict[str, Any] = {
        "first_name": body.first_name,
        "last_name": body.last_name,
        "language": language_of(None, accepted) if accepted else None,
    }
    request = asking.VoucherRequest(
        email=body.email,
        ambassador=body.ambassador,
        said=Said(**{box: getattr(body.consents, box) for box in brand.policy.consent_boxes}),
        fields={name: value for name, value in names.items() if value},
    )
    await asking.ask_for_voucher(brand, request, text_version=TEXT_VERSION, ip=client_ip(req))
    return answer(202)


@operation(
    auth="api_key",
    body=RedeemBody,
    answers={200: RedeemedVoucher},
    problems=(VoucherExpiredError, VoucherRedeemedError),
)
async def redeem_voucher(req: func.HttpRequest) -> func.HttpResponse:
    """Uses a voucher up by one purchase; asked again for the same, the answer is the same."""
    brand = await api_key(req, ApiScope.VOUCHERS)
    body = parse(req, RedeemBody)
    redeemed = await redeem(
        brand,
        req.route_params["code"],
        order=body.order_id,
        amount=body.amount,
        currency=body.currency,
        products=tuple(body.products),
    )
    return answer(
        200,
        RedeemedVoucher(
            code=redeemed.id,
            ambassador_id=redeemed.ambassador_id,
            amount=redeemed.used.amount,
            currency=redeemed.used.currency,
            redeemed_at=redeemed.used.at,
        ),
    )
