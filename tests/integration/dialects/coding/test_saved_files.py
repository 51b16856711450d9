"""Files that were saved around a team's code: addresses that are good for an hour and want no token, as CODING's."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from matou.forge.access import Scope
from matou.model.metadata import AttachedFile
from matou.model.metadata.kinds import ISSUE, RELEASE, WIKI_PAGE
from support.coding_api import Api, Team
from support.coding_saved import Said, SaidAtCoding, save_said
from support.coding_story import COMMENT_PICTURE, PICTURE, PICTURE_PATH, PLAN, WIKI_PICTURE
from support.deciding import list_tokens, remove_namespace_member, revoke_token
from support.gitcode_server import Harbour

BOATS = {"ProjectName": "boats"}
BYTES = {PICTURE: b"picture", PLAN: b"plan", COMMENT_PICTURE: b"comment", WIKI_PICTURE: b"wiki"}


@pytest.fixture
def saved(team: Team, said: SaidAtCoding) -> Team:
    """With the bytes of all that is attached."""

    def kept(file: AttachedFile, number: int) -> AttachedFile:
        return replace(file, sha256=team.forge.archive.blobs.put_bytes(BYTES[number]), size=len(BYTES[number]))

    def shown(number: int) -> AttachedFile:
        return kept(AttachedFile(url=PICTURE_PATH.format(number), name=f"{number} 图.png"), number)

    project = Said(people=said.project.people)
    defect = said.project.of(ISSUE)["5"]
    first, second, third = defect.comments
    comments = (first, replace(second, files=(shown(COMMENT_PICTURE),)), third)
    attached = tuple(kept(file, PLAN) for file in defect.files)
    project.put(ISSUE, replace(defect, comments=comments, files=(*attached, shown(PICTURE))))
    for page in said.project.of(WIKI_PAGE).values():
        project.put(WIKI_PAGE, replace(page, files=(shown(WIKI_PICTURE),)) if page.id == "1" else page)
    save_said(team.forge, team.project, project)
    depot = Said(people=said.depot.people)
    for release in said.depot.of(RELEASE).values():
        digest = team.forge.archive.blobs.put_bytes(b"PK")
        depot.put(RELEASE, replace(release, assets=tuple(replace(one, sha256=digest) for one in release.assets)))
    save_said(team.forge, team.depot, depot)
    return team


def fetched(team: Team, address: str) -> tuple[int, bytes]:
    """With a bare GET, as clients do."""
    answer = site(team, address)
    return answer.status_code, answer.content


def site(team: Team, address: str) -> httpx.Response:
    parts = urlsplit(address)
    return Harbour(team.forge, team.clock).ask_site("GET", f"{parts.path}?{parts.query}", person=None)


def addresses(api: Api, **given: Any) -> Any:
    return api("DescribeIssueFileUrl", **BOATS, **given).response


def test_all_files_of_an_issue_are_fetched_without_a_token(saved: Team) -> None:
    found = addresses(saved.api(), FileId=0, IssueCode=5, QueryComment=True)
    issue = saved.api()("DescribeIssue", **BOATS, IssueCode=5, ShowImageOutUrl=True).response["Issue"]
    in_text = re.findall(r"https://[^\s)]+", issue["Description"])

    assert [fetched(saved, one) for one in found["AttachmentFileUrl"]] == [(200, b"plan")]
    assert [fetched(saved, one) for one in found["DescriptionImageUrl"]] == [(200, b"picture")]
    assert [fetched(saved, one) for one in found["CommentImageUrl"]] == [(200, b"comment")]
    assert [fetched(saved, one["Url"]) for one in issue["Files"]] == [(200, b"plan")]
    assert [fetched(saved, one) for one in in_text] == [(200, b"picture")]
    assert addresses(saved.api(), FileId=0, IssueCode=5)["CommentImageUrl"] == []


@pytest.mark.parametrize(
    ("action", "more"), [("DescribeIssueListWithPage", {"PageNumber": 1, "PageSize": 10}), ("DescribeIssueList", {})]
)
def test_pictures_of_texts_in_a_list_are_fetched_as_those_of_one_issue(
    saved: Team, action: str, more: dict[str, int]
) -> None:
    def texts(**wanted: bool) -> list[str]:
        response = saved.api()(action, **BOATS, IssueType="ALL", Limit=20, **more, **wanted).response
        rows = response["IssueList"] if "IssueList" in response else response["Data"]["List"]
        return [row["Description"] for row in rows]

    [shown] = [address for text in texts(ShowImageOutUrl=True) for address in re.findall(r"https://[^\s)]+", text)]
    assert fetched(saved, shown) == (200, b"picture")
    assert shown not in "".join(texts())


@pytest.mark.parametrize("number", [PLAN, COMMENT_PICTURE, WIKI_PICTURE])
def test_a_file_is_found_by_its_number_wherever_it_stands(saved: Team, number: int) -> None:
    assert fetched(saved, addresses(saved.api(), FileId=number)["Url"]) == (200, BYTES[number])


def test_what_was_not_saved_is_not_found_by_its_number(saved: Team) -> None:
    assert saved.api()("DescribeIssueFileUrl", **BOATS, FileId=999).error == "ResourceNotFound"


def test_files_of_a_release_are_fetched_without_a_token(saved: Team) -> None:
    given = {"DepotId": saved.depot.id, "ShowResourceUrl": True}
    [release] = saved.api()("DescribeGitReleases", **given).response["ReleasePageList"]["Releases"]

    answer = site(saved, release["ReleaseAttachment"][0]["AttachmentDownloadUrl"])

    assert (answer.status_code, answer.content) == (200, b"PK")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("702", "701") if "702" in address else address.replace("plan", "plam"),
        lambda address: address[:-1] + ("0" if address[-1] != "0" else "1"),
        lambda address: address.partition("?")[0],
        lambda address: re.sub(r"/project/", "/depot/", address),
        lambda address: re.sub(r"/project/\d+/", f"/project/{2**70}/", address),
        lambda address: re.sub(r"\?sign=.*", "?sign=%00", address),
        lambda address: re.sub(r"/[0-9a-f]{64}/", f"/{'0' * 64}/", address),
    ],
)
def test_an_address_that_was_changed_opens_nothing(saved: Team, change: Any) -> None:
    address = addresses(saved.api(), FileId=PLAN)["Url"]
    other = change(address)

    if other == address:
        other = f"{address}0"
    assert fetched(saved, other)[0] == 403


def test_an_address_is_good_for_an_hour(saved: Team) -> None:
    address = addresses(saved.api(), FileId=PLAN)["Url"]
    saved.clock.advance(timedelta(minutes=59))
    assert fetched(saved, address)[0] == 200

    saved.clock.advance(timedelta(minutes=2))

    assert fetched(saved, address)[0] == 403


def test_an_address_is_no_right_of_its_own(saved: Team) -> None:
    """Who is no member any more gets nothing by it, and neither does a token that was revoked."""
    by_dora, by_chen = (addresses(saved.api(name), FileId=PLAN)["Url"] for name in ("dora", "chen"))
    remove_namespace_member(saved.forge, saved.project, saved.people["dora"])
    for token in list_tokens(saved.forge, saved.people["chen"]):
        revoke_token(saved.forge, saved.people["chen"], token.id)

    assert fetched(saved, by_dora)[0] == 404
    assert fetched(saved, by_chen)[0] == 403


def test_files_are_for_those_who_may_read_what_was_said(saved: Team) -> None:
    assert saved.api("gu")("DescribeIssueFileUrl", **BOATS, FileId=PLAN).error == "UnauthorizedOperation"
    of_code = saved.api(scopes=frozenset({Scope.REPOSITORY_READ}))
    assert of_code("DescribeIssueFileUrl", **BOATS, FileId=PLAN).error != ""
