"""What the contract suites share."""

from tests.contracts.stores import other_brand, store, the_brand
from tests.support.cosmos_emulator import cosmos_emulator, published_emulator

__all__ = [
    "cosmos_emulator",
    "other_brand",
    "published_emulator",
    "store",
    "the_brand",
]
