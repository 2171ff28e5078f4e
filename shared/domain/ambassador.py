"""An ambassador's account (AMB): its fields, its sessions and the clock it stands under."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.domain.gamification import Act, Award, Standing, Tally, standing
from shared.domain.grants import Network, SocialGrant
from shared.domain.hashing import Hasher
from shared.domain.ids import new_id
from shared.domain.ledger import Entry
from shared.domain.records import Instant, Record
from shared.domain.retention import Clock, RuleId

SIGN_UPS_KEPT = 5


class AccountStatus(StrEnum):
    """Whether the account has access (AMB-2, AMB-6)."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    LEAVING = "leaving"  # without access, restorable until RET-8 (DEL-1, DEL-2)
    ANONYMISED = "anonymised"


class LeftBecause(StrEnum):
    """Who ended an account."""

    UNSUBSCRIBED = "unsubscribed"  # the ambassador (DEL-1)
    REMOVED = "removed"  # the brand, in the Manager (DEL-2)
    INACTIVE = "inactive"  # nobody: there was no log-in, and no answer to two warnings (RET-7)
    BRAND = "brand"  # everybody's, with the brand's own end (RET-9, RET-10)
    DIRECTORY = "directory"  # the brand, by its directory (REG-2, DEL-2)


class Gender(StrEnum):
    """As the sign-up form offers it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


class Address(Record):
    """A postal address."""

    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class AccountMail(StrEnum):
    """What a mail to an ambassador about the own account says."""

    CONFIRM_SIGN_UP = "confirm_sign_up"
    ALREADY_REGISTERED = "already_registered"
    YOU_LEFT = "you_left"
    RESET_PASSWORD = "reset_password"  # noqa: S105  the name of a mail
    VISITOR_MESSAGE = "visitor_message"
    NEW_COMMENT = "new_comment"
    NEWSLETTER = "newsletter"
    EVENT = "event"
    CHALLENGE = "challenge"
    SUSPENDED = "suspended"
    CONTACTS_MIGRATED = "contacts_migrated"
    INACTIVE = "inactive"


# How many of a kind may wait at once, for the kinds of which more than the newest counts.
MANY: Mapping[AccountMail, int] = {
    AccountMail.VISITOR_MESSAGE: 25,
    AccountMail.NEW_COMMENT: 50,
    AccountMail.NEWSLETTER: 10,
    AccountMail.EVENT: 10,
    AccountMail.CHALLENGE: 10,
}


class PasswordReset(Record):
    """The newest reset that was asked for: no other link sets a password, and this one only once."""

    id: str
    expires_at: Instant
    used: bool = False


class StoredPhoto(Record):
    """Where the picture is; it is sealed under a key that stands here alone, and goes with the account."""

    file: str
    key: str
    media_type: str


class LooseFile(Record):
    """A file that may be stored and is to be deleted, unless it is `coming`: then it is being written just now."""

    file: str
    since: Instant
    coming: bool = False


class OwedMail(Record):
    """A mail to the ambassador that has still to leave; `tried_at` stands while the fate of a try is not known."""

    id: str
    kind: AccountMail
    since: Instant
    tried_at: Instant | None = None
    about: str | None = None  # the id of what it tells of
    text: str | None = None  # what it says and nothing else keeps: gone once it left


class Session(Record):
    """One signed-in device; gone from the account, it is gone at its next request."""

    id: str
    expires_at: Instant


class CommunicationSwitches(Record):
    """AMB-4: opted in at sign-up through the terms, each can be turned off."""

    newsletters: bool = True
    event_notifications: bool = True
    challenge_notifications: bool = True
    comment_notifications: bool = True


class Switch(StrEnum):
    """The switches by name."""

    NEWSLETTERS = "newsletters"
    EVENTS = "event_notifications"
    CHALLENGES = "challenge_notifications"
    COMMENTS = "comment_notifications"


# AMB-4: which switch each mail honours. A mail without a row is one that the account cannot do without.
SWITCHES: Mapping[AccountMail, Switch] = {
    AccountMail.NEWSLETTER: Switch.NEWSLETTERS,
    AccountMail.EVENT: Switch.EVENTS,
    AccountMail.CHALLENGE: Switch.CHALLENGES,
    AccountMail.NEW_COMMENT: Switch.COMMENTS,
}


class CommunitySwitches(Record):
    """AMB-3: unset by default."""

    hide_events: bool = False
    hide_profile: bool = False


class Ambassador(Record):
    """The account."""

    id: str = Field(default_factory=new_id)
    status: AccountStatus = AccountStatus.UNCONFIRMED
    created_at: Instant
    confirmed_at: Instant | None = None
    last_login_at: Instant | None = None
    gender: Gender
    first_name: str
    last_name: str
    alias: str
    blog_alias: str | None = (
        None  # the name of the own page, from the confirmation on; unlike the alias it never changes
    )
    email: str
    email_hash: str | None = None
    former_hashes: tuple[str, ...] = ()  # of addresses before it, whose claims a crash may have left
    password_hash: str | None = None
    password_reset: PasswordReset | None = None
    customer_id: str | None = None
    customer_id_vouched: bool = False  # by the brand's directory; what an ambassador enters names nobody (REG-2)
    brand_key: str | None = None  # what the brand's directory calls the account, once a row of it was matched (REG-2)
    sso_id: str | None = None  # `<tenant>.<object id>` at the brand's own directory (REG-2)
    facebook_id: str | None = None
    photo_wanted: bool = False  # the one at Facebook, taken at the next log-in there
    address: Address = Address()
    language: Literal["en", "fr"] = "en"
    date_of_birth: str | None = None
    year_of_birth: int | None = None  # all that is left of the date once the account was anonymised
    terms_accepted_at: Instant | None
    terms_version: str
    about: str | None = None
    interests: tuple[str, ...] = ()
    position: str | None = None
    iban: str | None = None
    photo: StoredPhoto | None = None
    loose_files: tuple[LooseFile, ...] = ()
    loose_since: Instant | None = None
    communication: CommunicationSwitches = CommunicationSwitches()
    community: CommunitySwitches = CommunitySwitches()
    grants: Mapping[Network, SocialGrant] = {}
    grants_since: Instant | None = None  # the longest unused of those in force
    told: tuple[str, ...] = ()  # the newest of what was sent to everybody: nobody is told twice
    acts: Mapping[Act, Tally] = {}
    awards: tuple[Award, ...] = ()
    sessions: tuple[Session, ...] = ()
    sign_up: str | None = None  # the newest sign-up's id
    earlier: tuple[dict[str, Any], ...] = ()  # sign-ups of the same address before it: each link opens its own
    owed: tuple[OwedMail, ...] = ()
    owed_since: Instant | None = None  # the oldest's, for the recovery timer; `owing` keeps both
    migration_told_at: Instant | None = None  # that contacts from before the law were taken over (COL-13)
    warned: tuple[Instant, ...] = ()  # when each warning of RET-7 really left; a log-in empties it
    left_at: Instant | None = None
    left_because: LeftBecause | None = None
    erasing_since: Instant | None = None  # from then on there is no way back
    contacts_wait_since: Instant | None = None  # of an anonymised account: a contact under restriction is left (RET-14)
    anonymised_at: Instant | None = None
    customer_hash: str | None = None
    facebook_hash: str | None = None
    brand_sees: bool = False
    search: str | None = None
    clock: Clock | None = None
    proof: Entry | None = None

    @property
    def display_name(self) -> str:
        """How contacts know the ambassador."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that may be stored for the account."""
        loose = tuple(loose.file for loose in self.loose_files)
        return (*loose, self.photo.file) if self.photo else loose

    @property
    def subjects(self) -> tuple[str, ...]:
        """What identity providers know the account by, each with the provider's name before it."""
        known = {"sso": self.sso_id, "facebook": self.facebook_id}
        return tuple(f"{provider}:{id}" for provider, id in known.items() if id)

    def owes(self, mail: str) -> OwedMail | None:
        """The mail of this id, if it has still to leave."""
        return next((owed for owed in self.owed if owed.id == mail), None)

    def owing(self, mails: Iterable[OwedMail]) -> "Ambassador":
        """The account with exactly these mails to leave."""
        owed = tuple(mails)
        return self.changed(owed=owed, owed_since=min((mail.since for mail in owed), default=None))

    def wants(self, mail: AccountMail) -> bool:
        """Whether the switch of this mail, if it has one, is on (AMB-4)."""
        return mail not in SWITCHES or bool(getattr(self.communication, SWITCHES[mail].value))

    @property
    def standing(self) -> Standing:
        """Score, level, badges and awards (ACT-6)."""
        return standing(self.acts, self.awards)

    @property
    def last_seen_at(self) -> Instant:
        """The last log-in; of who never logged in, the confirmation (RET-7)."""
        return max(self.last_login_at or self.created_at, self.confirmed_at or self.created_at)

    @property
    def vouched_customer_id(self) -> str | None:
        """The customer ID by which the brand's machines may mean the account: one that the brand's directory gave it."""
        return self.customer_id if self.customer_id_vouched else None

    def entered(self, fields: Mapping[str, Any]) -> "Ambassador":
        """The account with what its ambassador says of themself: nobody vouches for another customer ID."""
        after = self.changed(**fields)
        return after.changed(customer_id_vouched=self.customer_id_vouched and after.customer_id == self.customer_id)

    def logged_in(self, at: Instant) -> "Ambassador":
        """The account after a log-in, which cancels what its absence would have led to (RET-7)."""
        return self.changed(last_login_at=at, warned=()).owing(
            mail for mail in self.owed if mail.kind is not AccountMail.INACTIVE
        )

    def as_signed_up(self, sign_up: str) -> "Ambassador | None":
        """The account as one sign-up wants it: nobody's link may open an account under somebody else's password."""
        if self.sign_up == sign_up:
            return self
        for document in self.earlier:
            if document.get("signUp") == sign_up:
                return Ambassador.from_document(document)
        return None

    def renewed_by(self, newer: "Ambassador") -> "Ambassador":
        """The unconfirmed account after one more sign-up with its address."""
        before = self.changed(earlier=()).owing(()).to_document()
        return newer.changed(id=self.id, earlier=(*self.earlier, before)[-SIGN_UPS_KEPT:])

    @property
    def lapsed(self) -> bool:
        """Whether the sign-up is being deleted: it can be neither confirmed nor renewed any more (DEL-9)."""
        return self.status is AccountStatus.UNCONFIRMED and self.sign_up is None

    def to_document(self) -> dict[str, Any]:
        """The document to store; the status is asked for, so it is there also while it is the first."""
        return {**super().to_document(), "status": self.status.value}

    def settled(self, hasher: Hasher) -> "Ambassador":
        """The record with every derived field made anew; each save goes through here."""
        email_hash = hasher.ref(self.email) if self.email else self.email_hash
        moved = self.email_hash is not None and self.email_hash != email_hash
        return self.changed(
            email_hash=email_hash,
            former_hashes=(*self.former_hashes, self.email_hash) if moved else self.former_hashes,
            brand_sees=self.status in (AccountStatus.ACTIVE, AccountStatus.LEAVING),
            search=self._search_text(),
            loose_since=min((loose.since for loose in self.loose_files), default=None),
            customer_hash=hasher.ref(self.customer_id) if self.customer_id else self.customer_hash,
            grants_since=min((grant.last_used_at for grant in self.grants.values() if grant.active), default=None),
            clock=account_clock(self),
        )

    def _search_text(self) -> str:
        """What staff may find the account by."""
        parts = (self.first_name, self.last_name, self.alias, self.email, self.customer_id)
        return " ".join(part for part in parts if part).casefold()


def account_clock(account: Ambassador) -> Clock | None:
    """The rule an account stands under; None when nothing need happen."""
    match account.status:
        case AccountStatus.UNCONFIRMED:
            return Clock(rule=RuleId.UNCONFIRMED_SIGN_UP, since=account.created_at)
        case AccountStatus.ACTIVE if len(account.warned) > 1:
            return Clock(rule=RuleId.WARNED_TWICE, since=account.warned[-1])
        case AccountStatus.ACTIVE if account.warned:
            return Clock(rule=RuleId.WARNED, since=account.warned[-1])
        case AccountStatus.ACTIVE:
            return Clock(rule=RuleId.NO_LOG_IN, since=account.last_seen_at)
        case AccountStatus.LEAVING if account.left_because is LeftBecause.INACTIVE and account.warned:
            return Clock(rule=RuleId.WARNED_TWICE, since=account.warned[-1])  # being erased: nothing starts anew
        case AccountStatus.LEAVING if account.left_at:
            return Clock(rule=RuleId.LEFT, since=account.left_at)
        case AccountStatus.ANONYMISED if account.contacts_wait_since:
            return Clock(rule=RuleId.LEFT, since=account.contacts_wait_since)
        case _:
            return None


class Claim(Record):
    """Which account a value leads to; `id` names the value, so that two accounts cannot share it.

    An address that signs in, or an identity provider's word for somebody: its hash. The name of a blog page: `blog.` and
    the name. The customer ID of the brand: `customer.` and its hash. An
    account on a social network: the network and its hash.
    """

    id: str
    ambassador_id: str
