"""A repository, and its branches, tags and commits."""

from dataclasses import dataclass
from typing import Final

from matou.db.repositories import RepositoryId
from matou.forge.access import MayReadCode, MaySee, authorize
from matou.forge.content.differences import difference_of
from matou.forge.content.history import (
    EVERY_COMMIT,
    BranchOrder,
    CommitQuery,
    ListedBranch,
    ListedTag,
    find_branch,
    find_commit_at,
    list_branches,
    list_commits,
    list_tags,
)
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.git.odb.objects import Commit, Signature, TreePath
from matou.git.operations.differences import Difference, FileDifference
from matou.model.names import RepositoryPath
from matou.server.api.context import ProjectContext, RepositoryContext, RequestContext
from matou.server.api.links import Links
from matou.server.api.params import Nothing, PathText
from matou.server.api.response_cache import at_refs
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, plain_route, repository_route
from matou.server.api.time_ranges import read_moment
from matou.server.dialects.github_v3.objects import project_as_repository, repository_url, whole_repository, written
from matou.server.dialects.github_v3.paging import GitHubPage, linked

CodeContext = RepositoryContext[MayReadCode]


_LONGEST_ID: Final = 15


class CommitListQuery(GitHubPage, frozen=True, kw_only=True):
    """`sha` is where the history begins; empty for the default branch. `author` is a name or an e-mail."""

    sha: PathText = ""
    path: PathText = ""
    author: str = ""
    since: str = ""
    until: str = ""


class BranchListQuery(GitHubPage, frozen=True, kw_only=True):
    """`protected`: only those that are, or only the others."""

    protected: bool | None = None


@dataclass(frozen=True, slots=True)
class CodeAddresses:
    """Where what a repository has is to be had."""

    links: Links
    path: RepositoryPath

    @classmethod
    def of(cls, context: RepositoryContext[MaySee]) -> "CodeAddresses":
        return cls(context.links, context.repository.path)

    def api(self, *segments: str) -> str:
        return repository_url(self.links, self.path, *segments)

    def page(self, *segments: str | bytes) -> str:
        return self.links.page(self.path, *segments)


def show_repository(context: RepositoryContext[MaySee], _: Nothing) -> dict[str, object]:
    if isinstance(context, ProjectContext):
        return project_as_repository(context)
    return whole_repository(context, context.repository)


def show_numbered(context: RequestContext, _: Nothing) -> dict[str, object]:
    """Raises NoSuchRepository."""
    text = context.path["id"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else 0
    found = find_repository_by_id(context.forge, RepositoryId(number))
    return whole_repository(context, authorize(context.forge, context.identity, MaySee, found).subject)


def show_topics(context: RepositoryContext[MaySee], _: Nothing) -> dict[str, list[str]]:  # noqa: ARG001 - as routes ask for it
    """Nothing here has any."""
    return {"names": []}


def show_branches(context: CodeContext, params: BranchListQuery) -> ListPage:
    """None is protected: by a platform's rules nothing here goes."""
    at = CodeAddresses.of(context)
    if params.protected:
        return linked(params, [], 0, at.api("branches"))
    rows, total = list_branches(
        context.forge,
        context.granted,
        order=BranchOrder.NAME,
        descending=False,
        offset=params.offset,
        limit=params.limit,
    )
    return linked(params, [_listed_branch(at, one) for one in rows], total, at.api("branches"))


def show_branch(context: CodeContext, _: Nothing) -> dict[str, object]:
    branch, at = find_branch(context.forge, context.granted, context.path["branch"]), CodeAddresses.of(context)
    row, name = _listed_branch(at, branch), readable(branch.name)
    own = at.api("branches", name)
    return {
        **row,
        "commit": commit_row(at, branch.commit),
        "_links": {"self": own, "html": at.page("tree", branch.name)},
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{own}/protection",
    }


def show_tags(context: CodeContext, params: GitHubPage) -> ListPage:
    tags, total = list_tags(context.forge, context.granted, offset=params.offset, limit=params.limit)
    at = CodeAddresses.of(context)
    return linked(params, [_tag(at, tag) for tag in tags], total, at.api("tags"))


def show_commits(context: CodeContext, params: CommitListQuery) -> ListPage:
    rows, total = list_commits(
        context.forge,
        context.granted,
        params.sha,
        _selection(params),
        offset=params.offset,
        limit=params.limit,
    )
    at = CodeAddresses.of(context)
    return linked(params, [commit_row(at, commit) for commit in rows], total, at.api("commits"))


def show_commit(context: CodeContext, _: Nothing) -> dict[str, object]:
    commit, at = find_commit_at(context.forge, context.granted, context.path["ref"]), CodeAddresses.of(context)
    difference = difference_of(context.forge, context.granted, commit)
    return {**commit_row(at, commit), "stats": _stats(difference), "files": file_rows(at, difference, commit.id)}


def commit_row(at: CodeAddresses, commit: Commit) -> dict[str, object]:
    url = at.api("commits", commit.id)
    return {
        "sha": commit.id,
        "node_id": f"C_{commit.id}",
        "commit": {
            "author": signature_row(commit.author),
            "committer": signature_row(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": at.api("git", "trees", commit.tree)},
            "url": at.api("git", "commits", commit.id),
            "comment_count": 0,
        },
        "url": url,
        "html_url": at.page("commit", commit.id),
        "comments_url": f"{url}/comments",
        "author": None,
        "committer": None,
        "parents": [
            {"sha": one, "url": at.api("commits", one), "html_url": at.page("commit", one)} for one in commit.parents
        ],
    }


def signature_row(signature: Signature) -> dict[str, object]:
    return {"name": signature.name, "email": signature.email, "date": written(signature.at)}


def file_rows(at: CodeAddresses, difference: Difference, head: str) -> list[dict[str, object]]:
    return [_file(at, each, head) for each in difference.files]


def readable(text: str | bytes | None) -> str:
    """As JSON has it, which holds no bytes that are no text."""
    if text is None:
        return ""
    content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return content.decode("utf-8", "replace")


def _file(at: CodeAddresses, each: FileDifference, head: str) -> dict[str, object]:
    row = {
        "sha": each.blob,
        "filename": readable(each.path),
        "status": each.kind.value,
        "additions": each.additions,
        "deletions": each.deletions,
        "changes": each.additions + each.deletions,
        "blob_url": at.page("blob", head, each.path),
        "raw_url": at.page("raw", head, each.path),
        "contents_url": f"{at.api('contents', readable(each.path))}?ref={head}",
    }
    before = {"previous_filename": readable(each.old_path)} if each.old_path != each.path else {}
    return {**row, **before, **({"patch": readable(each.hunks)} if each.hunks else {})}


def _stats(difference: Difference) -> dict[str, int]:
    added, removed = (sum(getattr(each, name) for each in difference.files) for name in ("additions", "deletions"))
    return {"total": added + removed, "additions": added, "deletions": removed}


def _selection(params: CommitListQuery) -> CommitQuery:
    """Raises InvalidParameter, InvalidTreePath."""
    since, until = read_moment("since", params.since), read_moment("until", params.until)
    path = TreePath.parse(params.path) if params.path else None
    return CommitQuery(path=path, author=params.author, since=since, until=until) if _narrows(params) else EVERY_COMMIT


def _narrows(params: CommitListQuery) -> bool:
    return any((params.path, params.author, params.since, params.until))


def _listed_branch(at: CodeAddresses, branch: ListedBranch) -> dict[str, object]:
    return {
        "name": readable(branch.name),
        "commit": {"sha": branch.commit.id, "url": at.api("commits", branch.commit.id)},
        "protected": False,
    }


def _tag(at: CodeAddresses, tag: ListedTag) -> dict[str, object]:
    name, target = readable(tag.name), tag.target if tag.commit is None else tag.commit.id
    return {
        "name": name,
        "commit": {"sha": target, "url": at.api("commits", target)},
        "zipball_url": at.api("zipball", "refs", "tags", name),
        "tarball_url": at.api("tarball", "refs", "tags", name),
        "node_id": f"REF_{name}",
    }


_ROW = dict[str, object]
_REPOSITORY: Final = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        _REPOSITORY,
        MaySee,
        Nothing,
        show_repository,
        answer=_ROW,
        choices="found by the name that it has at its platform, too; a nested owner is written with colons,"
        " `TEAM:PROJECT`; what a source owns is `archived`",
    ),
    plain_route(
        "GET",
        "/repositories/{id}",
        Nothing,
        show_numbered,
        answer=_ROW,
        scopes=(),
        choices="by the `id` that it has here",
    ),
    repository_route("GET", f"{_REPOSITORY}/topics", MaySee, Nothing, show_topics, answer=_ROW, choices="none"),
    repository_route(
        "GET",
        f"{_REPOSITORY}/branches",
        MayReadCode,
        BranchListQuery,
        show_branches,
        answer=list[_ROW],
        workload=Workload.SLOW,
        cache_key=at_refs,
        choices="none is protected: by a platform's rules nothing here goes",
    ),
    repository_route("GET", f"{_REPOSITORY}/branches/{{branch...}}", MayReadCode, Nothing, show_branch, answer=_ROW),
    repository_route(
        "GET",
        f"{_REPOSITORY}/tags",
        MayReadCode,
        GitHubPage,
        show_tags,
        answer=list[_ROW],
        workload=Workload.SLOW,
        cache_key=at_refs,
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/commits",
        MayReadCode,
        CommitListQuery,
        show_commits,
        answer=list[_ROW],
        workload=Workload.SLOW,
        choices="`author` is a part of a name or an e-mail",
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/commits/{{ref...}}",
        MayReadCode,
        Nothing,
        show_commit,
        answer=_ROW,
        workload=Workload.SLOW,
        choices="with the files that it changed, at most 300",
    ),
)
