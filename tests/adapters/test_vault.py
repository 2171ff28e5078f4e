"""The vault: keys come back under any master key that is still there, and under no other."""

import secrets

import pytest

from shared.adapters.vault import EnvelopeVault
from shared.domain.hashing import WrappedKey

OLD, NEW, FOREIGN = (secrets.token_bytes(32) for _ in range(3))


def test_a_wrapped_key_comes_back() -> None:
    vault = EnvelopeVault([NEW])
    assert vault.unwrap(vault.wrap(b"a brand's key")) == b"a brand's key"


@pytest.mark.rule("BAK-5")
def test_a_wrapped_key_shows_neither_the_key_nor_that_it_was_seen_before() -> None:
    vault = EnvelopeVault([NEW])
    assert "brand" not in vault.wrap(b"a brand's key")
    assert vault.wrap(b"a brand's key") != vault.wrap(b"a brand's key")


@pytest.mark.rule("BAK-5")
def test_master_keys_rotate() -> None:
    before = EnvelopeVault([OLD]).wrap(b"a brand's key")
    both = EnvelopeVault([NEW, OLD])
    assert both.unwrap(before) == b"a brand's key"
    again = both.wrap(both.unwrap(before))
    assert EnvelopeVault([NEW]).unwrap(again) == b"a brand's key"
    with pytest.raises(ValueError, match="master key"):
        EnvelopeVault([OLD]).unwrap(again)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "k1",
        "k1..",
        "é.ü.ß",
        EnvelopeVault([FOREIGN]).wrap(b"a brand's key"),
        EnvelopeVault([NEW]).wrap(b"a brand's key")[:-4],
        EnvelopeVault([NEW]).wrap(b"a brand's key") + "é",
        EnvelopeVault([NEW]).wrap(b"a brand's key").replace("k1.", "k2."),
        EnvelopeVault([NEW]).wrap(b"a brand's key").rpartition(".")[0] + ".AAAA",
    ],
    ids=["empty", "one part", "no key", "not ascii", "foreign", "cut", "longer", "version", "too short"],
)
def test_what_was_not_wrapped_here_is_refused(broken: str) -> None:
    with pytest.raises(ValueError):
        EnvelopeVault([NEW]).unwrap(WrappedKey(broken))


@pytest.mark.parametrize("keys", [[], [b""], [b"x" * 31], [NEW, b"x" * 33]])
def test_a_vault_needs_whole_master_keys(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        EnvelopeVault(keys)
