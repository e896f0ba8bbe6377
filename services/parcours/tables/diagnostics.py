"""Diagnostics, and what they say of each frein; health apart."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.diagnostics import ReponsePouvoirAgir, ValeurBesoin
from shared.socle.dictionnaire import AUCUNE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite


class Diagnostic(Ecrite, Cle, Base):
    """What was found of the whole situation, one day. Never changed: the next one supersedes."""

    __tablename__ = "diagnostic"
    __table_args__ = (
        Index(None, "collectivite", "parcours_id", "rang", unique=True),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        CheckConstraint("(rang = 1) = (remplace_id IS NULL)", name="rang"),
        CheckConstraint("(confiance IS NULL) = (accompagnement IS NULL)", name="pouvoir_agir"),
        du_parcours(),
        du_parcours("diagnostic", "remplace_id"),
        fiche(
            "Un diagnostic global, signé d'un agent ; immuable, le suivant le remplace",
            source="POST /v1/parcours/{id}/diagnostics",
            donnee=INDIRECTE,
        ),
    )

    parcours_id: Mapped[UUID] = colonne("Parcours")
    rang: Mapped[int] = colonne("1, puis un de plus : le dernier est le courant", unite="rang")
    remplace_id: Mapped[UUID | None] = colonne("Diagnostic qu'il remplace")
    orientation_id: Mapped[UUID] = colonne("Orientation de la période", source="service")
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent du jour", source="service")
    date_diagnostic: Mapped[date] = colonne("Jour du diagnostic")
    agent: Mapped[str] = colonne("Agent qui le signe, par son code opaque chez le partenaire")
    projets: Mapped[list[Any]] = colonne(
        "Projets : typologie, code_rome, code_appellation, est_prioritaire, et besoins (code,"
        " valeur) ; un besoin absent n'est pas exploré"
    )
    sans_contrainte: Mapped[bool] = colonne(
        "Vrai : la personne déclare n'avoir aucune contrainte, ce jour"
    )
    confiance: Mapped[str | None] = colonne(
        "Pouvoir d'agir : se sent confiante ; vide : pas exploré", codes=ReponsePouvoirAgir
    )
    accompagnement: Mapped[str | None] = colonne(
        "Pouvoir d'agir : souhaite être accompagnée", codes=ReponsePouvoirAgir
    )
    autonomie_numerique: Mapped[str] = colonne("Besoin 7 de France Travail", codes=ValeurBesoin)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class ColonnesFreinDiagnostic(Ecrite, Cle):
    """What a diagnostic says of a frein. Never changed."""

    diagnostic_id: Mapped[UUID] = colonne("Diagnostic")
    frein_id: Mapped[UUID] = colonne("Épisode observé, ou celui qui reste levé", source="service")
    code: Mapped[str] = colonne("Ce qui freine", codes="freins")
    niveau: Mapped[str | None] = colonne(
        "Niveau dit ; vide : handicap, qui est un statut", codes=NiveauFrein
    )
    situations: Mapped[list[Any]] = colonne(
        "Codes de situation de France Travail (contraintes-france-travail)"
    )


def _frein_diagnostic(frein: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "diagnostic_id", "code", unique=True),
        du_parcours("diagnostic", "diagnostic_id"),
        du_parcours(frein, "frein_id"),
        fiche(sens, source="POST /v1/parcours/{id}/diagnostics", donnee=donnee),
    )


class FreinDiagnostic(ColonnesFreinDiagnostic, Base):
    """A line on a frein that is not of health."""

    __tablename__ = "frein_diagnostic"
    __table_args__ = _frein_diagnostic(
        "frein", "Ce qu'un diagnostic dit d'un frein ; immuable", INDIRECTE
    )


class FreinDiagnosticSante(ColonnesFreinDiagnostic, Base):
    """A line on a frein of health."""

    __tablename__ = "frein_diagnostic_sante"
    __table_args__ = _frein_diagnostic(
        "frein_sante", "Comme frein_diagnostic, d'un frein de santé", Donnee.SANTE
    )
