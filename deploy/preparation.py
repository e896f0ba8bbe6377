"""What is made before the services start: databases, roles, and the issuer's clients.

    python -m deploy.preparation

Reads the variables that the services read, and JALONS_POSTGRES_URL, an administration role. It may
be repeated: what is there stays, passwords and the services' own secrets become those given. The
secret of a partner is drawn once and kept beside the clients, in `secrets-clients.json`, for
whoever hands it over; no log tells it.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.emetteur import clients as emetteur
from deploy.local import bases
from deploy.local.postgres import VARIABLE_URL, ErreurLocale
from deploy.local.services import portees_par_client


def preparer(env: Mapping[str, str], prefixe: str = "jalons") -> None:
    """Make what is missing.

    Args:
        env: the variables.
        prefixe: begins the names of databases and roles.

    Raises:
        ErreurLocale: a variable is missing or names another role; the server refuses.
    """
    _creer_bases(env, prefixe)
    _inscrire_clients(env)


def _creer_bases(env: Mapping[str, str], prefixe: str) -> None:
    mots_de_passe = {}
    for service in bases.SERVICES:
        base = f"{prefixe}_{service}"
        for suffixe, role in (("MIGRATION", f"{base}_proprietaire"), ("POSTGRES", base)):
            nom = f"JALONS_{service.upper()}_{suffixe}"
            url = urlsplit(_requise(env, nom))
            if (url.username, url.path) != (role, f"/{base}") or not url.password:
                raise ErreurLocale(
                    f"{nom} ne désigne pas le rôle {role} et la base {base}.",
                    "Donnez-lui la forme postgresql://rôle:mot-de-passe@serveur/base.",
                )
            mots_de_passe[role] = unquote(url.password)
    with tempfile.TemporaryDirectory() as dossier:
        fichier = Path(dossier) / "secrets.json"
        bases.ecrire_secrets(fichier, {"roles": mots_de_passe})
        bases.creer(_requise(env, VARIABLE_URL), fichier, prefixe)


def _inscrire_clients(env: Mapping[str, str]) -> None:
    fichier = Path(_requise(env, "JALONS_EMETTEUR_CLIENTS"))
    fichier_secrets = fichier.with_name("secrets-clients.json")
    annuaire = emetteur.Annuaire(fichier)
    secrets = {nom: str(secret) for nom, secret in bases.lire_secrets(fichier_secrets).items()}
    des_services = {
        f"service-{service}": _requise(env, f"JALONS_{service.upper()}_SECRET")
        for service in bases.SERVICES
    }
    portees = portees_par_client()
    for client_id in portees.keys() - des_services.keys() - secrets.keys():
        secrets[client_id] = emetteur.nouveau_secret()
    # Kept before it is used: a crash must not lose one.
    bases.ecrire_secrets(fichier_secrets, dict(secrets))
    annuaire.inscrire(portees, secrets | des_services)
    for client_id, secret in des_services.items():
        if not emetteur.correspond(secret, annuaire.clients()[client_id].secret):
            annuaire.changer(client_id, secret=emetteur.hacher(secret))


def _requise(env: Mapping[str, str], nom: str) -> str:
    if not env.get(nom):
        raise ErreurLocale(f"Il manque {nom}.", "Donnez cette variable, puis recommencez.")
    return env[nom]


if __name__ == "__main__":
    try:
        preparer(os.environ)
    except ErreurLocale as erreur:
        sys.exit(f"{erreur.constat} {erreur.issue}")
