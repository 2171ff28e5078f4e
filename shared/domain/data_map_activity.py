"""The data map's rows of what ambassadors and their contacts do: publications, reactions, photos, sales, vouchers."""

from shared.domain import containers as c
from shared.domain.community import FeedEntry, Reaction
from shared.domain.contest import Contest
from shared.domain.counting import CountShard
from shared.domain.data_map_rows import CONTRACT, INTEREST, NO_PERSON, NOBODY, Place, fields
from shared.domain.forms import Form
from shared.domain.newsletter import Newsletter
from shared.domain.orders import RecordedSale
from shared.domain.publication import Publication
from shared.domain.ugc import Ugc
from shared.domain.vouchers import Voucher

_WITH_THE_ACCOUNT = "with the account (DEL-7), or when the ambassador takes it back"
_COMMUNITY = "the brand's other ambassadors, unless hidden (AMB-3); brand users; the teams"

ACTIVITY = (
    Place(
        c.ACTIVITY, Publication, "ambassadors", "what an ambassador published (ACT-1)", CONTRACT, _WITH_THE_ACCOUNT,
        "whom the ambassador sends or shows it to", _COMMUNITY,
        fields(delete="id ambassador_id channel subject body contents photos created_at"),
    ),
    Place(
        c.FEED, FeedEntry, "ambassadors", "the community's flow (ACT-3)", CONTRACT, _WITH_THE_ACCOUNT, NOBODY, _COMMUNITY,
        fields(delete="id month at ambassador_id likes comments"),
    ),
    Place(
        c.REACTIONS, Reaction, "ambassadors", "likes and comments (ACT-3)", CONTRACT, _WITH_THE_ACCOUNT, NOBODY, _COMMUNITY,
        fields(delete="id publication_id kind ambassador_id text at"),
    ),
    Place(
        c.COUNTERS, CountShard, "nobody", "how often a publication was opened, in all (ACT-4)", NO_PERSON,
        "with the publication", NOBODY, "the ambassador; brand users; the teams",
        fields(delete="id publication_id ambassador_id opens clicks reshares keys"),
    ),
    Place(
        c.UGC, Ugc, "ambassadors", "photos that an ambassador uploaded (ACT-2)",
        f"{CONTRACT}; reuse by consent, art. 6(1)(a)",
        "with the account; a contest's as its consent says (RET-12)", "the brand, as the contest's consent says",
        _COMMUNITY,
        fields(delete="id ambassador_id created_at caption file key media_type consent detached_at unsettled_since "
                      "delete_at proof"),
    ),
    Place(
        c.CONTESTS, Contest, "nobody", "what the brand's contests ask for", NO_PERSON, "while the brand stands", NOBODY,
        "the brand's ambassadors and users; the teams", fields(plain="id title usage ends_at days created_at"),
    ),
    Place(
        c.NEWSLETTERS, Newsletter, "staff", "a mail of the brand to its ambassadors, and how far it is", INTEREST,
        "1 year after it was begun", "the brand's ambassadors, by the mail provider", "brand users; the teams",
        fields(delete="by", plain="id kind subject body started_at open_since finished_at cursor queued skipped"),
    ),
    Place(
        c.FORMS, Form, "nobody", "what a brand's forms ask (COL-9, COL-10)", NO_PERSON, "until the brand changes it",
        NOBODY, "everybody", fields(plain="id kind title fields boxes default_ambassador changed_at"),
    ),
    Place(
        c.SALES, RecordedSale, "nobody", "that an order counts once, and for which ambassador (COL-7, COL-8)",
        f"{NO_PERSON}: the ambassador's is a random id, the order's a hash", "with the brand's keys (DEL-5)", NOBODY,
        "the machine alone",
        fields(keep="id ambassador_id at amount currency", plain="products publication voucher open_since"),
    ),
    Place(
        c.VOUCHERS, Voucher, "contacts", "a purchase in a shop counts for the ambassador (COL-9)",
        "consent, art. 6(1)(a): the person asked for it",
        "1 year after it lapsed; its tie to the person when it is redeemed, or with the person's erasure", NOBODY,
        "brand users that redeem it; the teams",
        fields(keep="id ambassador_id issued_at expires_at redeemed", delete="contact_id"),
    ),
)  # fmt: skip
