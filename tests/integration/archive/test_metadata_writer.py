"""A metadata repository as runs write it: one commit a run that changed something, and nothing ever lost."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matou.archive.metadata import open_metadata
from matou.archive.metadata.items import LONGEST_FILE_BYTES
from matou.archive.metadata.tree_paths import ITEMS_IN_A_FOLDER
from matou.git.operations.tree_update import MOST_FOLDERS
from matou.git.repository import packs
from matou.model.metadata import ReleaseAsset, TimelineEvent
from matou.model.metadata.kinds import ASSET, ATTACHMENT, CHANGE, ISSUE, LABEL, PERSON, RELEASE
from support.git_repositories import assert_sound, fast_import, git
from support.metadata_items import (
    ABOUT,
    BEGAN,
    DIGEST,
    asset,
    change,
    comment,
    issue,
    label,
    person,
    picture,
    release,
    writer,
)


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / "harbour" / "api.git"


def about(git_dir: Path, commit: str = "main") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(git(git_dir, "show", f"{commit}:about.json"))
    return content


def tree(git_dir: Path, commit: str = "main") -> list[str]:
    return git(git_dir, "ls-tree", "-r", "--name-only", commit).splitlines()


def test_a_run_becomes_one_commit_that_git_shows(git_dir: Path) -> None:
    with writer(git_dir, run=7) as metadata:
        metadata.put(ISSUE, issue("712"))
        metadata.put(CHANGE, change("12"))
        made = metadata.commit()

    assert made is not None
    assert made.is_new
    assert_sound(git_dir)
    assert git(git_dir, "log", "--format=%H|%an <%ae>|%cn <%ce>|%at|%ct|%s", "main") == (
        f"{made.commit}|Matou <matou@localhost>|Matou <matou@localhost>|1767859200|1767859200|run 7"
    )
    assert {"issues/0007/712.json", "changes/0000/12.json", "about.json", ".gitattributes"} <= set(tree(git_dir))
    assert git(git_dir, "symbolic-ref", "HEAD") == "refs/heads/main"


def test_the_file_of_an_item_is_readable_by_itself(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("712", comments=(comment("5"),)))
        metadata.commit()

    text = git(git_dir, "show", "main:issues/0007/712.json")

    assert '\n "title": "潮水表",\n' in text
    assert list(json.loads(text)) == [
        *("kind", "number", "title", "text", "by", "at", "updated_at", "state", "labels", "assignees", "links"),
        *("files", "comments", "events", "url", "extra"),
    ]
    assert json.loads(text)["comments"][0]["at"] == "2026-01-01T08:00:00Z"


def test_a_run_that_changes_nothing_makes_no_commit(git_dir: Path) -> None:
    items = [issue("1"), issue("2", comments=(comment("5"),))]
    made = []
    for run in (1, 2):
        with writer(git_dir, run) as metadata:
            changed = {metadata.put(ISSUE, one) for one in items}
            made.append((changed, metadata.commit()))

    assert [(changed, one is not None and one.is_new) for changed, one in made] == [({True}, True), ({False}, False)]
    assert git(git_dir, "rev-list", "--count", "main") == "1"


def test_an_item_that_is_changed_back_makes_no_commit(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1"))
        metadata.commit()

    with writer(git_dir, run=2) as metadata:
        metadata.put(ISSUE, issue("1", "something else"))
        metadata.put(ISSUE, issue("1"))
        made = metadata.commit()

    assert made is not None
    assert not made.is_new


def test_nothing_put_is_no_repository(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        assert metadata.commit() is None

    assert not git_dir.exists()
    assert list(git_dir.parent.parent.parent.iterdir()) == []


def test_leaving_without_a_commit_changes_nothing(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1"))
    assert not git_dir.exists()
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1"))
        metadata.commit()
    before = sorted(path for path in git_dir.rglob("*") if path.is_file())

    with writer(git_dir, run=2) as metadata:
        metadata.put(ISSUE, issue("2"))

    assert sorted(path for path in git_dir.rglob("*") if path.is_file()) == before


def test_the_same_items_give_the_same_tree_in_whatever_order_they_come(tmp_path: Path) -> None:
    items = [issue(str(number), comments=(comment("5", files=(picture(),)),)) for number in range(1, 250)]
    trees = []
    for name, order in (("a", items), ("b", items[::-1])):
        with writer(tmp_path / name / "api.git") as metadata:
            for one in order:
                metadata.put(ISSUE, one)
            for identifier in ("17", "9") if name == "a" else ("9", "17"):
                metadata.put(PERSON, person(identifier))
            metadata.commit()
        trees.append(git(tmp_path / name / "api.git", "rev-parse", "main^{commit}"))

    assert trees[0] == trees[1]


def test_what_was_put_is_found_again_before_and_after_the_commit(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1"))
        assert metadata.find(ISSUE, "1") == issue("1")
        assert metadata.find(ISSUE, "2") is None
        metadata.commit()

    with writer(git_dir, run=2) as metadata:
        found = metadata.find(ISSUE, "1")
        assert found == issue("1")
        metadata.put(ISSUE, issue("1", comments=(comment("6"),)))
        assert metadata.find(ISSUE, "1") == issue("1", comments=(comment("6"),))
        metadata.commit()
    assert open_metadata(git_dir).item(ISSUE, "1") == issue("1", comments=(comment("6"),))


def test_an_earlier_run_is_read_by_its_commit(git_dir: Path) -> None:
    commits = []
    for run, title in ((1, "first"), (2, "second")):
        with writer(git_dir, run) as metadata:
            metadata.put(ISSUE, issue("1", title))
            made = metadata.commit()
            assert made is not None
            commits.append(made.commit)

    assert open_metadata(git_dir, commit=commits[0]).item(ISSUE, "1") == issue("1", "first")
    assert open_metadata(git_dir).item(ISSUE, "1") == issue("1", "second")


def test_what_a_complete_listing_lacks_is_gone_and_stays(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        for number in ("1", "2", "3"):
            metadata.put(ISSUE, issue(number))
        metadata.commit()

    with writer(git_dir, run=2) as metadata:
        assert metadata.mark_gone(ISSUE, {"1", "3"}) == 1
        made = metadata.commit()

    assert made is not None
    assert made.gone == {"issue": 1}
    assert open_metadata(git_dir).item(ISSUE, "2") == replace(issue("2"), gone_in=2)
    assert about(git_dir)["counts"]["issue"] == {"items": 3, "gone": ["2"]}


def test_items_in_more_folders_than_stay_in_memory_are_found(git_dir: Path) -> None:
    numbers = [str(number * ITEMS_IN_A_FOLDER) for number in range(MOST_FOLDERS + 10)]
    with writer(git_dir, run=1) as metadata:
        for number in numbers:
            metadata.put(ISSUE, issue(number))
        metadata.commit()

    tree = open_metadata(git_dir)

    for number in (*numbers, *numbers):
        assert tree.item(ISSUE, number) == issue(number)


def test_what_is_gone_is_found_gone_once(git_dir: Path) -> None:
    gone = []
    for run in (1, 2, 3):
        with writer(git_dir, run) as metadata:
            if run == 1:
                metadata.put(ISSUE, issue("1"))
                metadata.put(ISSUE, issue("2"))
            gone.append(metadata.mark_gone(ISSUE, {"1"} if run > 1 else {"1", "2"}))
            metadata.commit()

    assert gone == [0, 1, 0]
    assert git(git_dir, "rev-list", "--count", "main") == "2"
    assert open_metadata(git_dir).item(ISSUE, "2") == replace(issue("2"), gone_in=2)


def test_what_comes_back_is_no_longer_gone(git_dir: Path) -> None:
    for run, listed in ((1, {"1", "2"}), (2, {"1"}), (3, {"1", "2"})):
        with writer(git_dir, run) as metadata:
            if run == 1:
                metadata.put(ISSUE, issue("1"))
                metadata.put(ISSUE, issue("2"))
            metadata.mark_gone(ISSUE, listed)
            metadata.commit()

    assert open_metadata(git_dir).item(ISSUE, "2") == issue("2")
    assert about(git_dir)["counts"]["issue"] == {"items": 2}


def test_labels_stand_in_one_file_and_can_be_gone(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(LABEL, label("错误"))
        metadata.put(LABEL, label("建议"))
        metadata.commit()
    with writer(git_dir, run=2) as metadata:
        assert metadata.mark_gone(LABEL, {"错误"}) == 1
        metadata.commit()

    table = open_metadata(git_dir).table(LABEL)

    assert set(table) == {"错误", "建议"}
    assert [one.gone_in for one in (table["错误"], table["建议"])] == [None, 2]


def test_what_different_places_tell_of_a_person_is_put_together(git_dir: Path) -> None:
    with writer(git_dir, run=7) as metadata:
        metadata.put(PERSON, person("17", extra={"object_id": "661c", "avatar_url": "a"}))
        metadata.put(PERSON, person("17", extra={"user_id": "26593", "avatar_url": "b"}))
        metadata.put(PERSON, person("17"))
        metadata.commit()

    people = json.loads(git(git_dir, "show", "main:people.json"))

    assert people["17"]["extra"] == {"object_id": "661c", "avatar_url": "b", "user_id": "26593"}


def test_people_who_are_told_of_no_more_stay_with_all_that_was_told(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(PERSON, person("17", email="zhang@example.com"))
        metadata.commit()
    with writer(git_dir, run=2) as metadata:
        metadata.put(PERSON, person("17", "张三丰"))
        metadata.put(PERSON, person("18", "李四"))
        metadata.commit()

    people = json.loads(git(git_dir, "show", "main:people.json"))

    assert people["17"] == {"id": "17", "login": "user-17", "name": "张三丰", "email": "zhang@example.com"}
    assert list(people) == ["17", "18"]


def test_attachments_and_assets_are_pointers_that_git_lfs_reads(git_dir: Path, tmp_path: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1", comments=(comment("5", files=(picture("潮 水.png"),)),)))
        metadata.put(RELEASE, release("v1.0", asset("app.zip", size=99)))
        made = metadata.commit()

    pointers = {path: pointer.size_bytes for path, pointer in open_metadata(git_dir).pointers()}

    assert pointers == {f"attachments/ab/{DIGEST}/潮 水.png": 12, "assets/v1.0/app.zip": 99}
    assert made is not None
    assert {name: made.counts[name].bytes for name in ("attachment", "asset")} == {"attachment": 12, "asset": 99}
    git(None, "clone", "-q", git_dir, tmp_path / "clone")
    assert "filter: lfs" in git(None, "-C", tmp_path / "clone", "check-attr", "filter", "assets/v1.0/app.zip")


def test_twins_among_the_assets_of_a_release_have_names_of_their_own(git_dir: Path) -> None:
    twins = (asset("app.zip", sha256="a" * 64), asset("app.zip", sha256="b" * 64))
    with writer(git_dir) as metadata:
        metadata.put(RELEASE, release("v1.0", *twins))
        metadata.commit()

    assert [path for path, _ in open_metadata(git_dir).pointers()] == [
        "assets/v1.0/app.zip",
        f"assets/v1.0/app.zip~{'b' * 8}",
    ]


def test_what_is_missing_is_counted_until_it_is_there(git_dir: Path) -> None:
    missing = ReleaseAsset(name="app.zip", url="https://gitee.com/app.zip", missing="404")
    counts = []
    for run, one in ((1, missing), (2, asset("app.zip"))):
        with writer(git_dir, run) as metadata:
            metadata.put(RELEASE, release("v1.0", one))
            made = metadata.commit()
            assert made is not None
            counts.append(made.counts["asset"])

    assert [(count.items, count.missing) for count in counts] == [(0, 1), (1, None)]
    assert counts[1].bytes == 12


def test_an_asset_that_is_replaced_at_the_source_is_counted_once(git_dir: Path) -> None:
    for run, one in ((1, asset("app.zip", size=5)), (2, asset("app.zip", sha256="c" * 64, size=7))):
        with writer(git_dir, run) as metadata:
            metadata.put(RELEASE, release("v1.0", one))
            metadata.commit()

    count = open_metadata(git_dir).about.counts[ASSET.name]
    assert (count.items, count.bytes) == (1, 7)


def test_the_counts_are_those_of_the_tree(git_dir: Path) -> None:
    for run in (1, 2, 3):
        with writer(git_dir, run) as metadata:
            for number in range(run * 3):
                files = (picture(f"{number}.png", sha256=f"{number % 2}" * 64),)
                metadata.put(ISSUE, issue(str(number), comments=(comment("1", str(run), files=files),)))
            metadata.mark_gone(ISSUE, {str(number) for number in range(run * 3 - 1)})
            metadata.commit()

    metadata_tree = open_metadata(git_dir)
    counts = metadata_tree.about.counts

    assert counts[ISSUE.name].items == len(list(metadata_tree.items(ISSUE)))
    assert counts[ATTACHMENT.name].items == len(list(metadata_tree.pointers()))
    assert counts[ISSUE.name].gone == ("8",)


def test_about_says_whose_it_is_and_which_run_last_changed_it(git_dir: Path) -> None:
    for run in (1, 2, 3):
        with writer(git_dir, run) as metadata:
            metadata.put(ISSUE, issue("1", title="old" if run == 1 else "new"))
            metadata.commit()

    assert about(git_dir) == {
        "format": 1,
        "platform": ABOUT.platform,
        "host": ABOUT.host,
        "id": ABOUT.id,
        "path": ABOUT.path,
        "run": 2,
        "language": "en",
        "counts": {"issue": {"items": 1}},
    }
    assert BEGAN.year == 2026


def test_many_packs_become_few_and_every_run_stays(git_dir: Path) -> None:
    for run in range(1, 25):
        with writer(git_dir, run) as metadata:
            metadata.put(ISSUE, issue("1", title=f"run {run}"))
            metadata.commit()

    assert len(packs(git_dir)) < 10
    assert_sound(git_dir)
    titles = [git(git_dir, "show", f"main~{24 - run}:issues/0000/1.json").count(f'"run {run}"') for run in range(1, 25)]
    assert titles == [1] * 24


def test_an_item_of_more_than_eight_mebibytes_goes_on_in_other_files(git_dir: Path) -> None:
    comments = tuple(comment(str(number), f"{number} " + "长" * 100_000) for number in range(70))
    long = replace(issue("712", comments=comments), events=(TimelineEvent(kind="closed", data={}),))
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, long)
        metadata.commit()

    files = [line.split() for line in git(git_dir, "ls-tree", "-l", "main", "issues/0007/").splitlines()]

    assert [one[4] for one in files] == [f"issues/0007/712.{part}" for part in ("2.json", "3.json", "json")]
    assert all(int(one[3]) <= LONGEST_FILE_BYTES for one in files)
    assert open_metadata(git_dir).item(ISSUE, "712") == long
    assert list(open_metadata(git_dir).items(ISSUE)) == [long]


def test_an_item_that_has_become_shorter_has_no_more_files_than_it_needs(git_dir: Path) -> None:
    comments = tuple(comment(str(number), "长" * 100_000) for number in range(70))
    for run, some in ((1, comments), (2, comments), (3, comments[:2])):
        with writer(git_dir, run) as metadata:
            metadata.put(ISSUE, issue("712", comments=some))
            metadata.commit()

    assert [path for path in tree(git_dir) if path.startswith("issues/")] == ["issues/0007/712.json"]
    assert open_metadata(git_dir).item(ISSUE, "712") == issue("712", comments=comments[:2])
    assert git(git_dir, "rev-list", "--count", "main") == "2"


def test_one_comment_that_is_longer_than_a_file_stands_alone(git_dir: Path) -> None:
    long = issue("1", comments=(comment("1"), comment("2", "x" * (LONGEST_FILE_BYTES + 1)), comment("3")))
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, long)
        metadata.commit()

    assert [path for path in tree(git_dir) if path.startswith("issues/")] == [
        *("issues/0000/1.2.json", "issues/0000/1.3.json", "issues/0000/1.json")
    ]
    assert open_metadata(git_dir).item(ISSUE, "1") == long


def test_keys_of_a_later_matou_stay_in_an_item_that_is_written_again(git_dir: Path) -> None:
    with writer(git_dir) as metadata:
        metadata.put(ISSUE, issue("1", comments=(comment("5"), comment("6"))))
        metadata.commit()
    text = git(git_dir, "show", "main:issues/0000/1.json")
    newer = text.replace(' "title"', ' "mood": {"is": "calm"},\n "title"').replace(
        '"id": "6"', '"id": "6", "pinned": true'
    )
    edit(git_dir, "issues/0000/1.json", newer.encode() + b"\n")

    with writer(git_dir, run=2) as metadata:
        metadata.put(ISSUE, issue("1", "changed", comments=(comment("6"), comment("7"))))
        metadata.commit()

    written = json.loads(git(git_dir, "show", "main:issues/0000/1.json"))
    assert written["title"] == "changed"
    assert written["mood"] == {"is": "calm"}
    assert [one.get("pinned") for one in written["comments"]] == [True, None]


def edit(git_dir: Path, path: str, content: bytes) -> None:
    """As a later Matou might have left it."""
    stream = b"commit refs/heads/main\ncommitter M <m@example.com> 0 +0000\ndata 5\nnewer\nfrom refs/heads/main^0\n"
    fast_import(git_dir, stream + b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
