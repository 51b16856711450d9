"""The public keys of accounts: what a signed commit is verified with.

A key vouches for an account's commits only under the e-mail that the account and the key both name; the key's own
signature over that name keeps anybody from registering another person's key as theirs.
"""

from matou.db import signing_keys as rows
from matou.db.engine import UniqueViolation
from matou.db.signing_keys import SigningKey, SigningKeyId
from matou.db.users import User
from matou.errors import Conflict, NotFound
from matou.forge.access import Authorized, MayManageAccount, MaySeeAccount
from matou.forge.accounts.audit import AuditAction, record_act_on_another
from matou.forge.forge import Forge
from matou.git.operations.signatures import Certificate, UnusableKey, merged, read_certificate
from matou.model.names import folded

MOST_KEYS = 50


class KeyTaken(Conflict):
    """Another account has this key."""


class NoSuchKey(NotFound):
    """The account has no such key."""


def add_signing_key(forge: Forge, granted: Authorized[User, MayManageAccount], text: str) -> SigningKey:
    """Register a public key, in the form of `gpg --armor --export`.

    The same key again brings it up to date: a later end, a new subkey, a revocation, which stays.

    Raises:
        UnusableKey: it is no public key, has expired or was revoked, or does not name the account's e-mail.
        KeyTaken: another account has it.
    """
    user, certificate = granted.subject, read_certificate(text)
    with forge.database.begin_read() as connection:
        existing = rows.find_signing_key(connection, certificate.fingerprint)
        held = rows.list_signing_keys(connection, user.id)
    if existing is not None:
        return _update(forge, user, existing, certificate)
    _require_usable(forge, user, certificate, held=len(held))
    try:
        with forge.database.begin_write() as connection:
            record_act_on_another(
                connection, forge, granted.identity, user, AuditAction.ADD_KEY, certificate.fingerprint
            )
            return rows.insert_signing_key(
                connection, user.id, certificate.fingerprint, certificate.armored, forge.now()
            )
    except UniqueViolation as error:
        raise _taken(certificate) from error


def signing_keys(forge: Forge, granted: Authorized[User, MaySeeAccount]) -> tuple[SigningKey, ...]:
    """In the order in which they were added."""
    with forge.database.begin_read() as connection:
        return rows.list_signing_keys(connection, granted.subject.id)


def remove_signing_key(forge: Forge, granted: Authorized[User, MayManageAccount], key_id: int) -> None:
    """Commits that it signed stay; it vouches for no further ones. Raises NoSuchKey."""
    with forge.database.begin_write() as connection:
        if not rows.delete_signing_key(connection, granted.subject.id, SigningKeyId(key_id)):
            raise no_such_key(granted.subject, key_id)
        record_act_on_another(connection, forge, granted.identity, granted.subject, AuditAction.REMOVE_KEY, str(key_id))


def no_such_key(user: User, key_id: int) -> NoSuchKey:
    return NoSuchKey("{account} has no signing key {id}", account=user.name, id=key_id)


def certificates_for(forge: Forge, email: str) -> tuple[str, ...]:
    """The keys that may vouch for what is committed under an e-mail: those of its account that name it themselves."""
    with forge.database.begin_read() as connection:
        certificates = rows.certificates_of(connection, email) if email else ()
    return tuple(text for text in certificates if _names(read_certificate(text), email))


def _update(forge: Forge, user: User, existing: SigningKey, certificate: Certificate) -> SigningKey:
    if existing.user_id != user.id:
        raise _taken(certificate)
    newest = merged(existing.certificate, certificate.armored)
    with forge.database.begin_write() as connection:
        return rows.set_certificate(connection, existing.id, newest.armored)


def _require_usable(forge: Forge, user: User, certificate: Certificate, *, held: int) -> None:
    if held >= MOST_KEYS:
        raise UnusableKey("an account has at most {most} signing keys", most=MOST_KEYS)
    if certificate.is_revoked:
        raise UnusableKey("this key was revoked")
    if certificate.expires_at is not None and certificate.expires_at <= forge.now():
        raise UnusableKey("this key expired on {date}", date=certificate.expires_at.date())
    if not user.email:
        raise UnusableKey("the account {account} has no e-mail, which a key has to name", account=user.name)
    if not _names(certificate, user.email):
        raise UnusableKey("this key does not name the account's e-mail {email}", email=repr(user.email))


def _names(certificate: Certificate, email: str) -> bool:
    return folded(email) in (folded(one) for one in certificate.emails)


def _taken(certificate: Certificate) -> KeyTaken:
    return KeyTaken("another account has the key {fingerprint}", fingerprint=certificate.fingerprint)
