"""Which backup is due, how long each is kept, and what a point in time is made of (BAK-1)."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.backups import Backup, BackupState, Kind, Manifest, as_backed_up, chain, due, too_old
from shared.domain.containers import CONTACTS, RIGHTS
from tests.support.world import brand_record

START = datetime(2030, 1, 1, 0, 5, tzinfo=UTC)


def hours(count: int, start: datetime = START) -> list[Backup]:
    """The backups of so many hours, each done."""
    made: list[Backup] = []
    for hour in range(count):
        newest = made[-1] if made else None
        full = next((b for b in reversed(made) if b.kind is Kind.MONTHLY), None)
        one = due(start + timedelta(hours=hour), newest, full)
        made.append(one.changed(state=BackupState.DONE, open_since=None))
    return made


def kept(made: list[Backup], now: datetime) -> list[Manifest]:
    """The manifests of those that are not past their time."""
    live = [backup for backup in made if not too_old(f"acme/manifests/{backup.name}", now)]
    return [Manifest(backup=backup, brand=brand_record("acme")) for backup in live]


@pytest.mark.rule("BAK-1")
def test_BAK_1_a_month_begins_with_everything_a_day_goes_on_from_it_and_an_hour_from_the_hour_before() -> None:
    made = hours(24 * 32)
    assert [b.kind for b in made[:3]] == [Kind.MONTHLY, Kind.HOURLY, Kind.HOURLY]
    assert (made[24].kind, made[24].base) == (Kind.DAILY, made[0].id)
    assert (made[25].kind, made[25].base) == (Kind.HOURLY, made[24].id)
    assert [b.started_at.day for b in made if b.kind is Kind.MONTHLY] == [1, 1]


@pytest.mark.rule("BAK-1")
def test_BAK_1_every_hour_of_forty_days_and_every_month_of_a_year_can_be_had() -> None:
    made = hours(24 * 400)
    now = made[-1].started_at
    manifests = kept(made, now)
    by_hour = {m.backup.started_at for m in manifests}
    for hour in range(24 * 40):
        at = now - timedelta(hours=hour)
        pieces = chain(manifests, at)
        assert pieces and pieces[0].backup.started_at == at
        assert len(pieces) <= 26 and pieces[-1].backup.kind is Kind.MONTHLY
    months = sorted(m.backup.started_at for m in manifests if m.backup.kind is Kind.MONTHLY)
    assert len(months) == 12 and months[0] > now - timedelta(days=366)
    assert min(at for at in by_hour if at not in months) >= now - timedelta(days=41)


@pytest.mark.rule("BAK-1")
def test_BAK_1_a_time_whose_chain_is_broken_falls_back_on_the_one_before() -> None:
    made = hours(30)
    manifests = [m for m in kept(made, made[-1].started_at) if m.backup.id != made[26].id]
    assert chain(manifests, made[29].started_at)[0].backup.id == made[25].id
    assert chain(manifests, START - timedelta(seconds=1)) == []


@pytest.mark.rule("BAK-1")
def test_BAK_1_what_is_not_named_like_a_backup_is_not_too_old() -> None:
    assert not too_old("acme/keys", START + timedelta(days=4000))


@pytest.mark.rule("DEL-8")
def test_DEL_8_what_the_brand_calls_a_person_is_left_out_of_what_is_backed_up() -> None:
    reached: list[dict[str, object]] = [
        {"contact": "c", "ambassador": "a", "shared": True, "key": "customer 17"},
        {"contact": "d"},
    ]
    request = {"id": "r", "reached": reached}
    assert as_backed_up(RIGHTS, request) == {
        "id": "r",
        "reached": [{"contact": "c", "ambassador": "a", "shared": True}, {"contact": "d"}],
    }
    assert request["reached"] is reached and "key" in reached[0]
    assert as_backed_up(RIGHTS, {"id": "r"}) == {"id": "r"}
    assert as_backed_up(CONTACTS, request) == request
