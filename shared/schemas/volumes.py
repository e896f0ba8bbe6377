"""How many persons each client has read in a day, and what was decided of it (guide, 17.3)."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from shared.schemas.commun import Code, Entier, Instant, Page, Ressource


class EtatVolume(StrEnum):
    """Ce que le garde des volumes a vu d'une journée d'un client. Liste ouverte."""

    ORDINAIRE = "ordinaire"
    ALERTE = "alerte"
    BLOQUE = "bloque"
    LEVE = "leve"


class VolumeLu(Ressource):
    """Les personnes distinctes que les lectures d'un client ont montrées en un jour civil."""

    client_id: Code = Field(description="Client OAuth qui a lu")
    jour: date = Field(description="Jour civil, là où est la collectivité")
    nombre: Entier = Field(description="Personnes distinctes montrées ; il bouge sans `version`")
    reference: Entier = Field(
        description="À quoi le jour se compare : la médiane de ses derniers jours d'activité, ou"
        " le plancher du service tant qu'il en a moins de dix"
    )
    seuil_alerte: Entier = Field(description="Au-delà, une alerte est publiée")
    seuil_blocage: Entier = Field(
        description="Au-delà, aucune autre personne ne lui est montrée ce jour-là sans levée"
    )
    etat: EtatVolume = Field(description="Où en est cette journée")
    leve_par: Code | None = Field(description="Client qui a levé le blocage, jamais celui-ci")
    leve_le: Instant | None = Field(description="Instant de la levée")


class PageVolumesLus(Page[VolumeLu]):
    """Une page des volumes lus."""
