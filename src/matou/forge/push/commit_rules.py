"""What one commit has to be: signed with the key of whoever committed it, with a message that matches a pattern."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from matou.errors import Phrase
from matou.forge.accounts.signing_keys import certificates_for
from matou.forge.forge import Forge
from matou.forge.push.patterns import TooMuchToSearch, compile_pattern, is_found, shown_pattern
from matou.git.odb.commit_text import CommitText, read_commit_text
from matou.git.odb.pushed_objects import LARGEST_COMMIT_BYTES, PushedCommit
from matou.git.operations.signatures import SignatureVerdict, verify_signature
from matou.linear_regex import LinearPattern

MOST_PEOPLE_REMEMBERED = 1000
"""`^` and `$` stand for the ends of each line of a message, as they do in GitLab's rule of this name."""


@dataclass(frozen=True, slots=True)
class CommitRules:
    """Which of them are set; `message` is a pattern, found anywhere in the message."""

    signed: bool = False
    message: str = ""

    @property
    def are_set(self) -> bool:
        return self.signed or bool(self.message)

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that are set, as `Judgement.faults` calls them."""
        return (*(("signed",) if self.signed else ()), *(("message",) if self.message else ()))

    def judgement(self, forge: Forge) -> "Judgement":
        return Judgement(forge, self)


@dataclass(slots=True)
class Judgement:
    """Judges the commits of one push; it remembers the keys of those who committed."""

    forge: Forge
    rules: CommitRules
    _keys: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def faults(self, commit: PushedCommit) -> Iterator[tuple[str, Phrase]]:
        """Each as the rule's name and what is said of the commit."""
        if commit.content is None:
            fault = Phrase("is longer than {limit} bytes, which nobody can judge", limit=LARGEST_COMMIT_BYTES)
            yield from ((name, fault) for name in self.rules.names)
            return
        text = read_commit_text(commit.content, digits=len(commit.id))
        if self.rules.signed and (unsigned := self._fault_of_signature(text)):
            yield "signed", unsigned
        if self.rules.message and (unfit := _fault_of_message(self.rules.message, text.message)):
            yield "message", unfit

    def _fault_of_signature(self, text: CommitText) -> Phrase | None:
        if not text.signatures:
            return Phrase("is not signed; only commits that their committer signed are taken (git commit -S)")
        if len(text.signatures) > 1:
            return Phrase("has more than one signature")
        keys = self._keys_of(text.committer_email)
        if not keys:
            return Phrase(
                "is signed, but no account here has a key for {email}", email=repr(text.committer_email)[:200]
            )
        verdict = verify_signature(text.signed, text.signatures[0], keys, now=self.forge.now())
        if verdict is SignatureVerdict.GOOD:
            return None
        return Phrase("has a signature that {verdict}", verdict=verdict.value)

    def _keys_of(self, email: str) -> tuple[str, ...]:
        if email not in self._keys:
            if len(self._keys) >= MOST_PEOPLE_REMEMBERED:
                self._keys.clear()
            self._keys[email] = certificates_for(self.forge, email)
        return self._keys[email]


def message_pattern(text: str) -> LinearPattern:
    """Raises UnusablePattern."""
    return compile_pattern(text, lines=True)


def _fault_of_message(pattern: str, message: str) -> Phrase | None:
    try:
        if is_found(pattern, message, lines=True):
            return None
    except TooMuchToSearch as error:
        return Phrase("has a message that cannot be judged: {reason}", reason=error.fact)
    return Phrase("has a message that does not match {pattern}", pattern=shown_pattern(pattern))
