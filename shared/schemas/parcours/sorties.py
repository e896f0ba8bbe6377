"""Exits and returns: of the right, which a flux tells, and of the parcours, which is decided."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Code,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
)


class TypeMouvementDroit(StrEnum):
    """Ce qu'un flux dit du droit d'une personne ; une suspension n'en est pas. Liste ouverte."""

    DROIT_OUVERT = "droit_ouvert"
    DROIT_TRANSFERE = "droit_transfere"
    DROIT_CLOS = "droit_clos"
    ENTREE_DROITS_DEVOIRS = "entree_droits_devoirs"
    SORTIE_DROITS_DEVOIRS = "sortie_droits_devoirs"
    DECES = "deces"


class EffetDroit(StrEnum):
    """Ce qu'il est pour le parcours, que rien de cela n'ouvre ni ne clôt. Liste ouverte.

    `entree_droit` : le droit est ouvert, et le retour dans un parcours clos à décider ;
    `transfert` : le dossier est gardé pour le département qui reçoit ; `dispense` :
    l'accompagnement reste, le contrat n'est plus dû.
    """

    ENTREE_DROIT = "entree_droit"
    SORTIE_DROIT = "sortie_droit"
    TRANSFERT = "transfert"
    DISPENSE = "dispense"
    OBLIGATION = "obligation"


class MouvementDroit(Modele):
    """Ce qu'un flux a dit du droit de la personne. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    parcours_id: Identifiant
    mouvement_id: Identifiant = Field(description="Mouvement d'orientation")
    type: TypeMouvementDroit
    effet: EffetDroit
    date_reference: DateCivile
    motif_sortie: Code | None = Field(description="Code du référentiel motifs-sortie")
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageMouvementsDroit(Page[MouvementDroit]):
    """Une page de ce que les flux ont dit du droit."""


class OrigineReouverture(StrEnum):
    """Ce qui rouvre un parcours. Liste ouverte."""

    DECISION = "decision"
    DEMANDE = "demande"


class ReouvertureParcoursCreation(Entree):
    """Le retour d'une personne sortie depuis peu, sous la même orientation."""

    date_reouverture: DateCivile = Field(description="De la sortie à aujourd'hui")


class ReouvertureParcours(Modele):
    """Un retour dans le même parcours, et la sortie qu'il suit. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    parcours_id: Identifiant
    rang: Rang
    origine: OrigineReouverture
    orientation_id: Identifiant
    date_reouverture: DateCivile
    date_sortie: DateCivile
    motif_sortie: Code
    commentaire_sortie: Commentaire | None
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReouverturesParcours(Page[ReouvertureParcours]):
    """Une page de retours."""
