"""A repository, and its branches, tags and commits, by Gitee's API v5."""

from collections.abc import Collection, Hashable

from matou.forge.access import MayReadCode, MaySee
from matou.forge.content.history import (
    EVERY_COMMIT,
    BranchOrder,
    ListedBranch,
    ListedTag,
    find_branch,
    find_commit_at,
    list_branches,
    list_commits,
    list_tags,
)
from matou.git.odb.objects import Commit
from matou.platforms.gitee import wire_v5
from matou.platforms.gitee.wire_v3 import moment_of
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, PageParameters, PathText
from matou.server.api.response_cache import at_refs, at_refs_and_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.v5.queries import WholeUnlessPaged
from matou.server.api.v5.served import reads_conversation
from matou.server.dialects.gitee_v5.conversation import SERVED
from matou.server.dialects.gitee_v5.conversation_rows import signature_row
from matou.server.dialects.gitee_v5.objects import repository_rows


class HistoryQuery(PageParameters, frozen=True, kw_only=True):
    """`sha` is where the history begins; empty for the default branch."""

    sha: PathText = ""


def show_repository(context: RepositoryContext[MaySee], _: Nothing) -> dict[str, object]:
    return repository_rows(context, [context.repository])[0]


def show_branches(context: RepositoryContext[MayReadCode], params: WholeUnlessPaged) -> ListPage:
    rows, total = list_branches(
        context.forge,
        context.granted,
        order=BranchOrder.NAME,
        descending=False,
        offset=params.offset,
        limit=params.limit,
    )
    protected = SERVED.protected_branches(context)
    return ListPage([_branch(context, branch, protected) for branch in rows], total)


def show_branch(context: RepositoryContext[MayReadCode], _: Nothing) -> dict[str, object]:
    branch = find_branch(context.forge, context.granted, context.path["branch"])
    return _branch(context, branch, SERVED.protected_branches(context))


def show_tags(context: RepositoryContext[MayReadCode], params: WholeUnlessPaged) -> ListPage:
    tags, total = list_tags(context.forge, context.granted, offset=params.offset, limit=params.limit)
    return ListPage([_tag(tag) for tag in tags], total)


def show_commits(context: RepositoryContext[MayReadCode], params: HistoryQuery) -> ListPage:
    rows, total = list_commits(
        context.forge, context.granted, params.sha, EVERY_COMMIT, offset=params.offset, limit=params.limit
    )
    return ListPage([_commit(context, commit) for commit in rows], total)


def show_commit(context: RepositoryContext[MayReadCode], _: Nothing) -> dict[str, object]:
    return _commit(context, find_commit_at(context.forge, context.granted, context.path["sha"]))


def _branch(
    context: RepositoryContext[MayReadCode], branch: ListedBranch, protected: Collection[str]
) -> dict[str, object]:
    name = readable(branch.name)
    commit_url = context.links.repository_api(context.repository.path, "commits", branch.commit.id)
    own = context.links.repository_api(context.repository.path, "branches", name)
    return {
        "name": name,
        "commit": {"sha": branch.commit.id, "url": commit_url},
        "protected": name in protected,
        "protection_url": f"{own}/protection",
    }


def _tag(tag: ListedTag) -> dict[str, object]:
    return {
        "name": readable(tag.name),
        "message": "" if tag.annotated is None else tag.annotated.message,
        "commit": {
            "sha": tag.target if tag.commit is None else tag.commit.id,
            "date": None if tag.commit is None else moment_of(tag.commit.committer.at),
        },
    }


def _commit(context: RepositoryContext[MayReadCode], commit: Commit) -> dict[str, object]:
    links, path = context.links, context.repository.path
    url = links.repository_api(path, "commits", commit.id)
    return {
        "url": url,
        "sha": commit.id,
        "html_url": links.page(path, "commit", commit.id),
        "comments_url": f"{url}/comments",
        "commit": {
            "author": signature_row(commit.author),
            "committer": signature_row(commit.committer),
            "tree": {"sha": commit.tree, "url": links.repository_api(path, "git", "trees", commit.tree)},
            "message": commit.message,
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": one, "url": links.repository_api(path, "commits", one)} for one in commit.parents],
        "stats": None,
    }


def _at_branches(context: RepositoryContext[MayReadCode], params: WholeUnlessPaged) -> Hashable | None:
    version = at_refs_and_database(context, params)
    return None if version is None else (version, reads_conversation(context))


def readable(name: str) -> str:
    """As JSON has it, which holds no bytes that are no text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_ROW = dict[str, object]

ROUTES: tuple[Route, ...] = (
    repository_route("GET", "/repos/{owner}/{repo}", MaySee, Nothing, show_repository, answer=wire_v5.GiteeRepository),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/branches",
        MayReadCode,
        WholeUnlessPaged,
        show_branches,
        answer=list[_ROW],
        workload=Workload.SLOW,
        cache_key=_at_branches,
        choices="all of them, unless a page is asked for; protected are those that were so at the platform, by"
        " which nothing here goes",
    ),
    repository_route(
        "GET", "/repos/{owner}/{repo}/branches/{branch...}", MayReadCode, Nothing, show_branch, answer=_ROW
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/tags",
        MayReadCode,
        WholeUnlessPaged,
        show_tags,
        answer=list[_ROW],
        workload=Workload.SLOW,
        cache_key=at_refs,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commits",
        MayReadCode,
        HistoryQuery,
        show_commits,
        answer=list[_ROW],
        workload=Workload.SLOW,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commits/{sha...}",
        MayReadCode,
        Nothing,
        show_commit,
        answer=_ROW,
        workload=Workload.SLOW,
    ),
)
