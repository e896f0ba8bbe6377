"""The Département's own contribution in kind: which a convention admits, declared and validated."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Auteur,
    Booleen,
    Centimes,
    CentimesPositifs,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Ressource,
)
from shared.schemas.financement.bilans import PointsBase
from shared.schemas.financement.justificatifs import TypeJustificatif

MOIS_MAX = 44_640  # the minutes of a month of 31 days
MinutesMois = Annotated[
    int, Field(strict=True, ge=1, le=MOIS_MAX, description="Minutes d'un mois, une au moins")
]


class NatureApport(StrEnum):
    """Ce qui est apporté. Liste ouverte."""

    PERSONNEL = "personnel"
    LOCAUX = "locaux"
    MATERIEL = "materiel"
    PRESTATION = "prestation"
    BENEVOLAT = "benevolat"


class MethodeValorisation(StrEnum):
    """Comment un apport se chiffre. Liste ouverte."""

    COUT_REEL = "cout_reel"
    TAUX_HORAIRE = "taux_horaire"
    FORFAIT = "forfait"


class StatutValorisation(StrEnum):
    """États d'un apport valorisé. Liste fermée."""

    DECLAREE = "declaree"
    VALIDEE = "validee"
    REJETEE = "rejetee"


class SensDecisionValorisation(StrEnum):
    """Ce qui est décidé d'un apport déclaré. Liste fermée."""

    VALIDEE = "validee"
    REJETEE = "rejetee"


class RegleValorisationCreation(Entree):
    """Ce qu'une convention admet d'une nature d'apport, à compter d'un jour."""

    nature: NatureApport
    autorisee: Booleen = Field(
        default=False, description="Faux tant qu'un document ne dit pas le contraire"
    )
    methode: MethodeValorisation | None = Field(
        default=None, description="Requise quand l'apport est admis"
    )
    part_maximale_points_base: PointsBase | None = Field(
        default=None,
        description="De la part du Département, au plus, en dix-millièmes ; nulle : aucune borne",
    )
    pieces_requises: list[TypeJustificatif] = Field(
        default_factory=list, max_length=20, description="Sans elles, rien n'est validé"
    )
    source: Libelle | None = Field(default=None, description="Requise quand l'apport est admis")
    valable_du: DateCivile


class RegleValorisation(Modele):
    """Ce qu'une convention admet d'une nature d'apport, à compter d'un jour. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    convention_id: Identifiant
    nature: NatureApport
    autorisee: Booleen
    methode: MethodeValorisation | None
    part_maximale_points_base: PointsBase | None
    pieces_requises: list[TypeJustificatif] = Field(max_length=20)
    source: Libelle | None
    valable_du: DateCivile
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReglesValorisation(Page[RegleValorisation]):
    """Une page de règles de valorisation."""


class PrevisionValorisationCreation(Entree):
    """Un apport prévu, à justifier."""

    montant_centimes: CentimesPositifs
    date_effet: DateCivile
    source: Libelle = Field(description="L'acte qui le prévoit")


class PrevisionValorisation(Modele):
    """Un apport prévu, à justifier. Immuable ; un complément s'ajoute."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    enveloppe_id: Identifiant
    montant_centimes: Centimes
    date_effet: DateCivile
    source: Libelle
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PagePrevisionsValorisation(Page[PrevisionValorisation]):
    """Une page d'apports prévus."""


class ValorisationCreation(Entree):
    """Un apport d'un mois ; la règle de la convention dit comment il se chiffre."""

    nature: NatureApport
    mois: DateCivile = Field(description="Premier jour du mois de l'apport")
    date_effet: DateCivile = Field(description="Jour de la déclaration")
    montant_centimes: CentimesPositifs | None = Field(
        default=None, description="Au coût réel ou au forfait ; au taux horaire, il est calculé"
    )
    minutes: MinutesMois | None = Field(
        default=None, description="Requises au taux horaire, et pour du personnel"
    )
    taux_horaire_centimes: CentimesPositifs | None = Field(
        default=None, description="Requis au taux horaire"
    )
    agent_ref: Identifiant | None = Field(
        default=None, description="L'agent, opaque, le même partout ; requis pour du personnel"
    )
    temps_mois_minutes: MinutesMois | None = Field(
        default=None,
        description="Temps de travail de l'agent dans le mois ; requis pour du personnel",
    )
    justificatif_ids: list[Identifiant] = Field(default_factory=list, max_length=20)


class DecisionValorisationCreation(Entree):
    """L'apport est validé, ou rejeté avec son motif."""

    sens: SensDecisionValorisation
    date_effet: DateCivile
    motif: Libelle | None = Field(default=None, description="Requis pour rejeter")
    justificatif_ids: list[Identifiant] = Field(
        default_factory=list, max_length=20, description="Pièces venues depuis la déclaration"
    )


class Valorisation(Ressource):
    """Un apport valorisé : jamais ajouté à ce qui est payé."""

    enveloppe_id: Identifiant
    regle_valorisation_id: Identifiant
    nature: NatureApport
    mois: DateCivile
    date_effet: DateCivile
    montant_centimes: Centimes
    minutes: MinutesMois | None
    taux_horaire_centimes: Centimes | None
    agent_ref: Identifiant | None
    justificatif_ids: list[Identifiant] = Field(max_length=40)
    statut: StatutValorisation = Field(json_schema_extra={"readOnly": True})
    motif: Libelle | None = Field(description="Pourquoi il est rejeté")


class PageValorisations(Page[Valorisation]):
    """Une page d'apports valorisés."""


class Apport(Modele):
    """Où en est l'apport valorisé d'une enveloppe ; des soldes du journal, à part de l'argent."""

    enveloppe_id: Identifiant
    prevu_centimes: Centimes
    a_justifier_centimes: Centimes
    declare_centimes: Centimes
    valide_centimes: Centimes
    rejete_centimes: Centimes
