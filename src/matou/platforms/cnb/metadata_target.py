"""What people said, written to one repository at CNB."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.http.session import Session
from matou.model.metadata_targets import (
    FileDelivery,
    ItemAddress,
    ItemEdit,
    ItemKind,
    MetadataRules,
    NewChangeRequest,
    NewFile,
    NewIssue,
    NewLabel,
    NewLineComment,
    NewMilestone,
    NewTargetRelease,
    TargetComment,
    TargetItem,
    TargetMilestone,
    TargetRelease,
)
from matou.model.targets import TargetRepository
from matou.platforms.base.errors import NotOffered, PlatformBusy, made_in_part
from matou.platforms.base.metadata_target import author_of
from matou.platforms.base.platform import Clock
from matou.platforms.base.uploads import judged, send_file
from matou.platforms.cnb.api import CnbApi, token_of
from matou.platforms.cnb.calls import CnbRepositoryCalls
from matou.platforms.cnb.wire import CnbItem, CnbRelease, CnbReviewComment

RULES: Final = MetadataRules(
    shares_numbers=True,
    is_sequential=True,
    change_sign="#",
    has_milestones=False,
    has_threads=True,
    has_drafts=False,
    file_delivery=FileDelivery.UPLOADED,
    largest_file=5 * 1024**2,
    largest_asset=50 * 1024**3,
)
"""Sizes are those of CNB's own tool for those who come from elsewhere (`LingyeNBird/code-import`)."""

_OPEN: Final = "open"
_STATES: Final = ("open", "closed")
_BETWEEN: Final = "/"
"""Between a review and a comment of it, in what such a comment is known by here."""


class CnbMetadataTarget:
    """See `MetadataTarget`.

    Args:
        session: must name the URL's origin, and keep to CNB's limits: see `Platform.open_session`.
        url: the API's address.
    """

    def __init__(self, session: Session, url: str, token: Secret, repository: TargetRepository, *, now: Clock) -> None:
        self._api = CnbApi(session, url.rstrip("/"), token_of(token.reveal()), now)
        self._calls = CnbRepositoryCalls(self._api, repository.id)
        self._home = repository.clone_url.removesuffix(".git").rstrip("/")

    @property
    def rules(self) -> MetadataRules:
        return RULES

    def labels(self) -> Iterator[str]:
        return (label.name for label in self._calls.labels())

    def add_label(self, label: NewLabel) -> None:
        self._calls.create_label(label.name, label.color, label.description)

    def milestones(self) -> Iterator[TargetMilestone]:
        return iter(())

    def add_milestone(self, milestone: NewMilestone) -> TargetMilestone:
        raise NotOffered("CNB has no milestones, so not {milestone}", milestone=repr(milestone.title))

    def items(self, kind: ItemKind) -> Iterator[TargetItem]:
        """The list of issues leaves their texts out, so each is asked for."""
        if kind is ItemKind.CHANGE:
            rows = self._calls.pulls()
        else:
            listed = (row for state in _STATES for row in self._calls.issues(state))
            rows = (self._calls.item(kind, row.number) for row in listed)
        return (self._item(kind, row) for row in rows)

    def add_issue(self, issue: NewIssue) -> TargetItem:
        body = {
            "title": issue.title,
            "body": issue.text,
            "labels": list(issue.labels) or None,
            "assignees": list(issue.assignees) or None,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._item(ItemKind.ISSUE, self._calls.create_issue(given))

    def add_change_request(self, change: NewChangeRequest) -> TargetItem:
        """What a pull request is not made with is set once it is there: nothing of it makes another one."""
        made = self._calls.create_pull(
            {"title": change.title, "body": change.text, "head": change.head, "base": change.base}
        )
        with made_in_part():
            if change.labels:
                self._calls.set_labels(ItemKind.CHANGE, made.number, list(change.labels))
            if change.assignees:
                self._calls.add_assignees(made.number, list(change.assignees))
        return self._item(ItemKind.CHANGE, made)

    def edit_item(self, item: ItemAddress, edit: ItemEdit) -> None:
        """The API assigns nobody to an issue that is there."""
        body: dict[str, object] = {}
        if edit.title is not None:
            body["title"] = edit.title
        if edit.text is not None:
            body["body"] = edit.text
        if edit.is_closed is not None:
            body["state"] = "closed" if edit.is_closed else _OPEN
        if body:
            self._calls.update(item.kind, item.number, body)
        if edit.labels is not None:
            self._calls.set_labels(item.kind, item.number, list(edit.labels))
        if edit.assignees and item.kind is ItemKind.CHANGE:
            self._calls.add_assignees(item.number, list(edit.assignees))

    def comments(self, item: ItemAddress) -> Iterator[TargetComment]:
        for row in self._calls.comments(item.kind, item.number):
            yield TargetComment(id=row.id, text=row.body or "", author=author_of(row.author, "username"))
        if item.kind is ItemKind.CHANGE:
            yield from self._line_comments(item.number)

    def add_comment(self, item: ItemAddress, text: str) -> TargetComment:
        made = self._calls.create_comment(item.kind, item.number, text)
        return TargetComment(id=made.id, text=text)

    def add_line_comment(self, number: str, comment: NewLineComment) -> TargetComment:
        """CNB does not tell what it made, so it is looked for."""
        self._calls.create_review(number, comment)
        there = [one for one in self._line_comments(number) if one.text == comment.text]
        if not there:
            raise PlatformBusy("CNB does not show yet what was said on a line of #{number}", number=number)
        return there[-1]

    def add_answer(self, number: str, thread: str, text: str) -> TargetComment:
        review, _, first = thread.partition(_BETWEEN)
        made = self._calls.answer_review_comment(number, review, first, text)
        return TargetComment(id=f"{review}{_BETWEEN}{made.id}", text=text, thread=thread)

    def edit_comment(self, item: ItemAddress, comment: str, text: str) -> None:
        if _BETWEEN in comment:
            raise NotOffered("CNB's API changes no comment on a line, so not one of #{number}", number=item.number)
        self._calls.update_comment(item.kind, item.number, comment, text)

    def releases(self) -> Iterator[TargetRelease]:
        return (self._release(row) for row in self._calls.releases())

    def add_release(self, release: NewTargetRelease) -> TargetRelease:
        body = {
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "body": release.text,
            "prerelease": release.is_prerelease,
            "draft": release.is_draft,
        }
        return self._release(self._calls.create_release(body))

    def edit_release(self, release: TargetRelease, text: str) -> None:
        self._calls.update_release(release.id, text)

    def add_asset(self, release: TargetRelease, file: NewFile) -> None:
        """In three steps, of which only the last makes it be there."""
        place = self._calls.create_asset_upload(release.id, file.name, file.size_bytes)
        send_file(self._api.session, place.upload_url, file, home=self._api.url)
        self._confirm(place.verify_url)

    def upload(self, file: NewFile, item: ItemAddress | None) -> str:  # noqa: ARG002 - it belongs to the repository
        place = self._calls.create_upload(file.name, file.size_bytes, is_picture=file.type.startswith("image/"))
        send_file(self._api.session, place.upload_url, file, home=self._api.url, headers=place.form or {})
        return self._address_of(place.assets.path)

    def _confirm(self, verify_url: str) -> None:
        """`ttl=0`: it is kept for good. The address may be one below the API's, and is nowhere else."""
        is_below = verify_url.startswith("/") and not verify_url.startswith("//")
        address = f"{self._api.url}{verify_url}" if is_below else verify_url
        place = judged(address, home=self._api.url, authorization=self._api.authorization(""))
        if place.authorization is None:
            raise UnknownShape("cnb ReleaseAssetUploadURL.verify_url", str(place.address))
        path = place.address.url.removeprefix(self._api.url)
        separator = "&" if "?" in path else "?"
        self._api.request("POST", f"{path}{separator}ttl=0", repeatable=True)

    def _address_of(self, path: str) -> str:
        """Raises UnknownShape for what would lead out of the repository's own pages."""
        if not path.startswith("/") or path.startswith("//") or ".." in path or not path.isprintable():
            raise UnknownShape("cnb Assets.path", path)
        name = self._home.partition("://")[2].partition("/")[2]
        below = path.removeprefix(f"/{name}")
        return f"{self._home}{quote(below, safe='/%')}"

    def _line_comments(self, number: str) -> Iterator[TargetComment]:
        for review in self._calls.reviews(number):
            for row in self._calls.review_comments(number, review.id):
                yield _line_comment(review.id, row)

    def _item(self, kind: ItemKind, row: CnbItem) -> TargetItem:
        pages = "issues" if kind is ItemKind.ISSUE else "pulls"
        return TargetItem(
            number=row.number,
            title=row.title,
            text=row.body or "",
            is_closed=row.state != _OPEN,
            url=f"{self._home}/-/{pages}/{row.number}",
            author=author_of(row.author, "username"),
        )

    def _release(self, row: CnbRelease) -> TargetRelease:
        return TargetRelease(
            id=row.id,
            tag=row.tag_name,
            name=row.name or "",
            text=row.body or "",
            assets=tuple(asset.name for asset in row.assets or ()),
            url=f"{self._home}/-/releases/tag/{quote(row.tag_name)}",
        )


def _line_comment(review: str, row: CnbReviewComment) -> TargetComment:
    first = row.reply_to_comment_id or row.id
    return TargetComment(
        id=f"{review}{_BETWEEN}{row.id}",
        text=row.body or "",
        thread=f"{review}{_BETWEEN}{first}",
        author=author_of(row.author, "username"),
    )
