"""Points d'étape, frozen once arrested, and the indicators that they show."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.indicateurs import SensIndicateur
from shared.schemas.financement.points_etape import StatutPointEtape
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class PointEtape(Versionnee, Base):
    """A point d'étape: computed while a draft, then frozen by a trigger."""

    __tablename__ = "point_etape"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id", "connu_au"),
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        CheckConstraint(
            "(statut = 'brouillon') = (sha256 IS NULL)"
            " AND (sha256 IS NULL) = (contenu IS NULL)"
            " AND (sha256 IS NULL) = (connu_au IS NULL)"
            " AND (sha256 IS NULL) = (arrete_le IS NULL)",
            name="fige",
        ),
        CheckConstraint("(statut = 'valide') = (valide_le IS NOT NULL)", name="valide"),
        *vers("convention"),
        fiche(
            "Un point d'étape d'une convention, vu un jour ; arrêté, il ne change plus",
            source="POST /v1/conventions/{id}/points-etape",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    exercice: Mapped[int] = colonne("Exercice", unite="année civile")
    date_arrete: Mapped[date] = colonne("Dernier jour d'effet compté, inclus")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutPointEtape)
    connu_au: Mapped[int | None] = colonne(
        "Dernier rang du journal compté ; vide : brouillon", unite="rang"
    )
    contenu: Mapped[dict[str, Any] | None] = colonne(
        "Ce qui est figé : cadre, observations, mesures ; vide : brouillon", source="service"
    )
    sha256: Mapped[bytes | None] = colonne(
        "SHA-256 de la forme canonique du contenu ; vide : brouillon", source="service"
    )
    participants: Mapped[list[Any]] = colonne(
        "Organismes qui le reconnaissent, jamais des personnes",
        source="POST /v1/points-etape/{id}/validations",
        server_default=text("'[]'"),
    )
    arrete_le: Mapped[datetime | None] = colonne("Quand il fut figé", source="service")
    valide_le: Mapped[datetime | None] = colonne("Quand il fut reconnu", source="service")


class Indicateur(Versionnee, Base):
    """What a convention aims at, in a year."""

    __tablename__ = "indicateur"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "exercice", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "cree_le", "id"),
        *vers("convention"),
        fiche(
            "Un indicateur d'une convention, pour un exercice",
            source="POST /v1/conventions/{id}/indicateurs",
        ),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    code: Mapped[str] = colonne("Code de l'indicateur dans la convention et l'exercice")
    libelle: Mapped[str] = colonne("Libellé")
    unite: Mapped[str] = colonne("Ce qu'une valeur compte, en clair, ex. personnes")
    sens: Mapped[str] = colonne("Dans quel sens il s'améliore", codes=SensIndicateur)
    exercice: Mapped[int] = colonne("Exercice", unite="année civile")
    cible: Mapped[int | None] = colonne("Valeur visée ; vide : non dite", unite="celle d'unite")
    source: Mapped[str | None] = colonne("Document d'où vient la cible")


class ValeurIndicateur(Cle, Ecrite, Base):
    """A value observed on a day. Insert-only: of one day, the last written counts."""

    __tablename__ = "valeur_indicateur"
    __table_args__ = (
        Index(None, "collectivite", "indicateur_id", "cree_le", "id"),
        *vers("indicateur"),
        fiche(
            "Une valeur observée d'un indicateur, jamais changée",
            source="POST /v1/indicateurs/{id}/valeurs",
        ),
    )

    indicateur_id: Mapped[UUID] = colonne("Indicateur")
    valeur: Mapped[int] = colonne("Valeur", unite="celle de l'indicateur")
    numerateur: Mapped[int | None] = colonne("Ce qui est compté", unite="sans dimension")
    denominateur: Mapped[int | None] = colonne("Sur combien", unite="sans dimension")
    date_observation: Mapped[date] = colonne("Jour où elle est observée")
    source: Mapped[str] = colonne("D'où elle vient")
