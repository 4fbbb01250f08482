"""Who asks, and what they may do: tokens, roles and rights."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, final

from style3d.serve.refusal import RefusedRequest

Right = Literal["see own", "see all", "paint", "rule"]
Role = Literal["admin", "artist", "viewer"]
ROLES: Mapping[Role, frozenset[Right]] = {
    "admin": frozenset({"see own", "see all", "paint", "rule"}),
    "artist": frozenset({"see own", "paint"}),
    "viewer": frozenset({"see own", "see all"}),
}
LONGEST = 200  # characters of a token


@final
@dataclass(frozen=True)
class Person:
    """Who may use a service. Concretely: anna, an artist, and the SHA-256 of her token."""

    name: str
    role: Role
    digest: str

    def may(self, right: Right) -> bool:
        """Whether the role has a right."""
        return right in ROLES[self.role]

    def check(self, right: Right) -> None:
        """Refuse who has not the right.

        Raises:
            RefusedRequest: 403.
        """
        if not self.may(right):
            raise RefusedRequest(403, f"a {self.role} may not do this")


def new_token() -> tuple[str, str]:
    """A token that cannot be guessed, and its digest."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


def person_of(header: str, people: Sequence[Person]) -> Person:
    """Whose token stands in a header "Authorization: Bearer TOKEN".

    Raises:
        RefusedRequest: 401, nobody's.
    """
    kind, _, token = header.partition(" ")
    digest = digest_of(token.strip()[:LONGEST])
    found = [
        person for person in people if hmac.compare_digest(person.digest, digest)
    ]  # all, so that time tells nothing
    if kind.lower() != "bearer" or not found:
        raise RefusedRequest(401, "the token is unknown", hint="send the header 'Authorization: Bearer TOKEN'")
    return found[0]
