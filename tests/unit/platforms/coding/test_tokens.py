"""What kind of token it is shows in its form."""

import pytest

from matou.credentials import GitCredential, Secret
from matou.http.tokens import UnusableToken
from matou.platforms.coding.tokens import CodingToken

PERSONAL = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("given", "header"),
    [
        (PERSONAL, f"token {PERSONAL}"),
        (f" {PERSONAL}\n", f"token {PERSONAL}"),
        (f"Token {PERSONAL}", f"Token {PERSONAL}"),
        (f"Bearer {PERSONAL}", f"Bearer {PERSONAL}"),
        ("ptabcdefghij:secret:colon", "Basic cHRhYmNkZWZnaGlqOnNlY3JldDpjb2xvbg=="),
        ("somebody:secret", "token somebody:secret"),
    ],
)
def test_the_open_api_is_shown_the_scheme_that_goes_with_the_form(given: str, header: str) -> None:
    assert CodingToken.from_text(Secret(given)).authorization == Secret(header)


@pytest.mark.parametrize("given", [PERSONAL, f"Bearer {PERSONAL}"])
def test_git_is_told_any_name_with_a_personal_token(given: str) -> None:
    assert CodingToken.from_text(Secret(given)).git == GitCredential("coding", Secret(PERSONAL))


def test_git_is_told_the_user_of_a_project_token() -> None:
    assert CodingToken.from_text(Secret("ptabc:s3")).git == GitCredential("ptabc", Secret("s3"))


@pytest.mark.parametrize("given", ["", " ", "abc def", "abc\r\nX-Evil: 1", "abc\x00", "秘密"])
def test_what_no_header_may_hold_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(UnusableToken) as caught:
        CodingToken.from_text(Secret(given))

    assert not given.strip() or given not in repr(caught.value) + str(caught.value)
