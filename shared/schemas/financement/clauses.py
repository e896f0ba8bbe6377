"""Social clauses: minutes planned, declared and validated; aggregates, never a person."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Booleen,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.bilans import PointsBase
from shared.schemas.parcours.employeurs import Siret

Minutes = Annotated[
    int, Field(strict=True, ge=0, le=2_147_483_647, description="Minutes d'insertion")
]
MinutesPositives = Annotated[
    int, Field(strict=True, ge=1, le=2_147_483_647, description="Minutes d'insertion, une au moins")
]


class PublicInsertion(StrEnum):
    """Public d'heures d'insertion, celui de l'embauche. Liste ouverte."""

    BRSA = "brsa"
    DELD = "deld"
    JEUNE = "jeune"
    RQTH = "rqth"
    AUTRE = "autre"


class StatutDeclarationClause(StrEnum):
    """États d'une déclaration de minutes. Liste fermée."""

    DECLAREE = "declaree"
    VALIDEE = "validee"
    REJETEE = "rejetee"


class SensDecisionClause(StrEnum):
    """Ce qui est décidé de minutes déclarées. Liste fermée."""

    VALIDEE = "validee"
    REJETEE = "rejetee"


class ClauseCreation(Entree):
    """Une clause sociale d'un marché : des minutes que l'insertion doit faire."""

    reference: Code = Field(description="Marché, unique dans la collectivité avec son lot")
    lot: Code | None = None
    objet: Libelle
    acheteur_siret: Siret
    titulaire_siret: Siret
    facilitateur: Libelle | None = Field(
        default=None, description="Qui suit la clause : un organisme, jamais une personne"
    )
    minutes_prevues: MinutesPositives
    part_brsa_cible_points_base: PointsBase | None = Field(
        default=None, description="Part des minutes visée pour des allocataires du RSA"
    )
    date_debut: DateCivile
    date_fin: DateCivile
    source: Libelle | None = None


class ComplementClauseCreation(Entree):
    """Des minutes ajoutées à une clause par un avenant au marché."""

    minutes: MinutesPositives
    date_effet: DateCivile
    source: Libelle = Field(description="L'acte qui les ajoute")


class MinutesPublic(Modele):
    """Les minutes d'un public."""

    public: PublicInsertion
    declarees_minutes: Minutes = Field(description="Ni validées ni rejetées")
    validees_minutes: Minutes


class Clause(Ressource):
    """Une clause sociale et ses minutes ; des soldes du journal."""

    reference: Code
    lot: Code | None
    objet: Libelle
    acheteur_siret: Siret
    titulaire_siret: Siret
    facilitateur: Libelle | None
    part_brsa_cible_points_base: PointsBase | None
    date_debut: DateCivile
    date_fin: DateCivile
    source: Libelle | None
    prevues_minutes: Minutes
    a_realiser_minutes: Minutes
    declarees_minutes: Minutes
    validees_minutes: Minutes
    rejetees_minutes: Minutes
    cible_brsa_minutes: Minutes | None = Field(
        description="Part visée des minutes prévues, à la minute supérieure ; nulle : aucune part"
    )
    part_brsa_points_base: PointsBase | None = Field(
        description="Des minutes validées, au dix-millième le plus proche ; nulle sans minute"
    )
    publics: list[MinutesPublic] = Field(max_length=20)


class PageClauses(Page[Clause]):
    """Une page de clauses sociales."""


class DeclarationClauseCreation(Entree):
    """Les minutes d'un mois et d'un public, toutes personnes ensemble."""

    mois: DateCivile = Field(description="Premier jour du mois")
    public: PublicInsertion
    minutes: MinutesPositives
    personnes: Entier | None = Field(
        default=None, description="Personnes distinctes du mois ; elles ne s'ajoutent pas"
    )
    contrats: Entier | None = Field(
        default=None, description="Contrats du mois : ni des personnes, ni à leur place"
    )
    date_effet: DateCivile = Field(description="Jour de la déclaration")


class DecisionClauseCreation(Entree):
    """Les minutes sont validées, ou rejetées avec leur motif."""

    sens: SensDecisionClause
    date_effet: DateCivile
    motif: Libelle | None = Field(default=None, description="Requis pour rejeter")


class DeclarationClause(Ressource):
    """Les minutes d'un mois et d'un public ; des effectifs sous le seuil ne sont pas montrés."""

    clause_id: Identifiant
    mois: DateCivile
    public: PublicInsertion
    minutes: Minutes
    personnes: Entier | None = Field(description="Nul : non dites, ou sous le seuil")
    contrats: Entier | None = Field(description="Nul : non dits, ou sous le seuil")
    masque: Booleen = Field(description="Vrai : des effectifs sous le seuil ne sont pas montrés")
    date_effet: DateCivile
    statut: StatutDeclarationClause = Field(json_schema_extra={"readOnly": True})
    motif: Libelle | None = Field(description="Pourquoi elles sont rejetées")


class PageDeclarationsClause(Page[DeclarationClause]):
    """Une page de déclarations de minutes."""
