"""Having the mail provider delete an address that was erased or corrected here, or whose time is over (RGT-6, DEL-8).

It is owed from before the erasure until the provider confirmed; an address that another record of the brand still has is not.

The debt is written before anything is erased, since afterwards nobody knows the address. It is paid only after the erasure, when
no mail can make the provider know the address anew, and the provider's word closes it: a lost answer is asked for again.
"""

import base64
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from shared.domain.ambassador import Ambassador
from shared.domain.contact import Contact
from shared.domain.errors import TryAgainError
from shared.domain.forgetting import Forgetting
from shared.domain.ids import new_id
from shared.domain.ledger import Evidence, next_entry
from shared.domain.records import stamp
from shared.domain.rights import RightState
from shared.domain.sealing import new_file_key, seal_text, unseal_text
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.claims import by_email
from shared.usecases.collections import Change
from shared.usecases.rights_links import QUEUE

CONFIRMED = "mailProvider"


async def owe(brand: Brand, id: str, address: str) -> None:
    """Writes down that the provider has to forget the address; owing it again changes nothing."""
    with suppress(ConflictError):
        await brand.forgettings.create(_debt(brand, id, address))


async def owe_of_contacts(brand: Brand, contacts: Iterable[Contact]) -> list[str]:
    """The same of contacts whose time is over, as far as the provider knows of them; gives what is then to be asked for."""
    known = [(c.id, c.email) for c in contacts if c.email and (c.mails or c.outgoing or c.doubted)]
    await brand.forgettings.write_many([Change(None, _debt(brand, id, address)) for id, address in known])
    return [id for id, _ in known]


def _debt(brand: Brand, id: str, address: str) -> Forgetting:
    key = new_file_key()
    wrapped = brand.ports.vault.wrap(base64.urlsafe_b64decode(key))
    return Forgetting(id=id, sealed=seal_text(address, key), key=wrapped, owed_since=brand.now())


async def owe_of_account(brand: Brand, account: Ambassador) -> None:
    """The same of an account that is about to be anonymised (DEL-8)."""
    if account.email:
        await owe(brand, account.id, account.email)
        await ask(brand, account.id)


async def owe_former_address(brand: Brand, before: Ambassador, after: Ambassador) -> None:
    """The same of the address that an account no longer has, once it has another one."""
    if before.email and before.email_hash != after.email_hash:
        id = new_id()
        await owe(brand, id, before.email)
        await ask(brand, id)


async def ask(brand: Brand, *ids: str) -> None:
    """Queues debts to be paid; a message that gets lost is found by the recovery timer."""
    if ids:
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "provider": id} for id in ids])


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
    address = await unseal_text(current.record.sealed, key)
    wanted = request is not None or not await _is_held(brand, address)
    if wanted and not await brand.ports.mailer.forget(address):
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


async def _is_held(brand: Brand, address: str) -> bool:
    """Whether a record of the brand still has the address: then the provider has to know it, too."""
    if await by_email(brand, address):
        return True
    query = Query(where=(Where("emailHash", "in", brand.hasher.refs(address)),))
    async for page in brand.contacts.pages(query):
        if any(item.record.email for item in page):
            return True
    return False


async def forgettings_again(brand: Brand, before: datetime) -> int:
    """Queues again what the provider has owed us since then or longer; gives how much."""
    waiting = Query(where=(Where("owedSince", "<=", stamp(before)),), order_by="owedSince")
    sent = 0
    async for page in brand.forgettings.pages(waiting):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "provider": item.record.id} for item in page])
        sent += len(page)
    return sent
