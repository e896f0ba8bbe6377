"""The signing keys of the issuer, and their rotation.

Three keys in one file, a private JWK set: the next one, the one that signs, and the former. All
three are published: services know the next before it signs, and the former while its tokens live.
"""

import json
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from deploy.emetteur.fichiers import Relu, remplacer, seul

_SUIVANTE, _COURANTE, _ANCIENNE = range(3)


class Trousseau:
    """The keys of a file, read again when it changes: a rotation needs no restart."""

    def __init__(self, chemin: Path) -> None:
        self._chemin = chemin
        self._keys = Relu(chemin, _parse)
        if not chemin.exists():
            _write(chemin, [_new(), _new()])

    @property
    def courante(self) -> ECKey:
        """The key that signs."""
        return self._keys()[_COURANTE]

    @property
    def publiques(self) -> dict[str, Any]:
        """The JWK set to publish."""
        return {
            "keys": [
                {**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys()
            ]
        }

    def tourner(self) -> None:
        """Sign with the next key from now on, and draw the one after it.

        Services read the published keys every hour, and when they meet one that they do not know:
        turned twice within the hour, they may refuse a few tokens for ten seconds.
        """
        with seul(self._chemin):
            _write(self._chemin, [_new(), *self._keys()[:_ANCIENNE]])


def _new() -> ECKey:
    key = ECKey.generate_key("P-256")
    key.ensure_kid()  # its thumbprint: stable, whoever computes it
    return key


def _write(chemin: Path, keys: list[ECKey]) -> None:
    remplacer(chemin, json.dumps({"keys": [key.as_dict(private=True) for key in keys]}))


def _parse(content: str) -> list[ECKey]:
    return [ECKey.import_key(key) for key in json.loads(content)["keys"]]
