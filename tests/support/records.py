"""Records for tests of the domain: a contact, and the time it lives in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.hashing import Hasher
from shared.domain.policy import Policy, Sender

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
HASHER = Hasher({1: b"h" * 32})
SECOND = timedelta(seconds=1)


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def a_policy(**fields: Any) -> Policy:
    """A brand's policy with the platform's defaults."""
    sender = Sender(email="hello@acme.example", name="Acme")
    return Policy.model_validate(
        {"display_name": "Acme", "sender": sender, "privacy_policy_url": "https://acme.example/privacy"} | fields
    )


def a_contact(state: AmbassadorOptIn = AmbassadorOptIn.NEW, at: datetime = START, **fields: Any) -> Contact:
    """A settled contact in this state since then."""
    made: dict[str, Any] = {
        "ambassador_id": "a" * 24,
        "first_name": "Grace",
        "email": "grace@example.org",
        "ambassador_opt_in": state,
        "ambassador_opt_in_at": at,
        "created_at": at,
        "created_by": Origin(mechanism="crm"),
        "modified_at": at,
        "modified_by": Origin(mechanism="crm"),
    }
    return Contact(**(made | fields)).settled(HASHER, 5)
