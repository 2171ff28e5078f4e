"""The data map's rows of work under way, of what the machine looks things up by, and of the platform's own records."""

from shared.domain import containers as c
from shared.domain.ambassador import Claim
from shared.domain.api_keys import KeyRing
from shared.domain.data_map_rows import CONTRACT, DUTY, INTEREST, NO_PERSON, NOBODY, Place, fields
from shared.domain.flows import Flow
from shared.domain.jobs import Job, MailBatch, Run, RunPart
from shared.domain.limits import Window
from shared.domain.policy import BrandRecord
from shared.domain.quarantine import QuarantinedEvent
from shared.domain.repeats import Repeat
from shared.domain.staff import AdministratorsGoing, StaffMember
from shared.domain.syncing import SyncKey
from shared.domain.tracing import Trace
from shared.domain.white_list import Allowed, WhiteList

_MACHINE = "the machine alone"

WORK = (
    Place(
        c.CLAIMS, Claim, "ambassadors", "one account for each address, alias and customer ID", CONTRACT,
        "with the account", NOBODY, _MACHINE, fields(delete="id ambassador_id"),
    ),
    Place(
        c.JOBS, Job, "ambassadors", "an import or a mailing that an ambassador watches", CONTRACT,
        "1 year; the uploaded file, its key and a permission when it has ended", NOBODY, "the ambassador",
        fields(
            delete="id kind ambassador_id state started_at finished_at open_since total done accepted updated refused "
                   "refused_by_reason refusals failure file_format account batches",
            erase="file_key grant",
        ),
    ),
    Place(
        "files: an import as it was uploaded, sealed", "Import", "contacts", "contacts that an ambassador brings (COL-2)",
        INTEREST, "when the import has ended; its key lies in the job and goes with it", NOBODY, _MACHINE,
        fields(delete="content"),
    ),
    Place(
        "files: photos, sealed", "Photo", "ambassadors", "the photo of an account, and those published (AMB-1, ACT-2)",
        CONTRACT, "with the account (DEL-4); a contest's as its consent says (RET-12)", NOBODY,
        "whoever may see the account, or the publication", fields(delete="content"),
    ),
    Place(
        c.BATCHES, MailBatch, "contacts", "which mails are on their way (MAIL-4)", INTEREST, "1 year", NOBODY, _MACHINE,
        fields(delete="id mail_kind publication recipients started_at open_since attempts sent skipped refused"),
    ),
    Place(
        c.RUNS, Run, "nobody", "what a sweep did, as counts (RET-16)", NO_PERSON, "1 year", NOBODY, "brand users; the teams",
        fields(plain="id state started_at durations finished_at open_since held plan rules parts", delete="confirmed_by"),
    ),
    Place(
        c.RUNS, RunPart, "nobody", "what a sweep did in one range of the contacts, as counts", NO_PERSON, "with its sweep",
        NOBODY, _MACHINE, fields(plain="id run place range rules at"),
    ),
    Place(
        c.LIMITS, Window, "whoever asks", "nobody tries passwords or fills mailboxes", INTEREST,
        "when its window is over", NOBODY, _MACHINE, fields(delete="id since count"),
    ),
    Place(
        c.REPEATS, Repeat, "ambassadors, staff", "a request that is sent again does nothing twice", INTEREST, "7 days", NOBODY,
        _MACHINE, fields(delete="id said seed at busy_until answer"),
    ),
    Place(
        c.LIMITS, Trace, "visitors", "bursts of clicks look like fraud (ACT-5)", INTEREST,
        "the policy's `trace_days`; from the next day on its hash cannot be made again", NOBODY, _MACHINE,
        fields(delete="id at salt count agents"),
    ),
    Place(
        c.SYNC_KEYS, SyncKey, "contacts", "the brand's database finds its contacts again (COL-12)", INTEREST,
        "with the contact", NOBODY, _MACHINE, fields(delete="id ambassador_id contact_id"),
    ),
    Place(
        c.ALLOWED, WhiteList, "nobody", "which load of the white list counts (REG-3)", NO_PERSON,
        "while the brand has one", NOBODY, _MACHINE, fields(plain="id load coming going changed_at"),
    ),
    Place(
        c.ALLOWED, Allowed, "who may register", "the brand's white list, as hashes (REG-3)", INTEREST,
        "until the brand loads another", NOBODY, _MACHINE, fields(delete="id load kind"),
    ),
    Place(
        c.API_KEYS, KeyRing, "staff", "machines of the brand prove who they are", CONTRACT, "when it is withdrawn", NOBODY,
        "brand administrators; the teams", fields(plain="id", delete="keys"),
    ),
    Place(
        c.BRANDS, BrandRecord, "staff", "the brand, its policy and its status", CONTRACT, "with the brand", NOBODY,
        "brand users; the teams",
        fields(plain="id policy created_at status status_since status_reason suspended_since erasing erased_at destroyed_at "
               "restoring_to account", keep="status_by"),
    ),
    Place(
        c.KEYS, "BrandKeys", "nobody", "the brand's wrapped keys", NO_PERSON, "DEL-5: destroyed with the brand, but the ledger's",
        NOBODY, _MACHINE, fields(plain="id hash active_from ledger backup"),
    ),
    Place(
        c.STAFF, StaffMember, "staff", "named users, and what they may see (VIS-1, VIS-5)", f"{DUTY}: art. 32",
        "when the last brand takes the seat away", NOBODY, "brand administrators; the teams",
        fields(delete="id role brands seats session session_expires_at"),
    ),
    Place(
        c.STAFF, AdministratorsGoing, "staff", "a brand keeps an administrator (VIS-5)", f"{DUTY}: art. 32",
        "when the user went", NOBODY, _MACHINE, fields(delete="id since"),
    ),
    Place(
        c.FLOWS, Flow, "who logs in", "a log-in under way, sealed under a key that only the browser has", CONTRACT,
        "when it is finished, or has expired", "the identity provider", _MACHINE,
        fields(delete="id purpose provider brand expires_at browser sealed"),
    ),
    Place(
        c.QUARANTINE, QuarantinedEvent, "contacts", "events of mails that fit nothing", INTEREST, "1 year", NOBODY,
        "the technical team", fields(delete="id reason at custom_id"),
    ),
)  # fmt: skip
