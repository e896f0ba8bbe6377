"""What outside funders owe: notified, claimed by titres, cashed, or given back."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Auteur,
    Booleen,
    Centimes,
    CentimesPositifs,
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
from shared.schemas.financement.enveloppes import Qualificatif


class StatutTitre(StrEnum):
    """États d'un titre de recette. Liste fermée."""

    EMIS = "emis"
    ENCAISSE_PARTIEL = "encaisse_partiel"
    ENCAISSE = "encaisse"
    REDUIT = "reduit"
    ANNULE = "annule"


class NatureActeRecette(StrEnum):
    """Ce qu'un acte fait des recettes d'une enveloppe. Liste ouverte."""

    NOTIFICATION = "notification"
    ENCAISSEMENT = "encaissement"
    REDUCTION = "reduction"
    ANNULATION = "annulation"
    TROP_PERCU = "trop_percu"
    REVERSEMENT = "reversement"


class SuiteReduction(StrEnum):
    """Ce que devient ce qu'un titre ne réclame plus. Liste fermée.

    `a_titrer` : il sera réclamé par un autre titre ; `abandonne` : il ne sera plus réclamé.
    """

    A_TITRER = "a_titrer"
    ABANDONNE = "abandonne"


class NotificationRecetteCreation(Entree):
    """Ce qu'un financeur extérieur notifie, au centime, par un acte daté."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif = Field(description="`exact`, ou la notification est refusée")
    date_effet: DateCivile = Field(description="Jour de la notification, aujourd'hui au plus tard")
    reference: Libelle = Field(description="L'acte du financeur")


class TitreCreation(Entree):
    """Un titre de recette : le Département réclame une part de ce qui lui est notifié."""

    montant_centimes: CentimesPositifs
    date_emission: DateCivile = Field(description="Son année est l'exercice du titre")
    objet: Libelle
    titre_corrige_id: Identifiant | None = Field(
        default=None, description="Le titre réduit ou annulé que celui-ci remplace ou complète"
    )
    motif: Libelle | None = Field(
        default=None, description="Pourquoi il est corrigé ; requis avec `titre_corrige_id`"
    )


class EncaissementCreation(Entree):
    """Ce que le comptable a reçu d'un titre, en une fois ou par parts."""

    montant_centimes: CentimesPositifs
    date_effet: DateCivile = Field(description="Jour de valeur, aujourd'hui au plus tard")
    reference: Libelle = Field(description="Référence comptable de l'encaissement")


class AnnulationTitreCreation(Entree):
    """Le titre ne réclame plus rien."""

    suite: SuiteReduction
    motif: Libelle
    date_effet: DateCivile


class ReductionTitreCreation(AnnulationTitreCreation):
    """Le titre réclame moins."""

    montant_centimes: CentimesPositifs


class TropPercuCreation(Entree):
    """Une part encaissée qui n'était pas due : elle est à reverser."""

    montant_centimes: CentimesPositifs
    motif: Libelle
    date_effet: DateCivile


class ReversementCreation(Entree):
    """Ce qui est rendu au financeur, de ce qui est à reverser."""

    montant_centimes: CentimesPositifs
    reference: Libelle = Field(description="Référence comptable du reversement")
    date_effet: DateCivile


class Recette(Modele):
    """Où en est ce qu'un financeur extérieur doit ; des soldes du journal."""

    enveloppe_id: Identifiant
    notifie_centimes: Centimes = Field(description="Le plafond : tout ce qui est notifié")
    a_titrer_centimes: Centimes
    titre_centimes: Centimes = Field(description="Réclamé et non encaissé")
    encaisse_centimes: Centimes = Field(description="Encaissé, et non à reverser")
    a_reverser_centimes: Centimes
    reverse_centimes: Centimes
    abandonne_centimes: Centimes


class Titre(Ressource):
    """Un titre de recette, numéroté sans trou dans son exercice."""

    enveloppe_id: Identifiant
    exercice: Annee
    numero: Entier = Field(description="Rang dans l'exercice, sans trou")
    date_emission: DateCivile
    objet: Libelle
    montant_centimes: Centimes
    encaisse_centimes: Centimes
    reduit_centimes: Centimes = Field(description="Ce que réductions et annulation en ont ôté")
    reste_centimes: Centimes = Field(description="Ce qui reste à encaisser")
    statut: StatutTitre = Field(json_schema_extra={"readOnly": True})
    titre_corrige_id: Identifiant | None
    motif: Libelle | None = Field(description="Pourquoi le titre nommé est corrigé")


class PageTitres(Page[Titre]):
    """Une page de titres."""


class ActeRecette(Modele):
    """Un acte sur les recettes d'une enveloppe. Immuable."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    enveloppe_id: Identifiant
    titre_id: Identifiant | None = Field(description="Nul : l'acte ne porte pas sur un titre")
    nature: NatureActeRecette
    montant_centimes: Centimes
    date_effet: DateCivile
    reference: Libelle | None = Field(description="L'acte du financeur, ou celle du comptable")
    motif: Libelle | None
    suite: SuiteReduction | None = Field(description="Ce que devient ce qui n'est plus réclamé")
    sur_exercice_anterieur: Booleen = Field(
        description="Vrai : le titre corrigé est d'un exercice antérieur à celui de l'acte, donc"
        " corrigé par un mandat (titres annulés) et non par une réduction"
    )
    auteur: Auteur
    cree_le: Instant = Field(json_schema_extra={"readOnly": True})


class PageActesRecettes(Page[ActeRecette]):
    """Une page d'actes sur des recettes."""
