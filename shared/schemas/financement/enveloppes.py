"""Envelopes: the money of one funder for one year."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Centimes,
    CentimesPositifs,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Libelle,
    Modele,
    Page,
    Ressource,
)


class Financeur(StrEnum):
    """Qui paie. Liste ouverte."""

    ETAT = "etat"
    DEPARTEMENT = "departement"
    REGION = "region"
    UNION_EUROPEENNE = "union_europeenne"
    CAF = "caf"
    MSA = "msa"
    FRANCE_TRAVAIL = "france_travail"
    ARS = "ars"
    CPAM = "cpam"
    EPCI = "epci"
    COMMUNE = "commune"
    AUTRE = "autre"


class StatutEnveloppe(StrEnum):
    """États d'une enveloppe. Liste fermée."""

    ANNONCEE = "annoncee"
    NOTIFIEE = "notifiee"
    OUVERTE = "ouverte"
    CLOSE = "close"
    SOLDEE = "soldee"


class Qualificatif(StrEnum):
    """Ce que vaut un montant imprimé ; seul `exact` peut être ouvert. Liste ouverte."""

    EXACT = "exact"
    EXACT_ARRONDI_MILLION = "exact_arrondi_million"
    EXACT_ARRONDI_DIX_MILLE = "exact_arrondi_dix_mille"
    PRESQUE = "presque"
    ENVIRON = "environ"
    JUSQU_A = "jusqu_a"
    PLUS_DE = "plus_de"
    UN_PEU_PLUS_DE = "un_peu_plus_de"
    MOITIE = "moitie"


class AnnonceLigne(Entree):
    """Un montant annoncé : jamais ouvert, quel que soit son qualificatif."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif
    source: Libelle | None = None


class Annonce(Modele):
    """Un montant annoncé : jamais ouvert, quel que soit son qualificatif."""

    montant_centimes: Centimes
    qualificatif: Qualificatif
    source: Libelle | None


class EnveloppeCreation(Entree):
    """L'argent d'un financeur pour un exercice ; rien n'y est disponible avant son ouverture."""

    reference: Code = Field(description="Unique dans la collectivité")
    convention_id: Identifiant | None = Field(
        default=None, description="Nul : un budget sans convention"
    )
    exercice: Annee | None = None
    financeur: Financeur | None = Field(
        default=None, description="Nul : la source ne dit pas qui paie"
    )
    axe: Entier | None = Field(default=None, description="Ordre d'un axe de la convention")
    volet: Entier | None = Field(default=None, description="Ordre d'un volet de la convention")
    action_id: Identifiant | None = Field(
        default=None, description="La seule action de la convention qu'elle paie"
    )
    perimetre: Libelle | None = None
    annonce: AnnonceLigne | None = None
    fenetre_debut: DateCivile | None = Field(
        default=None, description="Premier jour où l'on peut réserver et engager, inclus"
    )
    fenetre_fin: DateCivile | None = Field(default=None, description="Dernier jour, inclus")
    source: Libelle | None = None


class OuvertureCommande(Entree):
    """L'acte exact qui ouvre une enveloppe : ce montant-là devient disponible."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif = Field(description="`exact`, ou l'ouverture est refusée")
    date_effet: DateCivile
    source: Libelle


class AvenantEnveloppeCommande(Entree):
    """Le nouveau montant d'une enveloppe ouverte, ou sa nouvelle fenêtre."""

    montant_centimes: Centimes | None = Field(
        default=None, description="Ce qu'elle vaut désormais : seule la différence est inscrite"
    )
    fenetre_debut: DateCivile | None = Field(
        default=None, description="Sans convention seulement : sinon l'avenant de la sienne"
    )
    fenetre_fin: DateCivile | None = Field(default=None, description="De même ; inclus")
    date_effet: DateCivile
    source: Libelle = Field(description="Avenant ou acte qui le fixe")


class VirementCommande(Entree):
    """Ce qui passe d'une enveloppe à une autre."""

    enveloppe_id: Identifiant = Field(description="Celle qui reçoit")
    montant_centimes: CentimesPositifs
    date_effet: DateCivile
    source: Libelle
    decision: Libelle | None = Field(
        default=None,
        description="Décision expresse : requise pour changer de financeur ou de convention, ou"
        " sortir d'un volet non fongible",
    )


class SortReliquat(StrEnum):
    """Ce que devient ce qui n'est pas employé. Liste fermée."""

    ANNULATION = "annulation"
    REPORT = "report"


class ClotureEnveloppeCommande(Entree):
    """Ce que devient, la fenêtre finie, ce qu'une enveloppe n'a pas engagé."""

    reliquat: SortReliquat
    enveloppe_id: Identifiant | None = Field(
        default=None, description="Celle, d'un exercice suivant, qui reçoit un report"
    )
    date_effet: DateCivile = Field(description="Après le dernier jour de la fenêtre")
    source: Libelle = Field(description="Avenant qui reporte, ou acte qui constate")
    decision: Libelle | None = Field(
        default=None,
        description="Décision expresse : requise pour reporter sur un autre financeur, une autre"
        " convention, ou hors d'un volet non fongible",
    )


class SoldeEnveloppeCommande(Entree):
    """Plus rien n'est réservé, engagé ni à payer : l'enveloppe est soldée."""

    source: Libelle


class Enveloppe(Ressource):
    """Une enveloppe ; ses soldes viennent du journal, les réservations échues déjà rendues."""

    reference: Code
    convention_id: Identifiant | None
    exercice: Annee | None
    financeur: Financeur | None
    axe: Entier | None
    volet: Entier | None
    action_id: Identifiant | None
    perimetre: Libelle | None
    statut: StatutEnveloppe = Field(json_schema_extra={"readOnly": True})
    annonce: Annonce | None
    fenetre_debut: DateCivile | None
    fenetre_fin: DateCivile | None
    source: Libelle | None
    ouvert_centimes: Centimes
    disponible_centimes: Centimes = Field(description="Ce qui peut encore être réservé")
    reserve_centimes: Centimes = Field(description="Réservé, ni confirmé ni échu")
    engage_centimes: Centimes = Field(description="Engagé et non liquidé")
    liquide_centimes: Centimes = Field(description="Liquidé et non mandaté")
    mandate_centimes: Centimes = Field(description="Mandaté et non payé")
    paye_centimes: Centimes
    reporte_centimes: Centimes
    annule_centimes: Centimes
    disponibilite_legale_centimes: Centimes = Field(
        description="Crédits ouverts moins engagés, liquidés, mandatés et payés : la réservation"
        " n'y compte pas"
    )


class PageEnveloppes(Page[Enveloppe]):
    """Une page d'enveloppes."""
