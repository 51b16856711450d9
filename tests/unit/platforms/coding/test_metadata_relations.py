"""What an issue at CODING stands beside: what it blocks and names, and the versions that it belongs to."""

import pytest

from matou.model.metadata import Issue
from matou.model.metadata import kinds as known
from support.coding_source import REFUSED, failure
from unit.platforms.coding.clients import client, connect, records, session
from unit.platforms.coding.harbour import Harbour, harbour, items, open_harbour, read_all

__all__ = ["client", "connect", "harbour", "open_harbour", "records", "session"]


def related(harbour: Harbour, before: dict[str, Issue] | None = None) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, Issue] = items(read_all(harbour.project, known.ISSUE, None, before, sweeping=True))
    return {key: [(link.kind, link.to) for link in one.links] for key, one in found.items()}


def test_an_issue_has_what_it_stands_beside_and_the_versions_that_it_belongs_to(harbour: Harbour) -> None:
    found = items(read_all(harbour.project, known.ISSUE))

    assert {key: [(link.kind, link.to) for link in one.links] for key, one in found.items() if one.links} == {
        "2": [("relates", "5")],
        "5": [("blocks", "6"), ("relates", "2")],
        "6": [("blocked_by", "5")],
    }
    assert {key: one.milestone for key, one in found.items() if one.milestone} == {"5": "version/42"}
    assert found["5"].extra["References"] == [
        {
            "ResourceType": "Mission",
            "ResourceCode": 7,
            "ResourceId": 907,
            "ResourceName": "修码头",
            "ResourceStatus": "未开始",
            "ProjectId": 1001,
            "ProjectName": "piers",
        },
        {"ResourceType": "Requirement", "ResourceCode": 2, "ResourceId": 902},
        {"ResourceType": "Wiki", "ResourceCode": 1, "ResourceId": 901, "ResourceName": "首页"},
    ]


def test_a_sweep_finds_relations_and_versions_that_moved_no_time(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.ISSUE))
    assert related(harbour, before) == {}
    harbour.talk.blocks[5] = [3]
    harbour.talk.issue_versions[2] = [42]

    assert related(harbour, before) == {
        "2": [("relates", "5")],
        "3": [("blocked_by", "5")],
        "5": [("blocks", "3"), ("relates", "2")],
        "6": [],
    }


def test_all_versions_of_an_issue_are_told(harbour: Harbour) -> None:
    harbour.talk.versions.append({**harbour.talk.versions[0], "Code": 7})
    harbour.talk.issue_versions[5] = [42, 7]

    found = items(read_all(harbour.project, known.ISSUE))["5"]

    assert (found.milestone, found.extra["Releases"]) == ("version/7", [7, 42])


@pytest.mark.parametrize("action", ["DescribeBlockIssueList", "DescribeIssueReferenceResources"])
def test_relations_that_were_refused_stay_as_they_were_and_are_a_fault(harbour: Harbour, action: str) -> None:
    before = items(read_all(harbour.project, known.ISSUE))
    harbour.source.always[action] = REFUSED

    found = read_all(harbour.project, known.ISSUE, None, before, sweeping=True)["5"]

    assert len(found.faults) == 1
    assert isinstance(found.item, Issue)
    assert found.item == before["5"]


def test_a_server_without_an_action_for_relations_has_nothing_to_be_sorry_for(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.ISSUE))
    harbour.source.always["DescribeIssueReleaseList"] = failure("InvalidAction", "there is none such")
    harbour.calls()

    assert read_all(harbour.project, known.ISSUE, None, before, sweeping=True) == {}
    assert harbour.calls()["DescribeIssueReleaseList"] == 1
