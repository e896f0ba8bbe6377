"""The clients of the built-in issuer: a file of hashed secrets and of what each may ask for."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_N, _R, _P = 2**14, 8, 1  # about 40 ms: secrets are random, yet a leaked file must stay useless


@dataclass(frozen=True)
class Autorisation:
    """What a client may ask for in one collectivité."""

    collectivite: str
    portees: tuple[str, ...]


@dataclass(frozen=True)
class Client:
    """One client: its secret's hash, and its authorisations."""

    client_id: str
    secret: str
    autorisations: tuple[Autorisation, ...]
    suspendu: bool = False

    def portees(self, collectivite: str) -> frozenset[str]:
        """The scopes it may have there; none where it has no business."""
        return frozenset(
            portee
            for autorisation in self.autorisations
            if autorisation.collectivite == collectivite
            for portee in autorisation.portees
        )


def nouveau_secret() -> str:
    """A secret that no one can guess."""
    return secrets.token_urlsafe(32)


def hacher(secret: str) -> str:
    """Hash a secret for the file."""
    salt = secrets.token_bytes(16)
    found = hashlib.scrypt(secret.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)
    return f"scrypt${salt.hex()}${found.hex()}"


def correspond(secret: str, hache: str) -> bool:
    """Say whether a secret is the one that was hashed, in constant time."""
    _, salt, expected = hache.split("$")
    found = hashlib.scrypt(secret.encode(), salt=bytes.fromhex(salt), n=_N, r=_R, p=_P, dklen=32)
    return hmac.compare_digest(found, bytes.fromhex(expected))


def ecrire(chemin: Path, clients: Mapping[str, Client]) -> None:
    """Replace the file whole, readable by its owner only."""
    content = json.dumps([asdict(client) for client in clients.values()], indent=1)
    draft = chemin.with_suffix(".nouveau")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(chemin)


class Annuaire:
    """The clients of a file, read again when the file changes: a suspension needs no restart."""

    def __init__(self, chemin: Path) -> None:
        self._chemin = chemin
        self._stamp = -1
        self._clients: dict[str, Client] = {}

    def get(self, client_id: str) -> Client | None:
        """Return a client, or None; an absent file holds none."""
        if not self._chemin.exists():
            return None
        stamp = self._chemin.stat().st_mtime_ns
        if stamp != self._stamp:
            self._clients = {
                item["client_id"]: Client(
                    **{
                        **item,
                        "autorisations": tuple(
                            Autorisation(one["collectivite"], tuple(one["portees"]))
                            for one in item["autorisations"]
                        ),
                    }
                )
                for item in json.loads(self._chemin.read_text(encoding="utf-8"))
            }
            self._stamp = stamp
        return self._clients.get(client_id)
