"""Branches as a list and one by one."""

from collections.abc import Hashable

from matou.forge.access import Action, MayReadCode, may
from matou.forge.content.branches import BRANCHES, default_branch_of
from matou.forge.content.history import BranchOrder, ListedBranch, find_branch, is_merged, list_branches, users_of
from matou.forge.content.references import ref_listing
from matou.git.odb.objects import Commit, Signature
from matou.model.names import RefName
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Direction, Nothing, PageParameters
from matou.server.api.response_cache import at_refs_and_database
from matou.server.api.responses import ListPage
from matou.server.api.route import Workload, repository_route
from matou.server.api.v5.contents import readable

SHORT_ID = 8


class BranchesQuery(PageParameters, frozen=True, kw_only=True):
    sort: BranchOrder = BranchOrder.NAME
    direction: Direction = Direction.ASCENDING


def show_branches(context: RepositoryContext[MayReadCode], params: BranchesQuery) -> ListPage:
    rows, total = list_branches(
        context.forge,
        context.granted,
        order=params.sort,
        descending=params.direction is Direction.DESCENDING,
        offset=params.offset,
        limit=params.limit,
    )
    return ListPage([branch_row(context, branch) for branch in rows], total)


def show_branch(context: RepositoryContext[MayReadCode], params: Nothing) -> wire.BranchDetail:  # noqa: ARG001 - as routes ask for it
    branch = find_branch(context.forge, context.granted, context.path["branch"])
    return wire.BranchDetail(
        name=_name(branch),
        commit=_tip(context, branch.commit),
        merged=is_merged(context.forge, context.granted, branch),
        can_push=may(context.forge, context.identity, Action.WRITE_CODE, context.repository),
        developers_can_push=not context.repository.archived,
        developers_can_merge=not context.repository.archived,
        default=branch.is_default,
    )


def branch_row(context: RepositoryContext[MayReadCode], branch: ListedBranch) -> wire.GitCodeBranch:
    commit = branch.commit
    return wire.GitCodeBranch(
        name=_name(branch),
        commit=wire.BranchCommit(
            sha=commit.id,
            url=context.links.repository_api(context.repository.path, "commits", commit.id),
            commit=wire.BranchCommitBody(
                author=_signature(commit.author), committer=_signature(commit.committer), message=commit.message
            ),
        ),
        default_branch=branch.is_default,
    )


def _name(branch: ListedBranch) -> str:
    return readable(branch.name.encode("utf-8", "surrogateescape"))


def _signature(signature: Signature) -> wire.BranchSignature:
    return wire.BranchSignature(name=signature.name, email=signature.email, date=wire.zulu_moment(signature.at))


def _tip(context: RepositoryContext[MayReadCode], commit: Commit) -> wire.GitCodeBranchTip:
    author, committer = commit.author, commit.committer
    users = users_of(context.forge, (author.email, committer.email))
    logins = {email: user.name for email, user in users.items()}
    return wire.GitCodeBranchTip(
        id=commit.id,
        sha=commit.id,
        short_id=commit.id[:SHORT_ID],
        title=commit.subject,
        message=commit.message,
        parent_ids=list(commit.parents),
        author_name=author.name,
        author_email=author.email,
        author_user_name=logins.get(author.email),
        author_avatar_url="",
        author_iam_id=None,
        authored_date=wire.zulu_moment(author.at),
        committer_name=committer.name,
        committer_email=committer.email,
        committer_user_name=logins.get(committer.email),
        committer_avatar_url="",
        committed_date=wire.zulu_moment(committer.at),
        created_at=wire.zulu_moment(committer.at),
        gpg_primary_key_id=None,
        open_gpg_verified=None,
        relate_url=None,
        verification_status=None,
    )


def _at(context: RepositoryContext[MayReadCode], params: Nothing) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    version, refs = context.forge.database.version(), ref_listing(context.forge, context.granted).refs
    tip = refs.get(RefName(BRANCHES + context.path["branch"]))
    if version is None or tip is None:
        return None
    default = default_branch_of(context.forge, context.granted)
    can_push = may(context.forge, context.identity, Action.WRITE_CODE, context.repository)
    return (tip, default, refs.get(RefName(f"{BRANCHES}{default}")), can_push, version)


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/branches",
        MayReadCode,
        BranchesQuery,
        show_branches,
        answer=list[wire.GitCodeBranch],
        cache_key=at_refs_and_database,
        choices="by name unless sort is updated, which is the committer's date of the tip; none is protected",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/branches/{branch...}",
        MayReadCode,
        Nothing,
        show_branch,
        answer=wire.BranchDetail,
        workload=Workload.SLOW,
        cache_key=_at,
        choices="commit has both id and sha; merged: the default branch holds all of it; can_push is the caller's",
    ),
)
