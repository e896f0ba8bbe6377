"""What the person sees of her own file, the code that opens it, and who has read it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Booleen,
    Code,
    Commentaire,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
    ReferenceExterne,
    Ressource,
)
from shared.schemas.orientation.echeances import EtatEcheance
from shared.schemas.orientation.reorientations import StatutReorientation
from shared.schemas.orientation.vocabulaire import NiveauFrein, StatutOrientation, TypeParcours
from shared.schemas.parcours.accompagnement import StatutParcours
from shared.schemas.parcours.contrats_engagement import StatutContrat
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.schemas.parcours.prescriptions import StatutPrescription
from shared.schemas.parcours.vocabulaire import AGENT


class StatutCodeConsultation(StrEnum):
    """Où en est un code. `bloque` : cinq secrets faux. Liste fermée."""

    VALABLE = "valable"
    EXPIRE = "expire"
    REVOQUE = "revoque"
    BLOQUE = "bloque"


class MotifRevocationCode(StrEnum):
    """Pourquoi un code ne vaut plus. Liste fermée."""

    PERDU = "perdu"
    VU_PAR_UN_TIERS = "vu_par_un_tiers"
    INUTILE = "inutile"


class CodeConsultationCreation(Entree):
    """Un code à donner à la personne, de la main à la main."""

    agent: ReferenceExterne = Field(description=f"Qui le donne. {AGENT}")
    avec_sante: Booleen = Field(
        default=False,
        description="Vrai : ses freins de santé et de handicap s'y lisent, sur un écran qu'elle"
        " partage peut-être ; demande `parcours.sante:lire`",
    )


class CodeConsultation(Ressource):
    """Un code de consultation ; lui-même n'est ni gardé, ni relu."""

    parcours_id: Identifiant
    agent: ReferenceExterne
    statut: StatutCodeConsultation
    expire_le: Instant = Field(description="Premier instant où il ne vaut plus")
    motif_revocation: MotifRevocationCode | None


class CodeConsultationRevocationCreation(Entree):
    """La fin d'un code."""

    motif: MotifRevocationCode


class CodeConsultationCree(Modele):
    """Le code, dit une seule fois : un rejeu de la demande ne le redit pas."""

    consultation: CodeConsultation
    code: str | None = Field(
        max_length=29,
        description="À recopier ou à remettre ; null au rejeu et à l'essai",
        examples=["7K3M-QX9D-2VBH-8RTN-5WPA-E4YC"],
    )
    avec_sante: Booleen
    duree_source: str = Field(max_length=300, description="D'où vient sa durée")
    duree_confirmee: Booleen = Field(description="Faux : aucun texte ne la fixe")


class PageCodesConsultation(Page[CodeConsultation]):
    """Une page de codes de consultation."""


CodeSaisi = Annotated[
    str,
    StringConstraints(min_length=24, max_length=40, pattern=r"^[0-9A-Za-z -]+$"),
    Field(
        description="Le code de la personne, tirets et espaces admis ; jamais dans une URL",
        examples=["7K3M-QX9D-2VBH-8RTN-5WPA-E4YC"],
        json_schema_extra={"writeOnly": True},
    ),
]


class ConsultationRequete(Entree):
    """La personne ouvre son dossier."""

    code: CodeSaisi


class ConsultationReorientationCreation(Entree):
    """La personne demande une réorientation."""

    code: CodeSaisi
    type_parcours_propose: TypeParcours
    organisme_propose_id: Identifiant
    commentaire: Commentaire | None = None


class OrientationConsultee(Modele):
    """L'orientation en vigueur de la personne."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    statut: StatutOrientation
    type_parcours: TypeParcours | None
    organisme_referent_id: Identifiant | None
    date_effet: DateCivile | None
    date_notification: DateCivile | None


class ContratConsulte(Modele):
    """Le dernier contrat d'engagement de la personne."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    statut: StatutContrat
    date_signature: DateCivile | None
    revision: Rang


class EcheanceConsultee(Modele):
    """Ce qui est dû, et pour quand."""

    code: Code
    date_limite: DateCivile
    etat: EtatEcheance


class FreinConsulte(Modele):
    """Ce qui la retient, selon la dernière observation."""

    code: CodeFrein
    niveau: NiveauFrein | None
    statut: StatutFrein
    date_debut: DateCivile


class PrescriptionConsultee(Modele):
    """Une action prescrite."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    action_id: Identifiant = Field(description="L'action est dans le service financement")
    titre: str | None = Field(max_length=300, description="Celui de l'offre prescrite")
    statut: StatutPrescription
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class AccesConsulte(Modele):
    """Qui a lu ou changé le dossier, un jour."""

    client_id: str = Field(max_length=64)
    operation: str = Field(max_length=80)
    ecriture: Booleen
    date_acces: DateCivile


class Consultation(Modele):
    """Le dossier d'une personne, en une page : ce qu'elle peut en lire elle-même."""

    parcours_id: Identifiant
    statut: StatutParcours
    date_ouverture: DateCivile
    agent_referent: str | None = Field(
        max_length=64, description="Code opaque de son référent ; null : l'organisme la suit"
    )
    orientation: OrientationConsultee | None = Field(description="Null : elle a été effacée")
    contrat: ContratConsulte | None
    echeances: list[EcheanceConsultee] = Field(max_length=20)
    freins: list[FreinConsulte] = Field(
        max_length=30, description="Santé et handicap selon le choix du référent"
    )
    prescriptions: list[PrescriptionConsultee] = Field(max_length=20)
    acces: list[AccesConsulte] = Field(
        max_length=50, description="Les derniers : qui a lu ou changé son dossier"
    )
    expire_le: Instant = Field(description="Quand le code cesse de valoir")


class ParcoursVise(Modele):
    """Le parcours que le code ouvre."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    statut: StatutParcours


class ReorientationDemandee(Modele):
    """La demande, telle que l'orientation l'a reçue."""

    parcours: ParcoursVise
    reorientation_id: Identifiant
    statut: StatutReorientation
    date_demande: DateCivile
    date_limite_reponse: DateCivile


class AccesJournal(Modele):
    """Ce qu'un client a fait d'un parcours, un jour ; plusieurs fois, c'est une ligne."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    parcours_id: Identifiant
    client_id: str = Field(max_length=64)
    operation: str = Field(max_length=80, description="operationId de ce qui a été fait")
    ecriture: Booleen = Field(description="Vrai : quelque chose a pu changer")
    portee_sante: Booleen = Field(description="Vrai : le jeton portait une portée de santé")
    cree_le: Instant = Field(json_schema_extra={"readOnly": True}, description="La première fois")


class PageAccesJournal(Page[AccesJournal]):
    """Une page du journal des accès."""
