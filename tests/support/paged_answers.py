"""A list in numbered pages, as a platform answers that a test sets up."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from support.recording_server import Reply, SeenRequest, json_reply

V5_TOTALS = ("total_count", "total_page")


def paged(
    rows: list[Any], *, totals: tuple[str, str] | None = V5_TOTALS, most: int = 100
) -> Callable[[SeenRequest], Reply]:
    """`totals` names the headers that count rows and pages; `most` is how many rows a page holds, whatever is asked."""

    def reply(request: SeenRequest) -> Reply:
        query = dict(parse_qsl(request.target.partition("?")[2]))
        number, size = int(query.get("page", 1)), min(int(query["per_page"]), most)
        counted = (str(len(rows)), str(-(-len(rows) // size)))
        headers = dict(zip(totals, counted, strict=True)) if totals else {}
        return json_reply(rows[(number - 1) * size : number * size], headers=headers)

    return reply
