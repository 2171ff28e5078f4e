"""The data map's rows of what shows that the rules are kept: consents, opt-outs, rights, who looked, and backups."""

from shared.domain import containers as c
from shared.domain.access_log import Access
from shared.domain.backups import Backup, Manifest
from shared.domain.data_map_rows import DUTY, INTEREST, NO_PERSON, NOBODY, Place, fields
from shared.domain.flags import Flag
from shared.domain.forgetting import Forgetting
from shared.domain.ledger import Entry
from shared.domain.rights import RightsLink, RightsRequest
from shared.domain.suppression import Suppression
from shared.domain.tombstones import Tombstone

_BRAND_END = "with the brand's keys (DEL-5): from then on it is about nobody"

DUTIES = (
    Place(
        c.SUPPRESSIONS, Suppression, "contacts", "nobody who opted out, or whose address failed, is written to (SUP-1)",
        f"{DUTY}: art. 21", _BRAND_END, NOBODY, "brand users and the teams, as counts",
        fields(keep="id reasons reach_since by_hash_alone objected_at released"),
    ),
    Place(
        c.LEDGER, Entry, "contacts, ambassadors", "the proof of consent (CON-7)", f"{DUTY}: art. 7(1)", _BRAND_END, NOBODY,
        "the person; the teams", fields(keep="id subject seq at before after evidence previous hash"),
    ),
    Place(
        c.RIGHTS, RightsRequest, "contacts, ambassadors", "requests about rights, and that they were met in time (RGT-5)",
        f"{DUTY}: art. 12(3)",
        "the policy's days after it was closed; what it says of the person when it is closed", NOBODY,
        "brand users and the teams; the person",
        fields(
            keep="id kind state subject received_at due_at language people ambassador link reached listed running_since "
                 "waiting_until extended_at extended_because owed_since passed_on_at closed_at closed_by note "
                 "asked_by erased proof",
            erase="email text changes notice",
        ),
    ),
    Place(
        c.RIGHTS_LINKS, RightsLink, "whoever asks", "a link to one's own data (RGT-2)", f"{DUTY}: art. 12",
        "7 days; at once of who is not known; the address with the person's erasure", "the person, by the mail provider",
        "the machine alone",
        fields(delete="id asked_at subject language people tried_at mailed_at pending_since", erase="email"),
    ),
    Place(
        c.FORGETTINGS, Forgetting, "contacts, ambassadors", "the mail provider forgets who was erased here (RGT-6)",
        f"{DUTY}: art. 17, 19", "when the provider has confirmed; the address lies in it sealed", "the mail provider",
        "the machine alone", fields(delete="id sealed key owed_since"),
    ),
    Place(
        c.ACCESS_LOG, Access, "staff", "that staff looked at personal data (VIS-7)", f"{DUTY}: art. 32",
        "RET-11", NOBODY, "the teams", fields(delete="id at actor role kind act count"),
    ),
    Place(
        c.FLAGS, Flag, "contacts, ambassadors", "what looks like fraud waits for a person (ACT-5)", f"{INTEREST}: art. 22",
        "RET-11, and with the account; the subject is a random id, or a hash that nobody can make again after a day", NOBODY,
        "brand users; the teams",
        fields(keep="id kind subject reason at open_since closed_at closed_by decision decided_because clock"),
    ),
    Place(
        c.BACKUPS, Backup, "nobody", "how far a backup is (BAK-1)", NO_PERSON, "as long as the backup", NOBODY, "the teams",
        fields(plain="id kind base base_at full state started_at open_since finished_at place positions parts documents "
                     "deleted"),
    ),
    Place(
        "the backups' account: manifests and sealed parts", Manifest, "contacts, ambassadors, staff",
        "a lost store can be restored (BAK-1)", f"{DUTY}: art. 32(1)(c)",
        "40 days, monthly ones 1 year; what was erased meanwhile is erased again at a restore (BAK-3)", NOBODY,
        "the machine alone", fields(delete="format backup brand staff"),
    ),
    Place(
        "the backups' account: tombstones", Tombstone, "contacts, ambassadors",
        "a restore brings back nobody who was erased or opted out (BAK-3)", f"{DUTY}: art. 17, 32",
        "as long as a backup may be older", NOBODY, "the machine alone",
        fields(delete="id at what container partition record made people standing consent state since reach moved_to of"),
    ),
)  # fmt: skip
