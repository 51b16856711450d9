"""Files of CODING's texts: how their addresses are known, and how the bytes are had.

A text names a file by an address of the site, which a browser's cookie opens and a token does not. The Open API gives
an address that is signed and good for an hour: for the pictures of a text in the order of the text, or for one file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from matou.errors import NotFound, Refused, UnknownShape
from matou.platforms.base.metadata import FileRequest
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_issues import FILE_ADDRESS
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_issues import IssueComment, IssueDetail, IssueFileUrlResponse, IssueResponse
from matou.platforms.coding.wire_requests_metadata import DescribeIssue, DescribeIssueFileUrl

FILE_HOSTS: Final = frozenset({"coding.net", ".coding.net", ".codehub.cn", ".myqcloud.com", ".tencentcos.cn"})
"""Where CODING keeps what was uploaded: its own hosts, and the object storage of its vendor's cloud."""

R = TypeVar("R", bound=Response)


class FileUnavailable(NotFound):
    """The platform knows no address at which a file could be fetched."""


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of one project. Nothing that holds a signed address is recorded."""

    api: CodingApi
    project: str
    is_wanted: bool = True

    def is_attachment(self, address: str) -> bool:
        return FILE_ADDRESS.fullmatch(address) is not None

    def download(self, url: str, signed: str | None) -> FileRequest:
        """Raises MatouError: the platform gives no address for it."""
        address = signed or self._signed(url)
        host = urlsplit(self.api.url).hostname or ""
        return FileRequest(url=address, hosts=FILE_HOSTS | {host})

    def _signed(self, url: str) -> str:
        found = FILE_ADDRESS.fullmatch(url)
        if found is None:
            raise FileUnavailable("coding gives no address for {url}", url=url)
        request = DescribeIssueFileUrl(project_name=self.project, file_id=int(found["file"]))
        address = self.api.unrecorded().call(request, IssueFileUrlResponse).url
        if not address:
            raise FileUnavailable("coding gives no address for {url}", url=url)
        return address

    def addresses(
        self, detail: IssueDetail, comments: Sequence[IssueComment], saved: frozenset[str]
    ) -> Mapping[str, str]:
        """Signed addresses of the pictures in an issue's texts, by the address that stands there.

        Args:
            saved: what is saved of them already: nobody asks for that again, nor where no file is wanted.
        """
        wanted = [*_addresses_in([detail.description]), *_addresses_in(comment.raw_content for comment in comments)]
        if not self.is_wanted or saved.issuperset(wanted):
            return {}
        signed = {**self._of_description(detail), **self._of_comments(detail.code, comments)}
        return {address: signed[id_] for address in wanted if (id_ := _file_of(address)) in signed}

    def _of_description(self, detail: IssueDetail) -> Mapping[int, str]:
        if not FILE_ADDRESS.search(detail.description):
            return {}
        request = DescribeIssue(project_name=self.project, issue_code=detail.code, show_image_out_url=True)
        shown = self._or_none(request, IssueResponse)
        return {} if shown is None else paired(detail.description, shown.issue.description)

    def _of_comments(self, code: int, comments: Sequence[IssueComment]) -> Mapping[int, str]:
        ids = [id_ for comment in comments for id_ in comment.file_id]
        if not ids:
            return {}
        request = DescribeIssueFileUrl(project_name=self.project, file_id=0, issue_code=code, query_comment=True)
        shown = self._or_none(request, IssueFileUrlResponse)
        urls = [] if shown is None else shown.comment_image_url
        return dict(zip(ids, urls, strict=True)) if len(ids) == len(urls) else {}

    def _or_none(self, request: DescribeIssue | DescribeIssueFileUrl, kind: type[R]) -> R | None:
        """What cannot be had so is asked for by file when it is downloaded, and then whoever asks is told why."""
        try:
            return self.api.unrecorded().call(request, kind)
        except (Refused, NotFound, UnknownShape):
            return None


def paired(text: str, shown: str) -> Mapping[int, str]:
    """The signed addresses by the number of the file: what stands in `shown` where `text` names one.

    Nothing where the two texts do not agree in all the rest.
    """
    found = list(FILE_ADDRESS.finditer(text))
    ends = [match.end() for match in found]
    starts = [*(match.start() for match in found), len(text)]
    after = [text[end:start] for end, start in zip(ends, starts[1:], strict=True)]
    if not all(after[:-1]):
        return {}
    # An address ends where what follows upon it begins: there is one way to read it, however long the text is.
    pattern = re.escape(text[: starts[0]]) + "".join(
        f"([^\\s{re.escape(part[:1])}]+){re.escape(part)}" for part in after
    )
    agreed = re.fullmatch(pattern, shown, re.DOTALL)
    if agreed is None:
        return {}
    return {int(match["file"]): url for match, url in zip(found, agreed.groups(), strict=True) if "://" in url}


def _addresses_in(texts: Iterable[str]) -> Iterator[str]:
    return (match[0] for text in texts for match in FILE_ADDRESS.finditer(text))


def _file_of(address: str) -> int:
    found = FILE_ADDRESS.fullmatch(address)
    return int(found["file"]) if found else 0
