"""Envelopes, and the fraction of each action that they pay."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.enveloppes import Financeur, StatutEnveloppe
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class Enveloppe(Versionnee, Base):
    """The money of one funder for one year. Its balances are in `solde`."""

    __tablename__ = "enveloppe"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "convention_id", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "cree_le", "id"),
        CheckConstraint("fenetre_debut <= fenetre_fin", name="fenetre"),
        *vers("convention", "action"),
        fiche(
            "L'argent d'un financeur pour un exercice ; ses soldes sont dans solde",
            source="POST /v1/enveloppes",
        ),
    )

    reference: Mapped[str] = colonne("Code de l'enveloppe dans la collectivité")
    convention_id: Mapped[UUID | None] = colonne("Convention ; vide : un budget sans convention")
    exercice: Mapped[int | None] = colonne("Exercice budgétaire", unite="année civile")
    financeur: Mapped[str | None] = colonne(
        "Qui paie ; vide : la source ne le dit pas", codes=Financeur
    )
    axe: Mapped[int | None] = colonne("Axe de la convention ; vide : tous", unite="ordre")
    volet: Mapped[int | None] = colonne("Volet de la convention ; vide : aucun dit", unite="ordre")
    action_id: Mapped[UUID | None] = colonne("La seule action qu'elle paie ; vide : plusieurs")
    perimetre: Mapped[str | None] = colonne("Ce que l'enveloppe couvre, en clair")
    statut: Mapped[str] = colonne("Où en est l'enveloppe", source="service", codes=StatutEnveloppe)
    annonce: Mapped[dict[str, Any] | None] = colonne(
        "Montant annoncé, jamais ouvert : montant_centimes, qualificatif, source"
    )
    fenetre_debut: Mapped[date | None] = colonne(
        "Premier jour où l'on peut réserver et engager, inclus"
    )
    fenetre_fin: Mapped[date | None] = colonne(
        "Dernier jour où l'on peut réserver et engager, inclus"
    )
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class AvenantFenetre(Ecrite, Cle, Base):
    """The window of an envelope without a convention, moved: what it was, and the act. Insert-only.

    That of a convention's envelope is in the versions of its convention.
    """

    __tablename__ = "avenant_fenetre"
    __table_args__ = (
        Index(None, "collectivite", "enveloppe_id", "cree_le"),
        *vers("enveloppe"),
        fiche(
            "La fenêtre d'une enveloppe sans convention, déplacée par un acte ; jamais changé",
            source="POST /v1/enveloppes/{id}/avenants",
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe")
    fenetre_debut_avant: Mapped[date | None] = colonne("Premier jour d'avant ; vide : aucun dit")
    fenetre_fin_avant: Mapped[date | None] = colonne("Dernier jour d'avant ; vide : aucun dit")
    fenetre_debut: Mapped[date | None] = colonne("Premier jour désormais ; vide : aucun dit")
    fenetre_fin: Mapped[date | None] = colonne("Dernier jour désormais ; vide : aucun dit")
    date_effet: Mapped[date] = colonne("Jour où l'acte prend effet")
    source: Mapped[str] = colonne("Avenant ou acte qui la déplace")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a déplacée", source="jeton")


class PartFinancement(Cloisonnee, Base):
    """The fraction of an action that an envelope pays, and the cents it was given so far.

    `attribue_centimes` is what `repartir` needs so that no funder is favoured; like a balance, it
    moves in the posting's own transaction and equals the replay of the journal.
    """

    __tablename__ = "part_financement"
    __table_args__ = (
        CheckConstraint("attribue_centimes >= 0", name="attribue"),
        CheckConstraint("0 < numerateur AND numerateur <= denominateur", name="fraction"),
        *vers("action", "enveloppe"),
        fiche(
            "La fraction d'une action qu'une enveloppe paie, et les centimes reçus jusqu'ici",
            source="POST /v1/conventions/{id}/actions (cle)",
        ),
    )

    action_id: Mapped[UUID] = colonne("Action", primary_key=True)
    enveloppe_id: Mapped[UUID] = colonne("Enveloppe", primary_key=True)
    rang: Mapped[int] = colonne(
        "Ordre dans la clé, de 0 : il départage les centimes d'arrondi", unite="rang"
    )
    numerateur: Mapped[int] = colonne("Numérateur de la fraction exacte", unite="sans dimension")
    denominateur: Mapped[int] = colonne(
        "Dénominateur de la fraction exacte", unite="sans dimension"
    )
    attribue_centimes: Mapped[int] = colonne(
        "Ce que l'enveloppe porte de l'action, réservé ou engagé ; égal au rejeu du journal",
        source="service",
        server_default=text("0"),
    )
