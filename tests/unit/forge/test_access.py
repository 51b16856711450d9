"""The one decision, cell by cell of a table that was written by hand."""

import itertools
from collections.abc import Mapping

import pytest

from matou.forge.access import (
    ALL_SCOPES,
    NAMESPACE_POLICY,
    REPOSITORY_POLICY,
    AccessCase,
    AccessLevel,
    Action,
    Decision,
    Rule,
    Scope,
    SubjectState,
    backups_are_open,
    decide,
)
from matou.model.platform import Visibility
from support.access_table import (
    REFUSED_IN,
    Cell,
    namespace_cells,
    namespace_scopes,
    repository_cells,
    repository_scopes,
)

ACTIVE: frozenset[SubjectState] = frozenset()
POLICIES = [pytest.param(REPOSITORY_POLICY, id="repository"), pytest.param(NAMESPACE_POLICY, id="namespace")]

REPOSITORY_TABLE = repository_cells()
NAMESPACE_TABLE = namespace_cells()


def name_of(cell: Cell) -> str:
    visibility, action, standing = cell
    return f"{visibility}, {action.value}, {standing.name}"


def test_the_table_has_a_cell_for_everything_that_can_be_asked() -> None:
    assert set(REPOSITORY_TABLE) == set(itertools.product(Visibility, REPOSITORY_POLICY, AccessLevel))
    assert set(NAMESPACE_TABLE) == set(itertools.product(Visibility, NAMESPACE_POLICY, AccessLevel))
    assert {*REPOSITORY_POLICY, *NAMESPACE_POLICY} == set(Action)


@pytest.mark.parametrize("cell", REPOSITORY_TABLE, ids=name_of)
def test_a_repository_is_guarded_as_the_table_says(cell: Cell) -> None:
    visibility, action, standing = cell

    found = decide(REPOSITORY_POLICY, action, AccessCase(standing, visibility, ACTIVE, ALL_SCOPES))

    assert found is REPOSITORY_TABLE[cell]


@pytest.mark.parametrize("cell", NAMESPACE_TABLE, ids=name_of)
def test_a_namespace_is_guarded_as_the_table_says(cell: Cell) -> None:
    visibility, action, standing = cell

    found = decide(NAMESPACE_POLICY, action, AccessCase(standing, visibility, ACTIVE, ALL_SCOPES))

    assert found is NAMESPACE_TABLE[cell]


@pytest.mark.parametrize(
    ("policy", "table"),
    [
        pytest.param(REPOSITORY_POLICY, repository_scopes(), id="repository"),
        pytest.param(NAMESPACE_POLICY, namespace_scopes(), id="namespace"),
    ],
)
def test_a_token_is_good_for_what_the_table_says(
    policy: Mapping[Action, Rule], table: dict[tuple[Action, Scope], Decision]
) -> None:
    def decided(action: Action, scope: Scope) -> Decision:
        case = AccessCase(AccessLevel.OWNER, Visibility.PRIVATE, ACTIVE, frozenset({scope}))
        return decide(policy, action, case)

    assert {(action, scope): decided(action, scope) for action in policy for scope in ALL_SCOPES} == table
    assert Decision.ALLOWED not in {decided(action, Scope.METRICS_READ) for action in policy}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("state", SubjectState)
def test_a_state_refuses_everybody_alike(policy: Mapping[Action, Rule], state: SubjectState) -> None:
    refused = {
        action
        for action in policy
        if decide(
            policy, action, AccessCase(AccessLevel.ADMINISTRATOR, Visibility.PUBLIC, frozenset({state}), ALL_SCOPES)
        )
        in (Decision.READ_ONLY, Decision.SWITCHED_OFF)
    }

    assert refused == REFUSED_IN[state] & set(policy)


@pytest.mark.parametrize("policy", POLICIES)
def test_no_standing_may_less_than_a_smaller_one(policy: Mapping[Action, Rule]) -> None:
    for action, visibility in itertools.product(policy, Visibility):
        allowed = [
            decide(policy, action, AccessCase(standing, visibility, ACTIVE, ALL_SCOPES)) is Decision.ALLOWED
            for standing in AccessLevel
        ]
        assert allowed == sorted(allowed)


def test_where_backups_are_open_whoever_asks_reads_their_earlier_states() -> None:
    opened = AccessCase(AccessLevel.NOBODY, Visibility.PUBLIC, ACTIVE, ALL_SCOPES, opened=True)

    allowed = {action for action in Action if decide(REPOSITORY_POLICY, action, opened) is Decision.ALLOWED}

    public = {
        action
        for action in Action
        if REPOSITORY_TABLE.get((Visibility.PUBLIC, action, AccessLevel.NOBODY)) is Decision.ALLOWED
    }
    assert allowed == public | {Action.READ_PAST}


def test_a_token_without_scopes_is_good_for_nothing() -> None:
    case = AccessCase(AccessLevel.ADMINISTRATOR, Visibility.PUBLIC, ACTIVE, frozenset())

    assert {decide(REPOSITORY_POLICY, action, case) for action in Action} == {Decision.HIDDEN}


@pytest.mark.parametrize(
    ("on_loopback", "anybody_there", "asked_for", "are_open"),
    [
        (True, False, False, True),
        (True, True, False, False),
        (False, False, False, False),
        (False, True, False, False),
        (True, True, True, True),
        (False, False, True, True),
    ],
)
def test_backups_are_open_on_a_machine_of_ones_own_or_on_demand(
    on_loopback: bool, anybody_there: bool, asked_for: bool, are_open: bool
) -> None:
    found = backups_are_open(on_loopback=on_loopback, anybody_there=anybody_there, requested=asked_for)

    assert found is are_open
