"""What ambassadors of direct selling may enter, and others may not."""

from typing import Any

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import InvalidInputError, SuppressedError
from shared.domain.policy import Features
from shared.ports import Query
from shared.usecases import contacts, direct_selling
from shared.usecases.answer import Answer
from tests.support.acts import answered, fresh_world, invited, ledger_faults
from tests.support.world import brand_record

SELLING = Features(direct_selling=True, opt_in_evidence=True)
EVIDENCE = "Signed the card at the stand in May"


@pytest.mark.rule("COL-1")
async def test_who_agreed_elsewhere_is_opted_in_and_the_ledger_proves_it_without_the_words() -> None:
    async with fresh_world(brand_record("acme", features=SELLING)) as world:
        ada, brand = await world.ambassador(), await world.brand()
        entry = {"email": "zoe@example.org", "type": "customer", "opt_in_evidence": EVIDENCE}
        contact, new = await direct_selling.enter(brand, ada.id, entry)
        assert (new, contact.ambassador_opt_in, contact.type) == (True, AmbassadorOptIn.OPT_IN_OTHER, "customer")
        assert contact.opt_in_evidence == EVIDENCE
        proofs = [item.record async for page in brand.ledger.pages(Query()) for item in page]
        assert [proof.evidence.actor for proof in proofs] == [f"ambassador:{ada.id}"]
        assert brand.hasher.matches((proofs[0].evidence.text_version or "").removeprefix("evidence "), EVIDENCE)
        assert EVIDENCE not in str(proofs)
        again, new = await direct_selling.enter(brand, ada.id, entry)
        assert (new, again.id) == (False, contact.id)
        await contacts.remove(brand, ada.id, contact.id)
        assert await ledger_faults(world) == []
        assert [left.opt_in_evidence for left in await world.contacts()] == [None]


@pytest.mark.rule("CON-6")
async def test_no_evidence_lifts_an_opt_out() -> None:
    async with fresh_world(brand_record("acme", features=SELLING)) as world:
        ada, brand = await world.ambassador(), await world.brand()
        await invited(world, ada.id, "zoe@example.org")
        await answered(world, "zoe@example.org", Answer.DECLINE)
        with pytest.raises(SuppressedError):
            await direct_selling.enter(brand, ada.id, {"email": "zoe@example.org", "opt_in_evidence": EVIDENCE})
        assert (await world.contact_of("zoe@example.org")).ambassador_opt_in is AmbassadorOptIn.INVITATION_DECLINED


@pytest.mark.rule("BR-2")
@pytest.mark.rule("COL-1")
@pytest.mark.parametrize(
    ("features", "said", "refused"),
    [
        (Features(), {"type": "hostess"}, ["type"]),
        (Features(), {"opt_in_evidence": EVIDENCE}, ["optInEvidence"]),
        (Features(direct_selling=True), {"type": "hostess", "opt_in_evidence": EVIDENCE}, ["optInEvidence"]),
        (Features(opt_in_evidence=True), {"opt_in_evidence": EVIDENCE}, ["optInEvidence"]),
    ],
)
async def test_where_the_policy_does_not_have_it_nothing_is_stored(
    features: Features, said: dict[str, Any], refused: list[str]
) -> None:
    async with fresh_world(brand_record("acme", features=features)) as world:
        ada, brand = await world.ambassador(), await world.brand()
        with pytest.raises(InvalidInputError) as caught:
            await direct_selling.enter(brand, ada.id, {"email": "zoe@example.org", **said})
        assert [error.field for error in caught.value.errors] == refused
        assert await world.contacts() == []
