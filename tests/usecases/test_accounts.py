"""Becoming an ambassador, signing in and out, and the own account."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus, Address, CommunicationSwitches, Gender
from shared.domain.errors import (
    ChangedMeanwhileError,
    CsrfError,
    InvalidInputError,
    TooManyRequestsError,
    TryAgainError,
    UnauthenticatedError,
    UnknownObjectError,
)
from shared.domain.tokens import Purpose
from shared.ports import Fate, Query, StaleError
from shared.usecases import claims, sessions, sign_up
from shared.usecases.brands import Brand
from shared.usecases.limiting import count_against
from shared.usecases.sign_up import SignUp
from tests.support.acts import fresh_world, rotated, token_of
from tests.support.world import World, brand_record

ADA, PASSWORD = "ada@example.org", "correct horse battery staple"
FIELDS: dict[str, Any] = {"gender": Gender.FEMALE, "first_name": "Ada", "last_name": "Lovelace", "alias": "ada"}


async def signed_up(world: World, email: str = ADA, brand: str = "acme", password: str = PASSWORD) -> str:
    """The token of the newest mail after a sign-up."""
    await sign_up.sign_up(await world.brand(brand), SignUp(email, password, FIELDS), None)
    await world.drain()
    return token_of(world.mailer.sent_to(email)[-1], "c")


async def confirmed(world: World, email: str = ADA, brand: str = "acme") -> Brand:
    await sign_up.confirm_sign_up(world.brands, await signed_up(world, email, brand))
    return await world.brand(brand)


@pytest.mark.rule("REG-1")
@pytest.mark.rule("AMB-6")
@pytest.mark.rule("AMB-2")
async def test_there_is_no_access_before_the_link_and_access_after_it(world: World, acme: Brand) -> None:
    token = await signed_up(world)
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    opened = await sign_up.confirm_sign_up(world.brands, token, "acme")
    assert (opened.account.status, opened.account.confirmed_at) == (AccountStatus.ACTIVE, world.clock.now())
    assert (await sign_up.confirm_sign_up(world.brands, token)).account == opened.account
    signed_in = await sessions.sign_in(acme, "ADA@example.org", PASSWORD)
    caller = await sessions.caller(acme, signed_in.token)
    assert (caller.account.record.email, caller.account.record.last_login_at) == (ADA, world.clock.now())
    assert PASSWORD not in str(caller.account.record.to_document())


@pytest.mark.rule("AMB-6")
async def test_a_known_address_gets_the_same_answer_and_another_mail(world: World, acme: Brand) -> None:
    await confirmed(world)
    before = [item.record for item in (await acme.ambassadors.page(Query()))[0]]
    await sign_up.sign_up(acme, SignUp(ADA, "another password", FIELDS), "192.0.2.1")
    await world.drain()
    assert [item.record for item in (await acme.ambassadors.page(Query()))[0]] == before
    first, second = world.mailer.sent_to(ADA)
    assert "/c/" in first.text and "/c/" not in second.text


@pytest.mark.rule("AMB-6")
@pytest.mark.parametrize("pressed", [0, 1])
async def test_each_sign_ups_link_opens_the_account_under_its_own_password(
    world: World, acme: Brand, pressed: int
) -> None:
    passwords = (PASSWORD, "somebody else's password")
    links = [await signed_up(world, password=password) for password in passwords]
    await sign_up.confirm_sign_up(world.brands, links[pressed])
    await sessions.sign_in(acme, ADA, passwords[pressed])
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, passwords[1 - pressed])
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, links[1 - pressed])


@pytest.mark.rule("MAIL-3")
@pytest.mark.rule("DEL-9")
async def test_a_confirmation_link_lapses_with_the_sign_up(world: World) -> None:
    token = await signed_up(world)
    for wrong in ("x", world.ports.tokens.issue(Purpose.SESSION, {"b": "acme"}, world.clock.now() + timedelta(1))):
        with pytest.raises(UnknownObjectError):
            await sign_up.confirm_sign_up(world.brands, wrong)
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, token, "globex")
    world.clock.advance(days=15)
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, token)


@pytest.mark.rule("DEL-9")
async def test_an_unconfirmed_sign_up_is_deleted_after_fifteen_days_and_the_address_is_free(
    world: World, acme: Brand
) -> None:
    await signed_up(world)
    world.clock.advance(days=15, seconds=-1)
    await world.sweep()
    assert (await acme.ambassadors.page(Query()))[0]
    world.clock.advance(seconds=1)
    await world.sweep()
    assert (await acme.ambassadors.page(Query()))[0] == []
    assert (await acme.claims.page(Query()))[0] == []
    await confirmed(world)


@pytest.mark.rule("AMB-6")
async def test_two_sign_ups_of_one_moment_give_one_account(world: World, acme: Brand) -> None:
    forms = [SignUp(ADA, f"password number {n}", FIELDS) for n in range(3)]
    await asyncio.gather(*(sign_up.sign_up(acme, form, None) for form in forms))
    await world.drain()
    confirmed_accounts = set()
    for mail in world.mailer.sent_to(ADA):
        try:
            opened = await sign_up.confirm_sign_up(world.brands, token_of(mail, "c"))
        except UnknownObjectError:
            continue
        confirmed_accounts.add(opened.account.id)
    assert len(confirmed_accounts) == 1


@pytest.mark.rule("AMB-6")
async def test_a_sign_up_whose_address_another_one_took_is_not_confirmed(world: World, acme: Brand) -> None:
    token = await signed_up(world)
    ref = acme.hasher.ref(ADA)
    claim = await acme.claims.get(ref, ref)
    assert claim
    await acme.claims.delete(claim)
    other = await signed_up(world, password="somebody else's")
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, token)
    await sign_up.confirm_sign_up(world.brands, other)


@pytest.mark.rule("AMB-1")
async def test_a_bad_address_and_what_the_brand_requires_are_refused_by_field() -> None:
    strict = brand_record("strict", required_ambassador_fields=("customerId", "address", "dateOfBirth"))
    async with fresh_world(strict) as world:
        brand = await world.brand("strict")
        with pytest.raises(InvalidInputError) as refused:
            await sign_up.sign_up(brand, SignUp(ADA, PASSWORD, {**FIELDS, "customer_id": "7"}), None)
        assert [error.field for error in refused.value.errors] == ["address", "dateOfBirth"]
        more = {"customer_id": "7", "address": {"city": "London"}, "date_of_birth": "1815-12-10"}
        with pytest.raises(InvalidInputError) as refused:
            await sign_up.sign_up(brand, SignUp("no address", PASSWORD, {**FIELDS, **more}), None)
        assert [error.field for error in refused.value.errors] == ["email"]
        await sign_up.sign_up(brand, SignUp(ADA, PASSWORD, {**FIELDS, **more}), None)
        await world.drain()
        token = token_of(world.mailer.sent_to(ADA)[-1], "c")
        await sign_up.confirm_sign_up(world.brands, token)
        caller = await sessions.caller(brand, (await sessions.sign_in(brand, ADA, PASSWORD)).token)
        for emptied in ({"customer_id": None}, {"address": None}, {"address": Address()}, {"date_of_birth": ""}):
            with pytest.raises(InvalidInputError):
                await sessions.edit_account(caller, emptied)
        assert (await sessions.edit_account(caller, {"customer_id": "8"})).customer_id == "8"


@pytest.mark.rule("AMB-1")
@pytest.mark.rule("AMB-4")
async def test_an_account_is_edited_and_can_be_read_again(world: World) -> None:
    acme = await confirmed(world)
    token = (await sessions.sign_in(acme, ADA, PASSWORD)).token
    caller = await sessions.caller(acme, token)
    off = CommunicationSwitches(newsletters=False)
    await sessions.edit_account(caller, {"address": Address(city="London"), "communication": off})
    edited = await sessions.edit_account(caller, {"address": None, "about": "Numbers"})
    again = (await sessions.caller(acme, token)).account.record
    assert again == edited
    assert (again.address, again.about, again.communication.newsletters) == (Address(), "Numbers", False)
    fresh = await sessions.caller(acme, token)
    assert await sessions.edit_account(fresh, {}) == again


@pytest.mark.rule("AMB-7")
async def test_wrong_unknown_and_unconfirmed_look_alike(world: World, acme: Brand) -> None:
    await confirmed(world)
    await signed_up(world, "unconfirmed@example.org")
    refused = set()
    for email, password in ((ADA, "wrong"), ("x@example.org", PASSWORD), ("unconfirmed@example.org", PASSWORD)):
        with pytest.raises(UnauthenticatedError) as error:
            await sessions.sign_in(acme, email, password)
        refused.add((type(error.value), error.value.detail))
    assert len(refused) == 1


@pytest.mark.rule("AMB-7")
async def test_log_in_is_limited_by_address_and_free_again_after_the_window(world: World) -> None:
    acme = await confirmed(world)
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            await sessions.sign_in(acme, ADA, "wrong")
    with pytest.raises(TooManyRequestsError) as refused:
        await sessions.sign_in(acme, "Ada@EXAMPLE.org", PASSWORD)
    assert refused.value.retry_after == 15 * 60
    world.clock.advance(minutes=15)
    await sessions.sign_in(acme, ADA, PASSWORD)
    windows = [item.record for item in (await acme.limits.page(Query()))[0]]
    assert windows and ADA not in str(windows)


@pytest.mark.rule("AMB-6")
async def test_sign_ups_are_limited_by_address_and_by_origin(world: World, acme: Brand) -> None:
    for _ in range(5):
        await signed_up(world)
    with pytest.raises(TooManyRequestsError):
        await signed_up(world)
    for _ in range(60):
        await count_against(acme, "sign-up-from", "192.0.2.7")
    with pytest.raises(TooManyRequestsError):
        await sign_up.sign_up(acme, SignUp("other@example.org", PASSWORD, FIELDS), "192.0.2.7")


@pytest.mark.rule("AMB-7")
@pytest.mark.rule("DEL-1")
async def test_a_session_ends_at_the_next_request_after_signing_out(world: World) -> None:
    acme = await confirmed(world)
    one, two = [await sessions.sign_in(acme, ADA, PASSWORD) for _ in range(2)]
    caller = await sessions.caller(acme, one.token)
    await sessions.sign_out(caller)
    await sessions.sign_out(caller)
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, one.token)
    account = (await sessions.caller(acme, two.token)).account
    await acme.ambassadors.replace(account, account.record.changed(status=AccountStatus.UNCONFIRMED))
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, two.token)


@pytest.mark.rule("AMB-7")
async def test_a_session_expires_and_the_oldest_devices_give_way(world: World) -> None:
    acme = await confirmed(world)
    opened = []
    for _ in range(sessions.DEVICES + 1):
        world.clock.advance(minutes=3)
        opened.append(await sessions.sign_in(acme, ADA, PASSWORD))
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, opened[0].token)
    await sessions.caller(acme, opened[1].token)
    world.clock.advance(sessions.LASTS)
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, opened[-1].token)


@pytest.mark.rule("BR-1")
async def test_a_session_of_another_brand_or_a_forged_one_is_nobodys(world: World) -> None:
    acme, globex = await confirmed(world), await confirmed(world, brand="globex")
    token = (await sessions.sign_in(acme, ADA, PASSWORD)).token
    for brand, wrong in ((globex, token), (acme, None), (acme, ""), (acme, token[:-3]), (acme, "x.y")):
        with pytest.raises(UnauthenticatedError):
            await sessions.caller(brand, wrong)


@pytest.mark.rule("COO-2")
async def test_a_change_by_cookie_needs_the_sessions_own_csrf_token(world: World) -> None:
    acme = await confirmed(world)
    one, two = [await sessions.sign_in(acme, ADA, PASSWORD) for _ in range(2)]
    caller = await sessions.caller(acme, one.token)
    sessions.check_csrf(caller, one.csrf_token)
    for wrong in (None, "", two.csrf_token, one.token):
        with pytest.raises(CsrfError):
            sessions.check_csrf(caller, wrong)


@pytest.mark.rule("DEL-10")
async def test_an_account_is_found_by_its_address_after_a_key_rotation(world: World) -> None:
    await confirmed(world)
    acme = await rotated(world)
    assert acme.hasher.version == 2
    await sessions.sign_in(acme, ADA, PASSWORD)
    await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)
    assert len((await acme.ambassadors.page(Query()))[0]) == 1


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize(
    ("fate", "accepted"), [(Fate.RETRY, False), (Fate.UNKNOWN, True), (Fate.UNKNOWN, False)], ids=str
)
async def test_a_mail_about_the_account_is_tried_again_and_not_sent_twice(
    world: World, acme: Brand, fate: Fate, accepted: bool
) -> None:
    await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)
    message = world.queue.pop("account-mails")
    assert message and ADA not in str(message)
    world.mailer.next_call(fate, accepted=accepted)
    with pytest.raises(TryAgainError):
        await world.handle("account-mails", message)
    if fate is Fate.UNKNOWN:
        world.mailer.can_be_asked = False
        with pytest.raises(TryAgainError):
            await world.handle("account-mails", message)
        assert len(world.mailer.calls) == 1
        world.mailer.can_be_asked = True
        world.clock.advance(minutes=1)
    for _ in range(2):
        await world.handle("account-mails", message)
    assert len(world.mailer.sent_to(ADA)) == 1
    await sign_up.confirm_sign_up(world.brands, token_of(world.mailer.outbox[0], "c"))
    ((ambassador, _),) = message["mails"]
    await world.handle("account-mails", {**message, "mails": [[ambassador, "b" * 8], ["c" * 24, "b" * 8]]})
    assert len(world.mailer.outbox) == 1


async def test_a_sign_up_or_edit_that_is_always_outrun_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    acme = await confirmed(world)
    waiting = await signed_up(world, "bob@example.org")
    caller = await sessions.caller(acme, (await sessions.sign_in(acme, ADA, PASSWORD)).token)

    async def outrun(*_: object) -> None:
        raise StaleError

    monkeypatch.setattr(acme.ambassadors, "replace", outrun)
    with pytest.raises(ChangedMeanwhileError):
        await sign_up.sign_up(acme, SignUp("bob@example.org", PASSWORD, FIELDS), None)
    with pytest.raises(UnauthenticatedError):
        await sessions.edit_account(caller, {"about": "x"})
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, waiting)


async def named(world: World, email: str, alias: str, brand: str = "acme") -> str:
    """The name of the blog page of a new, confirmed account."""
    opened = await world.brand(brand)
    await sign_up.sign_up(opened, SignUp(email, PASSWORD, {**FIELDS, "alias": alias}), None)
    await world.drain()
    account = (await sign_up.confirm_sign_up(world.brands, token_of(world.mailer.sent_to(email)[-1], "c"))).account
    assert account.blog_alias
    return account.blog_alias


async def test_each_account_gets_a_page_name_of_its_own_and_is_found_by_it(world: World, acme: Brand) -> None:
    taken = [await named(world, f"ada{n}@example.org", alias) for n, alias in enumerate(("Zoé B.", "zoe-b", "ZOÉ b"))]
    assert taken == ["zoe-b", "zoe-b-2", "zoe-b-3"]
    assert await named(world, ADA, "zoe b", "globex") == "zoe-b"  # another brand's names are its own
    found = await claims.by_blog_alias(acme, "ZOE-B-2")
    assert found and found.record.email == "ada1@example.org"
    for nobody in ("zoe-b-4", "zoe b", "../zoe-b", "", "x" * 2000):
        assert await claims.by_blog_alias(acme, nobody) is None


async def test_only_an_account_with_access_is_found_by_its_page_name(world: World, acme: Brand) -> None:
    await named(world, ADA, "ada")
    account = await claims.by_blog_alias(acme, "ada")
    assert account
    await acme.ambassadors.replace(account, account.record.changed(status=AccountStatus.LEAVING))
    assert await claims.by_blog_alias(acme, "ada") is None


async def test_a_page_name_left_over_by_a_confirmation_cut_short_is_free_again(world: World, acme: Brand) -> None:
    token = await signed_up(world)
    waiting = await claims.by_email(acme, ADA)
    assert waiting
    assert await claims.take_blog_alias(acme, waiting.record) == "ada"  # and then the process ended
    assert await claims.take_blog_alias(acme, waiting.record) == "ada"
    assert await named(world, "bea@example.org", "ada") == "ada-2"
    opened = await sign_up.confirm_sign_up(world.brands, token)
    assert opened.account.blog_alias == "ada"
    account = await acme.ambassadors.get(opened.account.id, opened.account.id)
    assert account
    await acme.ambassadors.delete(account)
    assert await named(world, "cleo@example.org", "ada") == "ada"


async def test_people_of_one_alias_and_one_moment_get_different_page_names(world: World, acme: Brand) -> None:
    people = [f"ada{n}@example.org" for n in range(3)]
    links = [await signed_up(world, email) for email in people]
    opened = await asyncio.gather(*(sign_up.confirm_sign_up(world.brands, link) for link in links))
    assert sorted(o.account.blog_alias or "" for o in opened) == ["ada", "ada-2", "ada-3"]
