"""Each code of CODING's becomes the kind of failure that says what to do."""

from pathlib import Path

import pytest

from matou.errors import Conflict, MatouError, NotFound, Refused, TryLater
from matou.platforms.base.errors import ActionRefused, CredentialRefused, PlatformFailed
from matou.platforms.coding import wire
from matou.platforms.coding.errors import Error, ErrorCode, failure_of

SAMPLES = Path(__file__).parents[3] / "data" / "coding"


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("AuthFailure", "", CredentialRefused),
        ("UnauthorizedOperation", "", ActionRefused),
        ("OperationDenied", "", ActionRefused),
        ("FailedOperation", "The current scope does not support access to this API", ActionRefused),
        ("AuthFailure", "The current scope does not support access to this API.", ActionRefused),
        ("ResourceNotFound", "", NotFound),
        ("InvalidParameterValue", "团队成员不存在", NotFound),
        ("FailedOperation", "issue_project_file_not_exist", NotFound),
        ("RequestLimitExceeded", "", TryLater),
        ("LimitExceeded", "", TryLater),
        ("InternalError", "", TryLater),
        ("ResourceUnavailable", "", TryLater),
        ("ResourceInUse", "", Conflict),
        ("InvalidParameterValue", "Title Duplicated", Conflict),
        ("InvalidParameterValue", "仓库名称已存在", Conflict),
        ("InvalidParameterValue", "PageSize", PlatformFailed),
        ("SomethingNew", "", PlatformFailed),
    ],
)
def test_a_code_has_a_kind(code: str, message: str, kind: type[MatouError]) -> None:
    assert isinstance(failure_of(Error(code=code, message=message)), kind)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_declared_code_keeps_its_words(code: ErrorCode) -> None:
    failure = failure_of(Error(code=code, message="the {words} themselves"))

    assert str(failure) == f"coding answered {code}: the {{words}} themselves"


def test_only_the_token_itself_being_bad_is_a_refused_credential() -> None:
    refusal = failure_of(Error(code="UnauthorizedOperation", message="no"))

    assert isinstance(refusal, Refused)
    assert not isinstance(refusal, CredentialRefused)


def test_a_failure_that_comes_with_status_200_is_a_failure() -> None:
    body = (SAMPLES / "title-duplicated.response.json").read_bytes()

    with pytest.raises(Conflict, match="Title Duplicated"):
        wire.decode_response(wire.Response, body)


def test_a_failure_comes_before_data() -> None:
    body = b'{"Response":{"Error":{"Code":"AuthFailure","Message":""},"ProjectList":[]}}'

    with pytest.raises(CredentialRefused):
        wire.decode_response(wire.ProjectListResponse, body)
