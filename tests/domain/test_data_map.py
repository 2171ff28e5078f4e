"""DEL-4, DEL-8: every stored model has its table, every container its models, and every queue its messages."""

import typing

import pytest

from functions.catalogue import QUEUES
from shared.domain.anonymisation import check_table
from shared.domain.contact import Contact
from shared.domain.containers import BRAND_CONTAINERS, PLATFORM_CONTAINERS
from shared.domain.data_map import INSIDE, PLACES, table_of
from shared.domain.data_map_rows import fields
from shared.domain.messages import MESSAGES, faults
from shared.domain.records import Record
from shared.usecases.brands import Brand, BrandKeys, Brands
from shared.usecases.collections import Collection

HASH = "v1." + "0" * 64


@pytest.mark.rule("DEL-4")
def test_every_container_has_a_model_with_a_table() -> None:
    described = {place.where for place in PLACES}
    assert [c.name for c in (*BRAND_CONTAINERS, *PLATFORM_CONTAINERS) if c not in described] == []


@pytest.mark.rule("DEL-4")
def test_every_model_that_a_brand_or_the_platform_stores_has_a_table() -> None:
    hints = {**typing.get_type_hints(Brand), "records": None}
    stored = {typing.get_args(hint)[0] for hint in hints.values() if typing.get_origin(hint) is Collection}
    stored |= {
        typing.get_args(typing.get_type_hints(getattr(Brands, p).fget)["return"])[0] for p in ("records", "keys")
    }
    assert len(stored) > 30
    assert {model.__name__ for model in stored} - {place.name for place in PLACES} == set()
    for model in stored:
        check_table(model, table_of(model.__name__))


@pytest.mark.rule("DEL-4")
def test_a_field_without_a_row_does_not_load() -> None:
    class Grown(BrandKeys):
        shoe_size: int = 0

    with pytest.raises(TypeError, match="shoe_size"):
        check_table(Grown, table_of("BrandKeys"))
    with pytest.raises(TypeError, match="two rows"):
        fields(keep="id at", erase="at")


@pytest.mark.rule("DEL-4")
def test_what_is_left_inside_of_a_coarsened_field_is_said() -> None:
    inside = {model.__name__ for model in INSIDE}
    for place in PLACES:
        for name, fate in place.fields.items():
            if fate == "coarsen" and isinstance(place.model, type):
                assert any(word in str(place.model.model_fields[name].annotation) for word in inside), name


@pytest.mark.rule("DEL-8")
def test_every_queue_has_a_table_of_its_messages() -> None:
    queues = {messages.queue.removesuffix("-poison") for messages in QUEUES.values()}
    assert queues == set(MESSAGES)


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize(
    "message",
    [
        {"brand": "acme"},
        {"brand": "acme", "suppression": "grace@example.org"},
        {"brand": "acme", "suppression": HASH, "email": "grace@example.org"},
        {"brand": "Grace Hopper", "suppression": HASH},
        {"brand": "acme", "suppression": [HASH]},
    ],
)
def test_a_message_that_could_hold_a_person_is_found_and_not_repeated(message: dict[str, object]) -> None:
    assert faults("suppression-reach", {"brand": "acme", "suppression": HASH}) is None
    fault = faults("suppression-reach", message)
    assert fault
    assert "race" not in fault
    assert faults("no-such-queue", message) == "no-such-queue is no queue"


def test_a_contacts_table_is_its_own() -> None:
    assert table_of("Contact").keys() == Contact.model_fields.keys()
    assert issubclass(Contact, Record)
