"""Branches and tags made and deleted, under the same rules as a push has."""

from matou.forge.access import MaySee, MayWriteCode
from matou.forge.content.branches import create_branch, create_tag, default_branch_of, delete_branch, delete_tag
from matou.git.odb.objects import Commit, Signature, find_commit, find_tag, open_repository
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.route import repository_route


class CreateBranchParams(Parameters, frozen=True, kw_only=True):
    """`refs` is where it begins: a branch, a tag or a commit id; empty for the default branch."""

    branch_name: str
    refs: str = ""


class CreateTagParams(Parameters, frozen=True, kw_only=True):
    """`refs` as of a branch; with a message the tag is an object of its own."""

    tag_name: str
    refs: str = ""
    tag_message: str = ""


def make_branch(context: RepositoryContext[MayWriteCode], params: CreateBranchParams) -> wire.GitCodeBranch:
    start = params.refs or "HEAD"
    made = create_branch(context.forge, context.granted, params.branch_name, start=start)
    tip = find_commit(open_repository(context.forge.git_dir(context.repository)), made)
    return wire.GitCodeBranch(
        name=params.branch_name,
        commit=_commit(context, tip),
        default_branch=params.branch_name == default_branch_of(context.forge, context.granted),
    )


def remove_branch(context: RepositoryContext[MayWriteCode], _: Nothing) -> None:
    delete_branch(context.forge, context.granted, context.path["branch"])


def make_tag(context: RepositoryContext[MayWriteCode], params: CreateTagParams) -> wire.GitCodeTag:
    start, message = params.refs or "HEAD", params.tag_message
    target = create_tag(context.forge, context.granted, params.tag_name, start=start, message=message)
    opened = open_repository(context.forge.git_dir(context.repository))
    commit, tag = find_commit(opened, target), find_tag(opened, target)
    return wire.GitCodeTag(
        name=params.tag_name,
        message="" if tag is None else tag.message.rstrip("\n"),
        commit=wire.TagCommit(sha=commit.id, date=wire.utc_second(commit.committer.at)),
        tagger=None if tag is None or tag.tagger is None else _tagger(tag.tagger),
    )


def remove_tag(context: RepositoryContext[MayWriteCode], _: Nothing) -> None:
    delete_tag(context.forge, context.granted, context.path["tag"])


def _commit(context: RepositoryContext[MaySee], commit: Commit) -> wire.BranchCommit:
    return wire.BranchCommit(
        sha=commit.id,
        url=context.links.repository_api(context.repository.path, "commits", commit.id),
        commit=wire.BranchCommitBody(
            author=_signature(commit.author),
            committer=_signature(commit.committer),
            message=commit.message.rstrip("\n"),
        ),
    )


def _signature(person: Signature) -> wire.BranchSignature:
    return wire.BranchSignature(name=person.name, email=person.email, date=wire.zulu_moment(person.at))


def _tagger(person: Signature) -> wire.GitCodeSignature:
    return wire.GitCodeSignature(name=person.name, email=person.email, date=wire.utc_second(person.at))


_BRANCHES = "/repos/{owner}/{repo}/branches"
_TAGS = "/repos/{owner}/{repo}/tags"
_START = "`refs` may be left out, and then is the default branch; a name that begins with `-` or `refs/`, is `HEAD`, or"
_NAMES = f"{_START} looks like an object id, is refused"

ROUTES = (
    repository_route(
        "POST",
        _BRANCHES,
        MayWriteCode,
        CreateBranchParams,
        make_branch,
        answer=wire.GitCodeBranch,
        status=201,
        choices=f"201; {_NAMES}",
    ),
    repository_route(
        "DELETE",
        _BRANCHES + "/{branch...}",
        MayWriteCode,
        Nothing,
        remove_branch,
        answer=None,
        status=204,
        choices="204; the default branch is refused",
    ),
    repository_route(
        "POST",
        _TAGS,
        MayWriteCode,
        CreateTagParams,
        make_tag,
        answer=wire.GitCodeTag,
        status=201,
        choices=f"201; annotated where `tag_message` is not empty; {_NAMES}",
    ),
    repository_route(
        "DELETE",
        _TAGS + "/{tag...}",
        MayWriteCode,
        Nothing,
        remove_tag,
        answer=None,
        status=204,
        choices="204",
    ),
)
