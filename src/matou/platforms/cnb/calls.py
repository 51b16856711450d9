"""What a migration asks of CNB's Open API: one method an operation, named after its own names."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, file_path, segment
from matou.http.responses import Answer
from matou.model.metadata_targets import ItemKind, NewLineComment
from matou.platforms.cnb.api import CnbApi
from matou.platforms.cnb.wire import (
    CnbAssetUpload,
    CnbComment,
    CnbItem,
    CnbLabel,
    CnbRelease,
    CnbRepository,
    CnbReview,
    CnbReviewComment,
    CnbUpload,
    CnbUser,
)

T = TypeVar("T")

_COLLECTIONS = {ItemKind.ISSUE: "issues", ItemKind.CHANGE: "pulls"}


class CnbCalls:
    """Of an account. A list is read to the proof of its end. What makes something is never repeated."""

    def __init__(self, api: CnbApi) -> None:
        self.api = api

    def user(self) -> CnbUser:
        return self.api.get(CnbUser, "/user")

    def repositories(self, group: str) -> Iterator[CnbRepository]:
        """Those of an organization and of all below it."""
        what = Phrase("repositories of {owner}", owner=repr(group))
        query: Mapping[str, Parameter] = {"order_by": "created_at", "desc": False}
        return _rows(self.api, f"/{file_path(group)}/-/repos", CnbRepository, what, lambda row: row.id, query)

    def repository(self, path: str) -> CnbRepository:
        return self.api.get(CnbRepository, f"/{file_path(path)}")

    def create_repository(self, group: str, name: str, *, description: str, visibility: str) -> None:
        body = {"name": name, "description": description, "visibility": visibility}
        self.api.send_json("POST", f"/{file_path(group)}/-/repos", body, repeatable=False)

    def create_group(self, path: str) -> None:
        self.api.send_json("POST", "/groups", {"path": path}, repeatable=False)

    def set_visibility(self, path: str, visibility: str) -> None:
        query = {"visibility": visibility}
        self.api.request("POST", f"/{file_path(path)}/-/settings/set_visibility", query=query, repeatable=True)


class CnbRepositoryCalls:
    """Of one repository."""

    def __init__(self, api: CnbApi, repository: str) -> None:
        self.api = api
        self._path = f"/{file_path(repository)}/-"

    def labels(self) -> Iterator[CnbLabel]:
        return self._list("labels", CnbLabel, Phrase("labels"), lambda row: row.name)

    def create_label(self, name: str, color: str, description: str) -> None:
        self._make("labels", {"name": name, "color": color, "description": description})

    def issues(self, state: str) -> Iterator[CnbItem]:
        """Without their texts."""
        query = {"state": state, "order_by": "created_at"}
        return self._list("issues", CnbItem, Phrase("issues"), lambda row: row.number, query)

    def pulls(self) -> Iterator[CnbItem]:
        query = {"state": "all", "order_by": "created_at"}
        return self._list("pulls", CnbItem, Phrase("change requests"), lambda row: row.number, query)

    def item(self, kind: ItemKind, number: str) -> CnbItem:
        return self.api.get(CnbItem, self._of(kind, number))

    def create_issue(self, body: Mapping[str, object]) -> CnbItem:
        return self.api.read(CnbItem, self._make("issues", body))

    def create_pull(self, body: Mapping[str, object]) -> CnbItem:
        return self.api.read(CnbItem, self._make("pulls", body))

    def update(self, kind: ItemKind, number: str, body: Mapping[str, object]) -> None:
        self.api.send_json("PATCH", self._of(kind, number), body, repeatable=True)

    def set_labels(self, kind: ItemKind, number: str, labels: list[str]) -> None:
        self.api.send_json("PUT", f"{self._of(kind, number)}/labels", {"labels": labels}, repeatable=True)

    def add_assignees(self, number: str, people: list[str]) -> None:
        """To a pull request; an issue is given them as it is made."""
        path = f"{self._of(ItemKind.CHANGE, number)}/assignees"
        self.api.send_json("POST", path, {"assignees": people}, repeatable=True)

    def comments(self, kind: ItemKind, number: str) -> Iterator[CnbComment]:
        path = f"{_COLLECTIONS[kind]}/{segment(number)}/comments"
        return self._list(path, CnbComment, Phrase("comments"), lambda row: row.id)

    def create_comment(self, kind: ItemKind, number: str, text: str) -> CnbComment:
        path = f"{_COLLECTIONS[kind]}/{segment(number)}/comments"
        return self.api.read(CnbComment, self._make(path, {"body": text}))

    def update_comment(self, kind: ItemKind, number: str, comment: str, text: str) -> None:
        path = f"{self._of(kind, number)}/comments/{segment(comment)}"
        self.api.send_json("PATCH", path, {"body": text}, repeatable=True)

    def reviews(self, number: str) -> Iterator[CnbReview]:
        path = f"pulls/{segment(number)}/reviews"
        return self._list(path, CnbReview, Phrase("reviews"), lambda row: row.id)

    def review_comments(self, number: str, review: str) -> Iterator[CnbReviewComment]:
        path = f"pulls/{segment(number)}/reviews/{segment(review)}/comments"
        return self._list(path, CnbReviewComment, Phrase("comments"), lambda row: row.id)

    def create_review(self, number: str, comment: NewLineComment) -> None:
        """One that says nothing but this; what it made is not told."""
        side = "left" if comment.is_old_side else "right"
        one = {
            "body": comment.text,
            "path": comment.old_path if comment.is_old_side else comment.path,
            "subject_type": "line",
            "start_line": comment.first_line or comment.line,
            "start_side": side,
            "end_line": comment.line,
            "end_side": side,
        }
        self._make(f"pulls/{segment(number)}/reviews", {"event": "comment", "body": "", "comments": [one]})

    def answer_review_comment(self, number: str, review: str, comment: str, text: str) -> CnbReviewComment:
        path = f"pulls/{segment(number)}/reviews/{segment(review)}/replies"
        made = self._make(path, {"body": text, "reply_to_comment_id": comment})
        return self.api.read(CnbReviewComment, made)

    def releases(self) -> Iterator[CnbRelease]:
        return self._list("releases", CnbRelease, Phrase("releases"), lambda row: row.id)

    def create_release(self, body: Mapping[str, object]) -> CnbRelease:
        return self.api.read(CnbRelease, self._make("releases", body))

    def update_release(self, release: str, text: str) -> None:
        path = f"{self._path}/releases/{segment(release)}"
        self.api.send_json("PATCH", path, {"body": text}, repeatable=True)

    def create_asset_upload(self, release: str, name: str, size_bytes: int) -> CnbAssetUpload:
        """Makes nothing yet."""
        path = f"{self._path}/releases/{segment(release)}/asset-upload-url"
        body = {"asset_name": name, "size": size_bytes, "overwrite": False}
        return self.api.read(CnbAssetUpload, self.api.send_json("POST", path, body, repeatable=True))

    def create_upload(self, name: str, size_bytes: int, *, is_picture: bool) -> CnbUpload:
        """Makes nothing yet."""
        path = f"{self._path}/upload/{'imgs' if is_picture else 'files'}"
        answer = self.api.send_json("POST", path, {"name": name, "size": size_bytes}, repeatable=True)
        return self.api.read(CnbUpload, answer)

    def _of(self, kind: ItemKind, number: str) -> str:
        return f"{self._path}/{_COLLECTIONS[kind]}/{segment(number)}"

    def _make(self, path: str, body: Mapping[str, object]) -> Answer:
        return self.api.send_json("POST", f"{self._path}/{path}", body, repeatable=False)

    def _list(
        self,
        path: str,
        kind: type[T],
        what: Phrase,
        key: Callable[[T], Hashable],
        query: Mapping[str, Parameter] | None = None,
    ) -> Iterator[T]:
        return _rows(self.api, f"{self._path}/{path}", kind, what, key, query)


def _rows(
    api: CnbApi,
    path: str,
    kind: type[T],
    what: Phrase,
    key: Callable[[T], Hashable],
    query: Mapping[str, Parameter] | None = None,
) -> Iterator[T]:
    return api.list(path, kind, what, key, query).rows()
