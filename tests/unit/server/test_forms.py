"""What is sent to a page's form comes whole, in time, and is no more than a form is."""

import asyncio
from datetime import timedelta

import pytest
from starlette.types import Message

from matou.server.streaming import BodyTooLarge, ClientLeft
from matou.server.web import forms
from matou.server.web.forms import LARGEST_FORM_BYTES, Form, UnreadableForm, read_form

URLENCODED = "application/x-www-form-urlencoded"


def read(*chunks: bytes, content_type: str = URLENCODED) -> Form:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        return next(waiting)

    return asyncio.run(read_form(receive, content_type))


def test_fields_are_read_in_their_order() -> None:
    form = read(b"a=1&b=%E6%B8%AF", b"&a=2&c=")

    assert (form.all("a"), form.text("b"), form.text("c"), form.text("d")) == (("1", "2"), "港", "", "")
    with pytest.raises(UnreadableForm):
        form.text("a")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"a=%ff", URLENCODED),
        (b"\xff=1", URLENCODED),
        (b"&".join(b"a%d=1" % number for number in range(501)), URLENCODED),
        (b"a=1", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"a=1", "text/plain"),
        (b"a=1", ""),
    ],
)
def test_what_is_none_of_our_forms_is_refused(content: bytes, content_type: str) -> None:
    with pytest.raises(UnreadableForm):
        read(content, content_type=content_type)


def test_a_form_that_is_too_large_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        read(b"a=", b"x" * LARGEST_FORM_BYTES)


def test_a_form_that_drips_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "LONGEST_WAIT", timedelta(milliseconds=20))

    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    with pytest.raises(ClientLeft):
        asyncio.run(read_form(receive, URLENCODED))
