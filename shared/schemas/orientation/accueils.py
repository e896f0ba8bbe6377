"""The welcome: sessions, convocations, first contacts."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    INCHANGE,
    Auteur,
    CodeCommune,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)


class TypeAccueil(StrEnum):
    """Ce qui se fait pendant une séance d'accueil. Liste ouverte."""

    REUNION_COLLECTIVE = "reunion_collective"
    ENTRETIEN_INDIVIDUEL = "entretien_individuel"
    ACCUEIL_SOCIAL_UNIVERSEL = "accueil_social_universel"
    ECRIVAIN_PUBLIC_NUMERIQUE = "ecrivain_public_numerique"


class TypeLieu(StrEnum):
    """Chez qui une séance se tient. Liste ouverte."""

    POINT_ACCUEIL = "point_accueil"
    CAF = "caf"
    FRANCE_TRAVAIL = "france_travail"
    INTERCOMMUNALITE = "intercommunalite"
    AUTRE = "autre"


class StatutAccueil(StrEnum):
    """États d'une séance ; `tenu` : une présence ou une absence y est constatée. Liste fermée."""

    PROGRAMME = "programme"
    TENU = "tenu"
    ANNULE = "annule"


class StatutConvocation(StrEnum):
    """États d'une convocation ; `a_relancer` : absence, ou séance annulée. Liste fermée."""

    ENVOYEE = "envoyee"
    HONOREE = "honoree"
    A_RELANCER = "a_relancer"
    RELANCEE = "relancee"


class ModeConvocation(StrEnum):
    """Comment une personne est prévenue. Liste ouverte."""

    COURRIER = "courrier"
    COURRIEL = "courriel"
    SMS = "sms"
    TELEPHONE = "telephone"
    REMISE_EN_MAIN_PROPRE = "remise_en_main_propre"


class PresenceAccueil(StrEnum):
    """Ce qui est constaté à une séance. Liste fermée."""

    PRESENTE = "presente"
    ABSENTE = "absente"
    EXCUSEE = "excusee"


class MotifAbsence(StrEnum):
    """Motifs d'une absence, jamais de santé : `autre` suffit. Liste ouverte."""

    EMPLOI_OU_FORMATION = "emploi_ou_formation"
    TRANSPORT = "transport"
    GARDE_ENFANT = "garde_enfant"
    CONVOCATION_NON_RECUE = "convocation_non_recue"
    AUTRE = "autre"


class MotifDispense(StrEnum):
    """Motifs d'une dispense, jamais de santé : `autre` suffit. Liste ouverte."""

    DEJA_ACCOMPAGNEE = "deja_accompagnee"
    DEJA_INFORMEE = "deja_informee"
    EMPLOI_OU_FORMATION = "emploi_ou_formation"
    ELOIGNEMENT = "eloignement"
    AUTRE = "autre"


class TypeContact(StrEnum):
    """Comment un premier contact a eu lieu. Liste ouverte."""

    SUR_PLACE = "sur_place"
    TELEPHONE = "telephone"
    COURRIEL = "courriel"


class MotifContact(StrEnum):
    """Ce qu'un premier contact demande ; la santé n'y est jamais dite. Liste ouverte."""

    ACCES_AUX_DROITS = "acces_aux_droits"
    DEMARCHE_NUMERIQUE = "demarche_numerique"
    EMPLOI_INSERTION = "emploi_insertion"
    LOGEMENT = "logement"
    BUDGET = "budget"
    AUTRE = "autre"


Places = Annotated[int, Field(strict=True, ge=1, le=1000)]


class AccueilCreation(Entree):
    """Une séance d'accueil à programmer."""

    type: TypeAccueil
    type_lieu: TypeLieu
    lieu: Libelle = Field(description="Nom du lieu, public")
    code_commune: CodeCommune
    debut_le: Instant
    fin_le: Instant
    places: Places | None = Field(
        default=None,
        description="Personnes à convoquer au plus : requis pour une réunion collective, 1 pour un"
        " entretien individuel ; absent ailleurs : sans limite",
    )
    organisme_referent_id: Identifiant | None = Field(
        default=None, description="Organisme qui la tient"
    )


class AccueilModification(Entree):
    """Ce qui change d'une séance programmée : le lieu, les horaires, les places."""

    type_lieu: TypeLieu = INCHANGE
    lieu: Libelle = INCHANGE
    code_commune: CodeCommune = INCHANGE
    debut_le: Instant = INCHANGE
    fin_le: Instant = INCHANGE
    places: Places | None = INCHANGE


class AccueilAnnulationCreation(Entree):
    """L'annulation d'une séance programmée."""

    motif: Libelle = Field(description="Pourquoi, sans nommer personne")


class Accueil(Ressource):
    """Une séance d'accueil et ses places."""

    type: TypeAccueil
    statut: StatutAccueil
    type_lieu: TypeLieu
    lieu: Libelle
    code_commune: CodeCommune
    debut_le: Instant
    fin_le: Instant
    places: Places | None
    places_prises: Entier = Field(
        json_schema_extra={"readOnly": True}, description="Personnes convoquées"
    )
    organisme_referent_id: Identifiant | None
    motif_annulation: Libelle | None


class PageAccueils(Page[Accueil]):
    """Une page de séances d'accueil."""


class ConvocationCreation(Entree):
    """Une personne à convoquer à une séance."""

    personne_id: Identifiant
    mode: ModeConvocation
    date_envoi: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Convocation(Ressource):
    """Une personne convoquée à une séance, et la suite."""

    accueil_id: Identifiant
    personne_id: Identifiant
    type: TypeAccueil
    statut: StatutConvocation
    mode: ModeConvocation
    date_envoi: DateCivile
    precedente_id: Identifiant | None = Field(description="Convocation que celle-ci relance")
    rang_relance: Entier = Field(
        description="Relances après une absence ; une séance annulée ne compte pas"
    )
    presence: PresenceAccueil | None = Field(description="Dernière présence constatée")


class PageConvocations(Page[Convocation]):
    """Une page de convocations."""


class PresenceCreation(Entree):
    """Ce qui est constaté d'une personne convoquée."""

    presence: PresenceAccueil
    motif: MotifAbsence | None = Field(
        default=None, description="Requis d'une personne excusée, sans objet d'une présente"
    )
    date_constat: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class PresenceConstatee(Modele):
    """Un constat de présence ou d'absence. Immuable : un autre le corrige."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convocation_id: Identifiant
    presence: PresenceAccueil
    motif: MotifAbsence | None
    date_constat: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePresences(Page[PresenceConstatee]):
    """Une page de constats."""


class DispenseCreation(Entree):
    """La dispense d'une étape de l'accueil."""

    type: TypeAccueil = Field(description="`reunion_collective` ou `entretien_individuel`")
    motif: MotifDispense
    date_dispense: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")


class Dispense(Modele):
    """Une personne dispensée d'une étape de l'accueil. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    personne_id: Identifiant
    type: TypeAccueil
    motif: MotifDispense
    date_dispense: DateCivile
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageDispenses(Page[Dispense]):
    """Une page de dispenses."""


class ContactCreation(Entree):
    """Un premier contact ; sans `personne_id` il est compté, et rien n'identifie la personne."""

    personne_id: Identifiant | None = None
    type: TypeContact
    type_lieu: TypeLieu
    lieu: Libelle = Field(description="Nom du lieu, public")
    date_contact: DateCivile | None = Field(default=None, description="Absente : aujourd'hui")
    motif: MotifContact


class Contact(Modele):
    """Un premier contact de l'accueil social universel : ce n'est pas une orientation."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    personne_id: Identifiant | None
    type: TypeContact
    type_lieu: TypeLieu
    lieu: Libelle
    date_contact: DateCivile
    motif: MotifContact
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageContacts(Page[Contact]):
    """Une page de premiers contacts."""
