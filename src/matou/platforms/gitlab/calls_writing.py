"""What a migration asks of a project at a GitLab: one method an operation. What makes something is never repeated."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

from matou.errors import NotFound, Phrase
from matou.http.addresses import Parameter, segment
from matou.http.responses import Answer
from matou.model.metadata_targets import ItemKind, NewFile
from matou.platforms.base.uploads import send_in_form
from matou.platforms.gitlab.api import GitLabApi
from matou.platforms.gitlab.wire_target import (
    GitLabAccess,
    GitLabDifference,
    GitLabNamed,
    GitLabOwnRights,
    GitLabRefs,
    GitLabUploaded,
    GitLabWrittenDiscussion,
    GitLabWrittenItem,
    GitLabWrittenNote,
    GitLabWrittenRelease,
)

T = TypeVar("T")

_LISTS: Final = {ItemKind.ISSUE: "issues", ItemKind.CHANGE: "merge_requests"}
_IN_ORDER: Final[Mapping[str, Parameter]] = {
    "scope": "all",
    "state": "all",
    "order_by": "created_at",
    "sort": "asc",
}


class GitLabProjectCalls:
    """Of one project. A list is read to the proof of its end."""

    def __init__(self, api: GitLabApi, project: str) -> None:
        self.api = api
        self._path = f"/projects/{segment(project)}"

    def own_level(self) -> int:
        """What the account may, by itself or by a group."""
        permissions = self.api.get(GitLabOwnRights, self._path).permissions
        if permissions is None:
            return 0
        levels = (permissions.project_access, permissions.group_access)
        return max((_level(one) for one in levels), default=0)

    def people(self, username: str) -> list[GitLabNamed]:
        return self.api.get(list[GitLabNamed], "/users", {"username": username})

    def labels(self) -> Iterator[GitLabNamed]:
        return self._list("labels", GitLabNamed, Phrase("labels"), lambda row: row.id, {"with_counts": False})

    def create_label(self, name: str, color: str, description: str) -> None:
        self._make("labels", {"name": name, "color": color, "description": description or None})

    def milestones(self) -> Iterator[GitLabNamed]:
        query: Mapping[str, Parameter] = {"include_ancestors": True}
        return self._list("milestones", GitLabNamed, Phrase("milestones"), lambda row: row.id, query)

    def create_milestone(self, title: str, text: str, due: str | None) -> GitLabNamed:
        body = {"title": title, "description": text or None, "due_date": due[:10] if due else None}
        return self.api.read(GitLabNamed, self._make("milestones", body))

    def close_milestone(self, milestone: int) -> None:
        self._set(f"milestones/{milestone}", {"state_event": "close"})

    def items(self, kind: ItemKind) -> Iterator[GitLabWrittenItem]:
        what = Phrase("issues") if kind is ItemKind.ISSUE else Phrase("change requests")
        return self._list(_LISTS[kind], GitLabWrittenItem, what, lambda row: row.iid, _IN_ORDER)

    def item(self, kind: ItemKind, number: str) -> GitLabWrittenItem:
        return self.api.get(GitLabWrittenItem, f"{self._path}/{_LISTS[kind]}/{segment(number)}")

    def create_item(self, kind: ItemKind, body: Mapping[str, object]) -> GitLabWrittenItem:
        return self.api.read(GitLabWrittenItem, self._make(_LISTS[kind], body))

    def update_item(self, kind: ItemKind, number: str, change: Mapping[str, object]) -> None:
        self._set(f"{_LISTS[kind]}/{segment(number)}", change)

    def difference(self, number: str) -> GitLabRefs:
        """Raises NotFound: it has none, whose commits are not there, say."""
        path = f"{self._path}/merge_requests/{segment(number)}"
        refs = self.api.get(GitLabDifference, path).diff_refs
        if refs is None or refs.head_sha is None:
            raise NotFound("!{number} has no difference", number=number)
        return refs

    def discussions(self, kind: ItemKind, number: str) -> Iterator[GitLabWrittenDiscussion]:
        path = f"{_LISTS[kind]}/{segment(number)}/discussions"
        return self._list(path, GitLabWrittenDiscussion, Phrase("comments"), lambda row: row.id)

    def create_note(self, kind: ItemKind, number: str, text: str, created_at: str | None) -> GitLabWrittenNote:
        path = f"{_LISTS[kind]}/{segment(number)}/notes"
        return self.api.read(GitLabWrittenNote, self._make(path, {"body": text, "created_at": created_at}))

    def update_note(self, kind: ItemKind, number: str, note: str, text: str) -> None:
        self._set(f"{_LISTS[kind]}/{segment(number)}/notes/{segment(note)}", {"body": text})

    def create_discussion(self, number: str, text: str, position: Mapping[str, object]) -> GitLabWrittenDiscussion:
        path = f"merge_requests/{segment(number)}/discussions"
        return self.api.read(GitLabWrittenDiscussion, self._make(path, {"body": text, "position": position}))

    def answer(self, number: str, discussion: str, text: str) -> GitLabWrittenNote:
        path = f"merge_requests/{segment(number)}/discussions/{segment(discussion)}/notes"
        return self.api.read(GitLabWrittenNote, self._make(path, {"body": text}))

    def releases(self) -> Iterator[GitLabWrittenRelease]:
        query: Mapping[str, Parameter] = {"order_by": "created_at", "sort": "asc"}
        return self._list("releases", GitLabWrittenRelease, Phrase("releases"), lambda row: row.tag_name, query)

    def create_release(self, body: Mapping[str, object]) -> GitLabWrittenRelease:
        return self.api.read(GitLabWrittenRelease, self._make("releases", body))

    def update_release(self, tag: str, text: str) -> None:
        self._set(f"releases/{segment(tag)}", {"description": text})

    def create_link(self, tag: str, name: str, url: str) -> None:
        body = {"name": name, "url": url, "link_type": "package"}
        self._make(f"releases/{segment(tag)}/assets/links", body)

    def package_file(self, package: str, version: str, name: str) -> str:
        """Where a file of a package is, and is sent to."""
        below = "/".join(quote(part, safe="") for part in ("packages", "generic", package, version, name))
        return f"{self.api.url}{self._path}/{below}"

    def upload(self, file: NewFile) -> GitLabUploaded:
        answer = send_in_form(self.api, f"{self._path}/uploads", file, field="file")
        return self.api.read(GitLabUploaded, answer)

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> Iterator[T]:
        return self.api.list(f"{self._path}/{path}", kind, what, key, query).rows()

    def _make(self, path: str, body: Mapping[str, object]) -> Answer:
        return self.api.send_json("POST", f"{self._path}/{path}", body, repeatable=False)

    def _set(self, path: str, change: Mapping[str, object]) -> None:
        self.api.send_json("PUT", f"{self._path}/{path}", change, repeatable=True)


def _level(access: GitLabAccess | None) -> int:
    return (access.access_level if access else None) or 0
