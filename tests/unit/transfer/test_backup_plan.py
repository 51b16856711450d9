"""What a run decides before it does anything."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from matou.archive.manifest import ListingState, Outcome, RepositoryLine
from matou.errors import TryLater
from matou.model.names import RepositoryPath
from matou.model.platform import Account, Inaccessible, RemoteNamespace, RemoteRepository, VersionControl, Visibility
from matou.transfer.backup.listing import SourceListing
from matou.transfer.backup.plan import (
    BackupTask,
    fate_of_absent,
    has_same_last_push,
    in_order,
    judge_listing,
    judge_source_listing,
    outcome_without_asking,
    source_path,
)
from matou.transfer.backup.previous_run import NOTHING_BEFORE, PreviousRun
from matou.transfer.common.filters import RepositoryFilter

PUSHED_AT = datetime(2025, 1, 1, tzinfo=UTC)
NAMESPACE = RemoteNamespace("1", "shop", "Shop", "", None, None, archived=False)
ACCOUNT = Account("7", "somebody", "Some Body", "1", "team", "Team")


def remote(id_: str = "1", **values: object) -> RemoteRepository:
    plain: dict[str, object] = {
        "id": id_,
        "namespace_id": "1",
        "name": f"r{id_}",
        "description": "",
        "clone_url": "https://git.example/r.git",
        "version_control": VersionControl.GIT,
        "created_at": None,
        "last_push_at": PUSHED_AT,
        "default_branch": None,
        "visibility": Visibility.PRIVATE,
    }
    return RemoteRepository(**{**plain, **values})  # type: ignore[arg-type]


def row(id_: str = "1", outcome: Outcome = Outcome.SAVED, **values: object) -> RepositoryLine:
    line = RepositoryLine(
        id=id_,
        namespace="1",
        name=f"r{id_}",
        path=f"team/shop/r{id_}",
        clone_url="https://git.example/r.git",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=outcome,
        snapshot="0" * 64,
        last_push_at=PUSHED_AT,
    )
    return msgspec.structs.replace(line, **values)


def rows(*outcomes: Outcome) -> dict[str, RepositoryLine]:
    return {str(number): row(str(number), outcome) for number, outcome in enumerate(outcomes)}


def task(remote_: RemoteRepository, previous: RepositoryLine | None = None) -> BackupTask:
    return BackupTask(remote_, NAMESPACE, f"team/shop/{remote_.name}", previous, RepositoryPath.parse("team/shop/r"))


@pytest.mark.parametrize(
    ("known", "vanished", "judged"),
    [
        (0, 0, ListingState.COMPLETE),
        (1, 0, ListingState.COMPLETE),
        (1, 1, ListingState.SHRUNK),
        (19, 1, ListingState.SHRUNK),
        (20, 1, ListingState.COMPLETE),
        (39, 2, ListingState.SHRUNK),
        (40, 2, ListingState.COMPLETE),
        (1000, 50, ListingState.COMPLETE),
        (1000, 51, ListingState.SHRUNK),
    ],
)
def test_a_listing_that_misses_more_than_a_twentieth_is_not_believed(
    known: int, vanished: int, judged: ListingState
) -> None:
    previous = rows(*[Outcome.SAVED] * known)
    listed = {str(number) for number in range(vanished, known)} | {"new"}

    assert judge_listing(previous, listed, broke_off=False, sees_less=False) is judged


def test_new_repositories_do_not_make_up_for_those_that_vanished() -> None:
    previous = rows(*[Outcome.SAVED] * 10)
    other_account = {f"other-{number}" for number in range(10)}

    assert judge_listing(previous, other_account, broke_off=False, sees_less=False) is ListingState.SHRUNK


@pytest.mark.parametrize(
    ("said_before", "judged"),
    [
        ((), ListingState.SHRUNK),
        (range(10), ListingState.COMPLETE),
        (range(20), ListingState.SHRUNK),
    ],
)
def test_what_a_bad_listing_missed_counts_until_a_second_one_that_came_to_its_end_says_the_same(
    said_before: Iterable[int], judged: ListingState
) -> None:
    previous = rows(*[Outcome.SAVED] * 10, *[Outcome.UNLISTED] * 10, *[Outcome.GONE] * 10)
    listed = {str(number) for number in range(10)}
    said = {str(number) for number in said_before}

    assert judge_listing(previous, listed, broke_off=False, sees_less=False, said_before=said) is judged


@pytest.mark.parametrize(
    ("before", "listing", "fate"),
    [
        (Outcome.SAVED, ListingState.COMPLETE, Outcome.GONE),
        (Outcome.UNLISTED, ListingState.COMPLETE, Outcome.GONE),
        (Outcome.GONE, ListingState.COMPLETE, Outcome.GONE),
        (Outcome.SAVED, ListingState.SHRUNK, Outcome.UNLISTED),
        (Outcome.SAVED, ListingState.BROKEN_OFF, Outcome.UNLISTED),
        (Outcome.UNLISTED, ListingState.BROKEN_OFF, Outcome.UNLISTED),
        (Outcome.GONE, ListingState.BROKEN_OFF, Outcome.GONE),
    ],
)
def test_only_a_whole_listing_makes_a_repository_gone(before: Outcome, listing: ListingState, fate: Outcome) -> None:
    assert fate_of_absent(row(outcome=before), listing) is fate


@pytest.mark.parametrize("before", [Outcome.SAVED, Outcome.UNLISTED, Outcome.GONE])
def test_one_that_was_not_named_this_time_is_left_as_it_is(before: Outcome) -> None:
    assert fate_of_absent(row(outcome=before), ListingState.COMPLETE, is_selection=True) is Outcome.EXCLUDED


def test_of_repositories_that_a_person_names_no_more_are_expected() -> None:
    before = PreviousRun(
        1, was_cut_off=False, namespaces={}, repositories=rows(*[Outcome.SAVED] * 5), unseen=frozenset()
    )

    judged = judge_source_listing(before, SourceListing(ACCOUNT, {}, {}, (), None), is_selection=True)

    assert judged is ListingState.COMPLETE


@pytest.mark.parametrize(
    ("broke_off", "unseen", "known_unseen", "judged"),
    [
        (None, (), (), ListingState.COMPLETE),
        (TryLater("busy"), (), (), ListingState.BROKEN_OFF),
        (None, ("a project",), (), ListingState.SHRUNK),
        (None, ("a project",), ("a project",), ListingState.COMPLETE),
        (None, (), ("a project",), ListingState.COMPLETE),
    ],
)
def test_a_listing_that_now_misses_what_it_says_is_not_believed(
    broke_off: TryLater | None, unseen: tuple[str, ...], known_unseen: tuple[str, ...], judged: ListingState
) -> None:
    before = PreviousRun(1, was_cut_off=False, namespaces={}, repositories={}, unseen=frozenset(known_unseen))
    found = SourceListing(ACCOUNT, {}, {}, tuple(Inaccessible(what, "no permission") for what in unseen), broke_off)

    assert judge_source_listing(before, found) is judged


def test_what_may_not_be_seen_at_a_first_run_is_no_loss() -> None:
    found = SourceListing(ACCOUNT, {}, {}, (Inaccessible("a project", "no permission"),), None)

    assert judge_source_listing(NOTHING_BEFORE, found) is ListingState.COMPLETE


@pytest.mark.parametrize(
    ("kind", "exclude", "outcome"),
    [
        (VersionControl.GIT, (), None),
        (VersionControl.SUBVERSION, (), Outcome.UNSUPPORTED),
        (VersionControl.MERCURIAL, (), Outcome.UNSUPPORTED),
        (VersionControl.GIT, ("shop/*",), Outcome.EXCLUDED),
        (VersionControl.SUBVERSION, ("shop/*",), Outcome.EXCLUDED),
    ],
)
def test_what_need_not_be_asked(kind: VersionControl, exclude: tuple[str, ...], outcome: Outcome | None) -> None:
    assert outcome_without_asking(task(remote(version_control=kind)), RepositoryFilter((), exclude)) is outcome


@pytest.mark.parametrize(
    ("previous", "pushed_at", "same"),
    [
        (row(), PUSHED_AT, True),
        (row(outcome=Outcome.UNCHANGED), PUSHED_AT, True),
        (None, PUSHED_AT, False),
        (row(), PUSHED_AT + timedelta(seconds=1), False),
        (row(), None, False),
        (row(last_push_at=None), None, False),
        (row(snapshot=None), PUSHED_AT, False),
        (row(outcome=Outcome.FAILED), PUSHED_AT, False),
        (row(outcome=Outcome.INCOMPLETE), PUSHED_AT, False),
        (row(outcome=Outcome.EXCLUDED), PUSHED_AT, False),
    ],
)
def test_a_listing_is_trusted_only_about_what_was_saved_in_full(
    previous: RepositoryLine | None, pushed_at: datetime | None, same: bool
) -> None:
    assert has_same_last_push(task(remote(last_push_at=pushed_at), previous)) is same


def test_what_was_pushed_to_last_and_what_was_large_comes_first() -> None:
    tasks = [
        task(remote("never", last_push_at=None)),
        task(remote("small"), row("small", received_bytes=1)),
        task(remote("large"), row("large", received_bytes=1000)),
        task(remote("fresh", last_push_at=PUSHED_AT + timedelta(days=1))),
    ]

    assert [one.remote.id for one in in_order(tasks)] == ["fresh", "large", "small", "never"]


def test_the_true_path_is_what_the_platform_says_or_the_id_of_what_it_does_not_list() -> None:
    assert source_path("team", NAMESPACE, remote()) == "team/shop/r1"
    assert source_path("team", None, remote()) == "team/1/r1"
    assert source_path("team", None, row()) == "team/1/r1"
