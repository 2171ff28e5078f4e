"""Vouchers go to opted-in contacts alone, by mail, and each is used up by one purchase (COL-9)."""

import re
from datetime import timedelta

import pytest

from shared.domain.ambassador import Claim
from shared.domain.collecting import Said
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass
from shared.domain.contact import Contact, MailKind
from shared.domain.errors import UnknownObjectError, VoucherExpiredError, VoucherRedeemedError
from shared.domain.orders import RecordedSale
from shared.domain.suppression import SuppressionReason
from shared.domain.vouchers import Voucher, clean_code, new_code
from shared.ports import OutgoingMail, Query
from shared.usecases import answer
from shared.usecases.ask_for_voucher import VoucherRequest, ask_for_voucher
from shared.usecases.brands import Brand
from shared.usecases.orders import record_orders
from shared.usecases.redeeming import redeem
from shared.usecases.suppressing import suppress
from tests.support.acts import answered, invited, ledger_faults, opted_out, token_of
from tests.support.forms import GRACE, TICKED, pressed
from tests.support.world import World
from tests.usecases.test_orders import order

pytestmark = pytest.mark.rule("COL-9")
S = AmbassadorOptIn
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


async def ask(world: World, ada: str, said: Said = TICKED, email: str = GRACE) -> None:
    """Somebody asks for a voucher, and every mail that may go has gone."""
    request = VoucherRequest(email=email, ambassador=ada, said=said, fields={"first_name": "Grace"})
    await ask_for_voucher(await world.brand(), request, text_version="voucher", ip="192.0.2.7")
    await world.drain()


def vouchers(world: World, email: str = GRACE) -> list[OutgoingMail]:
    """The mails with a code."""
    return [mail for mail in world.mailer.sent_to(email) if CODE.search(mail.text)]


def code_of(mail: OutgoingMail) -> str:
    """The code that it carries."""
    found = CODE.search(mail.text)
    assert found
    return found[0]


async def opted_in(world: World, ada: str) -> Contact:
    """Grace, who said yes to an invitation."""
    await invited(world, ada, GRACE)
    return await answered(world, GRACE, answer.Answer.ACCEPT)


async def in_hand(world: World, ada: str) -> str:
    """The code that Grace was mailed."""
    await opted_in(world, ada)
    await ask(world, ada)
    return code_of(vouchers(world)[-1])


async def used(world: World, code: str, order: str | None = "S-1", amount: str = "25.00") -> Voucher:
    """A purchase with the voucher."""
    return await redeem(await world.brand(), code, order=order, amount=amount, currency="EUR", products=("tea",))


async def sales(world: World) -> list[RecordedSale]:
    """The bare sales of the brand."""
    acme = await world.brand()
    return [item.record async for page in acme.sales.pages(Query()) for item in page]


async def held(acme: Brand) -> list[Voucher]:
    """Every voucher there is."""
    return [item.record async for page in acme.vouchers.pages(Query()) for item in page]


@pytest.mark.rule("MAIL-2")
async def test_an_opted_in_contact_gets_a_code_by_a_mail_that_can_be_stopped(
    world: World, acme: Brand, ada: str
) -> None:
    contact = await opted_in(world, ada)
    await ask(world, ada)
    (mail,) = vouchers(world)
    (voucher,) = await held(acme)
    assert (voucher.id, voucher.contact_id, voucher.ambassador_id) == (code_of(mail), contact.id, ada)
    assert voucher.expires_at == world.clock.now() + timedelta(days=90)
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert token_of(mail, "u") and acme.policy.privacy_policy_url in mail.text
    assert (await world.contact_of(GRACE)).mails[-1].kind is MailKind.VOUCHER


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("COL-11")
async def test_anybody_else_is_asked_first_and_gets_it_with_the_yes(world: World, acme: Brand, ada: str) -> None:
    await ask(world, ada)
    assert vouchers(world) == [] and await held(acme) == [] and len(world.mailer.sent_to(GRACE)) == 1
    asked = await pressed(world)
    assert asked.done and len(vouchers(world)) == 1
    assert (await pressed(world)).done and len(vouchers(world)) == 1, "pressing again gives no second one"
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_IN_BLOG
    assert await ledger_faults(world) == []


async def test_the_page_of_the_confirmation_says_that_a_voucher_follows(world: World, acme: Brand, ada: str) -> None:
    from shared.usecases import confirm
    from tests.support.forms import link_to

    await ask(world, ada)
    assert "voucher" in (await confirm.open_confirmation(world.brands, link_to(world))).agreements()


async def test_an_ambassador_is_named_by_id_or_page_and_nobody_learns_who_has_which_customer_id(
    world: World, acme: Brand, ada: str
) -> None:
    current = await acme.ambassadors.get(ada, ada)
    assert current
    known = current.record.changed(blog_alias="ada", customer_id="C-17").settled(acme.hasher)
    await acme.ambassadors.replace(current, known)
    await acme.claims.create(Claim(id="blog.ada", ambassador_id=ada))
    await ask(world, "Ada")
    assert len(world.mailer.sent_to(GRACE)) == 1
    for unknown in ("C-17", "nobody", "a" * 24):
        with pytest.raises(UnknownObjectError):
            await ask(world, unknown)


async def test_without_the_box_there_is_no_voucher(world: World, acme: Brand, ada: str) -> None:
    await ask(world, ada, Said(ambassador=False, brand=True))
    await pressed(world)
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.STORAGE_ONLY
    assert vouchers(world) == [] and await held(acme) == []


@pytest.mark.rule("COL-11")
@pytest.mark.rule("CON-8")
async def test_what_an_opted_in_contact_ticks_anew_is_asked_and_the_voucher_does_not_wait_for_it(
    world: World, acme: Brand, ada: str
) -> None:
    await opted_in(world, ada)
    more = Said(ambassador=True, brand=True, partners=True)
    await ask(world, ada, more)
    assert len(vouchers(world)) == 1
    contact = await world.contact_of_id((await held(acme))[0].contact_id or "")
    assert (contact.brand_opt_in, contact.partners_opt_in) == (BrandOptIn.NONE, False), "nothing before the yes"
    await pressed(world)
    contact = await world.contact_of(GRACE)
    assert (contact.brand_opt_in, contact.partners_opt_in) == (BrandOptIn.BLOG, True)
    assert contact.ambassador_opt_in.opt_in_class is OptInClass.OPTED_IN
    assert len(vouchers(world)) == 1, "the one of this day is enough"
    mails = len(world.mailer.outbox)
    for said in (more, TICKED, Said()):
        world.clock.advance(hours=1)
        await ask(world, ada, said)
    assert len(world.mailer.outbox) == mails, "nothing new is asked, and nothing is weakened"
    assert (await world.contact_of(GRACE)).brand_opt_in is BrandOptIn.BLOG
    assert await ledger_faults(world) == []


@pytest.mark.rule("SUP-4")
async def test_who_opted_out_of_all_comes_back_by_the_box_and_who_bounced_does_not(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE, answer.Scope.BRAND)
    world.clock.advance(days=1)
    await ask(world, ada)
    assert vouchers(world) == []
    await pressed(world)
    assert len(vouchers(world)) == 1
    await suppress(acme, acme.hasher.ref("spam@example.org"), SuppressionReason.SPAM, world.clock.now())
    await ask(world, ada, email="spam@example.org")
    assert world.mailer.sent_to("spam@example.org") == []


@pytest.mark.rule("SUP-2")
async def test_the_black_list_is_asked_before_a_voucher_leaves(world: World, acme: Brand, ada: str) -> None:
    await opted_in(world, ada)
    await suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.HARD_BOUNCE, world.clock.now())
    await ask(world, ada)
    assert vouchers(world) == []


async def test_asking_again_brings_the_same_code_and_at_most_one_mail_a_day(
    world: World, acme: Brand, ada: str
) -> None:
    code = await in_hand(world, ada)
    await ask(world, ada)
    assert len(vouchers(world)) == 1
    world.clock.advance(days=1)
    await ask(world, ada)
    assert [code_of(mail) for mail in vouchers(world)] == [code, code] and len(await held(acme)) == 1
    await used(world, code)
    world.clock.advance(days=1)
    await ask(world, ada)
    assert code_of(vouchers(world)[-1]) != code
    world.clock.advance(days=91)
    await ask(world, ada)
    assert len(await held(acme)) == 3 and len(vouchers(world)) == 4


@pytest.mark.rule("RET-13")
@pytest.mark.rule("CON-1")
async def test_a_purchase_uses_it_up_once_and_is_a_sale_and_an_act(world: World, acme: Brand, ada: str) -> None:
    code = await in_hand(world, ada)
    world.clock.advance(days=2)
    bought_at = world.clock.now()
    first = await used(world, code.lower().replace("-", " "))
    world.clock.advance(days=1)
    assert await used(world, code) == first and first.used.at == bought_at
    for other in ({"order": "S-2"}, {"order": None}, {"amount": "26.00"}):
        with pytest.raises(VoucherRedeemedError):
            await used(world, code, **other)
    contact = await world.contact_of(GRACE)
    assert [(sale.order, sale.amount, sale.at) for sale in contact.sales] == [("S-1", "25.00", bought_at)]
    assert contact.last_activity_at == bought_at
    (sale,) = await sales(world)
    assert (sale.ambassador_id, sale.amount, sale.voucher, sale.products) == (ada, "25.00", True, ("tea",))
    assert (await held(acme))[0].contact_id is None, "voucher and person are parted"


async def test_without_an_order_of_the_shop_the_voucher_is_the_order(world: World, acme: Brand, ada: str) -> None:
    code = await in_hand(world, ada)
    assert await used(world, code, None) == await used(world, code, None)
    with pytest.raises(VoucherRedeemedError):
        await used(world, code, None, "1.00")
    assert len(await sales(world)) == len((await world.contact_of(GRACE)).sales) == 1


async def test_a_purchase_that_the_shop_exports_as_an_order_too_counts_once(
    world: World, acme: Brand, ada: str
) -> None:
    code = await in_hand(world, ada)
    await used(world, code, "O-1", "19.90")
    await record_orders(acme, [order(world, ada)])
    assert len(await sales(world)) == len((await world.contact_of(GRACE)).sales) == 1


@pytest.mark.rule("BR-1")
async def test_what_is_no_voucher_of_the_brand_is_unknown_and_an_old_one_has_expired(
    world: World, acme: Brand, ada: str
) -> None:
    code = await in_hand(world, ada)
    for wrong in ("", "x", code[:-1], code + "0", new_code(), "UUUU-UUUU-UUUU", "é" * 12):
        with pytest.raises(UnknownObjectError):
            await used(world, wrong)
    with pytest.raises(UnknownObjectError):
        await redeem(await world.brand("globex"), code, order="S-1", amount="1", currency="EUR", products=())
    world.clock.advance(days=90)
    with pytest.raises(VoucherExpiredError):
        await used(world, code)
    assert await sales(world) == []


@pytest.mark.rule("DEL-4")
async def test_of_who_has_gone_since_the_sale_counts_without_the_person(world: World, acme: Brand, ada: str) -> None:
    from shared.usecases import contacts

    code = await in_hand(world, ada)
    await contacts.remove(acme, ada, (await world.contact_of(GRACE)).id)
    await used(world, code)
    (left,) = await world.contacts()
    assert left.sales == () and len(await sales(world)) == 1


async def test_vouchers_are_forgotten_a_year_after_their_end(world: World, acme: Brand, ada: str) -> None:
    await in_hand(world, ada)
    world.clock.advance(days=90 + 364)
    await world.recover()
    assert len(await held(acme)) == 1
    world.clock.advance(days=1)
    await world.recover()
    assert await held(acme) == []


def test_a_code_is_read_as_people_type_it() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    for code in codes:
        assert CODE.fullmatch(code) and not set(code) & set("ILOU")
        typed = code.replace("-", "").replace("0", "o").replace("1", "l").lower()
        assert clean_code(f" {typed} ") == clean_code(code) == code
