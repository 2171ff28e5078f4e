"""Ambassadors' photos: the own one, and those of others as the community and staff see them (AMB-1, VIS-2, VIS-4)."""

import azure.functions as func

from functions.http import answer, object_id, operation
from functions.identity import ambassador, staff
from shared.domain.access_log import Act, Seen
from shared.domain.errors import InvalidInputError, UnknownObjectError
from shared.domain.staff import MAY_LOOK
from shared.domain.visibility import see_in_community
from shared.usecases import looking, photos
from shared.usecases.accounts import active_account
from shared.usecases.images import MAX_BYTES

PICTURES = ("image/jpeg", "image/png", "image/webp")
# Whatever a browser takes it for, it runs nothing and loads nothing.
AS_A_PICTURE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


@operation(auth="ambassador", takes="image/*", up_to=MAX_BYTES, answers={204: None}, problems=(InvalidInputError,))
async def save_photo(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the body as the ambassador's photo: JPEG, PNG or WebP up to 10 MB; kept small and without any metadata."""
    caller = await ambassador(req)
    await photos.save_photo(caller.brand, caller.id, req.get_body())
    return answer(204)


@operation(auth="ambassador", answers={200: None}, gives=PICTURES)
async def read_photo(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's own photo."""
    caller = await ambassador(req)
    return _shown(await photos.read_photo(caller.brand, caller.account.record))


@operation(auth="ambassador", answers={204: None})
async def remove_photo(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the ambassador's photo away."""
    caller = await ambassador(req)
    await photos.remove_photo(caller.brand, caller.id)
    return answer(204)


@operation(auth="ambassador", answers={200: None}, gives=PICTURES)
async def read_ambassadors_photo(req: func.HttpRequest) -> func.HttpResponse:
    """The photo of another ambassador of the brand, unless that one is hidden from the community."""
    caller = await ambassador(req)
    other = (await active_account(caller.brand, object_id(req))).record
    if not see_in_community(other, caller.brand.policy.community_display):
        raise UnknownObjectError
    return _shown(await photos.read_photo(caller.brand, other))


@operation(auth="staff", answers={200: None}, gives=PICTURES)
async def read_managed_photo(req: func.HttpRequest) -> func.HttpResponse:
    """The photo of an ambassador of the brand, for its staff."""
    caller = await staff(req, MAY_LOOK)
    account = await looking.get_ambassador(caller.brand, caller.viewer, object_id(req))
    await caller.sees(Seen.PHOTOS, 1, Act.READ)
    return _shown(await photos.read_photo(caller.brand, account))


def _shown(photo: photos.Photo) -> func.HttpResponse:
    return func.HttpResponse(photo.data, headers=AS_A_PICTURE, mimetype=photo.media_type)
