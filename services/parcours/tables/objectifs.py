"""Objectifs of the freins, and every state that they had; health apart."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.parcours.tables.accompagnement import du_parcours
from services.parcours.tables.base import Base
from shared.schemas.parcours.freins import SourceObservation
from shared.schemas.parcours.objectifs import StatutObjectif
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, Donnee, colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee

_SOURCE = "POST /v1/freins/{id}/objectifs, puis /v1/objectifs/{id}/etats"


class ColonnesObjectif(Versionnee):
    """What is aimed at to lift a frein, and its last state."""

    frein_id: Mapped[UUID] = colonne("Frein à lever")
    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    libelle: Mapped[bytes] = colonne("Ce qui est visé, scellé (AES-256-GCM)", CHIFFREE)
    libelle_empreinte: Mapped[bytes] = colonne(
        "HMAC-SHA-256 du libellé ramené à sa forme : un objectif une fois par épisode",
        INDIRECTE,
        source="service",
    )
    contrainte_ft: Mapped[str | None] = colonne(
        "Contrainte de France Travail dont c'est un objectif connu",
        source="service",
        codes="contraintes-france-travail",
    )
    statut: Mapped[str] = colonne("Dernier état", codes=StatutObjectif)
    date_etat: Mapped[date] = colonne("Jour du dernier état")


def _objectif(frein: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "frein_id", "libelle_empreinte", unique=True),
        Index(None, "collectivite", "frein_id", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "cree_le", "id"),
        du_parcours(frein, "frein_id"),
        du_parcours(),
        fiche(sens, source=_SOURCE, donnee=donnee),
    )


class ColonnesEtatObjectif(Ecrite, Cle):
    """A state of an objectif. Never changed."""

    objectif_id: Mapped[UUID] = colonne("Objectif")
    parcours_id: Mapped[UUID] = colonne("Parcours", source="service")
    statut: Mapped[str] = colonne("État pris", codes=StatutObjectif)
    date_etat: Mapped[date] = colonne("Jour où il l'a pris")
    source: Mapped[str] = colonne("Qui le dit", codes=SourceObservation)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


def _etat(objectif: str, sens: str, donnee: Donnee) -> tuple[Any, ...]:
    return (
        Index(None, "collectivite", "objectif_id", "cree_le", "id"),
        Index(None, "collectivite", "parcours_id", "date_etat", "id"),
        du_parcours(objectif, "objectif_id"),
        fiche(sens, source=_SOURCE, donnee=donnee),
    )


class Objectif(ColonnesObjectif, Base):
    """An objectif of a frein that is not of health."""

    __tablename__ = "objectif"
    __table_args__ = _objectif(
        "frein", "Ce qui est visé pour lever un frein, et son dernier état", INDIRECTE
    )


class EtatObjectif(ColonnesEtatObjectif, Base):
    """A state of such an objectif."""

    __tablename__ = "etat_objectif"
    __table_args__ = _etat("objectif", "Un état qu'un objectif a eu ; immuable", INDIRECTE)


class ObjectifSante(ColonnesObjectif, Base):
    """An objectif of a frein of health."""

    __tablename__ = "objectif_sante"
    __table_args__ = _objectif("frein_sante", "Comme objectif, d'un frein de santé", Donnee.SANTE)


class EtatObjectifSante(ColonnesEtatObjectif, Base):
    """A state of such an objectif."""

    __tablename__ = "etat_objectif_sante"
    __table_args__ = _etat(
        "objectif_sante", "Comme etat_objectif, d'un frein de santé", Donnee.SANTE
    )


OBJECTIFS: dict[bool, type[Any]] = {False: Objectif, True: ObjectifSante}
ETATS_OBJECTIF: dict[bool, type[Any]] = {False: EtatObjectif, True: EtatObjectifSante}
