"""What the sandbox alone serves: its clock, and the faults that a partner asks for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schemas.commun import (
    Code,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Modele,
    Page,
    Rang,
    Ressource,
)

AVANCE_MAX_S = 10 * 366 * 86_400
APPELS_MAX, LATENCE_MAX_MS, REPRISE_MAX_S = 1_000, 30_000, 3_600

OperationVisee = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=80),
    Field(description="`operationId` d'une opération de ce service"),
]


class ProblemeProvoque(StrEnum):
    """Problèmes qu'une panne de test fait répondre, par leur code. Liste ouverte."""

    JETON_EXPIRE = "jeton-expire"
    CLIENT_SUSPENDU = "client-suspendu"
    INTROUVABLE = "introuvable"
    IDEMPOTENCE_EN_COURS = "idempotence-en-cours"
    QUOTA_DEPASSE = "quota-depasse"
    INTERNE = "interne"
    SURCHARGE = "surcharge"
    DEPENDANCE_INDISPONIBLE = "dependance-indisponible"
    MAINTENANCE = "maintenance"
    DELAI_DEPASSE = "delai-depasse"


class HorlogeDeTestCreation(Entree):
    """Jusqu'où avancer l'horloge : à un instant, ou d'une durée ; l'un des deux."""

    instant: Instant | None = Field(
        default=None, description="L'instant que l'horloge doit donner ; jamais avant le sien"
    )
    avance_s: Annotated[int, Field(strict=True, ge=1, le=AVANCE_MAX_S)] | None = Field(
        default=None, description="Secondes à ajouter à ce qu'elle donne"
    )


class HorlogeDeTest(Modele):
    """Un déplacement de l'horloge du bac à sable ; elle avance ensuite comme toute horloge."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    instant: Instant = Field(description="Ce que l'horloge a donné, une fois déplacée")
    decalage_s: Entier = Field(
        description="Secondes à ajouter à l'heure réelle pour avoir celle du bac à sable"
    )
    client_id: Code = Field(
        json_schema_extra={"readOnly": True}, description="Client OAuth qui l'a déplacée"
    )
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Instant réel du déplacement"
    )


class PageHorlogesDeTest(Page[HorlogeDeTest]):
    """Une page des déplacements de l'horloge."""


class PanneDeTestCreation(Entree):
    """Une panne à provoquer, pour les prochains appels de ce client."""

    code: ProblemeProvoque
    appels: Annotated[int, Field(strict=True, ge=1, le=APPELS_MAX)] = Field(
        default=1, description="Combien d'appels répondent ainsi"
    )
    operation: OperationVisee | None = Field(
        default=None, description="La seule opération qui répond ainsi ; nulle : toutes"
    )
    latence_ms: Annotated[int, Field(strict=True, ge=0, le=LATENCE_MAX_MS)] = Field(
        default=0, description="Attente avant chaque réponse, en millisecondes"
    )
    reprise_s: Annotated[int, Field(strict=True, ge=1, le=REPRISE_MAX_S)] | None = Field(
        default=None,
        description="Ce que dit `Retry-After`, en secondes ; nul : 2, ou 60 pour un quota."
        " Les problèmes dont la réponse n'en a pas l'ignorent",
    )


class PanneDeTest(Ressource):
    """Une panne provoquée, et ce qu'il en reste."""

    code: ProblemeProvoque
    appels: Rang = Field(description="Combien d'appels répondent ainsi")
    restants: Entier = Field(
        json_schema_extra={"readOnly": True}, description="Combien n'ont pas encore eu lieu"
    )
    operation: OperationVisee | None = Field(
        description="La seule opération qui répond ainsi ; nulle : toutes"
    )
    latence_ms: Entier = Field(description="Attente avant chaque réponse, en millisecondes")
    reprise_s: Rang | None = Field(description="Ce que dit `Retry-After` ; nul : l'ordinaire")
    client_id: Code = Field(
        json_schema_extra={"readOnly": True}, description="Client OAuth dont les appels répondent"
    )


class PagePannesDeTest(Page[PanneDeTest]):
    """Une page des pannes de ce client."""
