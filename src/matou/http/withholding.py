"""Taking secrets out of a platform's answer before anybody keeps it: by the names of fields, the rest byte for byte.

An answer is walked token by token, so that one that broke off, or that is no JSON at all, is looked through as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from matou.errors import UnknownShape
from matou.http.redaction import ELLIPSIS, redact
from matou.model.decoding_faults import NOT_DECODED

WITHHELD: Final = msgspec.json.encode(ELLIPSIS)

SECRET_ENDINGS: Final = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "secretkey",
    "accesskey",
    "signkey",
    "encryptionkey",
    "authorization",
    "authcode",
    "authorizationcode",
    "verificationcode",
    "recoverycode",
    "cookie",
    "credential",
    "jwt",
)
"""How the name of a field ends that holds a secret, without its separators: `privatekey` is `private_key`, too, and
`tokens` are secrets as `token` is one."""

FORMS_OF_SECRETS: Final = (
    *("value", "string", "text", "plain", "plaintext", "raw", "encoded", "base64"),
    *("digest", "hash", "md5", "sha1", "sha256", "encrypted", "ciphertext"),
)
"""What may stand behind such a name and says only in which form the secret comes: `token_value`, `password_digest`.
`token_type`, `password_changed_at` and the like say something about it."""

HOOK_ADDRESSES: Final = (
    "hookurl",
    "hookaddress",
    "hookuri",
    "callbackurl",
    "targeturl",
    "actionproperties",
    "filterproperties",
)
"""Whoever knows a webhook's address may post to it: a chat's robot is its address. The last two are CODING's, in whose
text address and secret stand together."""

LONGEST_QUOTED_LIST: Final = 50
LONGEST_QUOTED_TEXT: Final = 400

_HOOKS = re.compile(rb'hooks?"\s*:')
_TOKEN = re.compile(
    rb"""
    "[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)    # a text, perhaps cut off
  | [{}\[\],:]
  | [^\s"{}\[\],:]+                       # a number, true, false, null, or what is no JSON
    """,
    re.VERBOSE | re.DOTALL,
)
_SUSPECTS: Final = (
    *(
        b'word"',
        b'passwd"',
        b'phrase"',
        b'secret"',
        b'token"',
        b'key"',
        b'pwd"',
        b'authorization"',
        b'cookie"',
        b'credential"',
    ),
    *(b'words"', b'passwds"', b'phrases"', b'secrets"', b'tokens"', b'keys"', b'pwds"', b'cookies"', b'credentials"'),
    *(
        b'hook_url"',
        b'hookurl"',
        b"hook_addr",
        b"hookaddr",
        b"hook_uri",
        b"hookuri",
        b"callback",
        b'target_url"',
        b'targeturl"',
    ),
    *(b'jwt"', b'pass"'),
    *(b'properties"', b"token=", b"key=", b"secret=", b"password=", b"sig=", b"sign=", b"signature=", b"credential="),
    *(b"code=", b"pass=", b"passwd="),
)
"""An answer in which none of these is, in small letters, holds no secret by name: most are let pass at once."""
_SUSPECT_FORMS: Final = (b'code"', b'codes"', *(f'{form}"'.encode() for form in FORMS_OF_SECRETS))
_SUSPECT_NAMES: Final = (
    *(b"word", b"pass", b"pwd", b"secret", b"token", b"key", b"auth", b"cookie", b"credential", b"jwt"),
    *(b"verif", b"recover"),
)
"""The same for a name that has one of the forms behind it."""
_SHORT_PASSWORD = re.compile(r"(?i:(?:.*[^a-z])?pass)|.*[a-z0-9]Pass")
"""`pass`, `smtp_pass`, `dbPass`; not `bypass`, nor `pass_rate`."""
_USERINFO = re.compile(rb"(:(?:\\?/){2})[^/\\\s?#\"'<>@]*(?:@[^/\\\s?#\"'<>@]*)*@")
_QUERY = re.compile(
    rb"((?:[?&;]|\\u0026|\A)(?:access_token|private_token|refresh_token|auth_token|token|api_?key|client_secret|secret"
    rb"|pass(?:word|wd)?|auth_?code|sig|sign|(?:q-)?signature|q-ak|x-[a-z]+-(?:signature|credential|security-token))=)"
    rb"[^&;\s#\"'<>\\]*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(rb":(?:\\?/){2}")
_JSON_WITHIN: Final = (b'"{', b'"[')
_SEPARATORS = re.compile(r"[^a-z0-9]")
_WORDS: Final = frozenset({b"true", b"false", b"null", b'""'})
"""Values that tell no secret."""


def withhold(body: bytes, *, request: str) -> bytes:
    """Give an answer with an ellipsis for each password, token and secret, and for each webhook's address.

    Args:
        request: the platform's own name for what was asked: in an answer about hooks every `url` is a hook's.
    """
    is_about_hooks = "hook" in request.lower()
    if not (is_about_hooks or _is_suspect(body)):
        return body
    return _TOKEN.sub(_Walk(is_about_hooks).replaced, body)


def _is_suspect(body: bytes) -> bool:
    if rb"\u00" in body:
        return True
    small = body.lower().replace(b"\\", b"")
    is_named = any(suspect in small for suspect in _SUSPECTS)
    has_form = any(form in small for form in _SUSPECT_FORMS) and any(name in small for name in _SUSPECT_NAMES)
    return is_named or has_form or any(pattern.search(small) for pattern in (_HOOKS, _USERINFO))


def withhold_parameters(parameters: Mapping[str, object]) -> dict[str, object]:
    return {name: ELLIPSIS if value and _holds_secret(name, value) else value for name, value in parameters.items()}


def unknown_shape(where: str, value: object) -> UnknownShape:
    """The error that quotes what came, as `platform Object.field`, and no secret of it: its text is kept."""
    name, _, _ = where.partition(" (")
    is_secret = value and _holds_secret(name.rpartition(".")[2], value)
    return UnknownShape(where, ELLIPSIS if is_secret else _without_secrets(value))


def _without_secrets(value: object) -> object:
    """As much of a value as is ever quoted."""
    if isinstance(value, Mapping):
        return {
            name: ELLIPSIS if each and _holds_secret(str(name), each) else _without_secrets(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(each) for each in value[:LONGEST_QUOTED_LIST]]
    return redact(value[:LONGEST_QUOTED_TEXT]) if isinstance(value, str) else value


@dataclass(slots=True)
class _Level:
    """What one is inside of: an object, or a list; all of it may be secret, or about hooks."""

    is_object: bool
    is_secret: bool
    is_hook: bool


@dataclass(slots=True)
class _Walk:
    is_about_hooks: bool
    levels: list[_Level] = field(default_factory=list)
    key: str = ""
    is_short_password: bool = False
    is_key_next: bool = False

    def replaced(self, match: "re.Match[bytes]") -> bytes:
        token = match[0]
        if token in (b"{", b"["):
            self._enter(is_object=token == b"{")
        elif token in (b"}", b"]"):
            self._leave()
        elif token == b",":
            self.is_key_next = bool(self.levels) and self.levels[-1].is_object
        elif token != b":":
            return self._key_or_value(token)
        return token

    def _enter(self, *, is_object: bool) -> None:
        self.levels.append(_Level(is_object, self._is_secret_here(), self._is_hook_here()))
        self.key, self.is_key_next = "", is_object

    def _leave(self) -> None:
        if self.levels:
            self.levels.pop()
        self.key, self.is_key_next = "", False

    def _key_or_value(self, token: bytes) -> bytes:
        if self.is_key_next and token.startswith(b'"'):
            self._take_key(_text(token))
            return token
        if token not in _WORDS and self._is_secret_here(token):
            return WITHHELD
        if token.startswith(_JSON_WITHIN):
            return self._walked_within(token)
        return _QUERY.sub(rb"\1" + ELLIPSIS.encode(), _USERINFO.sub(rb"\1" + ELLIPSIS.encode() + b"@", token))

    def _take_key(self, name: str) -> None:
        self.key, self.is_key_next = _bare(name), False
        self.is_short_password = _SHORT_PASSWORD.fullmatch(name) is not None

    def _walked_within(self, token: bytes) -> bytes:
        """A text that is JSON itself, as the settings of a hook are kept; one that is cut off tells nobody its end."""
        try:
            text: bytes = msgspec.json.decode(token, type=str).encode()
        except NOT_DECODED:
            return WITHHELD if _is_suspect(token) else token
        replaced = _TOKEN.sub(_Walk(self._is_hook_here()).replaced, text)
        return token if replaced == text else msgspec.json.encode(replaced.decode("utf-8", "replace"))

    def _is_secret_here(self, value: bytes = b"") -> bool:
        if self.levels and self.levels[-1].is_secret:
            return True
        if self.is_short_password and value.startswith(b'"'):
            return True
        return _is_secret(self.key) or (self._is_hook_here() and (self.key == "url" or bool(_ADDRESS.search(value))))

    def _is_hook_here(self) -> bool:
        level = self.levels[-1].is_hook if self.levels else self.is_about_hooks
        return level or self.key.endswith(("hook", "hooks"))


def _holds_secret(name: str, value: object) -> bool:
    """Whether a field holds a secret; `pass` is a password where it is a text; elsewhere it may be a count."""
    return _is_secret(_bare(name)) or (isinstance(value, str) and _SHORT_PASSWORD.fullmatch(name) is not None)


def _is_secret(key: str) -> bool:
    bare = key.removesuffix(next((form for form in FORMS_OF_SECRETS if key.endswith(form)), ""))
    endings = SECRET_ENDINGS + HOOK_ADDRESSES
    return any(name.endswith(endings) for name in (key, key.removesuffix("s"), bare, bare.removesuffix("s")))


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _text(token: bytes) -> str:
    """What a key says, however it is spelt; a broken one counts as it stands."""
    if b"\\" not in token:
        return token.strip(b'"').decode("utf-8", "replace")
    try:
        return str(msgspec.json.decode(token))
    except NOT_DECODED:
        return token.decode("utf-8", "replace")
