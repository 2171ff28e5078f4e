"""What can go wrong, as types; each knows its HTTP answer, and none carries personal data."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused, and why; never the value."""

    field: str
    reason: str


class DomainError(Exception):
    """The root of every answer that is not a success."""

    status = 500
    kind = "internal-error"
    title = "Something went wrong"

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(self.kind)
        self.detail = detail
        self.errors = tuple(errors)


class InvalidInputError(DomainError):
    """Fields are missing, wrong or unknown; `errors` names each."""

    status, kind, title = 422, "invalid-input", "Some fields are not acceptable"


class MalformedError(DomainError):
    """The body is not what the operation reads at all."""

    status, kind, title = 400, "malformed", "The request could not be read"


class UnauthenticatedError(DomainError):
    """One answer for every reason why a caller is not known."""

    status, kind, title = 401, "unauthenticated", "Sign in first"


class ForbiddenError(DomainError):
    """The caller is known and may not do this."""

    status, kind, title = 403, "forbidden", "This is not allowed"


class FeatureOffError(ForbiddenError):
    """The brand does not have this (BR-2)."""

    kind, title = "feature-off", "This brand does not have this"


class LogInRefusedError(ForbiddenError):
    """The identity provider's word is missing, or is not good; `reason` says why, and nothing of a person."""

    kind, title = "log-in-refused", "The log-in was refused"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class AddressTakenError(ForbiddenError):
    """The address belongs to an account that was opened another way: no log-in takes it over."""

    kind, title = "address-taken", "The address belongs to another account"


class CsrfError(ForbiddenError):
    """A cookie alone asked for a change (it needs the X-CSRF-Token header too)."""

    kind, title = "csrf-token-missing", "The X-CSRF-Token header is missing or wrong"


class UnknownObjectError(DomainError):
    """There is none, or none that this caller may know of: the two look the same (BR-1)."""

    status, kind, title = 404, "not-found", "There is no such object"


class SuppressedError(DomainError):
    """The address must not be stored or written to (SUP-2, SUP-5); nothing was stored."""

    status, kind, title = 409, "suppressed", "This address may not be entered"


class NotReleasableError(DomainError):
    """Only a soft bounce can be released by hand (CON-3)."""

    status, kind, title = 409, "not-releasable", "Only a soft bounce can be released"


class NotRestorableError(DomainError):
    """The account did not leave, or its time to come back is over (DEL-3)."""

    status, kind, title = 409, "not-restorable", "This account cannot be restored"


class RegistrationClosedError(ForbiddenError):
    """This way of registering is closed, or the brand's white list has neither the address nor the customer ID (REG-3)."""

    kind, title = "registration-closed", "Registration is not open to you"


class RestrictedError(DomainError):
    """The person restricted the processing of the record (art. 18): nothing is done with it while that lasts (RET-14)."""

    status, kind, title = 409, "restricted", "This record is restricted"


class VoucherRedeemedError(DomainError):
    """Another order used the voucher up."""

    status, kind, title = 409, "voucher-redeemed", "This voucher was redeemed by another order"


class VoucherExpiredError(DomainError):
    """The voucher's time is over."""

    status, kind, title = 409, "voucher-expired", "This voucher has expired"


class TooManyKeysError(DomainError):
    """Two keys of the same scopes are valid already: one is taken back before a third is made."""

    status, kind, title = 409, "too-many-keys", "Two keys of these scopes are valid already"


class ChangedMeanwhileError(DomainError):
    """Somebody else changed the object too often in between; asking again is safe."""

    status, kind, title = 409, "changed-meanwhile", "The object was changed meanwhile"


class ExistsError(DomainError):
    """The id is, or was, another's."""

    status, kind, title = 409, "exists", "There is another of this id"


class KeyReusedError(DomainError):
    """The Idempotency-Key came with another body before: it stands for one request."""

    status, kind, title = 422, "idempotency-key-reused", "This key was used for another request"


class InProgressError(DomainError):
    """The request of this Idempotency-Key is being done just now; its answer can be asked for by sending it again."""

    status, kind, title = 409, "in-progress", "The same request is being done just now"


class GrantTakenError(DomainError):
    """An account on a network belongs to one ambassador of a brand: interactions there are theirs alone."""

    status, kind, title = 409, "grant-taken", "Another ambassador has this account"


class BrandSuspendedError(DomainError):
    """The brand is suspended (BR-3): what it has can be read, and nothing be changed."""

    status, kind, title = 403, "brand-suspended", "This brand is suspended: nothing can be changed for now"


class WrongStatusError(DomainError):
    """The brand does not stand where this leads from (BR-3)."""

    status, kind, title = 409, "wrong-status", "The brand's status does not allow this"


class OtherRoleError(DomainError):
    """The user has a role here already; it is changed, not granted once more."""

    status, kind, title = 409, "already-granted", "This user has a role at the brand already"


class DecidedError(DomainError):
    """Somebody decided on the flag already, and not so."""

    status, kind, title = 409, "already-decided", "Somebody has decided on this already"


class LastAdministratorError(DomainError):
    """Without this user nobody would administer the brand."""

    status, kind, title = 409, "last-administrator", "The brand would have no administrator left"


class PreconditionError(DomainError):
    """The If-Match header does not name the newest version."""

    status, kind, title = 412, "precondition-failed", "The object is not the version you read"


class PreconditionRequiredError(DomainError):
    """A change that could overwrite somebody else's needs the If-Match header with the version that was read."""

    status, kind, title = 428, "precondition-required", "The If-Match header is missing"


class RestoreRefusedError(DomainError):
    """A backup cannot be put back here and now; `detail` says why. Nothing was written."""

    status, kind, title = 409, "restore-refused", "The backup cannot be restored"


class TooLargeError(DomainError):
    """The body is over the limit, of so many bytes."""

    status, kind, title = 413, "too-large", "The body is too large"

    def __init__(self, most: int) -> None:
        super().__init__(f"The body may have up to {most} bytes")


class TooManyRequestsError(DomainError):
    """The rate limit of this operation is reached; `retry_after` is in seconds."""

    status, kind, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Try again in {retry_after} seconds")
        self.retry_after = retry_after


class NotReadyError(DomainError):
    """A part that nothing works without does not answer; `detail` names it."""

    status, kind, title = 503, "not-ready", "The service is not ready"


class TryAgainError(DomainError):
    """A service that this depends on did not answer; nothing is lost, the caller (or the queue) tries again."""

    status, kind, title = 503, "try-again", "Try again in a moment"
