"""What is exchanged with France Travail: who opened it, what differs, and its repair."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Auteur,
    Booleen,
    Code,
    DateCivile,
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
        description="Vrai : chaque orientation est comparée chaque jour à ce qu'ils en tiennent, et"
        " la file d'activités qu'ils donnent au département est lue"
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


class StatutActiviteFranceTravail(StrEnum):
    """Ce qu'une activité de France Travail attend d'ici. Liste ouverte."""

    A_DECIDER = "a_decider"
    DEJA_DECIDEE = "deja_decidee"
    SANS_ORIENTATION = "sans_orientation"
    INCONNUE = "inconnue"
    DISPARUE = "disparue"


# The tasks that are read, in France Travail's words: a decision, or a new one, is to be taken.
CodeActiviteFT = Annotated[str, StringConstraints(pattern="^(ACT382|ACT414)$", max_length=6)]


class ActiviteFranceTravail(Ressource):
    """Une activité de la file que France Travail donne au département, et ce qu'elle attend."""

    identifiant_ft: Code = Field(description="Identifiant de l'activité chez France Travail")
    code_activite: CodeActiviteFT = Field(
        description="ACT382 : décision d'orientation à prendre ; ACT414 : de réorientation"
    )
    statut: StatutActiviteFranceTravail = Field(
        description="`a_decider` : une décision est à prendre ici ; `deja_decidee` : elle est prise"
        " et reste à leur dire, ou elle leur est dite et la file n'a pas encore suivi ;"
        " `sans_orientation` : la personne est connue, rien n'est ouvert pour elle ; `inconnue` :"
        " personne ici n'a ce numéro ; `disparue` : elle n'est plus dans la file"
    )
    personne_id: Identifiant | None = Field(description="Vide : personne ici n'a ce numéro")
    orientation_id: Identifiant | None = Field(description="À décider, ou décidée")
    decision_id: Identifiant | None = Field(description="Vide : pas encore décidée ici")
    envoi: StatutEnvoi | None = Field(
        description="Où en est l'envoi de la décision ; vide : aucun, voir l'écart"
    )
    ecart_id: Identifiant | None = Field(
        description="Écart constaté de l'orientation, réparable en un appel ; vide : aucun"
    )
    type_parcours_ft: Code | None = Field(
        description="Parcours que dit l'activité : PED, PSP, PSO, IND"
    )
    organisme_ft: Code | None = Field(
        description="Organisme que dit l'activité : FT, CAF, DCD, ML, CE, CD, IND"
    )
    creee_ft_le: Instant | None = Field(description="Création de l'activité chez France Travail")
    date_echeance: DateCivile = Field(
        description="Jour où elle est due chez France Travail ; à défaut, celui où elle fut lue"
    )
    date_echeance_proche: DateCivile | None = Field(
        description="Jour dont France Travail fait le début de l'urgence"
    )
    vue_le: Instant = Field(description="Début de la dernière lecture de la file où elle était")
    disparue_le: Instant | None = Field(description="Vide : elle est dans la file")


class PageActivitesFranceTravail(Page[ActiviteFranceTravail]):
    """Une page d'activités."""


class ActiviteFranceTravailDetaillee(ActiviteFranceTravail):
    """Une activité de la file, et de qui elle est tant que personne ici n'est reconnu."""

    numero_france_travail: str | None = Field(
        max_length=21, description="Rendu tant que `statut` vaut `inconnue`, gardé chiffré"
    )
