"""How a person is recognised, without keeping what recognises them in clear."""

import unicodedata
from datetime import date

from shared.refus import Erreur, Validation
from shared.schemas.orientation import PersonneRequete


def identite_canonique(nom: str, prenoms: str, date_naissance: date) -> str:
    """Return one spelling of a civil identity: no accent, no case, no punctuation."""
    return "|".join((_lettres(nom), _lettres(prenoms), date_naissance.isoformat()))


def verifier_naissance(date_naissance: date, jour: date) -> None:
    """Check that a birth is past, and within living memory.

    Raises:
        Validation: `date-incoherente`.
    """
    if not date(1900, 1, 1) <= date_naissance <= jour:
        message = "La date de naissance n'est pas plausible"
        raise Validation([Erreur("/date_naissance", "date-incoherente", message)])


def verifier_recherche(demande: PersonneRequete) -> None:
    """Check that one of the two ways of searching is used, and whole.

    Raises:
        Validation: `requis` or `champ-inconnu`, with the field.
    """
    if demande.nir is not None:
        erreurs = [
            Erreur(f"/{nom}", "champ-inconnu", "La recherche par NIR ne prend pas l'identite")
            for nom in ("nom", "prenoms")
            if getattr(demande, nom) is not None
        ]
    else:
        erreurs = [
            Erreur(f"/{nom}", "requis", "Requis quand le NIR est absent")
            for nom in ("nom", "prenoms")
            if getattr(demande, nom) is None
        ]
    if erreurs:
        raise Validation(erreurs)


def _lettres(texte: str) -> str:
    # Every alphabet keeps its letters: dropping what is not ASCII would make all of them alike.
    entier = texte.casefold().replace("œ", "oe").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFKD", entier) if c.isalnum())
