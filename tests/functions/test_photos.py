"""Photos over HTTP (AMB-1, VIS-4)."""

import io

import pytest
from PIL import Image

from shared.domain.staff import Role
from shared.usecases import images
from tests.functions.suite import Suite
from tests.support.pictures import bomb, photo_from_a_telephone, picture


@pytest.mark.rule("AMB-1")
async def test_AMB_1_a_photo_is_taken_shown_and_taken_away(suite: Suite) -> None:
    me = await suite.sign_in("ada@example.org")
    assert (await me.call("GET", "/me/photo")).status_code == 404
    for _ in range(2):
        assert (await me.call("PUT", "/me/photo", content=photo_from_a_telephone())).status_code == 204
    shown = await me.call("GET", "/me/photo")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert (
        shown.headers["x-content-type-options"] == "nosniff" and "sandbox" in shown.headers["content-security-policy"]
    )
    assert Image.open(io.BytesIO(shown.content)).size == (60, 40) and b"Secret" not in shown.content
    for _ in range(2):
        assert (await me.call("DELETE", "/me/photo")).status_code == 204
    assert (await me.call("GET", "/me/photo")).status_code == 404


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"<svg onload='x'/>", 422),
        (picture("GIF"), 422),
        (bomb(), 422),
        (b"x" * (images.MAX_BYTES + 1), 413),
    ],
    ids=["nothing", "svg", "gif", "bomb", "large"],
)
async def test_AMB_1_anything_else_is_refused_with_the_reason(suite: Suite, data: bytes, status: int) -> None:
    me = await suite.sign_in("ada@example.org")
    refused = await me.call("PUT", "/me/photo", content=data, headers={"Content-Type": "image/png"})
    assert refused.status_code == status
    assert [error["field"] for error in refused.json()["errors"]] == (["photo"] if status == 422 else [])


@pytest.mark.rule("VIS-4")
@pytest.mark.rule("AMB-3")
async def test_VIS_4_the_community_sees_a_photo_unless_its_owner_is_hidden(suite: Suite) -> None:
    me, other = await suite.sign_in("ada@example.org"), await suite.sign_in("bea@example.org")
    await me.call("PUT", "/me/photo", content=picture())
    path = f"/community/{me.account.id}/photo"
    assert (await other.call("GET", path)).status_code == 200
    await me.call("PATCH", "/me", json={"community": {"hideEvents": False, "hideProfile": True}})
    assert (await other.call("GET", path)).status_code == 404
    stranger = await suite.sign_in("cleo@example.org", "globex")
    await me.call("PATCH", "/me", json={"community": {"hideEvents": False, "hideProfile": False}})
    assert (await stranger.call("GET", path)).status_code == 404


@pytest.mark.rule("VIS-2")
@pytest.mark.rule("VIS-7")
async def test_VIS_7_staff_see_a_photo_and_that_is_written_down(suite: Suite) -> None:
    me = await suite.sign_in("ada@example.org")
    await me.call("PUT", "/me/photo", content=picture())
    path = f"/api/manager/brands/acme/ambassadors/{me.account.id}/photo"
    support = await suite.staff(Role.BRAND_SUPPORT, "acme")
    assert (await suite.http.get(path, headers=support)).headers["content-type"] == "image/jpeg"
    technical = await suite.staff(Role.TECHNICAL_TEAM, "acme")
    log = (await suite.http.get("/api/manager/brands/acme/access-log", headers=technical)).json()["items"]
    assert [(entry["kind"], entry["act"], entry["count"]) for entry in log] == [("photos", "read", 1)]
    assert (await suite.http.get(path.replace("acme", "globex"), headers=support)).status_code == 404
