"""The forms of a brand (COL-6, COL-10): what each asks, which boxes it shows, and which answers it takes."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from shared.domain.collecting import Said, Source
from shared.domain.errors import FieldError, InvalidInputError
from shared.domain.policy import ConsentBox
from shared.domain.records import Instant, Record

FORM_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"
LONGEST_ANSWER = 1000

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Spoken = Annotated[Mapping[Literal["en", "fr"], Words], Field(min_length=1)]


class FormKind(StrEnum):
    """Who serves the form and sends what was entered."""

    INTERNAL = "internal"  # confirmed by mail, since anybody can fill it in (COL-6)
    EXTERNAL = "external"  # of the brand's own machines, with an API key (COL-10)


SOURCES: Mapping[FormKind, Source] = {
    FormKind.INTERNAL: Source.INTERNAL_FORM,
    FormKind.EXTERNAL: Source.EXTERNAL_FORM,
}


class FieldKind(StrEnum):
    """What a question takes."""

    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    NUMBER = "number"


class FormField(Record):
    """One question of the brand's own; the answers are kept on the contact, for the brand alone."""

    name: str = Field(pattern=r"^[a-z][A-Za-z0-9]{0,39}$")
    label: Spoken
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    choices: tuple[Words, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _choices_of_a_choice(self) -> "FormField":
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise ValueError("choices belong to a choice, which needs at least one")
        return self


class Form(Record):
    """A form as the brand defined it."""

    id: str = Field(pattern=FORM_ID)
    kind: FormKind
    title: Spoken
    fields: tuple[FormField, ...] = Field(default=(), max_length=30)
    boxes: tuple[ConsentBox, ...] = ()
    default_ambassador: str | None = Field(default=None, pattern=r"^[a-z2-7]{24}$")  # for who comes without one
    changed_at: Instant

    @model_validator(mode="after")
    def _names_once(self) -> "Form":
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names) or len(set(self.boxes)) < len(self.boxes):
            raise ValueError("no field and no box may come twice")
        return self

    @property
    def text_version(self) -> str:
        """The id of what the form showed, for the proof of consent (CON-7); it changes with any word of it."""
        shown = self.model_dump(mode="json", include={"kind", "title", "fields", "boxes"})
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
        return f"forms/{self.id}/{digest[:8]}"

    def answers(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The answers to the form's questions as they are kept; raises InvalidInputError naming each bad one."""
        errors = [FieldError(f"fields.{name}", "is not asked") for name in given.keys() - {f.name for f in self.fields}]
        taken: dict[str, str] = {}
        for field in self.fields:
            value = given.get(field.name)
            if value is None or value == "":
                if field.required:
                    errors.append(FieldError(f"fields.{field.name}", "is required"))
                continue
            try:
                taken[field.name] = _READERS[field.kind](value, field.choices)
            except ValueError as error:
                errors.append(FieldError(f"fields.{field.name}", str(error)))
        if errors:
            raise InvalidInputError(errors=sorted(errors, key=lambda error: error.field))
        return taken


def said_by(given: Mapping[str, bool | None], shown: Sequence[str]) -> Said:
    """What the boxes say; raises InvalidInputError for a tick in one that is not shown.

    A box of which nothing is said counts as not ticked; for a machine's form (COL-10) as not asked.
    """
    strange = [
        FieldError(f"consents.{box}", "is not shown") for box, ticked in given.items() if ticked and box not in shown
    ]
    if strange:
        raise InvalidInputError(errors=strange)
    return Said(**{box: given.get(box) for box in ("ambassador", "brand", "partners") if box in shown})


def _text(value: Any, _: Sequence[str]) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_ANSWER:
        raise ValueError(f"must be a text of at most {LONGEST_ANSWER} characters")
    return value.strip()


def _choice(value: Any, choices: Sequence[str]) -> str:
    if value not in choices or not isinstance(value, str):
        raise ValueError("must be one of the choices")
    return value


def _date(value: Any, _: Sequence[str]) -> str:
    try:
        return date.fromisoformat(
            value if isinstance(value, str) and len(value) == len("2030-01-01") else ""
        ).isoformat()
    except ValueError:
        raise ValueError("must be a day of the calendar") from None


def _number(value: Any, _: Sequence[str]) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**15:
        raise ValueError("must be a number")
    return str(value)


_READERS: Mapping[FieldKind, Callable[[Any, Sequence[str]], str]] = {
    FieldKind.TEXT: _text,
    FieldKind.CHOICE: _choice,
    FieldKind.DATE: _date,
    FieldKind.NUMBER: _number,
}
