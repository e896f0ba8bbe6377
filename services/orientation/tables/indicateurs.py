"""Announced figures to set beside what is counted."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from services.orientation.tables.base import Base
from shared.schemas.financement.enveloppes import Qualificatif
from shared.schemas.orientation.organismes import RoleAgent
from shared.schemas.orientation.statistiques import MesureIndicateur
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Cle, Ecrite


class Indicateur(Ecrite, Cle, Base):
    """A figure that a source announces, beside which the service sets what it counts itself."""

    __tablename__ = "indicateur"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "Un chiffre annoncé et sa source, à côté de ce que le service compte ; immuable",
            source="département : POST /v1/indicateurs",
        ),
    )

    reference: Mapped[str] = colonne("Code du chiffre, ex. prise_en_charge_2024")
    libelle: Mapped[str] = colonne("Ce que le chiffre compte, selon la source")
    valeur: Mapped[int | None] = colonne(
        "Valeur annoncée, jamais une borne ; vide : dite en mots", unite="celle de `unite`"
    )
    unite: Mapped[str] = colonne("Unité de la valeur, ex. personnes")
    qualificatif: Mapped[str] = colonne("Ce que vaut la valeur", codes=Qualificatif)
    annee: Mapped[int | None] = colonne("Année du chiffre", unite="année")
    periodicite: Mapped[str | None] = colonne("`annuelle` : répété chaque année")
    territoire: Mapped[str | None] = colonne("Code du territoire ; vide : la collectivité")
    organisme_referent_id: Mapped[UUID | None] = colonne("Organisme compté ; vide : tous")
    mesure: Mapped[str | None] = colonne(
        "Ce que le service compte à côté ; vide : rien", codes=MesureIndicateur
    )
    role: Mapped[str | None] = colonne("Rôle des agents comptés ; vide : tous", codes=RoleAgent)
    texte_source: Mapped[str | None] = colonne("Le chiffre, dans les mots de la source")
    source: Mapped[str] = colonne("D'où vient le chiffre")
