"""Conventions and their actions."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.actions import CaractereAction, ModeCapacite, OrigineAction
from shared.schemas.financement.conventions import StatutConvention, TypeConvention
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Versionnee


class Convention(Versionnee, Base):
    """A convention, a pacte or a programme."""

    __tablename__ = "convention"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Une convention, un pacte ou un programme, tel que sa source le décrit",
            source="POST /v1/conventions",
        ),
    )

    reference: Mapped[str] = colonne("Code de la convention, ex. 35-CLS-2024-2027")
    type: Mapped[str] = colonne("Type de convention", codes=TypeConvention)
    intitule: Mapped[str] = colonne("Intitulé")
    annee_debut: Mapped[int] = colonne("Première année couverte", unite="année civile")
    annee_fin: Mapped[int | None] = colonne("Dernière année couverte", unite="année civile")
    statut: Mapped[str] = colonne("Où en est la convention", codes=StatutConvention)
    nombre_actions: Mapped[int | None] = colonne(
        "Actions que la source annonce ; elle peut en décrire moins", unite="actions"
    )
    axes: Mapped[list[Any]] = colonne("Axes : ordre, libelle")
    volets: Mapped[list[Any]] = colonne("Volets : ordre, libelle, fongible")
    signataires: Mapped[list[Any]] = colonne("Parties, des personnes morales : organisme, statut")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")


class Action(Versionnee, Base):
    """An action of a convention."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "collectivite", "convention_id", "code", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        *vers("convention"),
        fiche("Une action d'une convention", source="POST /v1/conventions/{id}/actions"),
    )

    convention_id: Mapped[UUID] = colonne("Convention")
    code: Mapped[str] = colonne("Code de l'action dans la convention")
    libelle: Mapped[str] = colonne("Libellé")
    axe: Mapped[int | None] = colonne("Axe de la convention", unite="ordre")
    volet: Mapped[int | None] = colonne("Volet de la convention", unite="ordre")
    origine: Mapped[str | None] = colonne("D'où vient l'action", codes=OrigineAction)
    caractere: Mapped[str | None] = colonne("Ce que la convention y change", codes=CaractereAction)
    mode_capacite: Mapped[str] = colonne(
        "Comment se comptent les places : à un moment, sur l'année, ou pas", codes=ModeCapacite
    )
    places_ouvertes: Mapped[int | None] = colonne(
        "Places ouvertes au journal ; vide : nombre inconnu, aucune place", unite="places"
    )
    prix_centimes: Mapped[int | None] = colonne("Prix unitaire, indicatif")
    freins: Mapped[list[Any]] = colonne("Freins que l'action peut lever", codes="freins")
    source: Mapped[str | None] = colonne("Document d'où vient ce qui est dit ici")
    illustratif: Mapped[bool] = colonne("Vrai : inventé pour démonstration")
