"""What is exchanged with France Travail: who opened it, what differs, and its repair."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Booleen,
    Code,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.orientation.vocabulaire import TypeOrganisme, TypeParcours


class StatutEnvoi(StrEnum):
    """Où en est l'envoi d'une décision. Liste fermée."""

    A_FAIRE = "a_faire"
    ENREGISTREE = "enregistree"
    SANS_PRECONISATION = "sans_preconisation"
    REFUSEE = "refusee"
    DEPASSEE = "depassee"


class TypeEcart(StrEnum):
    """En quoi une orientation diffère ici et chez France Travail. Liste ouverte."""

    PARCOURS_INVERSE = "parcours_inverse"
    PARCOURS_DIFFERENT = "parcours_different"
    ORGANISME_DIFFERENT = "organisme_different"
    NON_DECIDEE_LA_BAS = "non_decidee_la_bas"
    ABSENTE_LA_BAS = "absente_la_bas"
    ABSENTE_ICI = "absente_ici"
    PERSONNE_NON_TROUVEE = "personne_non_trouvee"


# France Travail's own codes: a bounded string, as all codes of others (contract guide, 11.1).
CodeParcoursFT = Annotated[str, StringConstraints(pattern="^(PED|PSP|PSO)$", max_length=3)]


class CorrespondanceParcours(Entree):
    """Les trois parcours et leurs codes chez France Travail, relus par qui ouvre l'échange."""

    professionnel: CodeParcoursFT
    socio_professionnel: CodeParcoursFT
    social: CodeParcoursFT


class CorrespondanceRelue(Modele):
    """Les trois parcours et leurs codes chez France Travail, tels qu'ils ont été relus."""

    professionnel: CodeParcoursFT
    socio_professionnel: CodeParcoursFT
    social: CodeParcoursFT


class ReglageFranceTravailCreation(Entree):
    """Ce qui s'ouvre, ou se ferme, des échanges avec France Travail."""

    envoi: Booleen = Field(description="Vrai : les décisions prises à partir de maintenant y vont")
    comparaison: Booleen = Field(
        description="Vrai : chaque orientation est comparée chaque jour à ce qu'ils en tiennent"
    )
    correspondance: CorrespondanceParcours


class ReglageFranceTravail(Modele):
    """Un réglage : le dernier vaut, les autres disent l'histoire."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    envoi: Booleen
    comparaison: Booleen
    correspondance: CorrespondanceRelue
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReglagesFranceTravail(Page[ReglageFranceTravail]):
    """Une page de réglages."""


class EcartOrientation(Ressource):
    """Une orientation qui diffère ici et chez France Travail, à la dernière comparaison."""

    orientation_id: Identifiant
    decision_id: Identifiant | None = Field(
        description="Vide : l'orientation n'est pas décidée ici"
    )
    type: TypeEcart | None = Field(description="Vide : l'écart a disparu depuis")
    type_parcours: TypeParcours | None = Field(description="Décidé ici")
    type_organisme: TypeOrganisme | None = Field(description="De l'organisme décidé ici")
    preconisation: Code | None = Field(description="Leur préconisation, si elle attend encore")
    parcours_ft: Code | None = Field(description="Leur décision : PED, PSP ou PSO")
    organisme_ft: Code | None = Field(description="Leur décision : CD, FT, ML, CE ou CAF")
    code_ft: Code | None = Field(description="Pourquoi la personne n'y est pas trouvée, ex. S002")
    compare_le: Instant
    reparable: Booleen = Field(description="Vrai : une réparation y mettrait la décision d'ici")
    reparation: StatutEnvoi | None = Field(
        description="Où en est le dernier envoi de la décision ; vide : jamais envoyée"
    )


class PageEcartsOrientation(Page[EcartOrientation]):
    """Une page d'écarts."""
