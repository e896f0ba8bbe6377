"""What an export may show, for how long, and how a line of a file is written."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.refus import Refus

FICHIER_LIGNES = 10_000
MORCEAU = 1024 * 1024
# What URLs live (contract guide, 13.1): a file holds people, and whoever asked for it is there.
FICHIER_S = 3600


class FichierExpire(Refus):
    code = "fichier-expire"
    detail = "Les fichiers d'un export se lisent pendant une heure."


def portees_gardees(portees: Collection[str]) -> list[str]:
    """Which scopes of a token the files are made with: those that read, but never health.

    Health data are in no export, whatever the token may read one by one (contract guide, 16.3).
    """
    return sorted(une for une in portees if une.endswith(":lire") and ".sante:" not in une)


def expiration(termine_le: datetime) -> datetime:
    """From which instant the files of an export are not read any more."""
    return termine_le + timedelta(seconds=FICHIER_S)


def verifier_lecture(expire_le: datetime, instant: datetime) -> None:
    """Refuse a file past its time.

    Raises:
        FichierExpire: `instant` is that of the end, or after it.
    """
    if instant >= expire_le:
        raise FichierExpire


def ligne(element: Mapping[str, Any]) -> bytes:
    """One line of a file: an element as its list shows it."""
    return json.dumps(element, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
