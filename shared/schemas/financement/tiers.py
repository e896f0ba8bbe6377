"""Who is paid or carries an action: a legal person, by its SIRET or its RNA number."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import Entree, Libelle, Modele
from shared.schemas.parcours.employeurs import Siret

Rna = Annotated[
    str,
    StringConstraints(pattern=r"^W[0-9][0-9A-Z][0-9]{7}$", max_length=10),
    Field(description="Numéro d'une association au répertoire national (RNA)"),
]


class TiersLigne(Entree):
    """Une personne morale, par son SIRET ou, pour une association, par son numéro RNA."""

    nom: Libelle
    siret: Siret | None = None
    rna: Rna | None = None


class Tiers(Modele):
    """Une personne morale, par son SIRET ou, pour une association, par son numéro RNA."""

    nom: Libelle
    siret: Siret | None
    rna: Rna | None
