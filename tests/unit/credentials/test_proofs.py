"""Which errors say that a credential is no longer valid."""

import pytest

from matou.cli.proofs import is_invalid
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.platforms.coding import errors as coding
from matou.platforms.gitcode import errors as gitcode
from matou.platforms.gitee import errors as gitee
from matou.remote.answers import Answer, AnsweredRefused


def made_from(error: MatouError, status: int) -> MatouError:
    """As it comes from a client that was answered with a status."""
    cause = AnsweredRefused("answered")
    cause.answer = Answer(status, {}, b"")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("kind", [coding.CredentialRefused, gitcode.CredentialRefused, gitee.CredentialRefused])
def test_a_token_that_a_platform_does_not_know_is_invalid_unless_it_says_forbidden(kind: type[MatouError]) -> None:
    assert is_invalid(kind("refused"))
    assert is_invalid(made_from(kind("refused"), 401))
    assert not is_invalid(made_from(kind("refused"), 403))


@pytest.mark.parametrize(
    "kind", [coding.ActionRefused, gitcode.ActionRefused, gitee.ActionRefused, Refused, NotFound, TryLater, MatouError]
)
def test_no_other_error_makes_a_token_invalid(kind: type[MatouError]) -> None:
    assert not is_invalid(kind("failed"))
