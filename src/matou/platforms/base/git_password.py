"""An account's password that opens git over HTTPS, and no API: asked of one repository."""

from matou.credentials import GitCredential
from matou.http.git_http import UnexpectedGitAnswer, basic_authorization
from matou.http.responses import AnsweredRefused
from matou.http.session import Session
from matou.platforms.base.errors import CredentialRefused

_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"


def check_password(session: Session, repository_url: str, credential: GitCredential, *, platform: str) -> None:
    """Ask for a repository, once and no more: twenty failures shut one at CODING for an hour.

    Raises:
        CredentialRefused: it is not good there.
        UnexpectedGitAnswer: no git answers there.
    """
    try:
        answer = session.request(
            "GET",
            f"{repository_url}/info/refs?service=git-upload-pack",
            repeatable=False,
            headers={"Git-Protocol": "version=2"},
            authorization=basic_authorization(credential),
        )
    except AnsweredRefused as refusal:
        raise CredentialRefused(
            "{platform} answered with status {status}", platform=platform, status=refusal.answer.status
        ) from refusal
    content_type = answer.headers.get("content-type", "")
    if content_type != _ADVERTISEMENT:
        raise UnexpectedGitAnswer(f"GET {repository_url}", answer.status, content_type)
