"""Every sample of GitCode's document passes through our objects and comes out as it went in."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matou.errors import UnknownShape
from matou.platforms.gitcode import wire
from matou.platforms.gitcode.wire_base import DECODER

DATA = Path(__file__).parents[3] / "data" / "gitcode"

KINDS: dict[str, Any] = {
    "01.response": wire.Tree,
    "02.response": wire.Content,
    "03.response": list[str],
    "04.response": wire.FileCreated,
    "05.response": wire.FileUpdated,
    "06.response": wire.FileDeleted,
    "07.response": wire.Blob,
    "08.response": dict[str, float],
    "09.response": list[wire.Contributor],
    "10.response": wire.Success,
    "11.response": wire.GitCodeRepository,
    "12.response": wire.ReviewerSettings,
    "13.response": wire.Success,
    "14.response": wire.Success,
    "15.response": wire.PermissionMode,
    "16.response": wire.Success,
    "17.response": wire.PushConfig,
    "18.response": wire.PushConfig,
    "20.response": wire.GitCodeRepository,
    "21.response": wire.GitCodeRepository,
    "22.response": list[wire.GitCodeRepository],
    "23.response": wire.UploadedFile,
    "24.response": wire.UploadedFile,
    "25.response": list[wire.Subscriber],
    "26.response": list[wire.Stargazer],
    "27.response": wire.GitCodeRepositorySettings,
    "28.response": wire.GitCodeRepositorySettings,
    "29.response": wire.PullRequestSettings,
    "30.response": wire.PullRequestSettings,
    "31.response": wire.GitCodeRepository,
    "32.response": wire.GitCodeMember,
    "33.response": wire.Transferred,
    "34.response": list[wire.GitCodeCustomizedRole],
    "35.response": wire.DownloadStatistics,
    "37.response": list[wire.ContributorStatistics],
    "38.response": wire.Events,
    "user.later": wire.GitCodeUser,
    "users-login.later": wire.GitCodeUser,
    "repository.later": wire.GitCodeRepository,
    "branches.later": wire.GitCodeBranch,
    "branch.later": wire.BranchDetail,
    "branch-created.later": wire.GitCodeBranch,
    "commits.later": wire.GitCodeCommit,
    "commit.later": wire.GitCodeCommit,
    "tags.later": wire.GitCodeTag,
    "tag-created.later": wire.GitCodeTag,
    "user-repos.later": wire.GitCodeRepository,
    "users-login-repos.later": wire.GitCodeRepository,
    "orgs-repos.later": wire.GitCodeRepository,
    "user-starred.later": wire.GitCodeRepository,
    "user-namespace.later": wire.GitCodeNamespace,
    "users-orgs.later": wire.GitCodeOrganization,
    "orgs-members.later": wire.OrganizationMember,
}

NOON = datetime(2024, 7, 29, 7, 42, 45, 149000, tzinfo=UTC)


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def test_no_sample_is_left_out() -> None:
    assert {path.stem for path in DATA.glob("*.*.json")} == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_a_sample_comes_out_as_it_went_in(name: str) -> None:
    given = sample(name)

    assert wire.as_received(DECODER.read(KINDS[name], given)) == given


@pytest.mark.parametrize("name", [name for name in KINDS if name.endswith("response")])
def test_what_the_server_writes_of_a_sample_has_the_documents_keys_and_types(name: str) -> None:
    given = sample(name)

    assert json.loads(msgspec.json.encode(DECODER.read(KINDS[name], given))) == given


@pytest.mark.parametrize("name", ["11.response", "20.response", "22.response"])
def test_every_key_of_a_repository_is_described(name: str) -> None:
    given = sample(name)

    rows = DECODER.read(list[wire.GitCodeRepository], given if isinstance(given, list) else [given])

    assert [dict(row.undescribed) for row in rows] == [{}]


def test_a_key_that_nobody_described_is_kept_and_not_written() -> None:
    given = {**sample("09.response")[0], "mood": ["merry"]}

    contributor = DECODER.read(wire.Contributor, given)

    assert contributor.undescribed == {"mood": ["merry"]}
    assert wire.as_received(contributor) == given
    assert json.loads(msgspec.json.encode(contributor)) == sample("09.response")[0]


@pytest.mark.parametrize(
    ("kind", "given", "name", "expected"),
    [
        (wire.Contributor, {"name": "a", "email": "e", "contributions": "3"}, "contributions", 3),
        (wire.Contributor, {"name": "a", "email": 12, "contributions": 3}, "email", "12"),
        (wire.PushConfig, {"deny_force_push": "true"}, "deny_force_push", True),
        (wire.PushConfig, {"deny_force_push": 0}, "deny_force_push", False),
        (wire.PushConfig, {"max_file_size": None}, "max_file_size", 0),
        (wire.PushConfig, {}, "commit_message_regex", msgspec.UNSET),
        (wire.PushConfig, {"commit_message_regex": None}, "commit_message_regex", None),
        (wire.Person, {"id": "898013"}, "id", "898013"),
        (wire.Person, {"id": 970}, "id", 970),
    ],
)
def test_what_varies_is_tolerated(kind: type[wire.GitCodeStruct], given: object, name: str, expected: object) -> None:
    assert getattr(DECODER.read(kind, given), name) == expected


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        (wire.Contributor, {"name": "a", "email": "e"}, "Contributor.contributions"),
        (wire.Contributor, {"name": "a", "email": "e", "contributions": "many"}, "Contributor.contributions"),
        (wire.Contributor, {"name": "a", "email": "e", "contributions": True}, "Contributor.contributions"),
        (wire.Contributor, {"name": "a", "email": "e", "contributions": 2**63}, "Contributor.contributions"),
        (wire.Contributor, {"name": ["a"], "email": "e", "contributions": 1}, "Contributor.name"),
        (wire.PushConfig, {"deny_force_push": "perhaps"}, "PushConfig.deny_force_push"),
        (wire.PushConfig, {"deny_force_push": 2}, "PushConfig.deny_force_push"),
        (wire.Tree, {"tree": {}}, "Tree.tree"),
        (wire.Tree, [], "Tree"),
        (wire.Contributor, None, "Contributor"),
    ],
)
def test_what_cannot_be_meant_is_named(kind: type[wire.GitCodeStruct], given: object, field: str) -> None:
    with pytest.raises(UnknownShape, match=f"gitcode {field} was "):
        DECODER.read(kind, given)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (wire.china_moment(NOON), "2024-07-29T15:42:45.149+08:00"),
        (wire.china_second(NOON), "2024-07-29T15:42:45+08:00"),
        (wire.china_minute(NOON), "2024-07-29 15:42"),
        (wire.utc_second(NOON), "2024-07-29T07:42:45+00:00"),
        (wire.zulu_moment(NOON), "2024-07-29T07:42:45.149Z"),
        (wire.day(NOON), "2024-07-29"),
    ],
)
def test_moments_have_the_documents_forms_and_are_read_back(written: str, text: str) -> None:
    assert written == text
    assert abs(NOON - wire.moment(text)).total_seconds() < 24 * 3600
    assert wire.moment(text).tzinfo is not None


def test_a_moment_that_is_none_is_named() -> None:
    with pytest.raises(UnknownShape, match="yesterday"):
        wire.moment("yesterday")
