"""Hours that a clause keeps for insertion: counted per market, by quarters of an hour.

Source: parcours-rules.md §5; financement-rules.md §14. No text of the commande publique was read.
"""

from datetime import date

from shared.refus import Erreur, Refus, Validation
from shared.schemas.parcours.employeurs import (
    HeuresClauseCreation,
    MarcheCreation,
    PublicClause,
)


class MarcheExistant(Refus):
    """A reference is one market."""

    code = "reference-externe-existante"
    detail = "Un marche porte deja cette reference."


def verifier_marche(demande: MarcheCreation) -> None:
    """Check the days of a market.

    Raises:
        Validation: they are the wrong way round.
    """
    if demande.date_fin < demande.date_debut:
        raise Validation([Erreur("/date_fin", "date-incoherente", "Avant le debut")])


def apres_heures(
    demande: HeuresClauseCreation,
    *,
    debut: date,
    fin: date,
    minutes: int,
    minutes_rsa: int,
    jour: date,
) -> tuple[int, int]:
    """Return the minutes of a market, and those of the RSA, once some are counted.

    Raises:
        Validation: not a month of the market that has begun, nothing at all, a person that is not
            said, or more taken off than was counted.
    """
    erreurs = []
    dans_le_marche = debut.replace(day=1) <= demande.mois <= min(fin, jour)
    if demande.mois.day != 1 or not dans_le_marche:
        erreurs.append(Erreur("/mois", "date-incoherente", "Le premier d'un mois du marche"))
    brsa = demande.public is PublicClause.BRSA
    if brsa and demande.parcours_id is None:
        erreurs.append(Erreur("/parcours_id", "requis", "De qui percoit le RSA"))
    total = minutes + demande.minutes
    rsa = minutes_rsa + (demande.minutes if brsa else 0)
    if demande.minutes == 0 or not 0 <= rsa <= total:
        erreurs.append(Erreur("/minutes", "hors-bornes", "Ni zero, ni plus que ce qui est compte"))
    if erreurs:
        raise Validation(erreurs)
    return total, rsa


def part_points_base(minutes_rsa: int, minutes: int) -> int | None:
    """Return the share of the RSA in ten-thousandths, rounded down; none without an hour."""
    return minutes_rsa * 10_000 // minutes if minutes else None
