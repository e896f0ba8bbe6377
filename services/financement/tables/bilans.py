"""Claims on funders, and the dated rates that they rest on."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.bilans import NatureTaux, OrigineDepense, StatutBilan
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Ecrite, Versionnee


class Taux(Ecrite, Cle, Base):
    """A rate, as of a day, with its source. Insert-only: a reform adds a row."""

    __tablename__ = "taux"
    __table_args__ = (
        Index(None, "collectivite", "code", "valable_du", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint("0 < numerateur AND numerateur <= denominateur", name="fraction"),
        fiche(
            "Un taux à compter d'un jour, et sa source ; un changement est une autre ligne",
            source="POST /v1/taux",
        ),
    )

    code: Mapped[str] = colonne("Code, le même pour les valeurs successives")
    nature: Mapped[str] = colonne("Ce à quoi il sert", codes=NatureTaux)
    libelle: Mapped[str] = colonne("Libellé")
    numerateur: Mapped[int] = colonne("Numérateur de la fraction exacte", unite="sans dimension")
    denominateur: Mapped[int] = colonne(
        "Dénominateur de la fraction exacte", unite="sans dimension"
    )
    valable_du: Mapped[date] = colonne("Premier jour où il vaut")
    source: Mapped[str | None] = colonne("Texte, article et date ; vide : aucun")
    confirme: Mapped[bool] = colonne("Vrai : lu dans sa source ; faux : à confirmer")


class Bilan(Versionnee, Base):
    """A claim on a funder, with its whole reckoning."""

    __tablename__ = "bilan"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "enveloppe_id", "cree_le", "id"),
        # An adopted one is frozen by a trigger too.
        CheckConstraint("sha256 IS NULL OR statut = 'adopte'", name="empreinte"),
        *vers("enveloppe", "taux"),
        fiche(
            "Ce qu'un financeur doit d'une dépense, et le calcul qui le dit",
            source="POST /v1/enveloppes/{id}/bilans",
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe du financeur")
    date_arrete: Mapped[date] = colonne("Dernier jour des dépenses retenues, inclus")
    date_limite: Mapped[date | None] = colonne("Date de remise ; vide : aucune dite")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutBilan)
    origine_depense: Mapped[str] = colonne("D'où vient la dépense retenue", codes=OrigineDepense)
    depense_retenue_centimes: Mapped[int] = colonne("Dépense éligible, de tous les financeurs")
    taux_id: Mapped[UUID] = colonne("Taux du financeur au jour d'arrêté")
    plafond_centimes: Mapped[int] = colonne("Montant notifié au moment du calcul")
    refactions_centimes: Mapped[int] = colonne("Somme des réfactions", source="service")
    du_centimes: Mapped[int] = colonne(
        "Ce que le financeur doit, au centime inférieur", source="service"
    )
    encaisse_centimes: Mapped[int] = colonne("Encaissé au moment du calcul", source="service")
    a_titrer_centimes: Mapped[int] = colonne("À réclamer par un titre", source="service")
    a_reduire_centimes: Mapped[int] = colonne("À ôter de titres non encaissés", source="service")
    a_reverser_centimes: Mapped[int] = colonne("Encaissé en trop, à rendre", source="service")
    lignes: Mapped[list[Any]] = colonne(
        "Le calcul, dans son ordre : nature, type_refaction, montant_centimes, explication",
        source="service",
    )
    justificatifs_manquants: Mapped[list[Any]] = colonne("Pièces qui manquent, en clair")
    liquidations_a_justifier: Mapped[int] = colonne(
        "Liquidations de cette dépense qu'aucune pièce ne couvre en entier",
        source="service",
        unite="liquidations",
    )
    avertissements: Mapped[list[Any]] = colonne(
        "Ce qui semble financé deux fois ou n'est pas un ajout : code, action_id, liquidation_id,"
        " autre_liquidation_id, justificatif_id",
        source="service",
        server_default=text("'[]'"),
    )
    assemblee: Mapped[str | None] = colonne("Assemblée qui l'a adopté")
    date_adoption: Mapped[date | None] = colonne("Jour de l'adoption ; vide : non adopté")
    reference_adoption: Mapped[str | None] = colonne("Délibération d'adoption")
    sha256: Mapped[bytes | None] = colonne(
        "SHA-256 du bilan adopté, en JSON canonique ; vide : non adopté", source="service"
    )
