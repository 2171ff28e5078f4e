"""Which language a person reads."""

from typing import Literal, get_args

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "en"
_HEADER_LIMIT = 500


def language_of(preferred: str | None, accept_language: str | None = None) -> Language:
    """The first that we speak of: the known preference, the browser's list (RFC 9110, 12.5.4), English."""
    return _spoken(preferred or "") or _accepted(accept_language or "") or DEFAULT


def _spoken(tag: str) -> Language | None:
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return next((language for language in LANGUAGES if language == primary), None)


def _accepted(header: str) -> Language | None:
    best: Language | None = None
    best_weight = 0.0
    for item in header[:_HEADER_LIMIT].split(","):
        tag, *parameters = item.split(";")
        language, weight = _spoken(tag), _weight(parameters)
        if language and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
