"""Artifacts and test cases of a project at CODING are walked where somebody wants them."""

from datetime import UTC, datetime

import pytest

from matou.http.paging import ListingBroken
from matou.model.metadata import Artifact, Priority, TestCase, TestStep
from matou.model.metadata import kinds as known
from matou.platforms.base.errors import ActionRefused
from matou.platforms.coding.metadata_files import FileUnavailable
from support.coding_source import REFUSED
from unit.platforms.coding.clients import client, connect, records, session
from unit.platforms.coding.harbour import Harbour, harbour, items, open_harbour, read_all

__all__ = ["client", "connect", "harbour", "open_harbour", "records", "session"]

SHIP = "maven/com.harbour:船/1.0"


def test_an_artifact_is_a_version_of_a_package_with_its_files(harbour: Harbour) -> None:
    found = read_all(harbour.project, known.ARTIFACT)

    assert list(found) == [SHIP, "maven/com.harbour:船/1.1", "images/harbour%2Fferry/latest"]
    ship, image = (items(found)[key] for key in (SHIP, "images/harbour%2Fferry/latest"))
    assert isinstance(ship, Artifact)
    assert (ship.type, ship.hash, ship.released, ship.key) == ("maven", "sha1 a", True, SHIP)
    assert ship.at == datetime(2020, 10, 23, 4, 12, 42, tzinfo=UTC)
    assert [file.name for file in ship.files] == ["船-1.0.jar", "船-1.0.pom"]
    assert (image.type, image.files, image.released) == ("docker", (), None)
    assert "sign=" not in repr(items(found))
    signed = harbour.source.metadata.signed
    assert sorted(found[SHIP].addresses.values()) == [signed(801), signed(802)]
    assert harbour.calls() == {
        "DescribeArtifactRepositoryList": 1,
        "DescribeArtifactRepositoryFileList": 1,
        "DescribeArtifactPackageList": 2,
        "DescribeArtifactVersionList": 2,
    }


def test_artifacts_that_are_as_they_were_are_not_read_again(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.ARTIFACT))
    assert read_all(harbour.project, known.ARTIFACT, None, before) == {}
    harbour.talk.optional.files[0]["Hash"] = "h9"

    [(key, changed)] = read_all(harbour.project, known.ARTIFACT, None, before).items()

    assert key == SHIP
    assert isinstance(changed.item, Artifact)
    assert {one.url for one in changed.item.files} - {one.url for one in before[SHIP].files} != set()


def test_files_of_a_repository_come_page_after_page(harbour: Harbour) -> None:
    harbour.talk.optional.largest_page = 1

    assert [len(one.files) for one in items(read_all(harbour.project, known.ARTIFACT)).values()] == [2, 1, 0]
    assert harbour.calls()["DescribeArtifactRepositoryFileList"] == 3


def test_a_list_of_files_that_goes_round_in_circles_ends(harbour: Harbour) -> None:
    harbour.talk.optional.largest_page = 0

    with pytest.raises(ListingBroken):
        read_all(harbour.project, known.ARTIFACT)


def test_a_repository_that_was_refused_hides_no_other(harbour: Harbour) -> None:
    harbour.source.always["DescribeArtifactRepositoryFileList"] = REFUSED
    keys: list[str] = []

    with pytest.raises(ActionRefused):
        keys.extend(row.key for row in harbour.project.rows(known.ARTIFACT, None))

    assert keys == ["images/harbour%2Fferry/latest"]


def test_a_file_of_an_artifact_whose_address_has_expired_is_asked_for_anew(harbour: Harbour) -> None:
    found = items(read_all(harbour.project, known.ARTIFACT))
    harbour.source.metadata.expire_signatures()

    request = harbour.project.download(found[SHIP].files[0].url, None)

    assert request.url == harbour.source.metadata.signed(801)
    with pytest.raises(FileUnavailable):
        harbour.project.download("https://files.coding.net/x.jar#船/1.0/h", None)


def test_a_test_case_has_its_sections_steps_and_attachments(harbour: Harbour) -> None:
    read = read_all(harbour.project, known.TEST_CASE)
    found = items(read)

    assert list(found) == ["53", "54"]
    ticket, refund = found["53"], found["54"]
    assert isinstance(ticket, TestCase)
    assert (ticket.section, ticket.form, ticket.by) == (("买票", "手机"), "steps", "1")
    assert ticket.steps == (TestStep(action="点“买票”", expected="看到船期"),)
    assert ticket.at == datetime(2025, 3, 1, 1, tzinfo=UTC)
    assert [file.name for file in ticket.files] == ["屏幕.png"]
    assert list(read["53"].addresses.values()) == [harbour.source.metadata.signed(804)]
    assert (refund.section, refund.priority) == ((), Priority(name="紧急", rank=3))
    assert refund.steps == (TestStep(action="点“退票”", expected="钱回来了"),)
    assert harbour.calls() == {"DescribeTestCaseList": 1, "DescribeTestCase": 2, "DescribeTestCaseSectionList": 3}


def test_sections_that_stand_in_one_another_are_entered_once(harbour: Harbour) -> None:
    harbour.talk.optional.sections[0]["ParentId"] = 2
    harbour.talk.optional.sections.append({**harbour.talk.optional.sections[0], "ParentId": 0})

    assert items(read_all(harbour.project, known.TEST_CASE))["53"].title == "在手机上买票"


def test_the_calls_of_both_are_told_beforehand(harbour: Harbour) -> None:
    assert harbour.project.expected_calls(known.ARTIFACT, None, saved=0) == 1 + 3 * 2
    assert harbour.project.expected_calls(known.TEST_CASE, None, saved=0) == 1
