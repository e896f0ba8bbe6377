"""The rules that bind on a day, for who is there to ask for a proposal."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.orientation.jeux_de_regles.queries import read_en_vigueur
from services.orientation.jeux_de_regles.rules import composer
from services.orientation.orientations.proposition import NATIONALES, Regles
from shared.schemas.orientation.jeux_de_regles import ContenuJeuDeRegles
from shared.socle.db import Transaction


async def regles_au(tx: Transaction, jour: date, *, brsa: bool) -> tuple[UUID | None, Regles]:
    """Return the set in force on a day for a person, and its id; None: the national one.

    An order specifies criteria for those with RSA alone (L5411-5-1 III al. 2).
    """
    jeu = await read_en_vigueur(tx, jour) if brsa else None
    return (jeu.id, regles_de(jeu)) if jeu else (None, NATIONALES)


def regles_de(jeu: Row[Any]) -> Regles:
    """The rules of a set that was put in force."""
    return composer(
        ContenuJeuDeRegles.model_validate(jeu.contenu),
        code=jeu.code,
        reference=jeu.reference_arrete,
        depuis=jeu.date_debut,
    )
