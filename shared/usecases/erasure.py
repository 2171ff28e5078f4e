"""Erasing a person from a brand (RGT-4, RGT-6, DEL-8): every record of the address over all ambassadors, and at the provider.

It is the request of a right like those that a person makes by a link, with the same document, worker and recovery. An account
of the address is not among what goes: it ends by leaving (DEL-1), which owes the provider's part by itself.
"""

from shared.domain.addresses import clean_address
from shared.domain.errors import FieldError, InvalidInputError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.ledger import Entry
from shared.domain.rights import RightKind, RightsRequest, RightState, due_at
from shared.usecases.brands import Brand
from shared.usecases.provider_forgets import owe
from shared.usecases.rights import run_request
from shared.usecases.rights_links import QUEUE


async def request_erasure(brand: Brand, address: str, because: str) -> str:
    """Erases at once, and resumably, whoever has the address; gives the request's id, which its proof is found by.

    `because` is a machine's word for who asked. Raises InvalidInputError for what is no address.
    """
    try:
        email = clean_address(address)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    now = brand.now()
    people = brand.hasher.refs(email)
    request = RightsRequest(
        id=new_id(),
        kind=RightKind.ERASURE,
        state=RightState.RUNNING,
        subject=people[0],
        received_at=now,
        due_at=due_at(now, brand.policy.time_zone),
        people=people,
        asked_by=because,
        running_since=now,
    )
    await owe(brand, request.id, email)
    await brand.rights.create(request)
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "request": request.id}])
    await run_erasure(brand, request.id)
    return request.id


async def run_erasure(brand: Brand, id: str) -> None:
    """Takes an erasure up where it stands; one that is at its end changes nothing."""
    await run_request(brand, id)


async def proof_of_erasure(brand: Brand, id: str) -> tuple[Entry, ...]:
    """What shows that an erasure was done: first what was erased here, then the provider's word.

    () while the first is still under way; raises UnknownObjectError for what is no erasure.
    """
    found = await brand.rights.get(id, id)
    if found is None or found.record.kind is not RightKind.ERASURE:
        raise UnknownObjectError
    return found.record.proof
