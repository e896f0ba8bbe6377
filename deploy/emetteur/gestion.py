"""What an operator does to the issuer, while it runs: suspend a client, give it a key, turn keys.

    python -m deploy.emetteur.gestion suspendre CLIENT
    python -m deploy.emetteur.gestion retablir CLIENT
    python -m deploy.emetteur.gestion cle CLIENT FICHIER
    python -m deploy.emetteur.gestion tourner

Reads where the issuer's files are from JALONS_EMETTEUR_CLIENTS and JALONS_EMETTEUR_CLES.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from deploy.emetteur.cles import Trousseau
from deploy.emetteur.clients import Annuaire


def gerer(arguments: Sequence[str], *, clients: Path, cles: Path) -> str:
    """Do it; returns the sentence that says what was done.

    Raises:
        SystemExit: the arguments are not these, or name no client; the sentence says so.
    """
    demande = _arguments().parse_args(arguments)
    if demande.acte == "tourner":
        trousseau = Trousseau(cles)
        trousseau.tourner()
        return f"L'émetteur signe maintenant avec la clé {trousseau.courante.kid}."
    annuaire = Annuaire(clients)
    if demande.client not in annuaire.clients():
        raise SystemExit(f"Aucun client « {demande.client} ».")
    match demande.acte:
        case "suspendre":
            annuaire.changer(demande.client, suspendu=True)
            return f"{demande.client} est suspendu ; les services le savent en moins d'une minute."
        case "retablir":
            annuaire.changer(demande.client, suspendu=False)
            return f"{demande.client} est rétabli."
        case _:
            annuaire.changer(demande.client, cles=_publiques(demande.fichier))
            return f"{demande.client} peut s'authentifier par sa clé (private_key_jwt)."


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emetteur", description="Gère l'émetteur de jetons.")
    actes = parser.add_subparsers(dest="acte", required=True)
    for acte, aide in (
        ("suspendre", "retire à un client tout accès"),
        ("retablir", "le lui rend"),
        ("cle", "enregistre la clé publique d'un client"),
    ):
        actes.add_parser(acte, help=aide).add_argument("client")
    actes.choices["cle"].add_argument("fichier", type=Path, help="JWK ou JWK Set, public")
    actes.add_parser("tourner", help="change la clé qui signe les jetons")
    return parser


def _publiques(fichier: Path) -> tuple[dict[str, object], ...]:
    try:
        given = json.loads(fichier.read_text(encoding="utf-8"))
        keys = KeySet.import_key_set(given if "keys" in given else {"keys": [given]}).keys
    except (OSError, ValueError, TypeError, JoseError):
        raise SystemExit(f"{fichier} n'est pas une clé publique en JWK.") from None
    # A private key given by mistake stays with who gave it; a shared secret is no key of theirs.
    if not keys or any(key.key_type not in ("EC", "RSA") for key in keys):
        raise SystemExit(f"{fichier} n'a pas de clé EC ou RSA.")
    return tuple(dict(key.as_dict(private=False)) for key in keys)


if __name__ == "__main__":
    print(
        gerer(
            sys.argv[1:],
            clients=Path(os.environ["JALONS_EMETTEUR_CLIENTS"]),
            cles=Path(os.environ["JALONS_EMETTEUR_CLES"]),
        )
    )
