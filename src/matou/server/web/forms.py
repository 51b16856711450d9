"""What a form of ours sends."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Receive

from matou.errors import Invalid
from matou.server.streaming import ClientLeft, RequestBody, bounded

LARGEST_FORM_BYTES: Final = 128 * 1024
MOST_FIELDS: Final = 500
LONGEST_ROW_NUMBER: Final = 18
"""Digits, which every database holds."""

LONGEST_WAIT: Final = timedelta(minutes=2)


class UnreadableForm(Invalid):
    """What was sent is none of our forms."""


@dataclass(frozen=True, slots=True)
class Form:
    """The values of each field, in the order that they were sent in."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The one value; empty where there is none. Raises UnreadableForm where there are several."""
        values = self.values.get(name, ("",))
        if len(values) > 1:
            raise UnreadableForm("{name} was sent more than once", name=name)
        return values[0]

    def row_number(self, name: str) -> int:
        """The one value, as what names a row; 0, which names none, where it is no number."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ROW_NUMBER else 0

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self.values


NO_FORM: Final = Form()


async def read_form(receive: Receive, content_type: str) -> Form:
    """Raises UnreadableForm, BodyTooLarge; ClientLeft where it takes longer than anybody's line needs."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise UnreadableForm("this is no form of this site's")
    chunks = bounded(RequestBody(receive).chunks(), limit_bytes=LARGEST_FORM_BYTES)
    try:
        async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
            content = b"".join([chunk async for chunk in chunks])
    except TimeoutError:
        raise ClientLeft("the client did not send a whole form in time") from None
    try:
        fields = parse_qs(content.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnreadableForm("this is no form of this site's") from None
    return Form({name: tuple(values) for name, values in fields.items()})
