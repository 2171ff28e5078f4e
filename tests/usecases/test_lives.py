"""A state machine over short lives, which finds and shrinks what breaks a rule; the long lives are in `test_five_years`."""

import asyncio
import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.support.histories import KINDS, begin
from tests.support.histories_ports import Letter, Provider
from tests.support.reference_standing import Days

EXAMPLES = int(os.environ.get("LIVES_EXAMPLES", "150"))
STEPS = 40

ambassadors = st.integers(0, 1)
people = st.integers(0, 2)
some = st.integers(0, 1000)


class Lives(RuleBasedStateMachine):
    """Two ambassadors, three people, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.suite = self.runner.run(begin(2))

    def teardown(self) -> None:
        """Everything comes to rest, and is held against the model once more."""
        try:
            self.runner.run(self.suite.end())
        finally:
            self.runner.close()

    @rule(which=ambassadors, person=people)
    def somebody_is_entered(self, which: int, person: int) -> None:
        self.runner.run(self.suite.enter("acme", which, person))

    @rule(which=ambassadors, persons=st.lists(people, min_size=1, max_size=3))
    def a_file_is_imported(self, which: int, persons: list[int]) -> None:
        self.runner.run(self.suite.import_file("acme", which, persons))

    @rule(which=ambassadors, person=people, to_brand=st.sampled_from(("none", "blog", "storage_only")))
    def somebody_orders(self, which: int, person: int, to_brand: str) -> None:
        self.runner.run(self.suite.come_in_otherwise("acme", which, person, "opt_in_order", to_brand))

    @rule(which=ambassadors, drained=st.booleans())
    def all_are_invited(self, which: int, drained: bool) -> None:
        self.runner.run(self.suite.invite("acme", which, drained=drained))

    @rule(which=ambassadors, drained=st.booleans())
    def all_are_written_to(self, which: int, drained: bool) -> None:
        self.runner.run(self.suite.publish("acme", which, drained=drained))

    @precondition(lambda self: self.suite.mailer.letters)
    @rule(which=some, yes=st.booleans())
    def somebody_answers(self, which: int, yes: bool) -> None:
        self.runner.run(self.suite.reply(self._letter(which), yes=yes))

    @precondition(lambda self: self.suite.mailer.letters)
    @rule(which=some, of_all=st.booleans())
    def somebody_opts_out(self, which: int, of_all: bool) -> None:
        self.runner.run(self.suite.opt_out(self._letter(which), of_all=of_all))

    @precondition(lambda self: self.suite.mailer.letters)
    @rule(
        which=some, kind=st.sampled_from(KINDS), hours=st.integers(0, 900), late=st.booleans(), times=st.integers(1, 5)
    )
    def something_becomes_of_a_mail(self, which: int, kind: str, hours: int, late: bool, times: int) -> None:
        told_after = timedelta(days=20 if late else 0, seconds=1)
        for number in range(times):  # several bounces in a row, or the same thing told again
            after = timedelta(hours=hours, minutes=number)
            self.suite.happens(self._letter(which), kind, after, told_after, times=1 + number % 2)

    @precondition(lambda self: self.suite.model.entries)
    @rule(which=some)
    def a_contact_is_removed(self, which: int) -> None:
        entries = self.suite.model.entries
        self.runner.run(self.suite.remove(entries[which % len(entries)]))

    @precondition(lambda self: self.suite.model.entries)
    @rule(which=some)
    def an_address_is_released(self, which: int) -> None:
        entries = self.suite.model.entries
        self.runner.run(self.suite.release(entries[which % len(entries)]))

    @rule(which=ambassadors)
    def an_ambassador_leaves(self, which: int) -> None:
        self.runner.run(self.suite.leave("acme", which))

    @rule(which=ambassadors)
    def an_ambassador_comes_back(self, which: int) -> None:
        self.runner.run(self.suite.come_back("acme", which))

    @rule(new=st.integers(1, 90), invitation=st.integers(1, 60), out=st.integers(30, 400), quiet=st.integers(30, 1200))
    def the_policy_changes(self, new: int, invitation: int, out: int, quiet: int) -> None:
        self.runner.run(self.suite.change_policy("acme", Days(new, invitation, out, quiet)))

    @rule(provider=st.sampled_from(Provider))
    def the_provider_is(self, provider: Provider) -> None:
        self.suite.mailer.provider = provider

    @rule(messages=st.integers(1, 3))
    def messages_get_lost(self, messages: int) -> None:
        self.suite.queue.lose = messages

    @rule(days=st.integers(0, 40), seconds=st.integers(0, 86399))
    def time_passes(self, days: int, seconds: int) -> None:
        self.runner.run(self.suite.pass_time(timedelta(days=days, seconds=seconds)))

    @rule(early=st.booleans())
    def the_next_day_comes(self, early: bool) -> None:
        day = self.suite.model.next_day(self.suite.now)
        if day:
            by = day - self.suite.now - timedelta(seconds=int(early))
            self.runner.run(self.suite.pass_time(max(by, timedelta(0))))

    @rule(days=st.integers(1, 60))
    def the_suite_is_down(self, days: int) -> None:
        self.suite.outage(timedelta(days=days))
        self.runner.run(self.suite.pass_time(timedelta(0)))

    @rule(times=st.integers(1, 2))
    def a_sweep_comes(self, times: int) -> None:
        self.runner.run(self.suite.sweep(times=times))

    def _letter(self, which: int) -> Letter:
        letters = self.suite.mailer.letters
        return letters[which % len(letters)]


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("SUP-5")
@pytest.mark.rule("CON-6")
@pytest.mark.rule("RET-8")
@pytest.mark.rule("DEL-1")
@pytest.mark.rule("DEL-3")
@pytest.mark.rule("RET-19")
def test_RET_19_short_lives_keep_every_rule() -> None:
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
