"""Who sees what of a record (VIS): every answer is made of what these functions let through."""

from typing import Any

from shared.domain.contact import Contact

# VIS-3: what an ambassador sees of an own contact; products of a sale, job ids and hashes are not among it.
AMBASSADOR_SEES = (
    "id", "ambassador_id", "first_name", "last_name", "email", "email_status", "customer_id", "facebook_id",
    "twitter_id", "instagram_id", "photo_url", "ambassador_opt_in", "ambassador_opt_in_at", "brand_opt_in",
    "brand_opt_in_at", "partners_opt_in", "partners_opt_in_at", "comments", "street", "city", "postal_code", "country",
    "mobile_phone", "home_phone", "language", "tags", "created_at", "modified_at", "last_activity_at",
)  # fmt: skip


def for_ambassador(contact: Contact) -> dict[str, Any]:
    """The fields for the contact's own ambassador; the address of someone who opted out is hidden."""
    fields = {name: getattr(contact, name) for name in AMBASSADOR_SEES}
    if contact.ambassador_opt_in.opted_out:
        fields["email"] = None
    return {
        **fields,
        "created_by": contact.created_by.mechanism,
        "modified_by": contact.modified_by.mechanism,
    }
