"""All that an account at a GitLab sees: projects, snippets, and the groups that they are in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from matou.concurrency import WorkerPool
from matou.errors import MatouError, NotFound, Phrase, Refused
from matou.model.platform import Inaccessible
from matou.platforms.base.account_lists import ENDS_EVERYTHING, AccountListing, Gathering, first_fault
from matou.platforms.base.errors import RemoteNotFound
from matou.platforms.gitlab.calls import GitLabCalls
from matou.platforms.gitlab.wire import GitLabNamespace, GitLabProject, GitLabSnippet

AT_REQUEST = 4
"""How many projects are asked for their snippets at the same time."""
MOST_LEVELS = 20
"""So deep may groups be in groups (https://docs.gitlab.com/user/group/subgroups/)."""


@dataclass(frozen=True, slots=True)
class ListedSnippet:
    """A snippet, and what it is in: that of its project, or whatever the account owns."""

    snippet: GitLabSnippet
    namespace_id: int
    project: GitLabProject | None = None


@dataclass
class GitLabListing(AccountListing[GitLabNamespace, GitLabProject | ListedSnippet]):
    """Everything that was read.

    Attributes:
        snippets: by id.
    """

    snippets: dict[int, ListedSnippet] = field(default_factory=dict)

    def rows(self) -> Iterator[GitLabProject | ListedSnippet]:
        yield from super().rows()
        yield from self.snippets.values()


@dataclass(frozen=True, slots=True)
class GitLabLister:
    """Lists for one token.

    Attributes:
        login: of the account.
        note: is told of everything that exists and may not be seen.
        lists: which others than the account's own are read, too.
    """

    calls: GitLabCalls
    login: str
    note: Callable[[Inaccessible], None]
    lists: Sequence[str] = ()

    def list_all(self) -> GitLabListing:
        """A part that fails is left out, and its fault stands in what is found. Raises what ends everything."""
        gathering, listing = Gathering(self.note), GitLabListing()
        listing.namespaces_fault = gathering.take(
            Phrase("this account's groups"), self.calls.groups(), listing.namespaces, lambda row: row.id
        )
        projects: dict[int, GitLabProject] = {}
        what = Phrase("this account's projects")
        faults = [gathering.take(what, self.calls.projects(), projects, lambda row: row.id)]
        if "starred" in self.lists:
            what = Phrase("repositories that are {list}", list="starred")
            faults.append(gathering.take(what, self.calls.starred_projects(), projects, lambda row: row.id))
        listing.repositories.update(projects)
        for project in projects.values():
            listing.namespaces.setdefault(project.namespace.id, project.namespace)
        listing.repositories_fault = first_fault((*faults, *self._snippets(listing, projects.values())))
        self._complete(listing)
        return listing

    def _snippets(self, listing: GitLabListing, projects: Iterable[GitLabProject]) -> Iterator[MatouError | None]:
        """Each project is asked for its own, unless it has none; nobody else lists those of other authors."""
        found: dict[int, ListedSnippet] = {}

        def take(project: GitLabProject) -> MatouError | None:
            what = Phrase("snippets of the project {project}", project=repr(project.path_with_namespace))
            rows = _if_there(self.calls.snippets_of_project(project))
            within = (ListedSnippet(row, project.namespace.id, project) for row in rows)
            return Gathering(self.note).take(what, within, found, _id_of)

        with_snippets = [one for one in projects if may_have(one.snippets_enabled, one.snippets_access_level)]
        yield from WorkerPool().map(AT_REQUEST, take, with_snippets)
        yield self._own_snippets(listing, found)
        listing.snippets.update(sorted(found.items()))

    def _own_snippets(self, listing: GitLabListing, found: dict[int, ListedSnippet]) -> MatouError | None:
        own: dict[int, GitLabSnippet] = {}
        rows = (row for row in _if_there(self.calls.snippets()) if row.project_id is None)
        fault = Gathering(self.note).take(Phrase("this account's snippets"), rows, own, lambda row: row.id)
        if not own:
            return fault
        try:
            namespace = self.calls.namespace(self.login)
        except ENDS_EVERYTHING:
            raise
        except MatouError as unknown:
            return fault or unknown
        listing.namespaces.setdefault(namespace.id, namespace)
        found.update({id_: ListedSnippet(row, namespace.id) for id_, row in own.items()})
        return fault

    def _complete(self, listing: GitLabListing) -> None:
        """With the groups that others are within, which a member of these alone need not be told of."""
        lost: set[int] = set()
        for _ in range(MOST_LEVELS):
            above = {row.parent_id for row in listing.namespaces.values() if row.parent_id is not None}
            unknown = above - listing.namespaces.keys() - lost
            if not unknown:
                return
            for group in sorted(unknown):
                self._add(group, listing, lost)

    def _add(self, group: int, listing: GitLabListing, lost: set[int]) -> None:
        try:
            listing.namespaces[group] = self.calls.group(group)
        except (NotFound, Refused) as refusal:
            if isinstance(refusal, ENDS_EVERYTHING):
                raise
            lost.add(group)
        except MatouError as fault:
            listing.namespaces_fault = listing.namespaces_fault or fault
            lost.add(group)


def may_have(enabled: bool | None, access_level: str | None) -> bool:  # noqa: FBT001 - as GitLab says it, both ways
    """Whether a project has something at all that can be switched off."""
    return enabled is not False and access_level != "disabled"


def _if_there(rows: Iterator[GitLabSnippet]) -> Iterator[GitLabSnippet]:
    """What is not there has none. What is refused has not said so."""
    with suppress(RemoteNotFound):
        yield from rows


def _id_of(listed: ListedSnippet) -> int:
    return listed.snippet.id
