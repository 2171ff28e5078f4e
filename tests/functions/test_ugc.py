"""Ambassadors' photos and contests over HTTP: theirs alone, but for a consent that names contest, usage and time (ACT-2)."""

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from shared.domain.policy import StatusAction
from shared.domain.records import stamp
from shared.domain.staff import Role
from shared.usecases import brand_care, leaving, ugc
from shared.usecases.verify_ledger import verify_ledger
from tests.functions.suite import SignedIn, Suite

CONTESTS = "/api/manager/brands/acme/contests"


def picture() -> bytes:
    """A small JPEG with a place in its metadata."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Zqplace of the photo"
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


async def uploaded(me: SignedIn) -> str:
    """A photo of one's own; gives its id."""
    taken = await me.call("POST", "/ugc", content=picture(), headers={"Content-Type": "image/jpeg"})
    assert taken.status_code == 201, taken.text
    return str(taken.json()["id"])


async def contest(suite: Suite, id: str = "summer", days: int = 30) -> dict[str, Any]:
    """A contest that ends in ten days."""
    staff = await suite.staff(Role.BRAND_COMMUNITY, "acme")
    ends = stamp(suite.world.clock.now() + timedelta(days=10))
    body = {"title": "Summer", "usage": "Shown on the brand's site", "endsAt": ends, "days": days}
    defined = await suite.http.put(f"{CONTESTS}/{id}", json=body, headers=staff)
    assert defined.status_code == 200, defined.text
    return dict(defined.json())


async def entered(suite: Suite, me: SignedIn, photo: str, terms: dict[str, Any]) -> dict[str, Any]:
    """The photo with a consent to the contest."""
    body = {"contest": terms["id"], "textVersion": terms["textVersion"]}
    agreed = await me.call("PUT", f"/ugc/{photo}/consent", json=body)
    assert agreed.status_code == 200, agreed.text
    return dict(agreed.json())


async def seen_by_brand(suite: Suite, id: str = "summer") -> list[str]:
    """The photos that the brand may use for a contest now."""
    staff = await suite.staff(Role.BRAND_SUPPORT, "acme")
    listed = await suite.http.get(f"{CONTESTS}/{id}/photos", headers=staff)
    assert listed.status_code == 200, listed.text
    return [item["photoId"] for item in listed.json()["items"]]


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Whose photos they are."""
    return await suite.sign_in()


@pytest.mark.rule("ACT-2")
async def test_a_photo_is_kept_sealed_without_metadata_and_is_its_owners_alone(suite: Suite, ada: SignedIn) -> None:
    id = await uploaded(ada)
    shown = await ada.call("GET", f"/ugc/{id}/image")
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert b"Zqplace" not in shown.content and Image.open(io.BytesIO(shown.content)).size == (40, 30)
    (stored,) = [data for path, data in suite.world.files.files.items() if "/ugc/" in path]
    assert shown.content not in stored and b"JFIF" not in stored
    bob = await suite.sign_in("bob@example.org")
    for path in (f"/ugc/{id}", f"/ugc/{id}/image"):
        assert (await bob.call("GET", path)).status_code == 404
    assert [item["id"] for item in (await ada.call("GET", "/ugc")).json()["items"]] == [id]
    assert (await ada.call("GET", "/me")).json()["score"] == 5
    for status in (204, 404):
        assert (await ada.call("DELETE", f"/ugc/{id}")).status_code == status
    assert not [path for path in suite.world.files.files if "/ugc/" in path]
    assert (await suite.dump("acme"))["acme/ugc"] == {}


@pytest.mark.rule("ACT-2")
async def test_what_is_no_picture_is_refused(suite: Suite, ada: SignedIn) -> None:
    assert (await ada.call("POST", "/ugc", content=b"<svg/>")).status_code == 422
    assert (await suite.dump("acme"))["acme/ugc"] == {} and not suite.world.files.files


@pytest.mark.rule("ACT-2")
@pytest.mark.rule("VIS-6")
async def test_the_brand_uses_a_photo_only_by_a_consent_that_stands(suite: Suite, ada: SignedIn) -> None:
    id, other, terms = await uploaded(ada), await uploaded(ada), await contest(suite)
    assert await seen_by_brand(suite) == []
    said = (await entered(suite, ada, id, terms))["consent"]
    assert (said["contest"], said["usage"], said["days"]) == ("summer", "Shown on the brand's site", 30)
    assert (said["textVersion"], said["givenAt"]) == (terms["textVersion"], stamp(suite.world.clock.now()))
    assert await seen_by_brand(suite) == [id]
    staff = await suite.staff(Role.BRAND_SUPPORT, "acme")
    path = f"{CONTESTS}/summer/photos/{ada.account.id}"
    assert (await suite.http.get(f"{path}/{id}", headers=staff)).status_code == 200
    assert (await suite.http.get(f"{path}/{other}", headers=staff)).status_code == 404
    assert (await ada.call("DELETE", f"/ugc/{id}/consent")).json()["consent"]["withdrawnAt"]
    assert await seen_by_brand(suite) == []
    assert (await suite.http.get(f"{path}/{id}", headers=staff)).status_code == 404
    assert (await ada.call("GET", f"/ugc/{id}/image")).status_code == 200


@pytest.mark.rule("ACT-2")
@pytest.mark.rule("CON-7")
async def test_the_consent_names_the_words_that_were_shown_and_stands_in_the_ledger(
    suite: Suite, ada: SignedIn
) -> None:
    id, terms = await uploaded(ada), await contest(suite)
    (offered,) = (await ada.call("GET", "/contests")).json()["items"]
    assert offered == terms
    await contest(suite, days=60)
    old = {"contest": "summer", "textVersion": terms["textVersion"]}
    assert (await ada.call("PUT", f"/ugc/{id}/consent", json=old)).status_code == 409
    (fresh,) = (await ada.call("GET", "/contests")).json()["items"]
    for _ in range(2):
        await entered(suite, ada, id, fresh)
    await ada.call("DELETE", f"/ugc/{id}/consent")
    await ada.call("DELETE", f"/ugc/{id}")
    acme = await suite.world.brand()
    entries = [entry for entry in (await suite.dump("acme"))["acme/ledger"].values() if entry["subject"] == id]
    assert [(entry["before"]["reuse"], entry["after"]["reuse"]) for entry in entries] == [
        (None, "summer"),
        ("summer", None),
    ]
    assert entries[0]["evidence"]["textVersion"] == fresh["textVersion"]
    async for verdict in verify_ledger(acme):
        assert verdict.faults == []
    (left,) = (await suite.dump("acme"))["acme/ugc"].values()
    assert "file" not in left and "key" not in left


@pytest.mark.rule("ACT-2")
async def test_a_contest_that_is_over_takes_no_photos(suite: Suite, ada: SignedIn) -> None:
    id, terms = await uploaded(ada), await contest(suite)
    suite.world.clock.advance(days=10)
    body = {"contest": "summer", "textVersion": terms["textVersion"]}
    assert (await ada.call("PUT", f"/ugc/{id}/consent", json=body)).status_code == 404
    assert (await ada.call("GET", "/contests")).json()["items"] == []


@pytest.mark.rule("RET-12")
@pytest.mark.rule("DEL-7")
async def test_photos_go_with_the_account_but_for_those_of_a_contest_until_its_time_is_over(
    suite: Suite, ada: SignedIn
) -> None:
    own, given = await uploaded(ada), await uploaded(ada)
    await entered(suite, ada, given, await contest(suite))
    acme = await suite.world.brand()
    await leaving.remove(acme, ada.account.id, "staff:x")
    suite.world.clock.advance(days=8)
    await suite.world.sweep()
    assert await seen_by_brand(suite) == [given]
    assert [path.rpartition("/")[2] for path in suite.world.files.files] == [given]
    assert own not in (await suite.dump("acme"))["acme/ugc"]
    suite.world.clock.advance(days=22)
    await suite.world.sweep()
    assert suite.world.files.files == {} and await seen_by_brand(suite) == []


@pytest.mark.rule("ACT-2")
async def test_what_a_crash_left_of_an_upload_is_deleted(
    suite: Suite, ada: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = await suite.world.brand()

    async def crash(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(acme.ugc, "replace", crash)
    with pytest.raises(ConnectionError):
        await ugc.upload(acme, ada.account.id, picture())
    monkeypatch.undo()
    assert (await ada.call("GET", "/ugc")).json()["items"] == []
    suite.world.clock.advance(minutes=11)
    await suite.world.recover()
    assert suite.world.files.files == {} and (await suite.dump("acme"))["acme/ugc"] == {}


@pytest.mark.rule("ACT-6")
async def test_an_award_is_given_once_a_contest(suite: Suite, ada: SignedIn) -> None:
    await contest(suite)
    staff = await suite.staff(Role.BRAND_ADMIN, "acme")
    for title in ("Best photo", "Best photo", "Best photo of all"):
        path = f"{CONTESTS}/summer/awards/{ada.account.id}"
        assert (await suite.http.put(path, json={"title": title}, headers=staff)).status_code == 204
    me = (await ada.call("GET", "/me")).json()
    assert (me["awards"], me["score"]) == (["Best photo of all"], 50)


@pytest.mark.rule("ACT-1")
@pytest.mark.rule("ACT-2")
async def test_a_publication_shows_photos_of_its_ambassador_until_they_are_deleted(suite: Suite, ada: SignedIn) -> None:
    await ada.enter("grace@example.org")
    photo, other = await uploaded(ada), await uploaded(ada)
    bob = await suite.sign_in("bob@example.org")
    news = {"channel": "facebook", "subject": "S", "body": "B", "photos": [photo]}
    assert (await bob.call("POST", "/publications", json=news)).status_code == 422
    id = (await ada.call("POST", "/publications", json=news)).json()["publicationId"]
    (seen,) = (await bob.call("GET", "/community/flow")).json()["items"]
    assert seen["photos"] == [photo]
    shown = await suite.http.get(f"/r/{id}/photos/{photo}")
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert (await suite.http.get(f"/r/{id}/photos/{other}")).status_code == 404
    await ada.call("DELETE", f"/ugc/{photo}")
    assert (await suite.http.get(f"/r/{id}/photos/{photo}")).status_code == 404


@pytest.mark.rule("BR-3")
@pytest.mark.rule("ACT-2")
async def test_what_was_agreed_to_is_taken_back_at_a_suspended_brand_too_and_an_ended_one_shows_nothing(
    suite: Suite, ada: SignedIn
) -> None:
    photo, terms = await uploaded(ada), await contest(suite)
    await entered(suite, ada, photo, terms)
    news = {"channel": "facebook", "subject": "S", "body": "B", "photos": [photo]}
    id = (await ada.call("POST", "/publications", json=news)).json()["publicationId"]
    await brand_care.change_status(suite.world.brands, "acme", StatusAction.SUSPEND, "unpaid", "staff:x")
    again = {"contest": "summer", "textVersion": terms["textVersion"]}
    assert (await ada.call("PUT", f"/ugc/{photo}/consent", json=again)).status_code == 403
    assert (await ada.call("DELETE", f"/ugc/{photo}/consent")).status_code == 200
    assert (await suite.http.get(f"/r/{id}/photos/{photo}")).status_code == 200
    await brand_care.change_status(suite.world.brands, "acme", StatusAction.END, "over", "staff:x")
    assert (await suite.http.get(f"/r/{id}/photos/{photo}")).status_code == 404
