"""Commits as a list and one by one, and tags."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import UNSET
from msgspec.structs import replace

from matou.db.users import User
from matou.forge.access import MayReadCode
from matou.forge.content.history import (
    CommitQuery,
    ListedTag,
    changes,
    find_commit_at,
    known_commit_id_at,
    list_commits,
    list_tags,
    users_of,
)
from matou.forge.content.references import ref_listing
from matou.git.odb.objects import Commit, Signature
from matou.git.operations.differences import FileDifference, parent_of
from matou.git.operations.history import MOST_COMMITS, ChangedFile, ChangeKind
from matou.model.names import ObjectId
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import PageParameters, Parameters, PathText
from matou.server.api.response_cache import at_refs
from matou.server.api.responses import ListPage
from matou.server.api.route import Workload, repository_route
from matou.server.api.time_ranges import read_day, read_moment
from matou.server.api.v5.contents import path_or_root, readable

MOST_FILES_SHOWN = 100
_DAY_LENGTH = len("2024-11-08")
_LAST_OF_A_DAY = timedelta(days=1) - timedelta(seconds=1)


class CommitsQuery(PageParameters, frozen=True, kw_only=True):
    """`sha` is where the history begins; empty for the default branch."""

    sha: PathText = ""
    path: PathText = ""
    author: str = ""
    since: str = ""
    until: str = ""


class CommitDetailQuery(Parameters, frozen=True, kw_only=True):
    show_diff: bool = False


def show_commits(context: RepositoryContext[MayReadCode], params: CommitsQuery) -> ListPage:
    only = CommitQuery(
        path=path_or_root(params.path),
        author=params.author,
        since=read_moment("since", params.since),
        until=_read_end(params.until),
    )
    rows, total = list_commits(
        context.forge, context.granted, params.sha, only, offset=params.offset, limit=params.limit
    )
    users = users_behind(context, rows)
    return ListPage([commit_row(context, commit, users) for commit in rows], total)


def show_commit(context: RepositoryContext[MayReadCode], params: CommitDetailQuery) -> wire.GitCodeCommit:
    commit = find_commit_at(context.forge, context.granted, context.path["sha"])
    changed = changes(context.forge, context.granted, commit)
    stats = _stats(changed)
    row = commit_row(context, commit, users_behind(context, (commit,)), stats=stats)
    if not params.show_diff:
        return row
    shown, before = changed[:MOST_FILES_SHOWN], parent_of(commit)
    return replace(row, files=[file_row(context, change, before=before, after=commit.id) for change in shown])


def show_tags(context: RepositoryContext[MayReadCode], params: PageParameters) -> ListPage:
    tags, total = list_tags(context.forge, context.granted, offset=params.offset, limit=params.limit)
    return ListPage([tag_row(tag) for tag in tags], total)


def commit_row(
    context: RepositoryContext[MayReadCode],
    commit: Commit,
    users: Mapping[str, User],
    *,
    stats: wire.CommitStats | None = None,
) -> wire.GitCodeCommit:
    links, path = context.links, context.repository.path
    url = links.repository_api(path, "commits", commit.id)
    return wire.GitCodeCommit(
        url=url,
        sha=commit.id,
        html_url=links.page(path, "commit", commit.id),
        comments_url=None,
        commit=wire.CommitBody(
            author=_signature(commit.author),
            committer=_signature(commit.committer),
            tree=wire.Sha(sha=commit.tree, url=links.repository_api(path, "git", "trees", commit.tree)),
            message=commit.message,
        ),
        author=_person(context, commit.author, users),
        committer=_person(context, commit.committer, users),
        parents=[wire.Sha(sha=parent, url=links.repository_api(path, "commits", parent)) for parent in commit.parents],
        stats=UNSET if stats is None else stats,
    )


def tag_row(tag: ListedTag) -> wire.GitCodeTag:
    """Of a tag that stands for no commit, `commit` is the object that it names, at the beginning of time."""
    at = datetime.fromtimestamp(0, UTC) if tag.commit is None else tag.commit.committer.at
    annotated = tag.annotated
    tagger = None if annotated is None else annotated.tagger
    return wire.GitCodeTag(
        name=readable(tag.name.encode("utf-8", "surrogateescape")),
        message="" if annotated is None else annotated.message,
        commit=wire.TagCommit(sha=tag.target if tag.commit is None else tag.commit.id, date=wire.utc_second(at)),
        tagger=None
        if tagger is None
        else wire.GitCodeSignature(name=tagger.name, email=tagger.email, date=wire.utc_second(tagger.at)),
    )


def _read_end(text: str) -> datetime | None:
    """A day means its last second. Raises InvalidParameter."""
    if len(text) == _DAY_LENGTH and read_day("until", text) is not None:
        moment = read_moment("until", text)
        return None if moment is None else moment + _LAST_OF_A_DAY
    return read_moment("until", text)


def users_behind(context: RepositoryContext[MayReadCode], commits: Iterable[Commit]) -> dict[str, User]:
    emails = [email for commit in commits for email in (commit.author.email, commit.committer.email)]
    return users_of(context.forge, emails)


def _signature(signature: Signature) -> wire.CommitSignature:
    return wire.CommitSignature(name=signature.name, email=signature.email, date=wire.utc_second(signature.at))


def _person(
    context: RepositoryContext[MayReadCode], signature: Signature, users: Mapping[str, User]
) -> wire.CommitPerson:
    user = users.get(signature.email)
    date = wire.utc_second(signature.at)
    if user is None:
        # The sample's login is no account's either.
        name = signature.name
        return wire.CommitPerson(login=name, name=name, email=signature.email, date=date, type="User")
    return wire.CommitPerson(
        id=user.id,
        login=user.name,
        name=user.display_name or user.name,
        email=signature.email,
        date=date,
        html_url=context.links.user(user.name),
        type="User",
    )


def _stats(changed: Iterable[ChangedFile]) -> wire.CommitStats:
    pairs = [(change.additions, change.deletions) for change in changed]
    additions, deletions = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return wire.CommitStats(additions=additions, deletions=deletions, total=additions + deletions)


def file_row(
    context: RepositoryContext[MayReadCode], change: ChangedFile | FileDifference, *, before: ObjectId, after: ObjectId
) -> wire.CommitFile:
    """Of what is gone, the links are to what was before; a submodule is no file of this repository."""
    path = context.repository.path
    shown_in = before if change.kind is ChangeKind.REMOVED else after
    page = context.links.page(path, "tree" if change.is_submodule else "blob", shown_in, change.path)
    raw = context.links.repository_api(path, "raw", change.path) + f"?ref={shown_in}"
    return wire.CommitFile(
        sha=change.blob,
        filename=readable(change.path),
        status=change.kind,
        additions=change.additions,
        deletions=change.deletions,
        changes=change.additions + change.deletions,
        blob_url=page,
        raw_url=None if change.is_submodule else raw,
        content_url=page,
    )


def _at_list(context: RepositoryContext[MayReadCode], params: CommitsQuery) -> Hashable | None:
    """The database has a part in it: users, by their e-mail. An empty repository names no commit and is not refused."""
    if ref_listing(context.forge, context.granted).is_empty:
        return None
    return _at_commit(context, params.sha)


def _at_one(context: RepositoryContext[MayReadCode], params: CommitDetailQuery) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    return _at_commit(context, context.path["sha"])


def _at_commit(context: RepositoryContext[MayReadCode], revision: str) -> Hashable | None:
    return at_commits(context, (revision,))


def at_commits(context: RepositoryContext[MayReadCode], revisions: Sequence[str]) -> Hashable | None:
    """For what commits and the users behind them decide."""
    version = context.forge.database.version()
    if version is None:
        return None
    names = tuple(known_commit_id_at(context.forge, context.granted, revision) for revision in revisions)
    return None if None in names else (*names, version)


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commits",
        MayReadCode,
        CommitsQuery,
        show_commits,
        answer=list[wire.GitCodeCommit],
        workload=Workload.SLOW,
        cache_key=_at_list,
        choices=(
            "newest first, in the order of git log; path is a file or a folder, as git log -- PATH takes it; author is"
            " a part of a name or e-mail, whatever the case, or a user's name; since and until bound the committer's"
            " date, both included, and of a day, which is one of UTC+8, all of it; a repository without a commit has"
            " none;"
            f" total_count goes up to {MOST_COMMITS}"
        ),
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commits/{sha...}",
        MayReadCode,
        CommitDetailQuery,
        show_commit,
        answer=wire.GitCodeCommit,
        workload=Workload.SLOW,
        cache_key=_at_one,
        choices=(
            "sha may be a branch or a tag; stats are against the first parent, with renamed files found; files come"
            f" with show_diff=true, {MOST_FILES_SHOWN} of them at most"
        ),
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/tags",
        MayReadCode,
        PageParameters,
        show_tags,
        answer=list[wire.GitCodeTag],
        cache_key=at_refs,
        choices="by name; message is empty and tagger null for a tag that is not annotated",
    ),
)
