"""The rows of merge requests in a GitLab project export: what was proposed, decided, and said on its lines."""

from collections.abc import Iterator
from typing import Final

from matou.model.metadata import ChangeRequest, Review, Reviewer, ReviewThread
from matou.model.names import RefName
from matou.transfer.export.facts import decision_text
from matou.transfer.export.gitea_git import DumpedRepository
from matou.transfer.export.gitlab.notes import LINE, THREAD, ExportedNotes, NoteKeys, discussion_id
from matou.transfer.export.gitlab.people import ExportedPeople
from matou.transfer.export.gitlab.positions import ChangeDifferences, LinePosition, commit_row, file_row, patch_text
from matou.transfer.export.gitlab.rows import ExportedRows, ended_at
from matou.transfer.export.gitlab.wire import PROJECT, Row, clean_line, moment_or_none, moment_text, shortened
from matou.transfer.export.markdown_files import literal

MERGE_REQUEST: Final = "MergeRequest"
CHANGE_REF: Final = "refs/merge-requests/{number}/head"
"""Where GitLab keeps the commits of a merge request whose branch is not there."""

_STATES: Final = {"open": "opened", "closed": "closed", "merged": "merged"}
_DRAFT: Final = ("draft:", "[draft]", "(draft)")
_ICONS: Final = {"approved": "approved"}
_REVIEWED: Final = {"requested": "unreviewed", "approved": "reviewed", "rejected": "reviewed", "commented": "reviewed"}


class ExportedChanges:
    """Makes the rows of the merge requests of one repository."""

    def __init__(
        self,
        rows: ExportedRows,
        notes: ExportedNotes,
        people: ExportedPeople,
        git: DumpedRepository,
        differences: ChangeDifferences,
    ) -> None:
        self._rows = rows
        self._notes = notes
        self._people = people
        self._git = git
        self._differences = differences

    def row(self, change: ChangeRequest, number: int) -> Row:
        item = self._rows.item(change, number, noteable=MERGE_REQUEST)
        base = self._git.merge_base(change) or None
        self._git.add_change(change, number)
        head = change.head.commit if self._git.has(change.head.commit) else None
        said = [*item["notes"], *self._decisions(change), *self._said_on_lines(change)]
        return {
            **item,
            "title": _with_draft(item["title"], is_draft=bool(change.draft)),
            "draft": bool(change.draft),
            "state": _STATES[change.state],
            "merge_status": "unchecked",
            "merge_params": {},
            "source_project_id": PROJECT,
            "target_project_id": PROJECT,
            "source_branch": clean_line(self._git.head_of(change, number)) or f"change-{number}",
            "target_branch": clean_line(change.base.branch) or "main",
            "diff_head_sha": head,
            "source_branch_sha": head,
            "target_branch_sha": self._tip(change) or base,
            "merge_commit_sha": change.merge_commit if change.state == "merged" else None,
            "merge_user_id": None if change.merged_by is None else self._people.id_of(change.merged_by),
            "notes": sorted(said, key=lambda row: str(row["created_at"])),
            "merge_request_assignees": self._accounts(change, change.assignees),
            "merge_request_reviewers": list(self._reviewers(change)),
            "approvals": list(self._approvals(change)),
            "metrics": self._metrics(change),
            **({} if head is None or base is None else {"merge_request_diff": self._difference(change, base, head)}),
        }

    def _tip(self, change: ChangeRequest) -> str | None:
        return self._git.saved.refs.get(RefName(f"refs/heads/{change.base.branch}"))

    def _metrics(self, change: ChangeRequest) -> Row:
        is_merged, is_closed = change.state == "merged", change.state == "closed"
        closed_by = change.closed_by if is_closed else None
        return {
            "created_at": moment_text(change.at),
            "updated_at": moment_text(change.updated_at or change.at),
            "merged_at": moment_text(change.merged_at or ended_at(change)) if is_merged else None,
            "merged_by_id": self._people.id_of(change.merged_by) if is_merged and change.merged_by else None,
            "latest_closed_at": moment_text(ended_at(change)) if is_closed else None,
            "latest_closed_by_id": None if closed_by is None else self._people.id_of(closed_by),
            "target_project_id": PROJECT,
        }

    def _difference(self, change: ChangeRequest, base: str, head: str) -> Row:
        difference = self._differences.between(base, head)
        commits = [commit_row(one, place) for place, one in enumerate(self._differences.commits(base, head))]
        files = [
            {
                **file_row(one),
                "relative_order": place,
                "too_large": one.patch is None,
                "binary": one.is_binary,
                "utf8_diff": patch_text(one),
            }
            for place, one in enumerate(difference.files)
        ]
        return {
            "state": "collected" if difference.is_whole else "overflow",
            "created_at": moment_text(change.at),
            "updated_at": moment_text(change.updated_at or change.at),
            "base_commit_sha": base,
            "start_commit_sha": base,
            "head_commit_sha": head,
            "real_size": f"{len(files)}{'' if difference.is_whole else '+'}",
            "commits_count": len(commits),
            "files_count": len(files),
            "merge_request_diff_commits": commits,
            "merge_request_diff_files": files,
        }

    def _decisions(self, change: ChangeRequest) -> Iterator[Row]:
        """Each as a note of the system's, and what was written with it as a comment."""
        reviewed = {review.by for review in change.reviews}
        decided = [one for one in change.reviewers if one.by not in reviewed and one.state != "requested"]
        decisions: tuple[Review | Reviewer, ...] = (*change.reviews, *decided)
        for place, one in enumerate(decisions):
            discussion = discussion_id(MERGE_REQUEST, change.number, f"review/{place}")
            at, icon = one.at or change.updated_at or change.at, _ICONS.get(one.state)
            text = decision_text(one)
            yield self._notes.system_note(text, one.by, at, noteable=MERGE_REQUEST, discussion=discussion, icon=icon)
            if isinstance(one, Review) and one.text is not None and one.text.body:
                keys = NoteKeys(noteable=MERGE_REQUEST, discussion=discussion_id(MERGE_REQUEST, change.number, one.id))
                yield from self._notes.written(one.text, one.by, at, keys)

    def _said_on_lines(self, change: ChangeRequest) -> Iterator[Row]:
        for thread in change.threads:
            place = self._place(thread, change)
            keys = self._keys(thread, change, place)
            for number, comment in enumerate(thread.comments):
                head = _said_on(thread) if place is None and not number else ""
                for row in self._notes.comment(comment, keys, since=change.at, place=head):
                    yield row if place is None or number else {**row, "note_diff_file": place.file}

    def _place(self, thread: ReviewThread, change: ChangeRequest) -> LinePosition | None:
        if thread.position is None or not thread.position.line:
            return None
        return self._differences.place_of(thread.position, change, self._tip(change))

    def _keys(self, thread: ReviewThread, change: ChangeRequest, place: LinePosition | None) -> NoteKeys:
        last = max((one.at for one in thread.comments if one.at), default=change.updated_at or change.at)
        resolved = thread.resolved and {
            "resolved_at": moment_or_none(last),
            "resolved_by_id": self._people.id_of(thread.resolved_by),
        }
        return NoteKeys(
            noteable=MERGE_REQUEST,
            discussion=discussion_id(MERGE_REQUEST, change.number, f"thread/{thread.id}"),
            type=THREAD if place is None else LINE,
            more={**({} if place is None else place.keys), **(resolved or {})},
        )

    def _accounts(self, change: ChangeRequest, keys: tuple[str, ...]) -> list[Row]:
        known = filter(self._people.is_known_by_address, dict.fromkeys(keys))
        return [{"user_id": self._people.id_of(key), "created_at": moment_text(change.at)} for key in known]

    def _reviewers(self, change: ChangeRequest) -> Iterator[Row]:
        states = {one.by: _REVIEWED[one.state] for one in change.reviewers}
        for row, key in zip(self._accounts(change, tuple(states)), filter(self._known, states), strict=True):
            yield {**row, "state": states[key]}

    def _approvals(self, change: ChangeRequest) -> Iterator[Row]:
        decisions: tuple[Review | Reviewer, ...] = (*change.reviewers, *change.reviews)
        approved = {one.by: one for one in decisions if one.state == "approved" and one.by}
        for key in filter(self._known, approved):
            at = moment_text(approved[key].at or change.updated_at or change.at)
            yield {"user_id": self._people.id_of(key), "created_at": at, "updated_at": at}

    def _known(self, key: str) -> bool:
        return self._people.is_known_by_address(key)


def _with_draft(title: str, *, is_draft: bool) -> str:
    """GitLab tells a draft by its title alone."""
    return shortened(f"Draft: {title}") if is_draft and not title.lower().startswith(_DRAFT) else title


def _said_on(thread: ReviewThread) -> str:
    path = thread.position.path if thread.position else thread.path
    line = thread.position.line if thread.position else None
    return literal(path if line is None else f"{path}:{line}") if path else ""
