"""Pages for people, where the answer of an API was expected: a wrong address, a log-in, a gateway's apology."""

import re
from collections.abc import Mapping

from matou.errors import MatouError, TryLater
from matou.http.responses import TAKES_NO_SUCH_QUESTION, Answer, Answered, NoApiThere, WebPage, quoted

LONGEST_TITLE = 100
PAGES = frozenset({"text/html", "application/xhtml+xml"})

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,400})", re.IGNORECASE)


class PageInstead(TryLater):
    """A server that answered as an API before shows a page now: it is being looked after, perhaps."""


def expects_no_page(headers: Mapping[str, str]) -> bool:
    """Whether a request asked for JSON of some kind, by its own headers."""
    return "json" in headers.get("Accept", "")


def is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in PAGES and answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def page_error(answer: Answer, request: str, *, spoke_before: bool) -> MatouError:
    """What a page means, from a server that has spoken as an API in this session or never did."""
    title = _title_of(answer.body)
    if spoke_before:
        return PageInstead("{request}: answered with a web page: {title}", request=request, title=title)
    error = WebPage(
        "{request}: answered {status} with a web page: {title}",
        request=request,
        status=answer.status,
        title=title,
        advice="give the address of the platform's API, not of its pages",
    )
    error.answer = answer
    return error


def require_api(answered: Answered, platform: str, url: str, *, example: str, spoke_before: bool) -> None:
    """See to it that a refusal of the very first question is told as what it is: the address is not the API's.

    Args:
        url: the address that was given for it.
        example: one that is right.

    Raises:
        NoApiThere: nothing at that address is asked in this way, and the server has not spoken as an API yet.
    """
    if spoke_before or answered.answer.status not in TAKES_NO_SUCH_QUESTION:
        return
    error = NoApiThere(
        "there is no API of {platform} at {url}: it answered {status}",
        platform=platform,
        url=url,
        status=answered.answer.status,
        example=example,
        advice="give the server's address alone, as in {example}, without the path of another API",
    )
    error.answer = answered.answer
    raise error from answered


def _title_of(body: bytes) -> str:
    match = _TITLE.search(body[:65_536])
    return quoted(match[1])[:LONGEST_TITLE] if match else quoted(body)[:LONGEST_TITLE]
