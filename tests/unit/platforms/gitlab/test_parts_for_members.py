"""A project at a GitLab that all see, and of which a part is for members alone."""

from typing import Any

import msgspec
import pytest

from matou.model.platform import Visibility
from matou.platforms.gitlab.source import visibility_of
from matou.platforms.gitlab.wire import GitLabProject

BARE = {
    "id": 1,
    "path": "crane",
    "path_with_namespace": "harbour/crane",
    "namespace": {"id": 2, "full_path": "harbour"},
}


def project(**values: object) -> GitLabProject:
    given: dict[str, Any] = {**BARE, "visibility": "public", **values}
    return msgspec.convert(given, GitLabProject)


@pytest.mark.parametrize("part", ["repository", "issues", "merge_requests", "releases", "wiki"])
def test_it_is_taken_for_private(part: str) -> None:
    assert visibility_of(project(**{f"{part}_access_level": "private"})) is Visibility.PRIVATE


@pytest.mark.parametrize("level", ["enabled", "disabled", "public", None])
def test_it_is_open_where_no_part_is_for_members_alone(level: str | None) -> None:
    assert visibility_of(project(issues_access_level=level)) is Visibility.PUBLIC
