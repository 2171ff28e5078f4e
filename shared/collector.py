"""How often Python looks for garbage in cycles: seldom, for the suite's records are trees, which go without it."""

import gc

OBJECTS_A_LOOK = 20_000
"""How many objects more than before there are when Python looks. Its own 700 is a look every fifty rows of an import, and a
fifth of the import's time."""


def look_for_cycles_seldom() -> None:
    """Sets Python's collector for this process; what is loaded by now is never looked at again."""
    gc.freeze()
    gc.set_threshold(OBJECTS_A_LOOK)
