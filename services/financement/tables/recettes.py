"""Receipts: titres, and the acts that move what an outside funder owes."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.recettes import NatureActeRecette, StatutTitre, SuiteReduction
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Cloisonnee, Ecrite, Versionnee


class CompteurTitre(Cloisonnee, Base):
    """The last number given to a titre in a year."""

    __tablename__ = "compteur_titre"
    __table_args__ = fiche("Le dernier numéro de titre donné dans un exercice", source="service")

    exercice: Mapped[int] = colonne(
        "Exercice", unite="année civile", primary_key=True, autoincrement=False
    )
    dernier: Mapped[int] = colonne("Dernier numéro donné", unite="rang")


class Titre(Versionnee, Base):
    """A claim on an outside funder, numbered in order."""

    __tablename__ = "titre"
    __table_args__ = (
        Index(None, "collectivite", "exercice", "numero", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "cree_le", "id"),
        Index(None, "collectivite", "exercice", "statut", "cree_le", "id"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "enveloppe_id", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        CheckConstraint(
            "encaisse_centimes >= 0 AND reduit_centimes >= 0"
            " AND encaisse_centimes + reduit_centimes <= montant_centimes",
            name="reste",
        ),
        ForeignKeyConstraint(
            ["collectivite", "titre_corrige_id"], ["titre.collectivite", "titre.id"]
        ),
        *vers("enveloppe"),
        fiche(
            "Un titre de recette : ce que le Département réclame à un financeur",
            source="POST /v1/enveloppes/{id}/titres",
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe du financeur")
    exercice: Mapped[int] = colonne("Exercice : l'année de l'émission", unite="année civile")
    numero: Mapped[int] = colonne(
        "Numéro dans l'exercice, sans trou", source="service", unite="rang"
    )
    date_emission: Mapped[date] = colonne("Jour de l'émission")
    objet: Mapped[str] = colonne("Ce qui est réclamé, en clair")
    montant_centimes: Mapped[int] = colonne("Montant émis, jamais changé")
    encaisse_centimes: Mapped[int] = colonne(
        "Ce qui en est encaissé", source="service", server_default=text("0")
    )
    reduit_centimes: Mapped[int] = colonne(
        "Ce que réductions et annulation en ont ôté", source="service", server_default=text("0")
    )
    statut: Mapped[str] = colonne("Où en est le titre", source="service", codes=StatutTitre)
    titre_corrige_id: Mapped[UUID | None] = colonne("Titre réduit ou annulé que celui-ci corrige")
    motif: Mapped[str | None] = colonne("Pourquoi ce titre est corrigé")


class ActeRecette(Ecrite, Cle, Base):
    """An act on the receipts of an envelope. Insert-only."""

    __tablename__ = "acte_recette"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "enveloppe_id", "cree_le", "id"),
        Index(None, "collectivite", "titre_id", "cree_le", "id"),
        CheckConstraint("montant_centimes > 0", name="montant"),
        *vers("enveloppe", "titre"),
        fiche(
            "Un acte qui fait bouger ce qu'un financeur doit ; immuable",
            source="POST /v1/enveloppes/{id}/… et /v1/titres/{id}/…",
        ),
    )

    enveloppe_id: Mapped[UUID] = colonne("Enveloppe du financeur")
    titre_id: Mapped[UUID | None] = colonne("Titre sur lequel il porte")
    nature: Mapped[str] = colonne("Ce qu'il fait", codes=NatureActeRecette)
    montant_centimes: Mapped[int] = colonne("Montant")
    date_effet: Mapped[date] = colonne("Jour où il prend effet")
    reference: Mapped[str | None] = colonne("L'acte du financeur, ou celle du comptable")
    motif: Mapped[str | None] = colonne("Pourquoi")
    suite: Mapped[str | None] = colonne(
        "Ce que devient ce qui n'est plus réclamé", codes=SuiteReduction
    )
    sur_exercice_anterieur: Mapped[bool] = colonne(
        "Vrai : corrige le titre d'un exercice antérieur", source="service"
    )
    client_id: Mapped[str] = colonne("Client OAuth de l'auteur", source="jeton")
