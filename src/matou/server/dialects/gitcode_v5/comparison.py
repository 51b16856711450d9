"""What a commit changed, as a difference or as a mail, and what lies between two revisions."""

from collections.abc import Generator, Hashable
from functools import partial
from typing import Protocol

from msgspec import UNSET
from msgspec.structs import replace

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.differences import (
    MOST_COMMITS_SHOWN,
    RevisionComparison,
    commit_as_mail,
    compare,
    difference_as_text,
)
from matou.forge.content.history import find_commit_at
from matou.forge.forge import Forge
from matou.git.odb.objects import Commit
from matou.git.operations.differences import (
    LARGEST_PATCH_BYTES,
    LARGEST_TEXT_BYTES,
    MOST_FILES,
    MOST_SHOWN_BYTES,
    FileDifference,
)
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing, Parameters, PathText
from matou.server.api.responses import NO_STORE, StreamedResponse
from matou.server.api.route import Workload, repository_route
from matou.server.api.streaming import SANDBOX, streamed
from matou.server.api.v5.contents import readable
from matou.server.dialects.gitcode_v5.commits import at_commits, commit_row, file_row, users_behind
from matou.server.streaming import Header
from matou.settings import MEBIBYTE

TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
BETWEEN = "..."


class CompareQuery(Parameters, frozen=True, kw_only=True):
    """`straight`: compare with the base itself. `suffix`: only files whose path ends so."""

    straight: bool = False
    suffix: PathText = ""


class Text(Protocol):
    """What makes a commit's text, in pieces."""

    def __call__(
        self, forge: Forge, granted: Authorized[Repository, MayReadCode], commit: Commit, /
    ) -> Generator[bytes, None, None]: ...


def show_comparison(context: RepositoryContext[MayReadCode], params: CompareQuery) -> wire.Comparison:
    base, head = _ends(context)
    comparison = compare(context.forge, context.granted, base, head, is_straight=params.straight, suffix=params.suffix)
    commits = (
        comparison.base,
        *comparison.commits,
        *(() if comparison.merge_base is None else (comparison.merge_base,)),
    )
    users = users_behind(context, commits)
    return wire.Comparison(
        base_commit=commit_row(context, comparison.base, users),
        merge_base_commit=None if comparison.merge_base is None else commit_row(context, comparison.merge_base, users),
        commits=[commit_row(context, commit, users) for commit in comparison.commits],
        total_commits=comparison.total_commits,
        files=[changed_file(context, comparison, each) for each in comparison.difference.files],
        truncated=not comparison.is_whole,
    )


def send_difference(context: RepositoryContext[MayReadCode], _: Nothing) -> StreamedResponse:
    return _send(context, difference_as_text)


def send_mail(context: RepositoryContext[MayReadCode], _: Nothing) -> StreamedResponse:
    return _send(context, commit_as_mail)


def _send(context: RepositoryContext[MayReadCode], text: Text) -> StreamedResponse:
    commit = find_commit_at(context.forge, context.granted, context.path["sha"])
    return streamed(
        partial(text, context.forge, context.granted, commit), (TEXT, NO_STORE, SANDBOX), whose=context.caller
    )


def _ends(context: RepositoryContext[MayReadCode]) -> tuple[str, str]:
    """No name of a branch or a tag holds two dots in a row. Raises InvalidParameter."""
    base, dots, head = context.path["range"].partition(BETWEEN)
    if not (base and dots and head):
        raise InvalidParameter("what is compared is BASE...HEAD, not {range}", range=repr(context.path["range"])[:200])
    return base, head


def changed_file(
    context: RepositoryContext[MayReadCode], comparison: RevisionComparison, each: FileDifference
) -> wire.CommitFile:
    is_shown = each.patch is not None
    return replace(
        file_row(context, each, before=comparison.start, after=comparison.head.id),
        patch=readable(each.hunks),
        truncated=not is_shown,
        previous_filename=UNSET if each.old_path == each.path else readable(each.old_path),
    )


def _at(context: RepositoryContext[MayReadCode], params: CompareQuery) -> Hashable | None:  # noqa: ARG001 - as routes ask for it
    return at_commits(context, _ends(context))


_BY_FIRST_PARENT = f"against the first parent; sha may be a branch or a tag; more than {LARGEST_TEXT_BYTES // MEBIBYTE}"

ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commit/{sha}/diff",
        MayReadCode,
        Nothing,
        send_difference,
        answer=bytes,
        workload=Workload.SLOW,
        choices=f"text as `git diff` writes it, renamed files found, {_BY_FIRST_PARENT} MiB are refused",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/commit/{sha}/patch",
        MayReadCode,
        Nothing,
        send_mail,
        answer=bytes,
        workload=Workload.SLOW,
        choices=f"a mail that `git am` applies, binary files too, {_BY_FIRST_PARENT} MiB are refused",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/compare/{range...}",
        MayReadCode,
        CompareQuery,
        show_comparison,
        answer=wire.Comparison,
        workload=Workload.SLOW,
        cache_key=_at,
        choices=(
            "BASE...HEAD, branches, tags or commits; files are compared with the best common ancestor, and with the"
            " base itself where straight=true or nothing is common; the newest"
            f" {MOST_COMMITS_SHOWN} commits, the oldest of them first, and total_commits; {MOST_FILES} files, patches"
            f" up to {LARGEST_PATCH_BYTES // 1024} KiB each and {MOST_SHOWN_BYTES // MEBIBYTE} MiB together: a file's"
            " truncated says that its patch is not shown, the answer's that anything is missing; a binary file has no"
            " patch; previous_filename is ours"
        ),
    ),
)
