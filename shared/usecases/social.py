"""People whom a social network tells of become `social_only` contacts of the ambassador whose posts they liked (COL-4)."""

from dataclasses import dataclass

from shared.domain.collecting import Arrival, Outcome, Source
from shared.domain.errors import UnknownObjectError
from shared.domain.grants import Network
from shared.domain.policy import BrandStatus
from shared.domain.social import Interaction, Told
from shared.usecases.brands import Brand
from shared.usecases.claims import by_network
from shared.usecases.collect import arrive_many
from shared.usecases.collections import chunks
from shared.usecases.grants import use_grant

A_CALL = 100
_TAKEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many interactions now stand with a contact, and how many were left out."""

    taken: int
    ignored: int


def listening(brand: Brand) -> None:
    """Raises UnknownObjectError where the brand does not listen to networks: there nobody is told that it exists."""
    if not brand.policy.features.social_import or brand.record.status is not BrandStatus.ACTIVE:
        raise UnknownObjectError


async def take_in(brand: Brand, network: Network, told: Told) -> TakenIn:
    """Takes in who did something with the posts of one of the brand's ambassadors; told again, nothing changes.

    An account that no ambassador of the brand let us read for is nobody's, and of it nothing is stored.
    """
    account = await by_network(brand, network, told.account)
    if account is None:
        return TakenIn(0, len(told.interactions))
    await use_grant(brand, account.record.id, network)
    taken = 0
    for some in chunks(told.interactions, A_CALL):
        arrived = await arrive_many(brand, [_arrival(brand, account.record.id, network, one) for one in some])
        taken += sum(one.outcome in _TAKEN for one in arrived)
    return TakenIn(taken, len(told.interactions) - taken)


def _arrival(brand: Brand, ambassador: str, network: Network, one: Interaction) -> Arrival:
    """The alias and the picture's address, and nothing else; the network's id only tells the person again."""
    return Arrival(
        Source.SOCIAL,
        ambassador,
        {"twitter_id": one.alias, "photo_url": one.photo_url},
        min(one.at, brand.now()),
        f"{network}.{one.person}",
    )
