"""Looks for thousands of byte sequences at once, as fast as bytes can be read."""

import re

from ahocorasick_rs import BytesAhoCorasick

from shared.domain.canaries import Match, Sought

# Where mails break a line of quoted-printable or base64.
_FOLD = re.compile(rb"=?\r?\n[ \t]?")


class Needles:
    """Finds what is sought in bytes; in whatever case its ASCII letters are, and across the line breaks of mails."""

    def __init__(self, sought: Sought) -> None:
        self.longest = sought.longest
        self._meanings = sought.meanings
        self._automaton = BytesAhoCorasick(sought.needles) if sought.needles else None

    def __call__(self, data: bytes) -> frozenset[Match]:
        """What stands in the bytes."""
        if self._automaton is None:
            return frozenset()
        views = {data, data.lower()}
        if b"\n" in data:
            unfolded = _FOLD.sub(b"", data)
            views |= {unfolded, unfolded.lower()}
        places = {
            place for view in views for place, _, _ in self._automaton.find_matches_as_indexes(view, overlapping=True)
        }
        return frozenset(match for place in places for match in self._meanings[place])
