"""The fonds d'aide aux jeunes: asked from the parcours, decided by a commission."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
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
from shared.schemas.parcours.emplois import Age


class NatureAide(StrEnum):
    """Ce que paie le fonds d'aide aux jeunes. Liste ouverte."""

    SUBSISTANCE = "subsistance"
    PERMIS = "permis"
    MOBILITE = "mobilite"
    PROJET = "projet"
    COLLECTIF = "collectif"
    AUTRE = "autre"


class PayeA(StrEnum):
    """À qui l'aide est versée. Liste fermée."""

    JEUNE = "jeune"
    TIERS = "tiers"


class StatutAide(StrEnum):
    """États d'une aide ; `versee` : payée d'urgence, avant la commission. Liste fermée."""

    DEMANDEE = "demandee"
    VERSEE = "versee"
    ATTRIBUEE = "attribuee"
    REFUSEE = "refusee"
    ANNULEE = "annulee"


class AideJeuneCreation(Entree):
    """Une demande d'aide : son montant est réservé dans financement."""

    action_id: Identifiant = Field(
        description="Action du fonds, dont la clé est son enveloppe (service financement)"
    )
    nature: NatureAide
    montant_centimes: CentimesPositifs
    paye_a: PayeA
    age: Age = Field(description="Âge révolu le jour de la demande")
    date_demande: DateCivile = Field(description="Aujourd'hui au plus tard")
    urgence: Booleen = Field(default=False, description="Vrai : payable avant la commission")


class VersementUrgenceCreation(Entree):
    """Le versement d'une aide urgente, que la commission dira ensuite valable ou non."""

    montant_centimes: CentimesPositifs | None = Field(
        default=None, description="Au plus le montant demandé ; absent : tout"
    )


class SensDecisionAide(StrEnum):
    """Ce que décide la commission. Liste fermée."""

    ATTRIBUTION = "attribution"
    REFUS = "refus"


class DecisionAideCreation(Entree):
    """La décision de la commission."""

    sens: SensDecisionAide
    date_commission: DateCivile = Field(description="De la demande à aujourd'hui")
    montant_centimes: CentimesPositifs | None = Field(
        default=None,
        description="D'une attribution : au plus le montant demandé ; absent : tout. Ce qui est"
        " versé d'urgence ne change plus",
    )


class AideJeuneAnnulationCreation(Entree):
    """La demande est retirée avant tout versement."""

    date_annulation: DateCivile = Field(description="De la demande à aujourd'hui")


class AideJeune(Ressource):
    """Une aide du fonds, ce que financement en garde, et ce qui en a été décidé."""

    parcours_id: Identifiant
    action_id: Identifiant
    nature: NatureAide
    paye_a: PayeA
    age: Age
    urgence: Booleen
    statut: StatutAide
    montant_demande_centimes: CentimesPositifs
    montant_centimes: Centimes = Field(description="Attribué ou versé ; zéro avant")
    date_demande: DateCivile
    date_versement: DateCivile | None = Field(description="D'un versement d'urgence")
    date_commission: DateCivile | None
    date_annulation: DateCivile | None
    reservation_id: Identifiant
    expire_le: Instant = Field(
        description="La réservation tombe alors ; une attribution plus tardive réserve à nouveau"
    )
    engagement_id: Identifiant | None


class PageAidesJeunes(Page[AideJeune]):
    """Une page d'aides."""


class PlafondAideLigne(Entree):
    """Le plus qu'une aide d'une nature peut valoir."""

    nature: NatureAide
    montant_centimes: CentimesPositifs


class ReglementAideCreation(Entree):
    """Le règlement du fonds, du jour où il vaut : le suivant s'ajoute, aucun ne change."""

    depuis: DateCivile = Field(description="Premier jour des demandes qu'il régit ; unique")
    age_min: Age
    age_max: Age = Field(description="Révolu, compris")
    urgence_max_centimes: CentimesPositifs | None = Field(
        default=None, description="Plafond d'un versement d'urgence ; null : aucun"
    )
    annuel_max_centimes: CentimesPositifs | None = Field(
        default=None, description="Plafond d'une personne par année civile ; null : aucun"
    )
    natures_plafonnees: list[PlafondAideLigne] = Field(
        default=[], max_length=20, description="Par nature ; sans ligne : aucun plafond"
    )
    source: Libelle = Field(description="Délibération ou règlement intérieur")


class ReglementAide(Modele):
    """Un règlement du fonds. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    depuis: DateCivile
    age_min: Age
    age_max: Age
    urgence_max_centimes: CentimesPositifs | None
    annuel_max_centimes: CentimesPositifs | None
    natures_plafonnees: list[PlafondAideLigne] = Field(max_length=20)
    source: Libelle
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageReglementsAide(Page[ReglementAide]):
    """Une page de règlements."""
