"""Which errors say that a credential is no longer valid, and what somebody is told then."""

import pytest

from matou.cli.login_check import NotAccepted, is_invalid, naming_the_token
from matou.errors import MatouError, NotFound, Refused, TryLater
from matou.http.git_http import LogInRefused
from matou.http.responses import Answer, AnsweredRefused
from matou.i18n import format_error
from matou.platforms.base.errors import ActionRefused, CredentialRefused


def made_from(error: MatouError, status: int) -> MatouError:
    """As it comes from a client that was answered with a status."""
    cause = AnsweredRefused("answered")
    cause.answer = Answer(status, {}, b"")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("kind", [CredentialRefused, LogInRefused])
def test_a_token_that_a_platform_does_not_know_is_invalid_unless_it_says_forbidden(kind: type[MatouError]) -> None:
    assert is_invalid(kind("refused"))
    assert is_invalid(made_from(kind("refused"), 401))
    assert not is_invalid(made_from(kind("refused"), 403))


@pytest.mark.parametrize("kind", [ActionRefused, Refused, NotFound, TryLater, MatouError])
def test_no_other_error_makes_a_token_invalid(kind: type[MatouError]) -> None:
    assert not is_invalid(kind("failed"))


@pytest.mark.parametrize(
    ("platform", "url", "page"),
    [
        ("coding", "https://team.coding.net/open-api", "https://e.coding.net/user/account/setting/tokens"),
        ("gitcode", "https://api.gitcode.com", "https://gitcode.com/setting/token-classic"),
        ("gitee", "https://gitee.com/api/v5", "https://gitee.com/profile/personal_access_tokens"),
    ],
)
def test_a_token_of_the_environment_that_is_not_valid_is_told_with_its_variable_and_page(
    platform: str, url: str, page: str
) -> None:
    with pytest.raises(NotAccepted) as told, naming_the_token(platform, url, "MATOU_SOME_TOKEN"):
        raise CredentialRefused("refused")

    said = format_error(told.value)
    assert "did not accept the token in MATOU_SOME_TOKEN\n" in said
    assert f"make a new one at {page}, and set MATOU_SOME_TOKEN to it" in said


def test_a_server_that_speaks_as_a_platform_has_no_page_of_that_platform() -> None:
    with pytest.raises(NotAccepted) as told, naming_the_token("gitee", "http://127.0.0.1:9", ""):
        raise CredentialRefused("refused")

    said = format_error(told.value)
    assert "http://127.0.0.1:9 did not accept the token from standard input\n" in said
    assert "(at a Matou: matou token create --root DIR" in said
    assert "gitee.com" not in said


def test_what_does_not_concern_the_token_is_told_as_it_is() -> None:
    with pytest.raises(ActionRefused, match="failed"), naming_the_token("gitcode", "https://x.example", "V"):
        raise ActionRefused("failed")
