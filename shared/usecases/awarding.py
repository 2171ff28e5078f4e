"""Awards that a brand gives by hand (ACT-6)."""

from shared.domain.ambassador import Ambassador
from shared.domain.contest import Contest
from shared.domain.gamification import Award
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand


async def give_award(brand: Brand, contest: Contest, ambassador: str, title: str) -> None:
    """Gives a contest's award, once each; raises UnknownObjectError unless the account has access."""
    award = Award(contest=contest.id, title=title, at=brand.now())

    def awarded(account: Ambassador) -> Ambassador:
        known = next((one for one in account.awards if one.contest == contest.id), None)
        if known and known.title == title:
            return account
        others = tuple(one for one in account.awards if one.contest != contest.id)
        return account.changed(awards=(*others, award))

    await change_account(brand, ambassador, awarded)
