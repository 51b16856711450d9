"""What a backup asks of a GitLab: whom a token stands for, the groups, projects and snippets that it sees."""

from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from typing import Final, Protocol, TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, segment
from matou.http.paging import Page
from matou.platforms.base.lister import NumberedList, page_of
from matou.platforms.gitlab.api import DECODER, GitLabApi
from matou.platforms.gitlab.lists_by_id import ListById
from matou.platforms.gitlab.wire import GitLabAccount, GitLabGroup, GitLabNamespace, GitLabProject, GitLabSnippet

PROJECTS: Final[Mapping[str, Parameter]] = {"membership": True, "order_by": "id", "sort": "asc"}

STARRED: Final[Mapping[str, Parameter]] = {"starred": True, "order_by": "id", "sort": "asc"}


class _Identified(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Identified)


class GitLabCalls:
    """A list is read to the proof of its end."""

    def __init__(self, api: GitLabApi) -> None:
        self._api = api

    def user(self) -> GitLabAccount:
        return self._api.get(GitLabAccount, "/user")

    def groups(self) -> Iterator[GitLabGroup]:
        """Those that the account belongs to, those above them and those within them."""
        query: Mapping[str, Parameter] = {"all_available": False, "order_by": "id", "sort": "asc"}
        return self._api.list("/groups", GitLabGroup, Phrase("this account's groups"), _id, query).rows()

    def group(self, group: int) -> GitLabGroup:
        return self._api.get(GitLabGroup, f"/groups/{group}", {"with_projects": False})

    def namespace(self, path: str) -> GitLabNamespace:
        return self._api.get(GitLabNamespace, f"/namespaces/{segment(path)}")

    def projects(self) -> Iterator[GitLabProject]:
        """All that the account is a member of, by a group or by one that this is within, too."""
        what = Phrase("this account's projects")
        return ListById(what, partial(self._after, PROJECTS), partial(DECODER.read, GitLabProject)).rows()

    def starred_projects(self) -> Iterator[GitLabProject]:
        """Those of whoever that the account has starred."""
        what = Phrase("repositories that are {list}", list="starred")
        return ListById(what, partial(self._after, STARRED), partial(DECODER.read, GitLabProject)).rows()

    def snippets(self) -> Iterator[GitLabSnippet]:
        """What the account wrote, in projects as well."""
        return self._list("/snippets", GitLabSnippet, Phrase("this account's snippets")).rows()

    def snippets_of_project(self, project: GitLabProject) -> Iterator[GitLabSnippet]:
        what = Phrase("snippets of the project {project}", project=repr(project.path_with_namespace))
        return self._list(f"/projects/{project.id}/snippets", GitLabSnippet, what).rows()

    def group_members(self, group: int, name: str) -> Iterator[GitLabAccount]:
        """Those of the groups above it, too."""
        what = Phrase("members of the group {group}", group=repr(name))
        return self._list(f"/groups/{group}/members/all", GitLabAccount, what).rows()

    def _after(self, which: Mapping[str, Parameter], id_: int) -> Page[object]:
        query: Mapping[str, Parameter] = {**which, "id_after": id_, "per_page": self._api.page_size}
        answer = self._api.request("GET", "/projects", query=query, repeatable=True)
        name = Phrase("{platform}'s list of {what}", platform=self._api.platform.name, what="projects")
        return page_of(self._api.parsed(answer), answer, name=name, totals=self._api.totals)

    def _list(self, path: str, kind: type[T], what: Phrase) -> NumberedList[T]:
        return self._api.list(path, kind, what, _id)


def _id(row: _Identified) -> Hashable:
    return row.id
