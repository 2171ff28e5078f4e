"""The consent ledger: whatever is done to a chain, the verifier says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ledger import Entry, Evidence, faults, next_entry
from tests.support.records import START, days

KEY = b"ledger key"
WORDS = st.text("abcdefghij", min_size=1, max_size=5)
CONSENTS = st.fixed_dictionaries({"ambassadorOptIn": WORDS, "partnersOptIn": st.booleans()})
EVIDENCE = st.builds(
    Evidence, actor=WORDS, mechanism=WORDS, text_version=WORDS | st.none(), ip_hash=WORDS | st.none(),
    mail=WORDS | st.none(), reason=WORDS | st.none(),
)  # fmt: skip
CHANGES = st.lists(st.tuples(CONSENTS, CONSENTS, EVIDENCE), min_size=2, max_size=6)


def chain_of(changes: list[tuple[dict[str, Any], dict[str, Any], Evidence]], subject: str = "s") -> list[Entry]:
    chain: list[Entry] = []
    for number, (before, after, evidence) in enumerate(changes):
        chain.append(
            next_entry(
                chain[-1] if chain else None,
                subject=subject,
                at=START + days(number),
                before=before,
                after=after,
                evidence=evidence,
                key=KEY,
            )
        )
    return chain


def other(value: Any) -> Any:
    """A different value of the same type."""
    match value:
        case None:
            return "something"
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "x"
        case dict():
            return {**value, "more": True}
        case Evidence():
            return value.changed(mechanism=value.mechanism + "x")
        case _:
            return value + days(1)


@pytest.mark.rule("CON-7")
@given(CHANGES)
def test_a_chain_that_nobody_touched_is_whole_and_survives_storage(changes: Any) -> None:
    chain = chain_of(changes)
    stored = [Entry.from_document(entry.to_document()) for entry in chain]
    assert faults(stored, stored[-1], KEY) == []
    assert [entry.seq for entry in stored] == list(range(1, len(stored) + 1))
    assert faults([], None, KEY) == []


@pytest.mark.rule("CON-7")
@given(CHANGES, st.data())
def test_any_changed_field_of_any_entry_is_found(changes: Any, data: st.DataObject) -> None:
    chain = chain_of(changes)
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from(list(Entry.model_fields)))
    forged = chain[place].changed(**{name: other(getattr(chain[place], name))})
    assert faults([*chain[:place], forged, *chain[place + 1 :]], chain[-1], KEY)


@pytest.mark.rule("CON-7")
@given(CHANGES, st.data())
def test_any_changed_detail_of_the_evidence_is_found(changes: Any, data: st.DataObject) -> None:
    chain = chain_of(changes)
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from(list(Evidence.model_fields)))
    evidence = chain[place].evidence
    forged = chain[place].changed(evidence=evidence.changed(**{name: other(getattr(evidence, name))}))
    assert faults([*chain[:place], forged, *chain[place + 1 :]], chain[-1], KEY)


@pytest.mark.rule("CON-7")
@given(CHANGES)
def test_any_dropped_entry_is_found_also_the_last(changes: Any) -> None:
    chain = chain_of(changes)
    for place in range(len(chain)):
        assert faults(chain[:place] + chain[place + 1 :], chain[-1], KEY)
    assert faults([], chain[-1], KEY)


@pytest.mark.rule("CON-7")
@given(CHANGES, st.data())
def test_any_two_swapped_entries_are_found(changes: Any, data: st.DataObject) -> None:
    chain = chain_of(changes)
    first, second = sorted(data.draw(st.permutations(range(len(chain))))[:2])
    swapped = list(chain)
    swapped[first], swapped[second] = chain[second], chain[first]
    assert faults(swapped, chain[-1], KEY)


@pytest.mark.rule("CON-7")
@given(CHANGES, st.data())
def test_an_inserted_an_appended_or_a_repeated_entry_is_found(changes: Any, data: st.DataObject) -> None:
    chain = chain_of(changes)
    place = data.draw(st.integers(0, len(chain)))
    stranger = chain_of(changes, subject="somebody else")[0]
    assert faults([*chain[:place], stranger, *chain[place:]], chain[-1], KEY)
    assert faults([*chain, chain[-1]], chain[-1], KEY)
    assert faults(chain, None, KEY)


@pytest.mark.rule("CON-7")
@given(CHANGES)
def test_who_has_no_key_cannot_write_a_chain_that_passes(changes: Any) -> None:
    chain = chain_of(changes)
    assert len(faults(chain, chain[-1], b"another key")) >= len(chain)
