"""A dictionary of a million addresses, the right ones among them, against everything that is stored (DEL-10, DEL-5)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.adapters.vault import EnvelopeVault
from shared.domain.hashing import WrappedKey
from shared.domain.policy import StatusAction
from shared.usecases import back_up
from shared.usecases.answer import Scope
from shared.usecases.brand_care import change_status
from shared.usecases.erasure import request_erasure
from tests.support.acts import invited, opted_out, rotated
from tests.support.fakes import FakeFiles
from tests.support.world import World, make_world

ADDRESSES = 1_000_000
RIGHT = ("grace.hopper@example.org", "zoe.martin@example.org")
MASTER, TOKENS = b"m" * 32, b"t" * 32
WORDS = ("", "acme", "Acme", "1", "v1", "2", "v2", "popsell", "secret", "email")
HASH = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])")
WRAPPED = re.compile(rb"k1\.[0-9a-f]{12}\.[A-Za-z0-9_-]+={0,2}")
KEY = re.compile(rb"[A-Za-z0-9_-]{43}=")


def hmac_of(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 with the key's part done once, which takes half the time."""
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key.ljust(64, b"\0"))) for pad in (0x36, 0x5C))

    def made(address: bytes) -> bytes:
        inside, outside = inner.copy(), outer.copy()
        inside.update(address)
        outside.update(inside.digest())
        return outside.digest()

    return made


WITHOUT_A_KEY: Mapping[str, Callable[[bytes], bytes]] = {
    "SHA-256": lambda address: hashlib.sha256(address).digest(),
    "SHA-1": lambda address: hashlib.sha1(address).digest(),
    "MD5": lambda address: hashlib.md5(address).digest(),
    "HMAC under the brand's name": hmac_of(b"acme"),
}


def dictionary(size: int) -> Iterator[bytes]:
    """So many addresses; the right ones are the last that anybody comes to."""
    yield from (b"person%d@example.org" % number for number in range(size - len(RIGHT)))
    yield from (address.encode() for address in RIGHT)


def everything_left(world: World, folder: Path) -> bytes:
    """The bytes of the store's files, and of every file beside it."""
    kept = [path.read_bytes() for path in sorted((folder / "store").iterdir())]
    for files in (world.files, world.ports.tombstones, world.ports.backups):
        assert isinstance(files, FakeFiles)
        kept += files.files.values()
    return b"\n".join(kept)


def hashes_in(left: bytes) -> set[bytes]:
    return {bytes.fromhex(digest.decode()) for digest in HASH.findall(left)}


def keys_in(left: bytes) -> set[bytes]:
    """Whatever could be a key to somebody who has all that is left, and the settings with the master keys besides."""
    vault, keys = EnvelopeVault([MASTER]), {MASTER, TOKENS, *hashes_in(left), *(word.encode() for word in WORDS)}
    for text in KEY.findall(left):
        try:
            keys.add(base64.urlsafe_b64decode(text))
        except binascii.Error:
            continue
    for wrapped in WRAPPED.findall(left):
        try:
            keys.add(vault.unwrap(WrappedKey(wrapped.decode())))
        except ValueError:
            continue
    return keys


def recovered(hashes: set[bytes], keys: Iterable[bytes], size: int = 200) -> set[bytes]:
    """Which of the addresses keys give away; by keyed hashes of the kind that the suite makes, and by simpler ones."""
    addresses = list(dictionary(size))
    found = set()
    for key in keys:
        found |= {address for address in addresses if hmac.digest(key, address, "sha256") in hashes}
        found |= {address for address in addresses if hashlib.sha256(key + address).digest() in hashes}
    return found


async def lives(world: World) -> None:
    """One who opted out and one who was erased, before and after the hash key was rotated; backed up."""
    ada = await world.ambassador()
    await invited(world, ada.id, *RIGHT)
    await rotated(world)
    await opted_out(world, RIGHT[0], Scope.BRAND)
    await request_erasure(await world.brand(), RIGHT[1], "staff")
    await back_up.start_backup(world.brands, "acme")
    await world.drain()


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("DEL-5")
async def test_DEL_10_a_dictionary_recovers_no_hash_without_the_key_and_none_at_all_after_DEL_5(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store", inline=True)
    world = await make_world(store, vault=EnvelopeVault([MASTER]))
    await lives(world)
    await store.scrub("acme")
    before, secrets = everything_left(world, tmp_path), (await world.brand()).hasher.keys
    assert hmac_of(b"acme")(b"a") == hmac.digest(b"acme", b"a", "sha256")
    assert recovered(hashes_in(before), secrets.values()), "who has the key can test a guess: it is a pseudonym"
    assert recovered(hashes_in(before), keys_in(before)), "so can who has the store and the master keys, until DEL-5"

    await change_status(world.brands, "acme", StatusAction.END, "the contract is over", "staff:s")
    world.clock.advance(days=8)
    await world.sweep()
    assert await world.brands.is_destroyed("acme")
    await store.close()
    after = everything_left(world, tmp_path)
    hashes = hashes_in(after)
    assert recovered(hashes, secrets.values()), "the hashes are still there, for who had kept a key"
    assert not recovered(hashes, keys_in(after))
    assert not [key for key in secrets.values() if key in keys_in(after)]

    hashes |= hashes_in(before)
    kept_as_long = {len(digest) for digest in hashes}
    addresses = list(dictionary(ADDRESSES))
    for way, made in WITHOUT_A_KEY.items():
        if len(made(b"")) in kept_as_long:  # else nothing is stored that it could make
            assert hashes.isdisjoint(map(made, addresses)), way
