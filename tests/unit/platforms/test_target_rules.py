"""What is known of a platform's limits is held against that platform, and against no other server of its dialect."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.targets import NOTHING_KNOWN, Capacity
from matou.platforms.coding.target import CODING_RULES, CodingTarget
from matou.platforms.gitcode.target import GITCODE_RULES, GitCodeTarget
from matou.platforms.gitee.target import GITEE_RULES, GiteeTarget
from matou.platforms.matou.target import MATOU_RULES
from matou.server.git import lfs_wire, pack_receiver
from support.steered_clock import SYSTEM_CLOCK

MIB = 1024 * 1024


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(named=(), clock=SYSTEM_CLOCK) as session:
        yield session


def capacity(session: Session, kind: type[CodingTarget | GitCodeTarget | GiteeTarget], url: str) -> Capacity:
    return kind(session, url, Secret("t" * 32), now=lambda: datetime.now(UTC)).rules.capacity


@pytest.mark.parametrize(
    ("kind", "url", "known"),
    [
        (GiteeTarget, "https://gitee.com", GITEE_RULES.capacity),
        (GiteeTarget, "https://gitee.com/api/v5", GITEE_RULES.capacity),
        (GiteeTarget, "https://git.example/api/v3", NOTHING_KNOWN),
        (GiteeTarget, "https://gitee.com.example", NOTHING_KNOWN),
        (GitCodeTarget, "https://api.gitcode.com", GITCODE_RULES.capacity),
        (GitCodeTarget, "https://git.example", NOTHING_KNOWN),
        (CodingTarget, "https://e.coding.net/open-api", CODING_RULES.capacity),
        (CodingTarget, "https://team.coding.net/open-api", CODING_RULES.capacity),
        (CodingTarget, "https://notcoding.net/open-api", NOTHING_KNOWN),
        (CodingTarget, "https://git.example/open-api", NOTHING_KNOWN),
    ],
)
def test_limits_are_those_of_the_platform_itself(
    session: Session, kind: type[CodingTarget | GitCodeTarget | GiteeTarget], url: str, known: Capacity
) -> None:
    assert capacity(session, kind, url) == known


def test_gitee_is_known_by_what_its_refusals_say() -> None:
    assert GITEE_RULES.capacity.file_bytes == 100 * MIB
    assert GITEE_RULES.capacity.repository_bytes == 1024 * MIB


def test_the_limits_of_a_matou_are_those_that_its_server_keeps() -> None:
    assert MATOU_RULES.capacity.repository_bytes == pack_receiver.LARGEST_PUSH_BYTES
    assert MATOU_RULES.capacity.lfs_object_bytes == lfs_wire.LARGEST_OBJECT_BYTES
