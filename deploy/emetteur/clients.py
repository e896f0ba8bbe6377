"""The clients of the built-in issuer: a file of hashed secrets and of what each may ask for."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy.emetteur.fichiers import Relu, remplacer, seul

_N, _R, _P = 2**14, 8, 1  # about 40 ms: secrets are random, yet a leaked file must stay useless


@dataclass(frozen=True)
class Autorisation:
    """What a client may ask for in one collectivité, and whether a secret is not enough there."""

    collectivite: str
    portees: tuple[str, ...]
    cle_exigee: bool = False


@dataclass(frozen=True)
class Client:
    """One client: its secret's hash, its public keys (JWK), its authorisations.

    `rang` is its place in the status list: its own for as long as it is in the file.
    """

    client_id: str
    secret: str
    autorisations: tuple[Autorisation, ...]
    rang: int
    suspendu: bool = False
    cles: tuple[Mapping[str, Any], ...] = ()

    def autorisation(self, collectivite: str) -> Autorisation:
        """What it may ask for there; nothing where it has no business."""
        for autorisation in self.autorisations:
            if autorisation.collectivite == collectivite:
                return autorisation
        return Autorisation(collectivite, ())


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


class Annuaire:
    """The clients of a file, read again when it changes: a suspension needs no restart."""

    def __init__(self, chemin: Path) -> None:
        self._chemin = chemin
        self._clients = Relu(chemin, _parse)

    def clients(self) -> Mapping[str, Client]:
        """All clients, by id; an absent file holds none."""
        try:
            return self._clients()
        except FileNotFoundError:
            return {}

    def inscrire(
        self, autorisations: Mapping[str, tuple[Autorisation, ...]], secrets: Mapping[str, str]
    ) -> None:
        """Make the file hold these clients; of those it had, only what they may ask for changes."""
        with seul(self._chemin):
            known = self.clients()
            rang = max((client.rang for client in known.values()), default=-1)
            found = []
            for client_id, granted in autorisations.items():
                client = known.get(client_id)
                if client is None:
                    rang += 1
                    client = Client(client_id, hacher(secrets[client_id]), (), rang)
                found.append(replace(client, autorisations=granted))
            self.ecrire(found)

    def changer(self, client_id: str, **values: Any) -> None:
        """Change one client, e.g. `suspendu=True`.

        Raises:
            KeyError: there is no such client.
        """
        with seul(self._chemin):
            known = self.clients()
            self.ecrire({**known, client_id: replace(known[client_id], **values)}.values())

    def ecrire(self, clients: Iterable[Client]) -> None:
        """Replace the file whole."""
        remplacer(self._chemin, json.dumps([asdict(client) for client in clients], indent=1))


def _parse(content: str) -> dict[str, Client]:
    return {
        item["client_id"]: Client(
            **{
                "rang": place,  # a file of the first version had none
                **item,
                "autorisations": tuple(
                    Autorisation(**{**one, "portees": tuple(one["portees"])})
                    for one in item["autorisations"]
                ),
                "cles": tuple(item.get("cles", ())),
            }
        )
        for place, item in enumerate(json.loads(content))
    }
