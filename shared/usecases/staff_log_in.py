"""Signing in to the Manager by Entra ID: who comes back is looked up by tenant and object ID, and made by nobody (VIS-5)."""

from collections.abc import Mapping

from shared.domain.flows import FlowPurpose
from shared.domain.staff import StaffMember
from shared.ports import Ports
from shared.usecases import flows
from shared.usecases.collections import Collection
from shared.usecases.sessions import SignedIn
from shared.usecases.staff_sessions import sign_in


async def finish(ports: Ports, staff: Collection[StaffMember], key: str | None, answer: Mapping[str, str]) -> SignedIn:
    """Opens the session of whoever came back.

    Raises UnknownObjectError for a log-in that is not under way in this browser, LogInRefusedError for a word of the
    provider that is not good, and ForbiddenError for somebody who is not listed.
    """
    taken = await flows.take(ports, answer.get("state"), key, FlowPurpose.MANAGER)
    identity = await ports.identity[taken.flow.provider].finish(taken.content["secrets"], answer)
    return await sign_in(ports, staff, identity.subject)
