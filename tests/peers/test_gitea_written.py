"""What people said is written to a real Gitea, one request an item, and is there as it was sent."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.model.targets import TargetRepository
from matou.platforms.gitea.metadata_target import GiteaMetadataTarget
from matou.transfer.migrate.conversation.report import ConversationReport
from support.gitea_server import OWNER, GiteaServer, gitea_program, running_gitea
from support.steered_clock import SYSTEM_CLOCK
from support.written_conversation import WrittenConversation, small_story

pytestmark = pytest.mark.skipif(gitea_program() is None, reason="there is no Gitea (MATOU_TEST_GITEA)")

NAME = f"/repos/{OWNER}/api"


def make_repository(gitea: GiteaServer) -> None:
    """With the branches and the tag that the story names; `topic` adds the lines that are spoken of."""
    gitea.post("/user/repos", {"name": "api", "auto_init": True, "default_branch": "main", "private": True})
    content = b64encode(b"one\ntwo\nthree\nfour\n").decode()
    gitea.post(f"{NAME}/contents/a.py", {"content": content, "branch": "main", "new_branch": "topic", "message": "a"})
    gitea.post(f"{NAME}/tags", {"tag_name": "v1", "target": "main"})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GiteaServer, WrittenConversation, Any]]:
    folder = tmp_path_factory.mktemp("written")
    with running_gitea(folder / "gitea") as gitea, Session(named=[gitea.url], clock=SYSTEM_CLOCK) as session:
        make_repository(gitea)
        repository = TargetRepository(f"{OWNER}/api", OWNER, "api", f"{gitea.url}/{OWNER}/api.git", Visibility.PRIVATE)
        target = GiteaMetadataTarget(
            session, f"{gitea.url}/api/v1", Secret(gitea.token), repository, now=lambda: datetime.now(UTC)
        )
        conversation = WrittenConversation(folder, target)
        small_story(conversation)
        yield gitea, conversation, conversation.write()


Written = tuple[GiteaServer, WrittenConversation, ConversationReport]


def test_nothing_is_missing_and_all_is_as_it_was_sent(written: Written) -> None:
    _gitea, _conversation, report = written

    assert [str(problem) for problem in report.problems] == []
    assert [str(reason) for reason in report.lost] == []
    assert report.written == {
        "label": 1, "milestone": 1, "issue": 2, "change": 2, "comment": 6, "file": 1, "release": 1, "asset": 1,
    }  # fmt: skip
    assert (report.verified, report.gaps, report.renumbered) == (4, 0, 0)


def test_issues_and_change_requests_keep_their_numbers(written: Written) -> None:
    gitea, _conversation, _report = written

    rows = gitea.get(f"{NAME}/issues?state=all")

    assert {row["number"]: (row["title"], row["state"], row["pull_request"] is not None) for row in rows} == {
        1: ("第 1 个", "open", False),
        2: ("改动 2", "closed", False),
        3: ("第 3 个", "closed", False),
        4: ("改动 4", "open", True),
    }


def test_pictures_are_attached_and_the_text_names_them(written: Written) -> None:
    gitea, _conversation, _report = written

    first = gitea.get(f"{NAME}/issues/1")

    assert [one["name"] for one in gitea.get(f"{NAME}/issues/1/assets")] == ["表.png"]
    assert f"![图]({gitea.url}/attachments/" in first["body"]
    assert [label["name"] for label in first["labels"]] == ["错误"]
    assert first["milestone"]["title"] == "一期"


def test_what_was_said_on_a_line_is_on_it_and_so_is_the_answer(written: Written) -> None:
    gitea, _conversation, _report = written

    reviews = gitea.get(f"{NAME}/pulls/4/reviews")
    said = [one for row in reviews for one in gitea.get(f"{NAME}/pulls/4/reviews/{row['id']}/comments")]

    assert [(one["path"], one["position"]) for one in said] == [("a.py", 3), ("a.py", 3)]
    assert ["这里" in said[0]["body"], "好" in said[1]["body"]] == [True, True]


def test_a_release_has_its_file(written: Written) -> None:
    gitea, _conversation, _report = written

    [release] = gitea.get(f"{NAME}/releases")

    assert (release["tag_name"], release["name"], [one["name"] for one in release["assets"]]) == ("v1", "一", ["a.zip"])
    assert "修了 #1" in release["body"]


def test_run_again_nothing_is_written(written: Written) -> None:
    gitea, conversation, _report = written
    before = gitea.get(f"{NAME}/issues/comments")

    again = conversation.write()

    assert not again.has_changed
    assert gitea.get(f"{NAME}/issues/comments") == before
