"""The Département's own contribution in kind, and what each convention admits of it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.valorisations import (
    MethodeValorisation,
    NatureApport,
    StatutValorisation,
)
from shared.socle.dictionnaire import INDIRECTE, colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class RegleValorisation(Ecrite, Cle, Base):
    """What a convention admits of a nature of contribution, as of a day. Insert-only."""

    __tablename__ = "regle_valorisation"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "nature", "valable_du", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint(
            "NOT autorisee OR (methode IS NOT NULL AND source IS NOT NULL)", name="autorisee"
        ),
        *vers("convention"),
        fiche(
            "Ce qu'une convention admet d'une nature d'apport, à compter d'un jour",
            source="POST /v1/conventions/{id}/regles-valorisation",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    nature: Mapped[str] = colonne("Nature de l'apport", codes=NatureApport)
    autorisee: Mapped[bool] = colonne("Vrai : la convention admet cet apport")
    methode: Mapped[str | None] = colonne("Comment il se chiffre", codes=MethodeValorisation)
    part_maximale_points_base: Mapped[int | None] = colonne(
        "De la part du Département, au plus ; vide : aucune borne", unite="dix-millièmes"
    )
    pieces_requises: Mapped[list[Any]] = colonne("Types de pièces sans lesquels rien n'est validé")
    source: Mapped[str | None] = colonne("Document qui le dit")
    valable_du: Mapped[date] = colonne("Premier jour où elle vaut")


class PrevisionValorisation(Ecrite, Cle, Base):
    """A contribution planned, to be justified. Insert-only."""

    __tablename__ = "prevision_valorisation"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "enveloppe_id", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *vers("enveloppe"),
        fiche(
            "Un apport prévu, à justifier ; un complément est une autre ligne",
            source="POST /v1/enveloppes/{id}/previsions-valorisation",
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe du Département")
    montant_centimes: Mapped[int] = colonne("Montant prévu")
    date_effet: Mapped[date] = colonne("Jour où il prend effet")
    source: Mapped[str] = colonne("Acte qui le prévoit")
    client_id: Mapped[str] = colonne("Client OAuth de l'auteur", source="jeton")


class Valorisation(Versionnee, Base):
    """A contribution of a month, in kind: never added to cash."""

    __tablename__ = "valorisation"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "enveloppe_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *vers("enveloppe", "regle_valorisation"),
        fiche(
            "Un apport valorisé d'un mois",
            source="POST /v1/enveloppes/{id}/valorisations",
            donnee=INDIRECTE,
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe du Département")
    regle_valorisation_id: Mapped[UUID] = colonne("Règle qui l'admet", source="service")
    nature: Mapped[str] = colonne("Nature de l'apport", codes=NatureApport)
    mois: Mapped[date] = colonne("Premier jour du mois de l'apport")
    date_effet: Mapped[date] = colonne("Jour de la déclaration")
    montant_centimes: Mapped[int] = colonne("Montant ; au taux horaire, calculé")
    minutes: Mapped[int | None] = colonne("Temps apporté", unite="minutes")
    taux_horaire_centimes: Mapped[int | None] = colonne("Taux d'une heure")
    agent_ref: Mapped[UUID | None] = colonne("Agent : référence opaque, la même partout")
    justificatif_ids: Mapped[list[Any]] = colonne("Pièces")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutValorisation)
    motif: Mapped[str | None] = colonne("Pourquoi il est rejeté")


class TempsAgent(Cloisonnee, Base):
    """What all conventions together take of the month of one agent: her time at most."""

    __tablename__ = "temps_agent"
    __table_args__ = (
        # The net under the rule: hours over all conventions are 100 % of the month at most.
        CheckConstraint("minutes BETWEEN 0 AND temps_mois_minutes", name="temps"),
        fiche(
            "Ce que toutes les conventions prennent du mois d'un agent, son temps au plus",
            source="POST /v1/enveloppes/{id}/valorisations",
            donnee=INDIRECTE,
        ),
    )

    agent_ref: Mapped[UUID] = colonne("Agent : référence opaque", primary_key=True)
    mois: Mapped[date] = colonne("Premier jour du mois", primary_key=True)
    temps_mois_minutes: Mapped[int] = colonne("Temps de travail du mois", unite="minutes")
    minutes: Mapped[int] = colonne(
        "Temps apporté, déclaré ou validé", source="service", unite="minutes"
    )
