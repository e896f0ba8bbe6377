"""Service done, certified: what is owed of an engagement, piece by piece."""

from enum import StrEnum

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
from shared.schemas.financement.justificatifs import Avertissement, Sha256
from shared.schemas.financement.reservations import MontantEnveloppe

JUSTIFICATIFS_MAX = 200


class StatutLiquidation(StrEnum):
    """États d'une liquidation. Liste ouverte."""

    CERTIFIEE = "certifiee"
    CERTIFIEE_PARTIELLEMENT = "certifiee_partiellement"
    REFUSEE = "refusee"
    MANDATEE = "mandatee"


class LiquidationCreation(Entree):
    """Un service fait, ce qui en est demandé et ce qui en est retenu."""

    montant_presente_centimes: CentimesPositifs
    montant_retenu_centimes: Centimes = Field(description="Zéro : la demande est refusée")
    motif_ecart: Libelle | None = Field(
        default=None, description="Requis quand il est retenu moins que ce qui est présenté"
    )
    date_service_fait: DateCivile
    date_certification: DateCivile | None = Field(
        default=None, description="Aujourd'hui ou avant ; absente : aujourd'hui"
    )
    pour_solde: Booleen = Field(
        default=False, description="La dernière : ce qui n'est pas retenu est rendu aux enveloppes"
    )
    justificatifs: list[Sha256] = Field(
        default_factory=list,
        max_length=50,
        description="Pièces enregistrées, dans l'ordre où leur montant est imputé",
    )


class JustificationCreation(Entree):
    """Des pièces qui manquaient à une liquidation."""

    justificatifs: list[Sha256] = Field(min_length=1, max_length=50)


class Liquidation(Ressource):
    """Un service fait certifié, et ce que chaque enveloppe en paie."""

    engagement_id: Identifiant
    montant_presente_centimes: Centimes
    montant_retenu_centimes: Centimes
    motif_ecart: Libelle | None
    date_service_fait: DateCivile
    date_certification: DateCivile
    pour_solde: Booleen
    ventilation: list[MontantEnveloppe] = Field(max_length=20)
    justifie_centimes: Centimes = Field(
        json_schema_extra={"readOnly": True},
        description="Part du montant retenu que des pièces couvrent",
    )
    justificatifs: list[Sha256] = Field(max_length=JUSTIFICATIFS_MAX)
    statut: StatutLiquidation = Field(json_schema_extra={"readOnly": True})
    auteur: Auteur = Field(description="Qui a certifié le service fait")
    avertissements: list[Avertissement] = Field(
        max_length=50, description="Ce qui semblait financé deux fois quand elle a été certifiée"
    )


class PageLiquidations(Page[Liquidation]):
    """Une page de liquidations."""


class SeuilCertificationCreation(Entree):
    """Au-dessus de quel montant l'auteur d'un engagement n'en certifie pas le service fait."""

    montant_centimes: Centimes = Field(description="Ce montant-là peut encore l'être par lui")
    valable_du: DateCivile = Field(description="Premier jour des certifications qu'il régit")
    source: Libelle = Field(description="Règlement budgétaire et financier, ou délibération")


class SeuilCertification(Modele):
    """Un seuil, du jour où il vaut ; immuable, le suivant en est un autre."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    montant_centimes: Centimes
    valable_du: DateCivile
    source: Libelle
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class PageSeuilsCertification(Page[SeuilCertification]):
    """Une page de seuils."""
