"""The access log (VIS-7): that staff looked at personal data, of what kind and how many, and nothing of whose."""

from enum import StrEnum

from pydantic import Field

from shared.domain.ids import new_id
from shared.domain.records import Instant, Record
from shared.domain.staff import Role


class Seen(StrEnum):
    """What kind of personal data was looked at."""

    CONTACTS = "contacts"
    AMBASSADORS = "ambassadors"
    USERS = "users"
    FLAGS = "flags"
    SUPPRESSIONS = "suppressions"
    DUE_RECORDS = "due_records"  # ids of what a sweep would act on
    PHOTOS = "photos"
    COMMENTS = "comments"
    RIGHTS = "rights"
    MESSAGES = "messages"  # ids of work that failed, put back on its queue


class Act(StrEnum):
    """What was done with it."""

    LISTED = "listed"
    READ = "read"
    EXPORTED = "exported"
    CHANGED = "changed"


class Access(Record):
    """One access; `actor` is a keyed hash of the user's id under the brand's key."""

    id: str = Field(default_factory=new_id)
    at: Instant
    actor: str
    role: Role
    kind: Seen
    act: Act
    count: int
