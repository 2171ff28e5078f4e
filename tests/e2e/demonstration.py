"""What `./dev demo` must say at its end, whatever store it played on."""

import re
from subprocess import CompletedProcess

ENDS = {
    "Alice": ["anonymised (was invitation_accepted)", "RET-6"],
    "Bruno": ["anonymised (was opt_out_email)", "RET-5"],
    "Chloe": ["anonymised (was invitation_declined)", "RET-5"],
    "David": ["anonymised (was opt_out_global)", "RET-5"],
    "Emma": ["anonymised (was opt_out_no_action)", "RET-5"],
    "Felix": ["deleted for good (was new)", "RET-1"],
    "Gaelle": ["anonymised (was opt_out_no_action)", "RET-5"],
    "Hugo": ["anonymised (was opt_out_no_action)", "RET-5"],
    "Ines": ["anonymised (was opt_out_no_action)", "RET-5"],
    "Jules": ["anonymised (was opt_out_no_action)", "RET-5"],
}


def check_demonstration(played: CompletedProcess[str]) -> None:
    """Raises AssertionError unless everybody ended as the rules say, each by the rule that says so."""
    assert played.returncode == 0, played.stdout + played.stderr
    table = played.stdout.partition("Contact")[2]
    ends = {row.split()[0]: re.split(r"\s{2,}", row.strip())[-2:] for row in table.splitlines()[1:11]}
    assert ends == ENDS
    assert "Nothing is left of anybody but keyed hashes." in played.stdout
