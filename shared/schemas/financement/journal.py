"""The journal: double entry, added to and never changed."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    CENTIMES_MAX,
    Centimes,
    CentimesPositifs,
    Code,
    DateCivile,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
)

ACTES_MAX = 500  # of a proof; all of them are in the entries
# An act and the decision that it carries, each a `Libelle`, and what joins them.
ActeNomme = Annotated[str, StringConstraints(min_length=1, max_length=603)]
Variation = Annotated[int, Field(strict=True, ge=-CENTIMES_MAX, le=CENTIMES_MAX)]


class Livre(StrEnum):
    """Livres du journal. Liste ouverte.

    `eng` : engagements d'une enveloppe ; `rec` : recettes d'une enveloppe d'un financeur ; `val` :
    apports valorisés d'une enveloppe ; `ae` : autorisation d'engagement ; `cp` : crédits de
    paiement ; `pla` : places d'une action ; `heu` : minutes d'une clause sociale.
    """

    ENG = "eng"
    REC = "rec"
    VAL = "val"
    AE = "ae"
    CP = "cp"
    PLA = "pla"
    HEU = "heu"


class Poste(StrEnum):
    """Postes d'un livre ; sa contrepartie est le premier de ses postes. Liste ouverte."""

    OUVERT = "ouvert"
    DISPONIBLE = "disponible"
    RESERVE = "reserve"
    ENGAGE = "engage"
    LIQUIDE = "liquide"
    MANDATE = "mandate"
    PAYE = "paye"
    REPORTE = "reporte"
    ANNULE = "annule"
    NOTIFIE = "notifie"
    A_TITRER = "a_titrer"
    TITRE = "titre"
    ENCAISSE = "encaisse"
    A_REVERSER = "a_reverser"
    REVERSE = "reverse"
    ABANDONNE = "abandonne"
    PREVU = "prevu"
    A_JUSTIFIER = "a_justifier"
    DECLARE = "declare"
    VALIDE = "valide"
    REJETE = "rejete"
    VOTEE = "votee"
    AFFECTEE = "affectee"
    ENGAGEE = "engagee"
    ANNULEE = "annulee"
    RATTACHE = "rattache"
    OUVERTE = "ouverte"
    RESERVEE = "reservee"
    OCCUPEE = "occupee"
    SERVIE = "servie"
    FERMEE = "fermee"
    PREVUE = "prevue"
    A_REALISER = "a_realiser"
    DECLAREE = "declaree"
    VALIDEE = "validee"
    REJETEE = "rejetee"


class Sens(StrEnum):
    """Côté d'une ligne d'écriture. Liste fermée."""

    DEBIT = "debit"
    CREDIT = "credit"


class Actif(StrEnum):
    """Ce qu'une ligne compte : des centimes d'euro, des places ou des minutes. Liste ouverte."""

    CENTIME = "centime"
    PLACE = "place"
    MINUTE = "minute"


class EvenementJournal(StrEnum):
    """Ce qu'une écriture enregistre. Liste ouverte."""

    OUVERTURE = "ouverture"
    OUVERTURE_PLACES = "ouverture_places"
    RESERVATION = "reservation"
    ENGAGEMENT = "engagement"
    ANNULATION = "annulation"
    EXPIRATION = "expiration"
    AVENANT = "avenant"
    VIREMENT = "virement"
    DEGAGEMENT = "degagement"
    LIQUIDATION = "liquidation"
    MANDAT = "mandat"
    REJET_MANDAT = "rejet_mandat"
    PAIEMENT = "paiement"
    REMBOURSEMENT = "remboursement"
    RATTACHEMENT = "rattachement"
    CONTREPASSATION_RATTACHEMENT = "contrepassation_rattachement"
    REPORT = "report"
    ANNULATION_CREDITS = "annulation_credits"
    NOTIFICATION = "notification"
    TITRE = "titre"
    ENCAISSEMENT = "encaissement"
    REDUCTION_TITRE = "reduction_titre"
    TROP_PERCU = "trop_percu"
    REVERSEMENT = "reversement"
    VALORISATION_PREVUE = "valorisation_prevue"
    VALORISATION_DECLAREE = "valorisation_declaree"
    VALORISATION_VALIDEE = "valorisation_validee"
    VALORISATION_REJETEE = "valorisation_rejetee"
    VOTE_AE = "vote_ae"
    AFFECTATION_AE = "affectation_ae"
    ENGAGEMENT_AE = "engagement_ae"
    ANNULATION_AE = "annulation_ae"
    OUVERTURE_CP = "ouverture_cp"
    LIBERATION_PLACES = "liberation_places"
    FERMETURE_PLACES = "fermeture_places"
    HEURES_PREVUES = "heures_prevues"
    HEURES_DECLAREES = "heures_declarees"
    HEURES_VALIDEES = "heures_validees"
    HEURES_REJETEES = "heures_rejetees"
    CONTREPASSATION = "contrepassation"


class LigneEcriture(Modele):
    """Une ligne d'écriture : un compte, un côté, une quantité entière."""

    livre: Livre
    poste: Poste
    objet_id: Identifiant = Field(
        description="L'enveloppe (eng, rec, val), l'action (pla), l'autorisation (ae), les crédits"
        " de paiement (cp) ou la clause (heu)"
    )
    sens: Sens
    quantite: CentimesPositifs = Field(
        description="En centimes, en places ou en minutes, selon `actif`"
    )
    actif: Actif


class Ecriture(Modele):
    """Une écriture du journal : jamais changée, et chaînée à la précédente."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True})
    seq: Entier = Field(description="Rang, sans trou, dans la collectivité")
    evenement: EvenementJournal
    date_effet: DateCivile
    inscrite_le: Instant
    client_id: str = Field(max_length=64, description="Client OAuth qui l'a causée")
    action_id: Identifiant | None
    reservation_id: Identifiant | None
    engagement_id: Identifiant | None
    origine: Code | None = Field(
        description="Type de la ressource dont l'acte est inscrit, ex. liquidations ; nul : une"
        " réservation, un engagement ou une enveloppe, nommés par ailleurs"
    )
    origine_id: Identifiant | None = Field(description="Cette ressource")
    extourne_de: Identifiant | None = Field(description="L'écriture que celle-ci contre-passe")
    source: ActeNomme | None
    lignes: list[LigneEcriture] = Field(max_length=200)
    empreinte_precedente: str = Field(max_length=64, description="SHA-256, hexadécimal")
    empreinte: str = Field(
        max_length=64, description="SHA-256 de la précédente et de la forme canonique"
    )


class ContrepassationCreation(Entree):
    """Ce qui annule une écriture, sans jamais la retirer."""

    date_effet: DateCivile = Field(description="De l'écriture ou d'après, aujourd'hui au plus tard")
    source: Libelle = Field(description="Pourquoi elle est contre-passée")


class PageEcritures(Page[Ecriture]):
    """Une page du journal, dans l'ordre de `seq`."""


class PartPreuve(Modele):
    """Ce qu'un événement a ajouté à un compte, toutes ses lignes ensemble."""

    evenement: EvenementJournal
    livre: Livre
    poste: Poste
    variation: Variation = Field(
        description="Dans le sens normal du compte : positive, elle augmente son solde"
    )
    lignes: Entier = Field(description="Nombre de lignes d'écriture qui la font")


class ComptePreuve(Modele):
    """Le solde d'un compte, rejoué des lignes du journal."""

    livre: Livre
    poste: Poste
    quantite: Centimes = Field(
        description="Son solde : en centimes, en places ou en minutes, selon le livre"
    )


class ActePreuve(Modele):
    """Un acte ou un document que nomme une écriture."""

    ecriture_id: Identifiant
    seq: Entier
    source: ActeNomme


class DerniereEcriture(Modele):
    """La dernière écriture comptée, et son empreinte : toutes les précédentes en dépendent."""

    seq: Entier
    empreinte: str = Field(max_length=64, description="SHA-256, hexadécimal")


class Preuve(Modele):
    """Ce qui fait les soldes d'un objet du journal : ses écritures, et leurs actes."""

    objet_id: Identifiant
    ecritures: Entier = Field(description="Nombre d'écritures qui touchent l'objet")
    comptes: list[ComptePreuve] = Field(max_length=50)
    parts: list[PartPreuve] = Field(
        max_length=500, description="Ce que chaque événement a ajouté à chaque compte"
    )
    actes: list[ActePreuve] = Field(
        max_length=ACTES_MAX, description="Actes nommés, du premier inscrit au dernier"
    )
    derniere: DerniereEcriture | None = Field(description="Nul : aucune écriture")
