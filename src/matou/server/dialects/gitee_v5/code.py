"""Who one is, repositories, and their branches, tags and commits: what a client of Gitee's API v5 asks for first."""

from collections.abc import Sequence
from typing import Any

from matou.db.namespaces import NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_listings import RepositoryQuery
from matou.db.users import User
from matou.forge.access import Action, MayReadCode, MaySee, Scope, may
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
from matou.forge.repositories.repository_lists import own_repositories, repository_facts
from matou.git.odb.objects import Commit
from matou.model.platform import Visibility
from matou.platforms.gitee import wire_v5
from matou.platforms.gitee.wire_v3 import moment_of
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import Nothing, PageParameters, PathText
from matou.server.api.response_cache import at_database, at_refs, at_refs_and_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, plain_route, repository_route
from matou.server.api.v5.queries import WholeUnlessPaged
from matou.server.dialects.gitee_v5.conversation_rows import signature_row

_READ = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)


class HistoryQuery(PageParameters, frozen=True, kw_only=True):
    """`sha` is where the history begins; empty for the default branch."""

    sha: PathText = ""


def show_self(context: RequestContext, _: Nothing) -> wire_v5.GiteeUser:
    return _user(context, context.user, email=context.user.email)


def list_own(context: RequestContext, params: PageParameters) -> ListPage:
    page = own_repositories(
        context.forge, context.identity, context.user, RepositoryQuery(), offset=params.offset, limit=params.limit
    )
    listed, total = page
    return ListPage(_repositories(context, [granted.subject for granted in listed]), total)


def show_repository(context: RepositoryContext[MaySee], _: Nothing) -> wire_v5.GiteeRepository:
    return _repositories(context, [context.repository])[0]


def show_branches(context: RepositoryContext[MayReadCode], params: WholeUnlessPaged) -> ListPage:
    rows, total = list_branches(
        context.forge,
        context.granted,
        order=BranchOrder.NAME,
        descending=False,
        offset=params.offset,
        limit=params.limit,
    )
    return ListPage([_branch(context, branch) for branch in rows], total)


def show_branch(context: RepositoryContext[MayReadCode], _: Nothing) -> dict[str, object]:
    return _branch(context, find_branch(context.forge, context.granted, context.path["branch"]))


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


def _user(context: RequestContext, user: User, *, email: str | None = None) -> wire_v5.GiteeUser:
    """An e-mail is shown to its owner alone."""
    return wire_v5.GiteeUser(
        id=user.id,
        login=user.name,
        name=user.display_name or user.name,
        avatar_url="",
        html_url=context.links.user(user.name),
        email=email,
        type="User",
    )


def _repositories(context: RequestContext, repositories: Sequence[Repository]) -> list[wire_v5.GiteeRepository]:
    facts = repository_facts(context.forge, context.identity, repositories)
    return [_repository(context, one, facts[one.id]) for one in repositories if one.id in facts]


def _repository(context: RequestContext, repository: Repository, facts: Any) -> wire_v5.GiteeRepository:
    links, path, namespace = context.links, repository.path, facts.namespace

    def allows(action: Action) -> bool:
        return may(context.forge, context.identity, action, repository)

    return wire_v5.GiteeRepository(
        id=repository.id,
        full_name=str(path),
        human_name=f"{namespace.display_name or namespace.name}/{repository.true_name}",
        namespace=wire_v5.GiteeNamespace(
            id=namespace.id,
            type="personal" if namespace.kind is NamespaceKind.USER else "group",
            name=namespace.display_name or namespace.name,
            path=str(namespace.path),
            html_url=links.page(namespace.path),
        ),
        path=path.name,
        name=repository.true_name,
        owner=None if facts.creator is None else _user(context, facts.creator),
        description=repository.description,
        private=repository.visibility is Visibility.PRIVATE,
        public=repository.visibility is Visibility.PUBLIC,
        internal=repository.visibility is Visibility.INTERNAL,
        fork=facts.is_fork,
        html_url=links.git(path),
        ssh_url="",
        default_branch=repository.default_branch,
        has_issues=facts.modules.has_issue,
        has_wiki=facts.modules.has_wiki,
        pull_requests_enabled=facts.modules.has_merge_request,
        permission=wire_v5.GiteePermission(
            pull=allows(Action.READ_CODE), push=allows(Action.WRITE_CODE), admin=allows(Action.CHANGE_SETTINGS)
        ),
        pushed_at=None if repository.last_push_at is None else moment_of(repository.last_push_at),
        created_at=moment_of(repository.created_at or repository.updated_at),
        updated_at=moment_of(repository.updated_at),
    )


def _branch(context: RepositoryContext[MayReadCode], branch: ListedBranch) -> dict[str, object]:
    """None is protected here."""
    name = readable(branch.name)
    commit_url = context.links.repository_api(context.repository.path, "commits", branch.commit.id)
    own = context.links.repository_api(context.repository.path, "branches", name)
    return {
        "name": name,
        "commit": {"sha": branch.commit.id, "url": commit_url},
        "_links": {"self": own, "html": context.links.page(context.repository.path, "tree", name)},
        "protected": False,
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


def readable(name: str) -> str:
    """As JSON has it, which holds no bytes that are no text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_ROW = dict[str, object]

ROUTES: tuple[Route, ...] = (
    plain_route("GET", "/user", Nothing, show_self, answer=wire_v5.GiteeUser),
    plain_route(
        "GET",
        "/user/repos",
        PageParameters,
        list_own,
        answer=list[wire_v5.GiteeRepository],
        scopes=_READ,
        cache_key=at_database,
    ),
    repository_route("GET", "/repos/{owner}/{repo}", MaySee, Nothing, show_repository, answer=wire_v5.GiteeRepository),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/branches",
        MayReadCode,
        WholeUnlessPaged,
        show_branches,
        answer=list[_ROW],
        workload=Workload.SLOW,
        cache_key=at_refs_and_database,
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
