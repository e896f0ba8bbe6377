"""The journal: double entry, added to and never changed."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import (
    CentimesPositifs,
    DateCivile,
    Entier,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Page,
)


class Livre(StrEnum):
    """Livres du journal : engagements d'une enveloppe, places d'une action. Liste ouverte."""

    ENG = "eng"
    PLA = "pla"


class Poste(StrEnum):
    """Postes d'un livre ; `ouvert` et `ouverte` en sont la contrepartie. Liste ouverte."""

    OUVERT = "ouvert"
    DISPONIBLE = "disponible"
    RESERVE = "reserve"
    ENGAGE = "engage"
    LIQUIDE = "liquide"
    MANDATE = "mandate"
    PAYE = "paye"
    REPORTE = "reporte"
    ANNULE = "annule"
    OUVERTE = "ouverte"
    RESERVEE = "reservee"
    OCCUPEE = "occupee"
    SERVIE = "servie"
    FERMEE = "fermee"


class Sens(StrEnum):
    """Côté d'une ligne d'écriture. Liste fermée."""

    DEBIT = "debit"
    CREDIT = "credit"


class Actif(StrEnum):
    """Ce qu'une ligne compte : des centimes d'euro ou des places. Liste ouverte."""

    CENTIME = "centime"
    PLACE = "place"


class EvenementJournal(StrEnum):
    """Ce qu'une écriture enregistre. Liste ouverte."""

    OUVERTURE = "ouverture"
    OUVERTURE_PLACES = "ouverture_places"
    RESERVATION = "reservation"
    ENGAGEMENT = "engagement"
    ANNULATION = "annulation"
    EXPIRATION = "expiration"


class LigneEcriture(Modele):
    """Une ligne d'écriture : un compte, un côté, une quantité entière."""

    livre: Livre
    poste: Poste
    objet_id: Identifiant = Field(description="L'enveloppe (livre eng) ou l'action (livre pla)")
    sens: Sens
    quantite: CentimesPositifs = Field(description="En centimes ou en places, selon `actif`")
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
    extourne_de: Identifiant | None = Field(description="L'écriture que celle-ci contre-passe")
    source: Libelle | None
    lignes: list[LigneEcriture] = Field(max_length=200)
    empreinte_precedente: str = Field(max_length=64, description="SHA-256, hexadécimal")
    empreinte: str = Field(
        max_length=64, description="SHA-256 de la précédente et de la forme canonique"
    )


class PageEcritures(Page[Ecriture]):
    """Une page du journal, dans l'ordre de `seq`."""
