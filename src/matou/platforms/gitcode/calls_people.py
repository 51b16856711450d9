"""The calls about users, what they like and do, and what they upload."""

import secrets
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count

import msgspec

from matou.errors import Phrase
from matou.http.addresses import Parameter, repository_path, segment
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.enums import EventFilter
from matou.platforms.gitcode.wire import (
    DownloadStatistics,
    Events,
    GitCodeEvent,
    GitCodeNamespace,
    GitCodeOrganization,
    GitCodeRepository,
    GitCodeUser,
    OrganizationMember,
    Stargazer,
    Subscriber,
    UploadedFile,
)


class PeopleCalls(GitCodeCalls):
    def user(self) -> GitCodeUser:
        """Whom the token stands for. Raises CredentialRefused."""
        return self._api.get(GitCodeUser, "/user")

    def find_user(self, login: str) -> GitCodeUser:
        return self._api.get(GitCodeUser, f"/users/{segment(login)}")

    def namespaces(self) -> Iterator[GitCodeNamespace]:
        """Where this account has a part: its own, its organizations, and whose repositories it works on."""
        return self._api.list(
            "/user/namespaces",
            GitCodeNamespace,
            Phrase("this account's namespaces"),
            key=lambda row: row.id,
            query={"mode": "all"},
            size_parameter="perPage",
        ).rows()

    def organizations(self) -> Iterator[GitCodeOrganization]:
        """Those that this account belongs to."""
        what = Phrase("this account's organizations")
        return self._api.list("/users/orgs", GitCodeOrganization, what, lambda row: row.id).rows()

    def organization_members(self, organization: str) -> Iterator[OrganizationMember]:
        what = Phrase("the members of {organization}", organization=repr(organization))
        path = f"/orgs/{segment(organization)}/members"
        return self._api.list(path, OrganizationMember, what, lambda row: row.login).rows()

    def subscribers(
        self, repository: str, *, watched_after: datetime | None = None, watched_before: datetime | None = None
    ) -> Iterator[Subscriber]:
        """25. Who watches it."""
        query: dict[str, Parameter] = {"watched_after": watched_after, "watched_before": watched_before}
        what = Phrase("the watchers of {repository}", repository=repr(repository))
        path = f"{repository_path(repository)}/subscribers"
        return self._api.list(path, Subscriber, what, lambda row: row.login, query).rows()

    def stargazers(
        self, repository: str, *, starred_after: datetime | None = None, starred_before: datetime | None = None
    ) -> Iterator[Stargazer]:
        """26. Who gave it a star, and when."""
        query: dict[str, Parameter] = {"starred_after": starred_after, "starred_before": starred_before}
        what = Phrase("the stars of {repository}", repository=repr(repository))
        path = f"{repository_path(repository)}/stargazers"
        return self._api.list(path, Stargazer, what, lambda row: row.login, query).rows()

    def starred(self) -> Iterator[GitCodeRepository]:
        """What this account has given a star."""
        what = Phrase("starred repositories")
        return self._api.list("/user/starred", GitCodeRepository, what, lambda row: row.id).rows()

    def has_starred(self, repository: str) -> bool:
        """Also False where there is no such repository, or none that this account may see."""
        return self._is_there(_mark("starred", repository))

    def star(self, repository: str) -> None:
        self._api.request("PUT", _mark("starred", repository), repeatable=True)

    def unstar(self, repository: str) -> None:
        self._api.request("DELETE", _mark("starred", repository), repeatable=True)

    def watched(self) -> Iterator[GitCodeRepository]:
        """What this account watches."""
        what = Phrase("watched repositories")
        return self._api.list("/user/subscriptions", GitCodeRepository, what, lambda row: row.id).rows()

    def is_watching(self, repository: str) -> bool:
        """As `has_starred`."""
        return self._is_there(_mark("subscriptions", repository))

    def watch(self, repository: str) -> None:
        self._api.request("PUT", _mark("subscriptions", repository), repeatable=True)

    def unwatch(self, repository: str) -> None:
        self._api.request("DELETE", _mark("subscriptions", repository), repeatable=True)

    def upload_image(self, repository: str, name: str, content: bytes) -> UploadedFile:
        """23. Of at most 20 MB."""
        answer = self._api.send_json(
            "POST",
            f"{repository_path(repository)}/img/upload",
            body={"body": b64encode(content).decode(), "file_name": name},
            repeatable=False,
        )
        return self._api.read(UploadedFile, answer)

    def upload_file(self, repository: str, name: str, content: bytes) -> UploadedFile:
        """24. Of at most 20 MB, and of a type that GitCode takes."""
        boundary = secrets.token_hex(16)
        answer = self._api.request(
            "POST",
            f"{repository_path(repository)}/file/upload",
            content_type=f"multipart/form-data; boundary={boundary}",
            content=_multipart(boundary, name, content),
            repeatable=False,
        )
        return self._api.read(UploadedFile, answer)

    def download_statistics(
        self, repository: str, *, start: date | None = None, end: date | None = None, ascending: bool | None = None
    ) -> DownloadStatistics:
        """35. Both days are counted. The latest comes first where `ascending` is None."""
        direction = None if ascending is None else "asc" if ascending else "desc"
        query: dict[str, Parameter] = {"start_date": start, "end_date": end, "direction": direction}
        return self._api.get(DownloadStatistics, f"{repository_path(repository)}/download_statistics", query)

    def events(
        self,
        repository: str,
        *,
        kind: EventFilter | None = None,
        author: str | None = None,
        before: date | None = None,
        after: date | None = None,
    ) -> Iterator[GitCodeEvent]:
        """38. The latest first, each once, though new ones come in meanwhile."""
        query: dict[str, Parameter] = {"filter": kind, "author": author, "before": before, "after": after}
        path = f"{repository_path(repository)}/events"
        came: set[bytes] = set()
        for number in count(1):
            page = self._api.get(Events, path, {**query, "page": number, "per_page": self._api.page_size})
            known = {msgspec.json.encode(event): event for event in page.events}
            yield from (event for text, event in known.items() if text not in came)
            came.update(known)
            if not page.has_next_page or not page.events:
                return

    def _is_there(self, path: str) -> bool:
        try:
            self._api.request("GET", path, repeatable=True)
        except RemoteNotFound:
            return False
        return True


def _mark(kind: str, repository: str) -> str:
    return f"/user/{kind}{repository_path(repository).removeprefix('/repos')}"


def _multipart(boundary: str, name: str, content: bytes) -> bytes:
    """One file. The name is escaped as browsers do it."""
    escaped = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{escaped}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
