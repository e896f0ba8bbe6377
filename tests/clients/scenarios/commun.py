"""What the scenarios of the Python client share: what they are given, and what they expect."""

import json
import sys
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

M = TypeVar("M")

DONNE: dict[str, Any] = json.load(sys.stdin)


def cle() -> str:
    """A fresh idempotency key."""
    return str(uuid4())


def curseur(suivant: str) -> str:
    """The cursor of the next page, from its address."""
    return parse_qs(urlsplit(suivant).query)["curseur"][0]


def rendu(lu: object, modele: type[M]) -> M:
    """What was read, which must be of this model."""
    assert isinstance(lu, modele), lu
    return lu
