"""Commitment authorisations, payment credits, budget years."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.schemas.commun import (
    Annee,
    Centimes,
    CentimesPositifs,
    Code,
    DateCivile,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
    Rang,
    Ressource,
)
from shared.schemas.financement.enveloppes import Financeur, StatutEnveloppe
from shared.schemas.financement.journal import Variation

ECHEANCES_MAX = 30


class StatutAutorisation(StrEnum):
    """États d'une autorisation d'engagement. Liste fermée."""

    VOTEE = "votee"
    ANNULEE = "annulee"


class EcheanceCpLigne(Entree):
    """Les crédits de paiement prévus pour une année."""

    exercice: Annee
    montant_centimes: Centimes


class EcheanceCp(Modele):
    """Les crédits de paiement prévus pour une année."""

    exercice: Annee
    montant_centimes: Centimes


_Echeancier = Annotated[
    list[EcheanceCpLigne],
    Field(
        min_length=1,
        max_length=ECHEANCES_MAX,
        description="Une année, une ligne ; leur somme est le montant voté",
    ),
]


class AutorisationEngagementCreation(Entree):
    """Un vote de l'assemblée : ce qui peut être engagé sur plusieurs années."""

    reference: Code = Field(description="Unique dans la collectivité")
    libelle: Libelle
    convention_id: Identifiant | None = Field(default=None, description="Convention qu'elle sert")
    deliberation: Libelle = Field(description="Référence de la délibération qui la vote")
    montant_vote_centimes: CentimesPositifs
    date_effet: DateCivile
    echeancier: _Echeancier


class RevisionAutorisationCreation(Entree):
    """Une révision : un nouveau total et un nouvel échéancier, à compter d'un jour."""

    deliberation: Libelle
    montant_vote_centimes: CentimesPositifs
    date_effet: DateCivile
    echeancier: _Echeancier


class RevisionAutorisation(Modele):
    """Une version de l'échéancier, telle que votée ; la première est celle du vote."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    numero: Rang
    deliberation: Libelle
    montant_vote_centimes: Centimes
    date_effet: DateCivile
    echeancier: list[EcheanceCp] = Field(max_length=ECHEANCES_MAX)
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class PageRevisionsAutorisation(Page[RevisionAutorisation]):
    """Une page de révisions."""


class AffectationAutorisationCreation(Entree):
    """Une part de l'autorisation, réservée à une action."""

    action_id: Identifiant
    montant_centimes: CentimesPositifs
    date_effet: DateCivile
    source: Libelle = Field(description="Décision qui affecte")


class AnnulationAutorisation(Entree):
    """Ce qui n'est pas engagé, et ne le sera plus."""

    date_effet: DateCivile
    source: Libelle = Field(description="Délibération qui annule")


class AutorisationEngagement(Ressource):
    """Une autorisation d'engagement ; ses soldes viennent du journal."""

    reference: Code
    libelle: Libelle
    convention_id: Identifiant | None
    statut: StatutAutorisation = Field(json_schema_extra={"readOnly": True})
    revision: Rang = Field(description="Numéro de l'échéancier en vigueur")
    echeancier: list[EcheanceCp] = Field(max_length=ECHEANCES_MAX)
    votee_centimes: Centimes = Field(description="Ce qui est voté, révisions comprises")
    disponible_centimes: Centimes = Field(description="Ni affecté, ni engagé, ni annulé")
    affectee_centimes: Centimes = Field(description="Affecté à des actions, et non engagé")
    engagee_centimes: Centimes
    annulee_centimes: Centimes
    engage_non_couvert_centimes: Centimes = Field(
        description="Engagé sur l'autorisation au-delà de ce que portent des enveloppes : le risque"
        " des années dont l'argent n'est pas notifié"
    )


class PageAutorisationsEngagement(Page[AutorisationEngagement]):
    """Une page d'autorisations d'engagement."""


class CreditPaiementCreation(Entree):
    """Les crédits de paiement d'une année : ceux d'une autorisation, ou d'une ligne du budget."""

    exercice: Annee
    libelle: Libelle
    autorisation_engagement_id: Identifiant | None = Field(
        default=None, description="Nul : des crédits annuels, désignés par `imputation`"
    )
    imputation: Code | None = Field(
        default=None,
        description="Ligne du budget, ex. 017-444-65748 ; requise sans autorisation",
    )
    montant_centimes: CentimesPositifs
    date_effet: DateCivile = Field(description="Un jour de l'exercice")
    source: Libelle = Field(description="Délibération budgétaire")


class OuvertureCreditCommande(Entree):
    """Ce qu'une décision modificative ajoute aux crédits d'une année."""

    montant_centimes: CentimesPositifs
    date_effet: DateCivile = Field(description="Un jour de l'exercice")
    source: Libelle = Field(description="Décision modificative")


class CreditPaiement(Ressource):
    """Les crédits de paiement d'une année ; leurs soldes viennent du journal."""

    exercice: Annee
    libelle: Libelle
    autorisation_engagement_id: Identifiant | None
    imputation: Code | None
    source: Libelle
    ouvert_centimes: Centimes = Field(
        description="Ouvert, contre-passations de rattachements comprises"
    )
    disponible_centimes: Centimes = Field(description="Ce qui peut encore être mandaté")
    mandate_centimes: Centimes
    rattache_centimes: Centimes
    reporte_centimes: Centimes
    annule_centimes: Centimes
    consommation_nette_centimes: Variation = Field(
        description="Mandaté et rattaché, moins ce que l'année précédente avait rattaché ; négative"
        " tant que ce qui fut rattaché n'est pas mandaté"
    )


class PageCreditsPaiement(Page[CreditPaiement]):
    """Une page de crédits de paiement."""


class StatutExercice(StrEnum):
    """États d'un exercice budgétaire. Liste fermée."""

    OUVERT = "ouvert"
    JOURNEE_COMPLEMENTAIRE = "journee_complementaire"
    CLOS = "clos"


class ExerciceCreation(Entree):
    """Une année budgétaire, pour la suivre et la clore."""

    annee: Annee
    seuil_rattachement_centimes: Centimes | None = Field(
        default=None,
        description="Un service fait de moindre montant n'est pas rattaché ; nul : règle locale"
        " inconnue, tout est rattaché",
    )
    source: Libelle | None = Field(default=None, description="Règlement budgétaire et financier")


class Exercice(Ressource):
    """Une année budgétaire ; une année que nul n'enregistre est ouverte."""

    annee: Annee
    statut: StatutExercice = Field(json_schema_extra={"readOnly": True})
    seuil_rattachement_centimes: Centimes | None
    source: Libelle | None
    clos_le: Instant | None
    clos_par: Annotated[str, Field(max_length=64)] | None = Field(
        description="Client OAuth qui l'a close"
    )


class PageExercices(Page[Exercice]):
    """Une page d'exercices."""


class JourneeComplementaireCommande(Entree):
    """L'année est finie : seul ce qui la solde s'y inscrit encore, jusqu'au 31 janvier."""

    source: Libelle


class SortCredits(StrEnum):
    """Ce que deviennent des crédits de paiement que l'année n'a pas employés. Liste fermée."""

    ANNULATION = "annulation"
    REPORT = "report"


class CreditLigne(Entree):
    """Ce que deviennent les crédits qui restent ; sans choix, ils sont annulés."""

    credit_paiement_id: Identifiant
    reliquat: SortCredits


class SortReste(StrEnum):
    """Ce que devient ce qu'une enveloppe, ou un engagement, laisse. Liste fermée.

    `degagement` rend l'engagé à l'enveloppe, dont le disponible a son propre sort ; `annulation`
    perd l'un ou l'autre ; `retour_financeur` aussi, et doit au financeur ce qu'il en avait versé.
    """

    REPORT = "report"
    DEGAGEMENT = "degagement"
    ANNULATION = "annulation"
    RETOUR_FINANCEUR = "retour_financeur"


class ObjetReste(StrEnum):
    """Ce qui reste d'une enveloppe dont la fenêtre est finie. Liste fermée."""

    DISPONIBLE = "disponible"
    ENGAGE = "engage"


class ResteLigne(Entree):
    """Ce que devient un reste : du disponible, de l'engagé, ou de celui d'un engagement."""

    enveloppe_id: Identifiant = Field(description="Dont la fenêtre a fini dans l'année, ou avant")
    objet: ObjetReste
    engagement_id: Identifiant | None = Field(
        default=None, description="Nul : de tout engagement qu'aucune autre ligne ne nomme"
    )
    sort: SortReste
    vers_enveloppe_id: Identifiant | None = Field(
        default=None, description="Celle, d'un exercice suivant, qui reçoit un report"
    )
    decision: Libelle | None = Field(
        default=None,
        description="Décision expresse : requise pour reporter sur un autre financeur, une autre"
        " convention, ou hors d'un volet non fongible",
    )


class RattachementLigne(Entree):
    """Les crédits auxquels un service fait se rattache, ou le choix de n'en rien faire."""

    liquidation_id: Identifiant
    credit_paiement_id: Identifiant | None = Field(
        default=None, description="Nul : ce service fait n'est pas rattaché"
    )


class ClotureExerciceCreation(Entree):
    """Les choix d'une clôture ; ceux d'une reprise s'ajoutent à ce qui est déjà fait."""

    source: Libelle = Field(description="Délibération ou règlement qui clôt")
    credits: list[CreditLigne] = Field(default=[], max_length=500)
    rattachements: list[RattachementLigne] = Field(
        default=[],
        max_length=500,
        description="Pour ce qui n'est pas engagé sur une autorisation : elle dit ses crédits",
    )
    restes: list[ResteLigne] = Field(
        default=[],
        max_length=500,
        description="Pour chaque reste d'enveloppe ; sans choix, l'exercice attend",
    )


class StatutCloture(StrEnum):
    """États d'une clôture. Liste fermée."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    A_REPRENDRE = "a_reprendre"
    TERMINEE = "terminee"


class MotifEcart(StrEnum):
    """Pourquoi un service fait n'a pas pu être rattaché. Liste ouverte."""

    SANS_CREDITS = "sans_credits"
    CREDITS_INSUFFISANTS = "credits_insuffisants"
    CREDITS_AUTRE_EXERCICE = "credits_autre_exercice"


class EcartCloture(Modele):
    """Un service fait qui attend un choix."""

    liquidation_id: Identifiant
    montant_centimes: Centimes
    motif: MotifEcart


class MotifReste(StrEnum):
    """Pourquoi un reste attend. Liste ouverte."""

    SANS_CHOIX = "sans_choix"
    RESERVATION_EN_ATTENTE = "reservation_en_attente"
    SORT_IMPOSSIBLE = "sort_impossible"


class EcartReste(Modele):
    """Un reste qui attend un choix, ou dont le choix n'a pas pu être suivi."""

    enveloppe_id: Identifiant
    engagement_id: Identifiant | None = Field(description="Nul : ce qui n'est pas engagé")
    montant_centimes: Centimes
    motif: MotifReste


class ResultatCloture(Modele):
    """Ce que l'année laisse ; rejouée, une clôture dit la même chose."""

    reste_a_liquider_centimes: Centimes = Field(
        description="Engagé et non liquidé au 31 décembre, toutes enveloppes"
    )
    reste_a_mandater_centimes: Centimes = Field(
        description="Liquidé et non mandaté au 31 décembre, toutes enveloppes"
    )
    rattachements: Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]
    rattache_centimes: Centimes
    reporte_centimes: Centimes = Field(description="Crédits de paiement reportés")
    annule_centimes: Centimes = Field(description="Crédits de paiement annulés")
    ecarts: list[EcartCloture] = Field(
        max_length=500, description="Vide, et l'exercice est clos ; sinon il attend ces choix"
    )
    # Closings that were done before the rests of envelopes were settled said nothing of them.
    restes_reportes_centimes: Centimes = Field(
        default=0, description="Restes d'enveloppes reportés sur un exercice suivant"
    )
    restes_degages_centimes: Centimes = Field(
        default=0, description="Engagés rendus à leur enveloppe"
    )
    restes_annules_centimes: Centimes = Field(
        default=0, description="Restes annulés, retours au financeur compris"
    )
    a_reverser_centimes: Centimes = Field(
        default=0, description="Ce qui en est dû aux financeurs, l'ayant versé"
    )
    restes: list[EcartReste] = Field(
        default=[], max_length=500, description="Restes qui attendent un choix"
    )


class ClotureExercice(Ressource):
    """La clôture d'un exercice, à suivre jusqu'à sa fin."""

    exercice_id: Identifiant
    statut: StatutCloture
    source: Libelle
    termine_le: Instant | None
    resultat: ResultatCloture | None = Field(description="Nul tant qu'elle n'a pas fini")


class Rattachement(Modele):
    """Un service fait rattaché à l'année, et contre-passé le premier janvier suivant."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    liquidation_id: Identifiant
    credit_paiement_id: Identifiant
    credit_suivant_id: Identifiant = Field(description="Crédits de l'année suivante, qui paieront")
    montant_centimes: Centimes
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class EnveloppeASolder(Modele):
    """Ce qui reste d'une enveloppe dont la fenêtre a fini : à choisir pour clore."""

    id: Identifiant = Field(
        json_schema_extra={"readOnly": True}, description="Identifiant de l'enveloppe"
    )
    reference: Code
    exercice: Annee | None
    financeur: Financeur | None
    fenetre_fin: DateCivile | None
    statut: StatutEnveloppe
    disponible_centimes: Centimes = Field(description="Ni réservé ni engagé")
    reserve_centimes: Centimes = Field(description="Réservé : à confirmer ou à rendre d'abord")
    engage_centimes: Centimes = Field(description="Engagé et non liquidé")
    liquide_centimes: Centimes = Field(
        description="Liquidé et non mandaté : il se mandate encore, rattaché ou non"
    )


class PageEnveloppesASolder(Page[EnveloppeASolder]):
    """Une page de restes."""


class Reliquat(Modele):
    """Ce qu'une clôture a fait d'un reste."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    cloture_id: Identifiant
    enveloppe_id: Identifiant
    engagement_id: Identifiant | None = Field(description="Nul : ce qui n'était pas engagé")
    sort: SortReste
    montant_centimes: Centimes
    a_reverser_centimes: Centimes = Field(description="Ce qui en est dû au financeur")
    vers_enveloppe_id: Identifiant | None = Field(description="Celle qui a reçu un report")
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant de création"
    )


class PageReliquats(Page[Reliquat]):
    """Une page de reliquats."""


class PageRattachements(Page[Rattachement]):
    """Une page de rattachements."""
