"""The contrat d'engagement, its versions and acts; the reasons for zero hours apart."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.parcours.tables.base import Base
from shared.schemas.parcours.contrats_engagement import (
    DispositifContrat,
    NatureRevision,
    SignataireContrat,
    StatutContrat,
    TypeActeContrat,
)
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Interruption(Ecrite, Cle, Base):
    """A réorientation asked right after the diagnostic: it wipes out the month that ran."""

    __tablename__ = "interruption"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        fiche(
            "Une réorientation demandée après le diagnostic, qui interrompt le mois du contrat",
            source="orientation : réorientation suivie par le fil ; id est le sien",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation en vigueur à la demande")
    date_demande: Mapped[date] = colonne("Jour de la demande")
    date_reprise: Mapped[date | None] = colonne(
        "Jour du refus ou du retrait, d'où un mois repart ; vide : elle dure, ou une autre"
        " orientation en est née"
    )


_SOURCE_CONTRAT = "POST /v1/parcours/{id}/contrats-engagement"


class ContratEngagement(Versionnee, Base):
    """What the person and the organisme référent agreed on, and where it stands."""

    __tablename__ = "contrat_engagement"
    __table_args__ = (
        # At most one that is not closed.
        Index(
            "uq_contrat_engagement_non_clos",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut <> 'cloture'"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        Index(None, "collectivite", "personne_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            "(statut = 'suspendu') = (statut_precedent IS NOT NULL)"
            " AND (statut NOT IN ('suspendu', 'cloture') OR date_suspension IS NOT NULL)"
            " AND (statut = 'cloture') = (date_cloture IS NOT NULL)"
            " AND (statut <> 'signe' OR date_signature IS NOT NULL)",
            name="statut",
        ),
        ForeignKeyConstraint(
            ["collectivite", "parcours_id"], ["parcours.collectivite", "parcours.id"]
        ),
        fiche(
            "Le contrat d'engagement d'une personne, et où il en est",
            source=_SOURCE_CONTRAT,
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne, opaque", source="service")
    parcours_id: Mapped[UUID] = colonne("Parcours ; celui du retour, après une sortie")
    orientation_id: Mapped[UUID] = colonne(
        "Décision à laquelle il répond : la dernière", source="orientation"
    )
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutContrat)
    statut_precedent: Mapped[str | None] = colonne(
        "Ce qu'il redeviendra à la reprise ; vide : il n'est pas suspendu",
        source="service",
        codes=StatutContrat,
    )
    revision: Mapped[int] = colonne("Version en cours", source="service", unite="rang")
    date_premiere_signature: Mapped[date | None] = colonne(
        "Seconde des deux signatures, la première fois depuis la décision",
        source="POST /v1/contrats-engagement/{id}/signatures",
    )
    date_signature: Mapped[date | None] = colonne(
        "Seconde des deux signatures de la version qui engage",
        source="POST /v1/contrats-engagement/{id}/signatures",
    )
    date_ore: Mapped[date | None] = colonne(
        "Jour où les éléments de l'offre raisonnable d'emploi y sont entrés depuis la décision",
        source="service",
    )
    date_suspension: Mapped[date | None] = colonne(
        "Cessation d'inscription", source="POST /v1/contrats-engagement/{id}/suspensions"
    )
    date_cloture: Mapped[date | None] = colonne(
        "Fin", source="POST /v1/contrats-engagement/{id}/clotures"
    )


def _de_contrat(sens: str, source: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "contrat_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "contrat_id"],
            ["contrat_engagement.collectivite", "contrat_engagement.id"],
        ),
        fiche(sens, source=source, donnee=donnee),
    )


class RevisionContrat(Ecrite, Cle, Base):
    """One version of a contract, whole. Never changed."""

    __tablename__ = "revision_contrat"
    __table_args__ = (
        Index(None, "collectivite", "contrat_id", "rang", unique=True),
        Index(None, "collectivite", "orientation_id"),
        # What is to be seen again, the last first.
        Index(
            "ix_revision_contrat_reexamen_cree_le",
            "collectivite",
            "cree_le",
            "id",
            postgresql_where=text("date_reexamen IS NOT NULL"),
        ),
        *_de_contrat(
            "Une version d'un contrat, entière ; immuable",
            f"{_SOURCE_CONTRAT}, puis /v1/contrats-engagement/{{id}}/revisions",
            INDIRECTE,
        ),
    )

    contrat_id: Mapped[UUID] = colonne("Contrat", source="service")
    rang: Mapped[int] = colonne(
        "1, puis un de plus à chaque version", source="service", unite="rang"
    )
    nature: Mapped[str] = colonne("Ce qu'elle change", source="service", codes=NatureRevision)
    orientation_id: Mapped[UUID] = colonne("Décision à laquelle elle répond", source="service")
    organisme_referent_id: Mapped[UUID] = colonne("Organisme qui s'engage", source="service")
    referent: Mapped[str] = colonne("Référent unique : un agent, par sa référence opaque")
    dispositif: Mapped[str] = colonne("Cadre du contrat", codes=DispositifContrat)
    contenu: Mapped[bytes] = colonne(
        "Engagements, objectifs, actions, droits, offre raisonnable d'emploi, en JSON scellé"
        " (AES-256-GCM)",
        CHIFFREE,
    )
    duree_hebdomadaire_minutes: Mapped[int] = colonne(
        "Objectif d'activité d'une semaine, par quarts d'heure", unite="minutes"
    )
    diagnostic_id: Mapped[UUID | None] = colonne("Diagnostic qui motive une durée réduite")
    date_reexamen: Mapped[date | None] = colonne("Quand le motif sera revu au plus tard")
    periodicite_actualisation_mois: Mapped[int] = colonne(
        "Rythme convenu pour l'actualiser", unite="mois"
    )
    duree_accompagnement_mois: Mapped[int | None] = colonne(
        "Durée d'un CEJ ou d'un PACEA", unite="mois"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class MotifHeuresSante(Ecrite, Cle, Base):
    """Why a version sets no hour: apart, for three of its four reasons are of health."""

    __tablename__ = "motif_heures_sante"
    __table_args__ = _de_contrat(
        "Pourquoi une version ne fixe aucune heure ; sous la portée de la santé ; immuable",
        f"{_SOURCE_CONTRAT}, puis /v1/contrats-engagement/{{id}}/revisions",
        Donnee.SANTE,
    )

    contrat_id: Mapped[UUID] = colonne("Contrat", source="service")
    revision: Mapped[int] = colonne("Rang de la version", source="service", unite="rang")
    motif: Mapped[str] = colonne("Motif", codes="motifs-heures-activite")
    date_demande: Mapped[date] = colonne("Jour où la personne l'a demandé")
    age_enfant: Mapped[int | None] = colonne(
        "Âge révolu du plus jeune enfant ce jour-là, pour un parent isolé", unite="ans"
    )


class ActeContrat(Ecrite, Cle, Base):
    """What happened to a contract, one day. Never changed."""

    __tablename__ = "acte_contrat"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        *_de_contrat(
            "Ce qui est arrivé à un contrat : signature, refus, nouvelle décision… ; immuable",
            "POST /v1/contrats-engagement/{id}/signatures, /refus, /suspensions, /reprises,"
            " /clotures",
            INDIRECTE,
        ),
    )

    contrat_id: Mapped[UUID] = colonne("Contrat", source="service")
    revision: Mapped[int] = colonne("Version en cours ce jour-là", source="service", unite="rang")
    orientation_id: Mapped[UUID] = colonne("Décision en vigueur ce jour-là", source="service")
    type: Mapped[str] = colonne("Ce qui est arrivé", codes=TypeActeContrat)
    signataire: Mapped[str | None] = colonne("Partie qui signe", codes=SignataireContrat)
    date_acte: Mapped[date] = colonne("Son jour")
    motif: Mapped[bytes | None] = colonne("Texte libre d'un refus, scellé (AES-256-GCM)", CHIFFREE)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")
