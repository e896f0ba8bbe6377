"""Frames that hold a person for a time: PASS IAE, CEJ, PACEA, contrat trajectoire autonomie."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    BooleenFacultatif,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.parcours.emplois import Age
from shared.schemas.parcours.vocabulaire import AGENT

NumeroPass = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Z]{12}$", max_length=12),
    Field(description="Numéro du PASS IAE : douze caractères"),
]


class TypeDispositif(StrEnum):
    """Dispositifs datés d'une personne. Liste fermée."""

    PASS_IAE = "pass_iae"
    CEJ = "cej"
    PACEA = "pacea"
    TRAJECTOIRE_AUTONOMIE = "trajectoire_autonomie"


class StatutDispositif(StrEnum):
    """États d'un dispositif. Liste fermée."""

    OUVERT = "ouvert"
    CLOS = "clos"


class MotifFinDispositif(StrEnum):
    """Pourquoi un dispositif finit. Liste ouverte."""

    TERME = "terme"
    EMPLOI = "emploi"
    FORMATION = "formation"
    AUTONOMIE = "autonomie"
    DEMANDE_PERSONNE = "demande_personne"
    DEMENAGEMENT = "demenagement"
    AUTRE = "autre"


class DispositifCreation(Entree):
    """Un dispositif qui commence."""

    type: TypeDispositif
    date_debut: DateCivile
    date_fin: DateCivile | None = Field(
        default=None,
        description="Dernier jour prévu, compris ; requis, sauf pour `pass_iae`, qui le calcule",
    )
    age_entree: Age | None = Field(default=None, description="Requis pour `cej` et `pacea`")
    rqth: BooleenFacultatif = Field(
        default=None,
        description="Vrai : un CEJ de 26 à 29 ans, admis pour ce motif ; portée de santé",
    )
    organisme_id: Identifiant | None = Field(
        default=None, description="Organisme qui le porte ; absent : l'organisme référent du jour"
    )
    agent: ReferenceExterne | None = Field(
        default=None,
        description=f"Référent de parcours ASE, requis d'une trajectoire autonomie. {AGENT}",
    )
    numero: NumeroPass | None = Field(default=None, description="D'un PASS IAE, et de lui seul")


class Dispositif(Ressource):
    """Un dispositif daté ; ce qui l'a prolongé ou suspendu est dans ses actes."""

    parcours_id: Identifiant
    type: TypeDispositif
    statut: StatutDispositif
    date_debut: DateCivile
    date_fin: DateCivile = Field(description="Dernier jour, prolongé ou suspendu, ou sa clôture")
    motif_fin: MotifFinDispositif | None
    age_entree: Age | None
    organisme_id: Identifiant
    agent: ReferenceExterne | None = Field(description=AGENT)
    numero: NumeroPass | None


class PageDispositifs(Page[Dispositif]):
    """Une page de dispositifs."""


class TypeActeDispositif(StrEnum):
    """Ce qui arrive à un dispositif. Liste fermée."""

    DEBUT = "debut"
    PROLONGATION = "prolongation"
    SUSPENSION = "suspension"
    CLOTURE = "cloture"


class ActeDispositifCreation(Entree):
    """Une prolongation, une suspension de PASS IAE, ou une clôture."""

    type: TypeActeDispositif = Field(description="Tout autre que `debut`, qu'écrit la création")
    date_acte: DateCivile = Field(
        description="Dernier jour nouveau d'une prolongation ; premier d'une suspension ; jour"
        " d'une clôture"
    )
    date_fin: DateCivile | None = Field(
        default=None, description="Dernier jour, compris, d'une suspension et d'elle seule"
    )
    motif: MotifFinDispositif | None = Field(
        default=None, description="Requis d'une clôture, et d'elle seule"
    )


class ActeDispositif(Modele):
    """Ce qui est arrivé à un dispositif. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    dispositif_id: Identifiant
    type: TypeActeDispositif
    date_acte: DateCivile
    date_fin: DateCivile | None
    motif: MotifFinDispositif | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesDispositif(Page[ActeDispositif]):
    """Une page d'actes."""


class RoleMembre(StrEnum):
    """Ce qu'un partenaire tient dans le réseau autour du jeune. Liste ouverte."""

    REFERENT_ASE = "referent_ase"
    INSERTION = "insertion"
    LOGEMENT = "logement"
    SANTE = "sante"
    FORMATION = "formation"
    PARRAIN = "parrain"
    AUTRE = "autre"


class MembreCreation(Entree):
    """Un partenaire entre dans le réseau."""

    role: RoleMembre
    organisme_id: Identifiant = Field(description="Son organisme")
    agent: ReferenceExterne | None = Field(default=None, description=AGENT)
    date_debut: DateCivile = Field(description="Du début du dispositif à aujourd'hui")


class MembreClotureCreation(Entree):
    """Un partenaire quitte le réseau."""

    date_fin: DateCivile = Field(description="De son entrée à aujourd'hui")


class Membre(Ressource):
    """Un partenaire du réseau autour du jeune, d'un jour à un autre."""

    dispositif_id: Identifiant
    role: RoleMembre
    organisme_id: Identifiant
    agent: ReferenceExterne | None = Field(description=AGENT)
    date_debut: DateCivile
    date_fin: DateCivile | None


class PageMembres(Page[Membre]):
    """Une page de membres d'un réseau."""
