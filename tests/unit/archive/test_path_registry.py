"""Names from a platform are hostile: each gets a place of its own, inside the archive, on every file system."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matou.archive import path_registry
from matou.archive.layout import Archive
from matou.archive.path_registry import (
    DamagedPathLine,
    Kind,
    PathLine,
    PathOwner,
    PathRegistry,
    read_paths,
    safe_segment,
)
from matou.archive.run_history import read_history
from matou.model.names import LONGEST_SEGMENT_BYTES, NamespacePath, RepositoryPath, fault_of_segment, folded

HOSTILE = [
    "", ".", "..", "...", "/", "//", "../../etc/cron.d/x", "a/b", "\\", "a\\b", "C:\\x", "-rf",
    "--upload-pack=x", "-", " ", "  a", "a ", "a.", "a. .", ".git", ".GIT", "a.git", "a.git.git", "a.lock",
    "a.LOCK", "a.atom", "a.wiki", "CON", "con", "NUL.txt", "aux", "COM1", "com\xb9", "LPT9.tar.gz", "conin$",
    "a\x00b", "\x00", "a\nb", "\x1b[31mred", "\x7f", "x" * 300, "码" * 300, "e\u0301", "\u0301", "\u200b",
    "a\u200bb", "\u202eevil", "\ufeff", "\ud800", "\udcff", "\u0430pi", "API", "api", "Api",
    "\uff41\uff50\uff49", "\ufb01le", "\xdf", "ss", "\u0130", "\u0131", "a*b", "a?b", 'a"b', "a<b>c", "a|b",
    "a%b", "a:b", "$(id)", "`id`", "a;b", "~", "~root", "_~5ec1f7e7", "\u652f\u4ed8\uff08\u6d4b\u8bd5\uff09",
    "码头", "日本語カタカナ", "한국어", "\u1160", "\u115f", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a\xa0b",
    "a\u3000b", "\U000e0001", "\ue000", "\uffff", "\U0001f4a9",
]  # fmt: skip
TRUE_NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.text(alphabet=st.characters(), max_size=200),
    st.builds(lambda name, suffix: name + suffix, st.text(max_size=8), st.sampled_from([".git", ".", " ", "\0", "/"])),
)
TEAM = NamespacePath(("team",))


def owner(number: int) -> PathOwner:
    return PathOwner("coding", "e.coding.net", str(number))


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def registry_in(folder: Path) -> PathRegistry:
    return PathRegistry(folder / "repositories", journal=folder / "places.jsonl")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PathRegistry]:
    with registry_in(tmp_path) as registry:
        yield registry


@given(TRUE_NAMES)
def test_every_name_becomes_a_safe_part_of_a_path(name: str) -> None:
    segment = safe_segment(name)

    assert fault_of_segment(segment) is None
    assert safe_segment(name) == segment
    assert len(segment.encode()) <= LONGEST_SEGMENT_BYTES


def test_of_a_name_without_end_the_beginning_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def allowed(character: str) -> str:
        looked_at.append(character)
        return character

    monkeypatch.setattr(path_registry, "_allowed", allowed)

    made = {safe_segment("/" + "x" * length) for length in (100_000, 100_001)}

    assert len(made) == 2
    assert len(looked_at) == 2 * path_registry.LONGEST_READ


@given(TRUE_NAMES, TRUE_NAMES)
def test_a_name_that_was_made_safe_shares_its_place_with_no_other(one: str, other: str) -> None:
    made = safe_segment(one)

    assert one == other or made == one or safe_segment(other) != made or other == made


@pytest.mark.parametrize("name", ["api", "My Project", "码头", "支付_v2", "日本語カタカナ", "한국어", "a.b-c_d~e"])
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_segment(name) == name


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("..", "_~5ec1f7e7"),
        ("", "_~e3b0c442"),
        ("-rf", "_rf~686c39ac"),
        ("a.git", "a_~e3b0d7b9"),
        ("NUL.txt", "_NUL.txt~0241e4ee"),
        ("аpi", "аpi~96bb6d32"),
        ("x" * 300, "x" * 100 + "~6ca01f2e"),
    ],
)
def test_the_format_page_says_what_becomes_of_a_name(name: str, segment: str) -> None:
    digits = hashlib.sha256(name.encode()).hexdigest()[:8]

    assert safe_segment(name) == segment.rpartition("~")[0] + "~" + digits


def test_all_hostile_names_get_places_of_their_own_that_stay_inside(registry: PathRegistry, tmp_path: Path) -> None:
    paths = [
        registry.assign_repository(owner(number), name, namespace=TEAM)
        for number, name in enumerate([*HOSTILE, *HOSTILE])
    ]

    assert len({folded(path.name) for path in paths}) == 2 * len(HOSTILE)
    for path in paths:
        folder = tmp_path / "repositories" / "team" / f"{path.name}.git"
        folder.mkdir(parents=True)
    assert names_in(tmp_path / "repositories" / "team") == sorted(f"{path.name}.git" for path in paths)
    assert names_in(tmp_path) == ["places.jsonl", "repositories"]


@given(st.lists(st.tuples(st.integers(0, 30), TRUE_NAMES), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_owners_never_share_a_place_and_keep_their_own(tmp_path: Path, requests_seen: list[tuple[int, str]]) -> None:
    with registry_in(tmp_path) as registry:
        places = [
            (number, registry.assign_repository(owner(number), name, namespace=TEAM)) for number, name in requests_seen
        ]

    of_owner = dict(reversed(places))
    assert all(of_owner[number] == path for number, path in places)
    assert len({folded(path.name) for path in of_owner.values()}) == len(of_owner)


@pytest.mark.parametrize(("first", "second"), [("api", "api"), ("api", "API"), ("api", "Api"), ("码头", "码头")])
def test_the_first_owner_keeps_the_short_name(registry: PathRegistry, first: str, second: str) -> None:
    one = registry.assign_repository(owner(1), first, namespace=TEAM)
    other = registry.assign_repository(owner(2), second, namespace=TEAM)

    assert one == RepositoryPath(TEAM, first)
    assert other.name.startswith(second + "~")
    assert len(other.name) == len(second) + 9


def test_when_the_short_suffix_is_taken_too_more_digits_follow(tmp_path: Path) -> None:
    with registry_in(tmp_path) as registry:
        registry.assign_repository(owner(1), "api", namespace=TEAM)
        short = registry.assign_repository(owner(3), "api", namespace=TEAM).name

    with registry_in(tmp_path) as registry:
        registry.assign_repository(owner(1), "api", namespace=TEAM)
        registry.assign_repository(owner(4), short, namespace=TEAM)
        longer = registry.assign_repository(owner(3), "api", namespace=TEAM).name

    assert longer.startswith(short)
    assert len(longer) == len(short) + 8


def test_a_long_name_is_cut_so_that_its_suffix_fits(registry: PathRegistry) -> None:
    paths = [registry.assign_repository(owner(number), "码" * 40, namespace=TEAM) for number in range(3)]

    assert [len(path.name.encode()) <= LONGEST_SEGMENT_BYTES for path in paths] == [True] * 3
    assert len(set(paths)) == 3


def test_a_renamed_repository_stays_where_it_is_and_its_old_name_is_not_given_away(registry: PathRegistry) -> None:
    before = registry.assign_repository(owner(1), "old", namespace=TEAM)

    after = registry.assign_repository(owner(1), "new", namespace=TEAM)
    newcomer = registry.assign_repository(owner(2), "old", namespace=TEAM)

    assert after == before
    assert newcomer != before


def test_a_folder_on_disk_that_is_nobodys_is_not_given_away(registry: PathRegistry, tmp_path: Path) -> None:
    (tmp_path / "repositories" / "team" / "Hosted.git").mkdir(parents=True)

    path = registry.assign_repository(owner(1), "hosted", namespace=TEAM)

    assert path.name.startswith("hosted~")


def test_ids_of_different_platforms_and_hosts_are_different_owners(registry: PathRegistry) -> None:
    places = [
        registry.assign_namespace(PathOwner(platform, host, "1"), "team", parent=None)
        for platform, host in (("coding", "e.coding.net"), ("coding", "my.example"), ("gitee", "e.coding.net"))
    ]

    assert len(set(places)) == 3


def test_a_namespace_and_a_repository_of_one_id_are_two_owners(registry: PathRegistry) -> None:
    namespace = registry.assign_namespace(owner(1), "api", parent=TEAM)
    repository = registry.assign_repository(owner(1), "api", namespace=TEAM)

    assert namespace.name == "api"
    assert repository.name.startswith("api~")


def test_a_run_that_was_cut_off_finds_its_own_places_again(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive", now=datetime(2026, 1, 1, tzinfo=UTC), identifier=UUID(int=1))
    with PathRegistry.load(archive, read_history(archive), run=archive.begin_run()) as registry:
        team = registry.assign_namespace(owner(7), "team", parent=None)
        before = registry.assign_repository(owner(1), "api", namespace=team)
        registry.sync()
    archive.repository(before).mkdir(parents=True)

    with PathRegistry.load(archive, read_history(archive), run=archive.begin_run()) as registry:
        after = registry.assign_repository(owner(1), "api", namespace=team)

    assert after == before == RepositoryPath(team, "api")


def test_a_last_line_of_places_that_was_cut_off_is_passed_over_and_of_any_other_the_fault_is_told(
    registry: PathRegistry, tmp_path: Path
) -> None:
    registry.assign_namespace(owner(1), "one", parent=None)
    registry.assign_namespace(owner(2), "two", parent=None)
    registry.close()
    journal = tmp_path / "places.jsonl"
    text = journal.read_bytes()

    journal.write_bytes(text[:-5])
    kept = list(read_paths(journal))
    journal.write_bytes(b"\0" + text[1:])
    damaged, after = read_paths(journal)

    assert [line.path for line in kept if isinstance(line, PathLine)] == ["one"]
    assert isinstance(damaged, DamagedPathLine)
    assert "line 1" in str(damaged)
    assert isinstance(after, PathLine)
    assert after.path == "two"


def test_a_place_that_two_lists_claim_stays_the_first_ones(registry: PathRegistry) -> None:
    registry.keep(Kind.NAMESPACE, owner(1), "team")

    registry.keep(Kind.NAMESPACE, owner(2), "team")

    assert registry.assign_namespace(owner(2), "team", parent=None) != NamespacePath(("team",))


def test_what_a_later_matou_says_of_a_place_is_passed_over(tmp_path: Path) -> None:
    journal = tmp_path / "places.jsonl"
    journal.write_text(
        '{"kind":"repository","platform":"coding","host":"h","id":"1","path":"team/api","metadata":"team/api"}\n'
    )

    assert [getattr(line, "path", None) for line in read_paths(journal)] == ["team/api"]
