"""A right is a type: whoever holds the greater one may do the lesser thing too, as the policy itself says."""

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
    Right,
    Rule,
    Scope,
    SubjectState,
    decide,
    rights_below,
)
from matou.model.platform import Visibility

RIGHTS = set(rights_below(Right))
RELATIONS = [
    (greater, lesser)
    for greater, lesser in itertools.permutations(sorted(RIGHTS, key=lambda right: right.__name__), 2)
    if issubclass(greater, lesser)
]
POLICIES = [pytest.param(REPOSITORY_POLICY, id="repository"), pytest.param(NAMESPACE_POLICY, id="namespace")]
STATES = [frozenset(some) for count in range(5) for some in itertools.combinations(SubjectState, count)]
SCOPES = [ALL_SCOPES, *(frozenset({scope}) for scope in Scope)]


def name_of(relation: tuple[type[Right], type[Right]]) -> str:
    return " is ".join(right.__name__ for right in relation)


def test_every_action_has_one_right() -> None:
    assert sorted(right.action.name for right in RIGHTS) == sorted(action.name for action in Action)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("relation", RELATIONS, ids=name_of)
def test_whoever_has_the_greater_right_has_the_lesser_in_every_case(
    policy: Mapping[Action, Rule], relation: tuple[type[Right], type[Right]]
) -> None:
    greater, lesser = (right.action for right in relation)
    cases = [AccessCase(*case) for case in itertools.product(AccessLevel, Visibility, STATES, SCOPES)]

    allowed = [case for case in cases if decide(policy, greater, case) is Decision.ALLOWED]

    assert [case for case in allowed if lesser in policy and decide(policy, lesser, case) is not Decision.ALLOWED] == []
