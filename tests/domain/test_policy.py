"""A brand's policy: every bound, refused by field and reason; and what hangs on roles and windows."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.limits import LIMITS, Window
from shared.domain.policy import BrandRecord, Durations
from shared.domain.staff import MAY_RUN_SWEEPS, Role, StaffMember
from tests.support.records import SECOND, START, a_policy

BOUNDS = [("new", 1, 90), ("invitation", 1, 60), ("opted_out", 30, 1095), ("inactive_contact", 30, 1825),
          ("unconfirmed_sign_up", 1, 30), ("brand_ended", 1, 30), ("access_log", 180, 1095),
          ("rights_requests", 365, 3650)]  # fmt: skip


@pytest.mark.rule("BR-2")
def test_the_defaults_are_those_of_the_guide() -> None:
    assert Durations().model_dump() == {
        "new": 30,
        "invitation": 15,
        "opted_out": 365,
        "inactive_contact": 3 * 365,
        "unconfirmed_sign_up": 15,
        "leaving": 7,
        "inactive_ambassador": 3 * 365,
        "inactivity_warning": 30,
        "brand_ended": 7,
        "brand_suspended": 183,
        "access_log": 365,
        "rights_requests": 3 * 365,
    }
    policy = a_policy()
    assert (policy.soft_bounce_limit, policy.sweep_guard.share, policy.sweep_guard.records) == (5, 0.10, 1000)


@pytest.mark.rule("BR-2")
@pytest.mark.rule("COL-9")
def test_a_voucher_lasts_from_a_day_to_a_year() -> None:
    assert a_policy().voucher_days == 90
    for allowed in (1, 365):
        assert a_policy(voucher_days=allowed).voucher_days == allowed
    for refused in (0, 366):
        with pytest.raises(ValidationError):
            a_policy(voucher_days=refused)


@pytest.mark.rule("BR-2")
@pytest.mark.parametrize(("field", "least", "most"), BOUNDS)
def test_each_duration_has_its_bounds(field: str, least: int, most: int) -> None:
    for allowed in (least, most):
        assert getattr(Durations.model_validate({field: allowed}), field) == allowed
    for refused in (least - 1, most + 1, 0, -1, 10**9):
        with pytest.raises(ValidationError) as error:
            a_policy(durations={field: refused})
        (found,) = error.value.errors()
        assert found["loc"][0] == "durations" and len(found["loc"]) == 2
        assert "should be" in found["msg"]


@pytest.mark.rule("BR-2")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("displayName", ""),
        ("sender", {"email": "no address", "name": "Acme"}),
        ("sender", {"email": "hello@acme.example", "name": ""}),
        ("privacyPolicyUrl", "http://acme.example/privacy"),
        ("privacyPolicyUrl", "https://acme.example/<script>"),
        ("termsVersion", ""),
        ("logo", "https://acme.example/logo.png"),
        ("primaryColour", "red"),
        ("textOnPrimary", "#12345g"),
        ("languages", ["de"]),
        ("languages", []),
        ("requiredAmbassadorFields", ["shoeSize"]),
        ("softBounceLimit", 1),
        ("softBounceLimit", 21),
        ("sweepGuard", {"share": 0}),
        ("sweepGuard", {"share": 1.1}),
        ("sweepGuard", {"records": 0}),
        ("registration", {"letter": True}),
        ("sso", {"tenant": "common"}),
        ("sso", {"tenant": "11111111-1111-1111-1111-111111111111", "customerIdClaim": "a claim"}),
        ("unknownSwitch", True),
    ],
)
def test_a_bad_value_is_refused_with_its_field(field: str, value: Any) -> None:
    good = a_policy().model_dump(by_alias=True)
    with pytest.raises(ValidationError) as error:
        type(a_policy()).model_validate({**good, field: value})
    assert {found["loc"][0] for found in error.value.errors()} == {field}
    assert all(found["msg"] for found in error.value.errors())


@pytest.mark.rule("BR-1")
@pytest.mark.parametrize("name", ["", "A", "acme!", "../acme", "-acme", "a" * 32])
def test_a_brand_has_a_name_that_can_stand_in_paths(name: str) -> None:
    with pytest.raises(ValidationError):
        BrandRecord(id=name, policy=a_policy())


@pytest.mark.rule("AMB-7")
def test_a_window_counts_until_it_is_over() -> None:
    limit = LIMITS["sign-in"]
    window = Window(id="w", since=START, count=1)
    assert window.counted(limit, START + limit.window - SECOND) == window.changed(count=2)
    assert window.counted(limit, START + limit.window) == Window(id="w", since=START + limit.window, count=1)
    assert all(one.times > 0 and one.window > timedelta(0) for one in LIMITS.values())


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", Role)
def test_only_the_technical_team_sees_every_brand(role: Role) -> None:
    member = StaffMember(id="u", role=role, brands=("acme",))
    assert member.manages("acme")
    assert member.manages("globex") is (role is Role.TECHNICAL_TEAM)


@pytest.mark.rule("RET-18")
def test_a_sweep_is_confirmed_by_those_who_answer_for_the_brand() -> None:
    assert {Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN} == MAY_RUN_SWEEPS


@pytest.mark.rule("BR-2")
@pytest.mark.rule("COO-1")
@pytest.mark.parametrize(("field", "least", "most"), [("cookie_hours", 1, 8760), ("trace_days", 1, 30)])
def test_cookies_and_traces_have_their_bounds(field: str, least: int, most: int) -> None:
    for allowed in (least, most):
        assert getattr(a_policy(**{field: allowed}), field) == allowed
    for refused in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            a_policy(**{field: refused})


@pytest.mark.rule("BR-2")
@pytest.mark.rule("COO-4")
def test_analytics_and_sites_are_what_they_say() -> None:
    assert a_policy().analytics_id is None
    assert a_policy(analytics_id="G-ABCDEF1234", content_hosts=("shop.example",)).content_hosts == ("shop.example",)
    for field, refused in (
        ("analytics_id", "');alert(1);('"),
        ("analytics_id", ""),
        ("content_hosts", ("https://shop.example",)),
        ("content_hosts", ("localhost",)),
        ("content_hosts", ("shop.example/x",)),
    ):
        with pytest.raises(ValidationError):
            a_policy(**{field: refused})


@pytest.mark.rule("RGT-5")
def test_a_time_zone_is_one_that_there_is() -> None:
    assert a_policy().time_zone == "Europe/Paris"
    assert a_policy(time_zone="Pacific/Kiritimati").time_zone == "Pacific/Kiritimati"
    for refused in ("Europe/Nowhere", "", "../etc/passwd", "/etc/passwd"):
        with pytest.raises(ValidationError):
            a_policy(time_zone=refused)
