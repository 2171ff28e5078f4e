"""Who may register (REG-3)."""

from collections.abc import Iterator, Sequence

import pytest

from shared.domain.errors import ChangedMeanwhileError, InvalidInputError, RegistrationClosedError
from shared.domain.policy import Registration, WhiteListMode
from shared.domain.white_list import Allowed, Entitled
from shared.ports import Query, Result, Where
from shared.usecases import registration, sign_up, white_list
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.sign_up import SignUp
from shared.usecases.white_list import Row
from tests.support.acts import rotated
from tests.support.crashing import Crash
from tests.support.world import World
from tests.usecases.test_accounts import ADA, FIELDS, PASSWORD, confirmed

E, C = Entitled.EMAIL, Entitled.CUSTOMER_ID
BEA = "bea@example.org"


async def registering(world: World, **how: object) -> Brand:
    """The brand with this way of registering."""
    policy = (await world.brand()).policy
    await world.brands.save_policy("acme", policy.changed(registration=Registration.model_validate(how)))
    return await world.brand()


async def load(brand: Brand, *rows: Row | str, replaces: bool = True) -> white_list.Loaded:
    return await white_list.load(brand, rows, replaces=replaces)


async def sizes(brand: Brand) -> tuple[int, int, int]:
    """Addresses and customer IDs that count, and all entries that are stored."""
    held = await white_list.counts(brand)
    entries = await brand.allowed.count()
    lists = await brand.white_list.get("list", "list")
    return held.emails, held.customer_ids, entries - (lists is not None)


@pytest.mark.rule("REG-3")
async def test_REG_3_only_listed_addresses_sign_up_by_form_or_facebook(world: World) -> None:
    acme = await registering(world, white_list=WhiteListMode.EMAILS)
    with pytest.raises(RegistrationClosedError):
        await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)
    await load(acme, (E, "Ada@Example.org"), (C, BEA))
    await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)
    await registration.check(acme, way="facebook", email=ADA)
    for way in ("form", "facebook"):
        for email in (BEA, None):
            with pytest.raises(RegistrationClosedError):
                await registration.check(acme, way=way, email=email)
    await registration.check(acme, way="sso", email=BEA)


@pytest.mark.rule("REG-3")
async def test_REG_3_only_listed_customer_ids_sign_up(world: World) -> None:
    acme = await registering(world, white_list=WhiteListMode.CUSTOMER_IDS)
    await load(acme, (C, "K-17"), (E, "K-18"))
    await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, {**FIELDS, "customer_id": "k-17"}), None)
    with pytest.raises(RegistrationClosedError):
        await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, {**FIELDS, "customer_id": "K-18"}), None)
    with pytest.raises(InvalidInputError):
        await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)


@pytest.mark.rule("REG-3")
@pytest.mark.rule("REG-1")
@pytest.mark.parametrize("way", ["form", "facebook", "sso"])
async def test_REG_3_a_way_that_is_closed_refuses_everybody(world: World, way: registration.Way) -> None:
    acme = await registering(world, **{way: False})
    with pytest.raises(RegistrationClosedError):
        await registration.check(acme, way=way, email=ADA, customer_id="1")
    ways: tuple[registration.Way, ...] = ("form", "facebook", "sso")
    for other in ways:
        if other != way:
            await registration.check(acme, way=other, email=ADA)


@pytest.mark.rule("REG-3")
@pytest.mark.rule("AMB-6")
async def test_REG_3_who_has_an_account_is_refused_as_a_stranger_is(world: World) -> None:
    await confirmed(world)
    acme = await registering(world, form=False)
    for email in (ADA, BEA):
        with pytest.raises(RegistrationClosedError):
            await sign_up.sign_up(acme, SignUp(email, PASSWORD, FIELDS), None)
    await world.drain()
    assert [mail.to_email for mail in world.mailer.outbox] == [ADA]  # the confirmation of before


@pytest.mark.rule("REG-3")
@pytest.mark.rule("BR-1")
async def test_REG_3_the_list_is_stored_hashed_under_the_brands_own_key(world: World) -> None:
    acme = await registering(world, white_list=WhiteListMode.EMAILS)
    await load(acme, (E, ADA), (C, "K-17"))
    held = await acme.white_list.get("list", "list")
    assert held and held.record.load
    entries = Query(where=(Where("load", "=", held.record.load),), order_by="kind")
    stored = str([i.record.to_document() async for page in acme.allowed.pages(entries) for i in page])
    assert stored.count("v1.") == 2
    assert "ada" not in stored and "K-17" not in stored
    assert not await white_list.is_listed(await world.brand("globex"), E, ADA)
    acme = await rotated(world)
    assert await white_list.is_listed(acme, E, ADA)
    await load(acme, (E, BEA), replaces=False)
    assert await white_list.is_listed(acme, E, ADA) and await white_list.is_listed(acme, E, BEA)


@pytest.mark.rule("REG-3")
async def test_REG_3_a_list_replaces_the_one_before_or_adds_to_it(world: World, acme: Brand) -> None:
    first = await load(acme, (E, ADA), (E, ADA), (C, "1"), "is no address", replaces=False)
    assert (dict(first.loaded), first.repeated, dict(first.refused)) == ({E: 1, C: 1}, 1, {"is no address": 1})
    again = await load(acme, (E, ADA), (C, "2"), replaces=False)
    assert (dict(again.loaded), again.repeated) == ({C: 1}, 1)
    assert await sizes(acme) == (1, 2, 3)
    await load(acme, (E, BEA))
    assert await sizes(acme) == (1, 0, 1)
    assert not await white_list.is_listed(acme, E, ADA) and await white_list.is_listed(acme, E, BEA)
    await load(acme)
    assert await sizes(acme) == (0, 0, 0)


@pytest.mark.rule("REG-3")
async def test_REG_3_a_list_cut_short_leaves_the_old_one_whole_and_is_cleared_away(world: World, acme: Brand) -> None:
    await load(acme, (E, ADA))

    def rows() -> Iterator[Row]:
        yield from ((C, str(number)) for number in range(250))
        raise Crash("cut short")

    with pytest.raises(Crash):
        await white_list.load(acme, rows(), replaces=True)
    assert await sizes(acme) == (1, 0, 201)
    world.clock.advance(minutes=59)
    assert (await world.recover()).white_lists == 0
    world.clock.advance(minutes=11)
    assert (await world.recover()).white_lists == 1
    assert await sizes(acme) == (1, 0, 1)
    assert await white_list.is_listed(acme, E, ADA)


async def test_a_list_that_takes_too_long_does_not_count_and_leaves_nothing(
    world: World, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(acme, (E, ADA))
    write, calls = acme.allowed.write_many, list[int]()

    async def slow(changes: Sequence[Change[Allowed]]) -> list[Result]:
        calls.append(len(changes))
        if len(calls) == 2:
            world.clock.advance(minutes=70)
            await white_list.clear_away(acme, world.clock.now())
        return await write(changes)

    monkeypatch.setattr(acme.allowed, "write_many", slow)
    with pytest.raises(ChangedMeanwhileError):
        await load(acme, *((C, str(number)) for number in range(150)))
    assert await sizes(acme) == (1, 0, 1)
    assert not await white_list.is_listed(acme, C, "1") and await white_list.is_listed(acme, E, ADA)
