"""Actions about branches and tags."""

from collections.abc import Iterator

import pygit2

from matou.forge.access import MayReadCode, MayWriteCode
from matou.forge.content import branches
from matou.forge.content.branches import BRANCHES, TAGS
from matou.forge.content.history import NoSuchTag, find_branch
from matou.forge.content.references import ref_listing
from matou.git.odb.objects import MissingObject, TooLargeToRead, commit_to_list, find_tag, open_repository
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from matou.platforms.coding import wire, wire_contents
from matou.platforms.coding import wire_requests as requests
from matou.server.dialects.coding.commits import commit_row, short_message, stamp
from matou.server.dialects.coding.context import (
    READ_REPOSITORY,
    WRITE_REPOSITORY,
    CodingAction,
    TeamContext,
    action,
    page_request,
    readable,
)
from matou.server.dialects.coding.depots import find_depot


def all_branches(context: TeamContext, request: requests.DescribeGitBranches) -> wire_contents.BranchesResponse:
    rows, total = _page_of_branches(context, request, request.key_word)
    return wire_contents.BranchesResponse(branches=rows, total_count=total)


def branch_list(context: TeamContext, request: requests.DescribeGitBranchList) -> wire_contents.BranchListResponse:
    rows, total = _page_of_branches(context, request, request.key_word)
    return wire_contents.BranchListResponse(
        git_branches_data=wire_contents.GitBranchesData(branches=rows, total_count=total)
    )


def _page_of_branches(
    context: TeamContext, request: requests.PagedOfDepot, keyword: str
) -> tuple[list[wire_contents.GitBranch], int]:
    page = page_request(request.page_number, request.page_size)
    granted = find_depot(context, request, MayReadCode)
    listing = ref_listing(context.forge, granted)
    default = branches.default_branch_of(context.forge, granted)
    names = sorted(_names(listing, BRANCHES, keyword), key=lambda name: (name != default, name))
    opened = open_repository(context.forge.git_dir(granted.subject))
    return [_branch_row(opened, listing, name, default) for name in page.of(names)], len(names)


def tags(context: TeamContext, request: requests.DescribeGitTags) -> wire_contents.TagsResponse:
    page = page_request(request.page, request.page_size)
    granted = find_depot(context, request, MayReadCode)
    listing = ref_listing(context.forge, granted)
    opened = open_repository(context.forge.git_dir(granted.subject))
    names = page.of(sorted(_names(listing, TAGS, request.key_word)))
    return wire_contents.TagsResponse(
        git_tags=[_tag_row(opened, name, listing.refs[RefName(TAGS + name)]) for name in names]
    )


def one_branch(context: TeamContext, request: requests.DescribeGitBranch) -> wire_contents.BranchResponse:
    granted = find_depot(context, request, MayReadCode)
    branch = find_branch(context.forge, granted, request.branch_name)
    return wire_contents.BranchResponse(
        git_branch=wire_contents.GitBranchDetail(
            branch_name=readable(branch.name),
            is_default_branch=branch.is_default,
            last_commit=commit_row(branch.commit),
            sha=branch.commit.id,
        )
    )


def one_tag(context: TeamContext, request: requests.DescribeGitTag) -> wire_contents.TagResponse:
    granted = find_depot(context, request, MayReadCode)
    target = ref_listing(context.forge, granted).refs.get(RefName(TAGS + request.tag_name))
    if target is None:
        raise NoSuchTag("there is no tag {name}", name=repr(request.tag_name)[:200])
    opened = open_repository(context.forge.git_dir(granted.subject))
    return wire_contents.TagResponse(git_tag=_tag_row(opened, request.tag_name, target))


def new_branch(context: TeamContext, request: requests.CreateGitBranch) -> wire.Response:
    granted = find_depot(context, request, MayWriteCode)
    branches.create_branch(context.forge, granted, request.branch_name, start=request.start_point)
    return wire.Response()


def new_tag(context: TeamContext, request: requests.CreateGitTag) -> wire_contents.TagResponse:
    granted = find_depot(context, request, MayWriteCode)
    target = branches.create_tag(
        context.forge,
        granted,
        request.tag_name,
        start=request.start_point,
        message=request.message,
    )
    opened = open_repository(context.forge.git_dir(granted.subject))
    return wire_contents.TagResponse(git_tag=_tag_row(opened, request.tag_name, target))


def remove_branch(context: TeamContext, request: requests.DeleteGitBranch) -> wire.Response:
    granted = find_depot(context, request, MayWriteCode)
    branches.delete_branch(context.forge, granted, request.branch_name)
    return wire.Response()


def remove_tag(context: TeamContext, request: requests.DeleteGitTag) -> wire.Response:
    granted = find_depot(context, request, MayWriteCode)
    branches.delete_tag(context.forge, granted, request.tag_name)
    return wire.Response()


def _names(listing: RefListing, folder: str, keyword: str) -> Iterator[str]:
    """Short names of the refs in a folder that hold the keyword, whatever the case."""
    needle = keyword.casefold()
    for ref in listing.refs:
        if ref.startswith(folder) and needle in ref.removeprefix(folder).casefold():
            yield ref.removeprefix(folder)


def _branch_row(
    opened: pygit2.Repository, listing: RefListing, name: str, default: str | None
) -> wire_contents.GitBranch:
    tip = listing.refs[RefName(BRANCHES + name)]
    return wire_contents.GitBranch(
        branch_name=readable(name),
        is_default_branch=name == default,
        last_commit_date=stamp(commit_to_list(opened, tip).committer),
        sha=tip,
    )


def _tag_row(opened: pygit2.Repository, name: str, target: ObjectId) -> wire_contents.GitTag:
    return wire_contents.GitTag(
        commit=_tagged(opened, target), message=_message(opened, target), tag_name=readable(name)
    )


def _tagged(opened: pygit2.Repository, target: ObjectId) -> wire_contents.GitTagCommit:
    try:
        commit = commit_to_list(opened, target)
    except MissingObject:
        return wire_contents.GitTagCommit(sha=target)
    return wire_contents.GitTagCommit(
        author_email=commit.author.email,
        author_name=commit.author.name,
        commit_date=stamp(commit.committer),
        committer_email=commit.committer.email,
        committer_name=commit.committer.name,
        created_at=stamp(commit.committer),
        parents=list(commit.parents),
        sha=commit.id,
        short_message=short_message(commit),
    )


def _message(opened: pygit2.Repository, target: ObjectId) -> str:
    try:
        tag = find_tag(opened, target)
    except (MissingObject, TooLargeToRead):
        return ""
    return "" if tag is None else tag.message


_ORDER = "The default branch first, the others by name"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeGitBranches,
        all_branches,
        READ_REPOSITORY,
        f"{_ORDER}. `KeyWord` is a part of the name, whatever the case. No branch is protected.",
    ),
    action(requests.DescribeGitBranchList, branch_list, READ_REPOSITORY, f"{_ORDER}. `DepotId` is taken too."),
    action(
        requests.DescribeGitTags,
        tags,
        READ_REPOSITORY,
        "By name. `Message` is empty for a tag that is not annotated. Of a tag that stands for no commit only "
        "`Commit.Sha` is "
        "filled: the object that it names.",
    ),
    action(
        requests.DescribeGitBranch,
        one_branch,
        READ_REPOSITORY,
        "The short name, case and all. `Content`, a branch's note, is empty. No branch is protected.",
    ),
    action(requests.DescribeGitTag, one_tag, READ_REPOSITORY, "The short name, case and all; else as DescribeGitTags."),
    action(
        requests.CreateGitBranch,
        new_branch,
        WRITE_REPOSITORY,
        "`StartPoint` is a branch, a tag or a commit id, whole or cut short. A name that begins with `-` or `refs/`, "
        "is `HEAD`, or looks like an "
        "object id is refused. `Note` is not kept.",
    ),
    action(
        requests.CreateGitTag,
        new_tag,
        WRITE_REPOSITORY,
        "Annotated where `Message` is not empty. Names as for CreateGitBranch. `GitTag.Message` is the tag's.",
    ),
    action(requests.DeleteGitBranch, remove_branch, WRITE_REPOSITORY, "The default branch is refused."),
    action(requests.DeleteGitTag, remove_tag, WRITE_REPOSITORY),
)
