"""Parameters are read in every form that clients send, within bounds, once."""

import asyncio
import contextlib
import time
import tracemalloc
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest

from matou.server.api.body import STRICT, UnreadableBody, read_body
from support.gitcode_server import Harbour
from support.small_api import failure_of


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"text": "你", "number": 7, "flag": True, "author": {"name": "a"}}},
        {"json": {"text": "你", "number": "7", "flag": "true", "author[name]": "a"}},
        {"data": {"text": "你", "number": "7", "flag": "1", "author[name]": "a"}},
        {"files": {"text": (None, "你"), "number": (None, "7"), "flag": (None, "TRUE"), "author[name]": (None, "a")}},
        {"params": {"text": "你", "number": "7", "flag": "True", "author[name]": "a"}},
        {"content": '{"text":"你","number":7,"flag":1,"author":{"name":"a"}}'.encode()},
        {
            "content": "text=你&number=7&flag=1&author[name]=a".encode(),
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
    ],
    ids=["json", "json of strings", "form", "multipart", "query", "no content type", "form of raw bytes"],
)
def test_a_parameter_is_read_in_every_form_that_clients_send(api: Harbour, sent: dict[str, Any]) -> None:
    answer = api.ask("POST", "/echo", **sent)

    assert (answer.status_code, answer.json()) == (201, {"text": "你", "number": 7, "flag": True, "author": "a"})


def test_a_multipart_body_under_a_json_content_type_is_read_by_its_boundary(api: Harbour) -> None:
    body = b'--b\r\ncontent-disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n'

    answer = api.ask(
        "POST", "/echo", content=body, headers={"content-type": "application/json;charset=UTF-8; boundary=b"}
    )

    assert answer.json()["text"] == "x"


def test_the_body_goes_before_the_query_and_null_means_not_said(api: Harbour) -> None:
    answer = api.ask("POST", "/echo?text=query&number=3", json={"text": "body", "number": None, "flag": None})

    assert answer.json() == {"text": "body", "number": 0, "flag": None, "author": ""}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"number": 101}},
        {"json": {"number": -1}},
        {"json": {"number": [1]}},
        {"json": {"number": {"a": 1}}},
        {"json": {"text": ["a"]}},
        {"json": {"text": True}},
        {"json": {"flag": "perhaps"}},
        {"json": {"text": "a\0b"}},
        {"content": b'{"text":"\\ud800"}'},
        {"content": b'{"number":1e400}'},
        {"content": b'{"number":' + b"9" * 400 + b"}"},
        {"content": b"[" * 100_000},
        {"content": b'{"a":' * 100_000},
        {"content": b"[1]"},
        {"content": b"\xff\xfe"},
        {"content": b"text=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"--b\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=b"}},
        {"data": {f"f{number}": "" for number in range(1000)}},
    ],
    ids=lambda sent: repr(sent)[:60],
)
def test_what_is_no_value_of_a_parameter_is_a_bad_request(api: Harbour, sent: dict[str, Any]) -> None:
    status, _, name = failure_of(api.ask("POST", "/echo", **sent))

    assert (status, name) == (400, "BAD_REQUEST")


def test_a_missing_parameter_is_named_with_gitcodes_number(api: Harbour) -> None:
    answer = api.ask("PUT", "/needed", json={})

    assert failure_of(answer) == (400, 1000, "PARAMETER_ERROR")
    assert answer.json()["error_message"] == "status must not be null"


def test_more_than_the_route_takes_is_not_read(api: Harbour) -> None:
    assert failure_of(api.ask("POST", "/echo", content=b" " * (1024 * 1024 + 1)))[0] == 413


@pytest.mark.parametrize("carrier", ["header", "query", "form"])
def test_more_than_the_usual_is_read_of_somebody_who_is_known(api: Harbour, carrier: str) -> None:
    token = api.token("dora")
    options: dict[str, Any] = {
        "header": {"headers": {"private-token": token}},
        "query": {"params": {"access_token": token}},
        "form": {"data": {"access_token": token}},
    }[carrier]

    answer = api.ask("POST", "/file", person=None, files={"file": ("a", b"x" * 2_000_000)}, **options)

    assert answer.json() == {"name": "a", "bytes": 2_000_000}


def test_more_than_the_usual_is_not_read_of_nobody_nor_more_than_the_route_takes_of_anybody(api: Harbour) -> None:
    assert failure_of(api.ask("POST", "/file", person=None, files={"file": ("a", b"x" * 2_000_000)}))[0] == 401
    assert failure_of(api.ask("POST", "/file", token="0" * 40, files={"file": ("a", b"x" * 2_000_000)}))[0] == 401
    assert failure_of(api.ask("POST", "/file", files={"file": ("a", b"x" * 3_200_000)}))[0] == 413


@pytest.mark.parametrize(("person", "status"), [("rui", 403), ("xiao", 404), (None, 401)])
def test_more_than_the_usual_is_not_read_of_who_may_not_do_this(api: Harbour, person: str | None, status: int) -> None:
    taken = 0

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal taken
        for _ in range(30):
            taken += 1
            yield b" " * 100_000

    answer = api.ask("POST", "/repos/harbour/ferry/file", person=person, content=body())

    assert answer.status_code == status
    assert taken < 15


def test_who_sends_a_large_body_slowly_keeps_nobody_else_waiting(api: Harbour) -> None:
    async def slowly() -> AsyncGenerator[bytes, None]:
        yield b" " * 1_500_000
        await asyncio.sleep(3600)

    async def ask() -> httpx.Response:
        headers = {"PRIVATE-TOKEN": api.token("dora")}
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v5", headers=headers) as client:
            slow = [asyncio.create_task(client.post("/file", content=slowly())) for _ in range(4)]
            try:
                await asyncio.sleep(0.1)
                async with asyncio.timeout(10):
                    return await client.post("/file", files={"file": ("a", b"x" * 2_000_000)})
            finally:
                for each in slow:
                    each.cancel()
                await asyncio.gather(*slow, return_exceptions=True)

    assert asyncio.run(ask()).json() == {"name": "a", "bytes": 2_000_000}


@pytest.mark.parametrize(
    "body",
    [b'{"access_token"' + b"\r\n" * 20_000 + b" " * 1_100_000, b"access_token=" + b"\t" * 1_100_000],
    ids=["line breaks", "tabs"],
)
def test_a_token_is_looked_for_in_a_body_of_blanks_in_no_time(api: Harbour, body: bytes) -> None:
    began = time.monotonic()

    answer = api.ask("POST", "/file", person=None, content=body)

    assert failure_of(answer)[0] == 401
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"text=a%20b+c%2Bd%3D%25", "a b+c%2Bd%3D%25"),
        (b"text=100%&x", "100%"),
        (b"text=%zz%4", "%zz%4"),
        (b"text=a=b==%0a=", "a=b==%0a="),
        (b"text=%E4%bd%A0", "%E4%bd%A0"),
    ],
)
def test_a_form_is_read_as_everybody_reads_it(api: Harbour, text: bytes, read: str) -> None:
    answer = api.ask("POST", "/echo", content=text, headers={"content-type": "application/x-www-form-urlencoded"})

    assert answer.json()["text"] == unquote_plus(read)


@pytest.mark.parametrize(
    "body",
    [b'{"a":[' + b"[]," * 340_000 + b"0]}", b"text=" + b"%41" * 340_000, b"text=" + b"%" * 1_000_000],
    ids=["values", "escapes", "stray percent signs"],
)
def test_what_is_small_on_the_wire_and_large_in_memory_is_read_or_refused_in_no_time(body: bytes) -> None:
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    tracemalloc.start()
    try:
        with contextlib.suppress(UnreadableBody):
            asyncio.run(read_body(body, kind, STRICT))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most_bytes < 8 * len(body)


def test_a_file_comes_with_its_name(api: Harbour) -> None:
    assert api.ask("POST", "/file", files={"file": ("图.png", b"12345")}).json() == {"name": "图.png", "bytes": 5}
