"""What a rate must be to be recorded; those that texts give, and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

from shared.referentiels import charger
from shared.refus import Erreur, Validation
from shared.schemas.financement.bilans import NatureTaux, TauxDateCreation

_ESPACE = UUID("5f1c3c52-6d1b-5e0e-9d5c-2f0a4b7c9e11")


@dataclass(frozen=True)
class TauxNational:
    """A rate that a text gives to all, as of a day."""

    id: UUID
    code: str
    nature: NatureTaux
    libelle: str
    numerateur: int
    denominateur: int
    valable_du: date
    source: str
    confirme: bool
    cree_le: datetime


# The same ids everywhere and for ever: a code and its first day name one.
NATIONAUX = tuple(
    TauxNational(
        id=uuid5(_ESPACE, f"{ligne['code']}|{ligne['depuis']}"),
        code=ligne["code"],
        nature=NatureTaux(ligne["nature"]),
        libelle=ligne["libelle"],
        numerateur=int(ligne["numerateur"]),
        denominateur=int(ligne["denominateur"]),
        valable_du=date.fromisoformat(ligne["depuis"]),
        source=ligne["source"],
        confirme=ligne["confirme"] == "oui",
        cree_le=datetime.fromisoformat(ligne["lu_le"]).replace(tzinfo=UTC),
    )
    for ligne in charger("taux-nationaux")
)


def national(taux_id: UUID) -> TauxNational | None:
    """Return the national rate of an id, if it is one."""
    return next((un for un in NATIONAUX if un.id == taux_id), None)


def socle(au: date) -> int | None:
    """Return the RSA of a person alone on a day, in cents a month; null before the first known."""
    montants: Mapping[str, Any] = {
        ligne["depuis"]: int(ligne["montant_centimes"])
        for ligne in charger("montants-rsa")
        if ligne["code"] == "socle_personne_seule" and date.fromisoformat(ligne["depuis"]) <= au
    }
    return montants[max(montants)] if montants else None


def part_mensuelle(nature: NatureTaux, taux: Fraction, au: date | None) -> int | None:
    """Return what the Département pays a month of a contrat aidé, half a cent up.

    Null for another rate, without a day, or on a day whose RSA is not known.

    Source: règles de financement, § 5 (rounding), § 14.
    """
    montant = None if au is None or nature is not NatureTaux.CONTRAT_AIDE else socle(au)
    return None if montant is None else int(montant * taux + Fraction(1, 2))


def verifier_taux(demande: TauxDateCreation) -> None:
    """Check that a rate is a fraction of one, and that what is confirmed has a source.

    Raises:
        Validation: with the field.
    """
    erreurs = []
    if demande.numerateur > demande.denominateur:
        erreurs.append(Erreur("/numerateur", "hors-bornes", "Le taux depasse 100 %"))
    if demande.confirme and demande.source is None:
        erreurs.append(Erreur("/source", "requis", "Un taux confirme a une source"))
    if erreurs:
        raise Validation(erreurs)
