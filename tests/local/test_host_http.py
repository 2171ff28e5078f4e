"""The local host answers HTTP as the real one does."""

import httpx

from tests.local.conftest import LARGEST_BODY, Running


def test_a_function_gets_the_request_as_it_was_sent(host: Running) -> None:
    url = "/echo/a%20b%2Fc/?x=1&x=2&y=&z=%C3%A9"
    answer = host.client.post(url, content=b"\xff\x00raw", headers={"X-Forwarded-For": "192.0.2.1"})
    call = host.calls("echo")[-1]
    assert call["method"] == "POST"
    assert call["url"].endswith(url)
    assert call["params"] == {"x": "1,2", "z": "é"}, "repeated ones are joined, empty ones left out"
    assert call["route_params"] == {"a": "a b%2Fc"}, "decoded but for the slash"
    assert call["headers"]["x-forwarded-for"] == "192.0.2.1"
    assert call["body"] == b"\xff\x00raw"
    assert call["name"] == "echo"
    assert answer.status_code == 201
    assert answer.content == b"\x00\x01"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


def test_an_optional_parameter_may_be_left_out_or_given(host: Running) -> None:
    host.client.get("/echo/one/two")
    assert host.calls("echo")[-1]["route_params"] == {"a": "one", "b": "two"}
    host.client.get("/echo/one")
    assert host.calls("echo")[-1]["route_params"] == {"a": "one"}


def test_a_literal_beside_a_parameter_a_part_of_a_segment_and_the_rest_of_a_path(host: Running) -> None:
    assert host.client.get("/things/import").text == "0"
    assert host.client.get("/things/7").text == "thing 7"
    assert host.client.get("/t/acme.js").text == "acme"
    assert host.client.get("/files/a/b/c").text == "a/b/c"
    assert host.client.get("/files").text == "none"
    assert host.client.get("/THINGS/7").text == "thing 7", "case does not matter to the real host"


def test_head_is_answered_only_where_the_function_declares_it(host: Running) -> None:
    declared = host.client.head("/things/7")
    assert (declared.status_code, declared.content, declared.headers["etag"]) == (200, b"", '"1"')
    assert declared.headers["content-type"] == "text/plain; charset=utf-8"
    assert host.client.head("/things/import").status_code == 200, "another function takes it, as on Azure"
    assert host.client.head("/t/acme.js").status_code == 404


def test_an_undeclared_method_and_an_unknown_path_are_not_found(host: Running) -> None:
    assert host.client.put("/t/acme.js").status_code == 404
    assert host.client.get("/nowhere").status_code == 404


def test_a_function_with_a_key_wants_the_key(host: Running) -> None:
    key = host.state.secrets().function_key
    assert host.client.get("/guarded").status_code == 401
    assert host.client.get("/guarded", headers={"x-functions-key": "wrong"}).status_code == 401
    assert host.client.get("/guarded", headers={"x-functions-key": key}).text == "in"
    assert host.client.get("/guarded", params={"code": "é"}).status_code == 401
    assert host.client.get("/guarded", params={"code": key}).text == "in"


def test_a_body_over_the_limit_is_refused_whether_announced_or_streamed(host: Running) -> None:
    assert host.client.post("/things/import", content=b"x" * LARGEST_BODY).text == str(LARGEST_BODY)
    assert host.client.post("/things/import", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    streamed = (b"x" * 65536 for _ in range(LARGEST_BODY // 65536 + 1))
    assert _post_in_chunks(host.client, streamed) == 413


def test_what_escapes_a_function_is_a_bare_500_and_its_words_are_nowhere(host: Running) -> None:
    answer = host.client.get("/secrets/tok-3n-of-someone")
    assert (answer.status_code, answer.content) == (500, b"")
    written = (host.state.logs / "functions.log").read_text()
    assert "RuntimeError" in written
    assert "tok-3n-of-someone" not in written


def test_no_content_has_no_body(host: Running) -> None:
    answer = host.client.delete("/nothing")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


def test_every_invocation_is_logged_by_name_and_outcome(host: Running) -> None:
    host.client.get("/things/someone@example.com")
    line = [entry for entry in host.log() if entry.get("function") == "thing"][-1]
    assert line["outcome"] == "succeeded"
    assert line["ms"] >= 0
    assert "someone@example.com" not in (host.state.logs / "functions.log").read_text()


def _post_in_chunks(client: httpx.Client, chunks: object) -> int:
    # A server that refuses early may close while the client still sends.
    try:
        return client.post("/things/import", content=chunks).status_code  # type: ignore[arg-type]  # a generator
    except httpx.WriteError:
        return 413
