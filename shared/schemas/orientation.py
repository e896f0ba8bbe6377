"""Contracts of the orientation service. Enum values are ours, in lower snake_case;
codes of CAF, France Travail or Insee keep their form and are checked against a referential.
"""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Booleen,
    Code,
    CodeCommune,
    DateCivile,
    Entree,
    Libelle,
    Page,
    Ressource,
)


class TypeParcours(StrEnum):
    """Parcours d'accompagnement (code du travail, L5411-5-1). Liste fermée."""

    PROFESSIONNEL = "professionnel"
    SOCIO_PROFESSIONNEL = "socio_professionnel"
    SOCIAL = "social"


class TypeOrganisme(StrEnum):
    """Types d'organismes référents (code du travail, L5411-5-1 IV). Liste ouverte."""

    FRANCE_TRAVAIL = "france_travail"
    CONSEIL_DEPARTEMENTAL = "conseil_departemental"
    DELEGATAIRE_DEPARTEMENTAL = "delegataire_departemental"
    MISSION_LOCALE = "mission_locale"
    CAP_EMPLOI = "cap_emploi"
    AUTRE_ORGANISME = "autre_organisme"


class StatutOrientation(StrEnum):
    """États d'une orientation. Liste fermée."""

    BROUILLON = "brouillon"
    EN_ATTENTE = "en_attente"
    OUVERTE = "ouverte"
    CLOTUREE = "cloturee"


class EtatDecision(StrEnum):
    """Ce que le décideur fait de la préconisation. Liste fermée."""

    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"


class MotifRefus(StrEnum):
    """Motifs de refus d'une préconisation (vocabulaire de France Travail). Liste ouverte."""

    DECLARATION_INEXACTE = "declaration_inexacte"
    SITUATION_NON_COUVERTE = "situation_non_couverte"
    APPRECIATION_DIFFERENTE = "appreciation_differente"
    MANQUE_CAPACITE_ACCUEIL = "manque_capacite_accueil"
    ENTRETIEN_ORIENTATION = "entretien_orientation"
    AUTRE = "autre"


class NiveauFrein(StrEnum):
    """Niveau d'un frein, du moins au plus gênant ; `non_explore` vaut information manquante."""

    NON_EXPLORE = "non_explore"
    SANS_IMPACT = "sans_impact"
    MOYEN = "moyen"
    FORT = "fort"


class OrganismeReferentCreation(Entree):
    """Un organisme qui peut être désigné référent, et les clients qui parlent pour lui."""

    reference: Code = Field(description="Code de l'organisme dans la collectivité, ex. cd-35")
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(
        default=[], max_length=2000, description="Communes servies ; vide : toute la collectivité"
    )
    date_debut: DateCivile | None = None
    date_fin: DateCivile | None = None
    convention_debut: DateCivile | None = Field(
        default=None, description="Début de la convention d'un délégataire"
    )
    convention_fin: DateCivile | None = None
    delegation_debut: DateCivile | None = Field(
        default=None, description="Début d'une délégation de la décision (L5411-5-1 II 2°)"
    )
    delegation_fin: DateCivile | None = None
    clients: list[Code] = Field(
        default=[], max_length=50, description="Clients OAuth qui parlent pour cet organisme"
    )
    source: Libelle | None = None
    illustratif: Booleen = Field(default=False, description="Vrai : inventé pour démonstration")


class OrganismeReferent(Ressource):
    """Un organisme qui peut être désigné référent."""

    reference: Code
    type: TypeOrganisme
    nom: Libelle
    communes: list[CodeCommune] = Field(max_length=2000)
    date_debut: DateCivile | None
    date_fin: DateCivile | None
    convention_debut: DateCivile | None
    convention_fin: DateCivile | None
    delegation_debut: DateCivile | None
    delegation_fin: DateCivile | None
    clients: list[Code] = Field(max_length=50)
    source: Libelle | None
    illustratif: Booleen


class PageOrganismesReferents(Page[OrganismeReferent]):
    """Une page d'organismes référents."""
