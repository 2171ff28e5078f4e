"""Each way in on a real suite, over HTTP and the mail sandbox: what every viewer sees, before and after the confirmation."""

import pytest

from local.ways_in import WAYS
from tests.e2e.running import Running


@pytest.mark.rule("COL-1")
@pytest.mark.rule("COL-2")
@pytest.mark.rule("COL-3")
@pytest.mark.rule("COL-4")
@pytest.mark.rule("COL-5")
@pytest.mark.rule("COL-6")
@pytest.mark.rule("COL-7")
@pytest.mark.rule("COL-8")
@pytest.mark.rule("COL-9")
@pytest.mark.rule("COL-10")
@pytest.mark.rule("COL-11")
@pytest.mark.rule("VIS-1")
@pytest.mark.rule("VIS-2")
def test_everybody_sees_of_each_way_in_what_the_rules_say(running: Running) -> None:
    played = running.dev("ways-in", "--port", str(running.port))
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Everybody saw what the rules say." in played.stdout
    assert {way.rule for way in WAYS} == {f"COL-{number}" for number in range(1, 11)}
