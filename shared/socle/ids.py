"""Identifiers that the server makes."""

from uuid import UUID, uuid4

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """An id of a resource, job or event: ordered in time, kind to its index."""
    return uuid7()


def new_personne_id() -> UUID:
    """An id of a person: random, for a v7 prints the millisecond of an entry into RSA."""
    return uuid4()
