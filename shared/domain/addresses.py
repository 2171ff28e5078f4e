"""Email addresses as people type them: accepted and cleaned, or refused with a reason."""

import re

# Most addresses are this plain, and the full parser takes longer than the rest of an imported row.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LOCAL_PART = 64


def clean_address(text: str) -> str:
    """The address as it will be written to; raises ValueError with a reason that does not repeat it."""
    text = text.strip()
    if len(text) > 254:
        raise ValueError("must be at most 254 characters")
    if _PLAIN.fullmatch(text) and text.index("@") <= _LOCAL_PART:
        return text
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, strict=True, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("must be an email address") from None


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else learns."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"
