"""The forms of token that CODING gives out, and what each is shown as: to the Open API and to git."""

import re
from base64 import b64encode
from dataclasses import dataclass

from matou.credentials import GitCredential, Secret
from matou.http.tokens import UnusableToken

GIT_USER = "coding"
"""Any name will do beside a personal token; the vendor's own migration tool uses this one."""

_SCHEME = re.compile(r"(token|bearer)[ \t]+", re.IGNORECASE)
_PROJECT_TOKEN = re.compile(r"(pt[0-9A-Za-z]+):(.+)\Z")
_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class CodingToken:
    """A token in the two forms that requests need it in: the `Authorization` header, and what git asks for."""

    authorization: Secret
    git: GitCredential

    @classmethod
    def from_text(cls, given: Secret) -> "CodingToken":
        """Tell by its form what kind of token it is.

        A project token is `user:password`, the user being `pt` and more; it goes as Basic. A scheme that was
        given along (`Bearer …`, as OAuth needs) is kept. Anything else is a personal token.

        Raises:
            UnusableToken: it is empty, or holds what no header may.
        """
        text = given.reveal().strip()
        scheme = _SCHEME.match(text)
        word, secret = (scheme[1], text[scheme.end() :]) if scheme else ("token", text)
        if not _PRINTABLE.match(secret):
            raise UnusableToken("the token for coding is empty or holds a character that no token has")
        project_token = _PROJECT_TOKEN.match(secret)
        if project_token and not scheme:
            return cls._of_project(project_token[1], project_token[2])
        return cls(Secret(f"{word} {secret}"), GitCredential(GIT_USER, Secret(secret)))

    @classmethod
    def _of_project(cls, user: str, password: str) -> "CodingToken":
        basic = b64encode(f"{user}:{password}".encode()).decode()
        return cls(Secret(f"Basic {basic}"), GitCredential(user, Secret(password)))
