"""Having the mail provider delete an address that was erased here (RGT-6): owed from before the erasure until it confirmed.

The debt is written before anything is erased, since afterwards nobody knows the address. It is paid only after the erasure, when
no mail can make the provider know the address anew, and the provider's word closes it: a lost answer is asked for again.
"""

import base64
from contextlib import suppress
from datetime import datetime

from shared.domain.ambassador import Ambassador
from shared.domain.errors import TryAgainError
from shared.domain.forgetting import Forgetting
from shared.domain.ledger import Evidence, next_entry
from shared.domain.records import stamp
from shared.domain.rights import RightState
from shared.domain.sealing import new_file_key, seal_text, unseal_text
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.rights_links import QUEUE

CONFIRMED = "mailProvider"


async def owe(brand: Brand, id: str, address: str) -> None:
    """Writes down that the provider has to forget the address; owing it again changes nothing."""
    key = new_file_key()
    owed = Forgetting(
        id=id,
        sealed=seal_text(address, key),
        key=brand.ports.vault.wrap(base64.urlsafe_b64decode(key)),
        owed_since=brand.now(),
    )
    with suppress(ConflictError):
        await brand.forgettings.create(owed)


async def owe_of_account(brand: Brand, account: Ambassador) -> None:
    """The same of an account that is about to be anonymised (DEL-8)."""
    if account.email:
        await owe(brand, account.id, account.email)
        await ask(brand, account.id)


async def ask(brand: Brand, id: str) -> None:
    """Queues the debt to be paid; a message that gets lost is found by the recovery timer."""
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "provider": id}])


async def have_forgotten(brand: Brand, id: str) -> None:
    """Has the provider delete the address, notes its word in the request's proof, and forgets the address here.

    Raises TryAgainError until the provider has confirmed. While the records are still being erased it does nothing: the
    end of that asks again.
    """
    current = await brand.forgettings.get(id, id)
    if current is None:
        return
    request = await brand.rights.get(id, id)
    if request and request.record.state is RightState.RUNNING:
        return
    key = base64.urlsafe_b64encode(brand.ports.vault.unwrap(current.record.key)).decode()
    if not await brand.ports.mailer.forget(await unseal_text(current.record.sealed, key)):
        raise TryAgainError
    if request and request.record.proof and CONFIRMED not in request.record.proof[-1].after:
        entry = next_entry(
            request.record.proof[-1],
            subject=id,
            at=brand.now(),
            before={},
            after={CONFIRMED: "forgotten"},
            evidence=Evidence(actor="mail_provider", mechanism="rights_erasure", reason=id),
            key=brand.ledger_key,
        )
        try:
            await brand.rights.replace(request, request.record.changed(proof=(*request.record.proof, entry)))
        except StaleError:
            raise TryAgainError from None
    with suppress(StaleError):
        await brand.forgettings.delete(current)


async def forgettings_again(brand: Brand, before: datetime) -> int:
    """Queues again what the provider has owed us since then or longer; gives how much."""
    waiting = Query(where=(Where("owedSince", "<=", stamp(before)),), order_by="owedSince")
    sent = 0
    async for page in brand.forgettings.pages(waiting):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "provider": item.record.id} for item in page])
        sent += len(page)
    return sent
