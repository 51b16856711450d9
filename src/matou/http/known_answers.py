"""What servers answered before, so that they can be asked whether it is still so (RFC 9110, 13.1.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from matou.http.responses import Answer

NOT_MODIFIED: Final = 304
_ETAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')


class KnownAnswers(Protocol):
    """May be used by several threads. What it has forgotten is asked for anew."""

    def find(self, partition: str, url: str, /) -> Answer | None:
        """The last answer to a request, with its ETag.

        Args:
            partition: what belongs together: the answers about one repository, say.
        """

    def keep(self, partition: str, url: str, answer: Answer, /, *, request: str) -> None:
        """Remember an answer that has an ETag.

        Args:
            request: as in a `Record`: what is secret in the answer is left out of it as it is there.
        """


@dataclass(frozen=True, slots=True)
class KnownPartition:
    """Known answers that belong together; none where nothing is remembered."""

    answers: KnownAnswers | None
    name: str

    def find(self, url: str) -> Answer | None:
        return self.answers.find(self.name, url) if self.answers else None

    def keep(self, url: str, answer: Answer, *, request: str) -> None:
        if self.answers:
            self.answers.keep(self.name, url, answer, request=request)


def etag_of(headers: Mapping[str, str]) -> str | None:
    """None where there is none that we would send."""
    given = headers.get("etag", "")
    return given if _ETAG.fullmatch(given) else None


def condition(known: Answer | None) -> Mapping[str, str]:
    """What a request says of what is known of its answer."""
    etag = None if known is None else etag_of(known.headers)
    return {} if etag is None else {"If-None-Match": etag}


def still_so(known: Answer, said: Answer) -> Answer:
    """The answer again that a 304 stands for.

    Where a list goes on is told by the 304 alone: a page that is as it was need not be the last one any more.
    """
    kept = {name: value for name, value in known.headers.items() if name in ("etag", "content-type")}
    return Answer(known.status, {**kept, **said.headers}, known.body)
