"""What a pull request changes: line by line as `gc` reads it, and as text as `ag` does."""

from functools import partial

from matou.forge.access import MayReadConversation
from matou.forge.content.differences import comparison_as_text
from matou.git.operations.differences import LARGEST_TEXT_BYTES
from matou.platforms.gitcode.wire_pull_files import GitCodePullFiles
from matou.platforms.gitcode.wire_pulls import GitCodeDiffRefs
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing
from matou.server.api.responses import NO_STORE, StreamedResponse
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.streaming import SANDBOX, streamed
from matou.server.api.v5.changes import change_at
from matou.server.api.v5.served import at_conversation
from matou.server.dialects.gitcode_v5.comparison import TEXT
from matou.server.dialects.gitcode_v5.conversation import SERVED
from matou.server.dialects.gitcode_v5.pull_files import file_difference
from matou.settings import MEBIBYTE

ReadContext = RepositoryContext[MayReadConversation]


def show_files(context: ReadContext, _: Nothing) -> GitCodePullFiles:
    rows = SERVED.open(context)
    comparison = rows.comparison(change_at(rows))
    files = comparison.difference.files
    return GitCodePullFiles(
        added_lines=sum(each.additions for each in files),
        remove_lines=sum(each.deletions for each in files),
        count=len(files),
        diff_refs=GitCodeDiffRefs(base_sha=comparison.start, start_sha=comparison.base.id, head_sha=comparison.head.id),
        diffs=[file_difference(rows.code_context, comparison, each) for each in files],
    )


def send_difference(context: ReadContext, _: Nothing) -> StreamedResponse:
    rows = SERVED.open(context)
    comparison = rows.comparison(change_at(rows))
    pieces = partial(comparison_as_text, context.forge, rows.code_context.granted, comparison)
    return streamed(pieces, (TEXT, NO_STORE, SANDBOX), whose=context.caller)


ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{number}/files.json",
        MayReadConversation,
        Nothing,
        show_files,
        answer=GitCodePullFiles,
        cache_key=at_conversation,
        workload=Workload.SLOW,
        choices="from the code that was saved; 404 where it has not the commits; lines that are left out are `...`",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{number}/diff",
        MayReadConversation,
        Nothing,
        send_difference,
        answer=bytes,
        workload=Workload.SLOW,
        choices="not of the document, but asked by `ag`: text as `git diff` writes it, from the code that was saved;"
        f" more than {LARGEST_TEXT_BYTES // MEBIBYTE} MiB are refused",
    ),
)
