"""What a brand's machines send, stopped at every durable operation and sent again: nobody lost or doubled, no sale twice."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.collecting import Said
from shared.domain.contact import Sale
from shared.domain.orders import Order, Popin
from shared.domain.syncing import Upsert
from shared.domain.tokens import Purpose
from shared.ports import Query
from shared.usecases import confirm, contacts
from shared.usecases.ask_for_voucher import VoucherRequest, ask_for_voucher
from shared.usecases.collections import Collection
from shared.usecases.migrate_contacts import OldContact, migrate_contacts
from shared.usecases.orders import record_orders
from shared.usecases.redeeming import redeem
from shared.usecases.sync_contacts import delete_contacts, upsert_contacts
from tests.crash.playing import Plan, Run, differences, every_point, must_be_sound, play
from tests.crash.workflows import ADA, PEOPLE, Act, Workflow, call
from tests.support.restarting import Suite

GRACE, HOPE, KNOWN = PEOPLE[:3]


async def _ada(suite: Suite) -> None:
    """An ambassador, in whose book one person is already."""
    suite.known["addresses"] = [*PEOPLE, ADA]
    suite.known[ADA] = (await suite.world.ambassador("acme", ADA)).id
    await contacts.enter(await suite.brand(), suite.known[ADA], {"email": KNOWN, "first_name": "Known"})


def _sync(said: bool, **fields: Any) -> Act:
    """New people, one of them without an address, and one who is known."""

    async def act(suite: Suite) -> None:
        people = {"K1": {"email": GRACE}, "K2": {"email": KNOWN}, "K3": {"last_name": "Nowhere"}}
        rows = [Upsert(key, suite.known[ADA], Said(said, said), {**who, **fields}) for key, who in people.items()]
        await upsert_contacts(await suite.brand(), rows)

    return act


async def _delete(suite: Suite) -> None:
    await delete_contacts(await suite.brand(), ["K1", "K2", "K4"])


async def _orders(suite: Suite) -> None:
    """Two orders of one person, one with a message, and one of somebody known."""
    brand = await suite.brand()

    def order(id: str, email: str, **more: Any) -> Order:
        sale = Sale(order=id, at=brand.now() - timedelta(hours=1), amount="9.90", currency="EUR", products=("tea",))
        return Order(sale=sale, ambassador=suite.known[ADA], email=email, **more)

    popin = Popin("Hello Ada", ambassador_opt_in=True)
    await record_orders(
        brand, [order("1", GRACE, popin=popin), order("2", GRACE), order("3", KNOWN, brand_opt_in=True)]
    )


def _ask(person: str) -> Act:
    async def act(suite: Suite) -> None:
        request = VoucherRequest(email=person, ambassador=suite.known[ADA], said=Said(ambassador=True))
        await ask_for_voucher(await suite.brand(), request, text_version="voucher", ip=None)

    return act


def _press(person: str) -> Act:
    async def act(suite: Suite) -> None:
        token = suite.link(Purpose.CONFIRM_CONTACT, person)
        await confirm.confirm(suite.world.brands, token, shown=None, text_version="1", ip=None)

    return act


def _redeem(person: str) -> Act:
    async def act(suite: Suite) -> None:
        voucher = (await suite.world.contact_of(person)).voucher
        assert voucher
        await redeem(await suite.brand(), voucher.code, order="S-1", amount="9.90", currency="EUR", products=("tea",))

    return act


async def _migrate(suite: Suite) -> None:
    brand = await suite.brand()
    rows = [
        OldContact(suite.known[ADA], GRACE, {"first_name": "Grace"}, brand.now() - timedelta(days=9)),
        OldContact(suite.known[ADA], HOPE, {"first_name": "Hope"}, None),
    ]
    await migrate_contacts(brand, rows)


WORKFLOWS = (
    Workflow("the database sends, changes and deletes", _ada,
             (call(_sync(said=True)), call(_sync(said=False, city="Paris")), call(_delete))),
    Workflow("the shop exports orders", _ada, (call(_orders), call(_orders))),
    Workflow("from the voucher to the shop", _ada, (call(_ask(GRACE)), call(_press(GRACE)), call(_redeem(GRACE)))),
    Workflow("old contacts are taken over", _ada, (call(_migrate), call(_migrate))),
)  # fmt: skip


async def _all(collection: Collection[Any]) -> list[Any]:
    return [item.record async for page in collection.pages(Query()) for item in page]


async def _kept(run: Run) -> dict[str, Any]:
    """What the machines' part of the brand holds, but for ids, codes and times."""
    brand = await run.suite.brand()
    people = {contact.id: contact for contact in await run.suite.world.contacts()}
    by_hash = {ref: address for address in PEOPLE for ref in brand.hasher.refs(address)}
    keys, sales, vouchers = [await _all(part) for part in (brand.sync_keys, brand.sales, brand.vouchers)]
    return {
        "keys lead to": sorted(by_hash.get(people[key.contact_id].email_hash or "", "no address") for key in keys),
        "sales": sorted((sale.amount, sale.voucher, sale.open_since) for sale in sales),
        "sales of": sorted((c.first_name or "", sorted(sale.order for sale in c.sales)) for c in people.values()),
        "owned": sorted(contact.owned_by_brand_sync for contact in people.values()),
        "cities": sorted(contact.city or "" for contact in people.values()),
        "redeemed": [(voucher.redeemed.amount, voucher.contact_id) for voucher in vouchers if voucher.redeemed],
        "in hand": sorted(contact.voucher is not None for contact in people.values()),
        "messages": sum("Hello Ada" in mail.text for mail in run.suite.mailer.outbox),
    }


@pytest.mark.rule("COL-12")
@pytest.mark.rule("COL-9")
@pytest.mark.rule("COL-13")
@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", [pytest.param(workflow, id=workflow.name) for workflow in WORKFLOWS])
async def test_MAIL_4_a_machine_that_got_no_answer_and_sends_again_ends_as_if_nothing_had_been(
    workflow: Workflow,
) -> None:
    clean = await play(workflow, Plan())
    await must_be_sound(clean)
    wanted = await _kept(clean)
    assert any(wanted.values())
    for stop_at, side in every_point(clean):
        run = await play(workflow, Plan(stop_at, side))
        where = f"{side} {stop_at}: {run.suite.crashes.trace[stop_at - 1]}"
        assert run.suite.crashed == 1, where
        await must_be_sound(run)
        assert differences(run, clean) == [], where
        assert await _kept(run) == wanted, where
