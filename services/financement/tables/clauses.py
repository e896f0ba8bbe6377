"""Social clauses and the minutes declared on them: aggregates, never a person."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from services.financement.tables.base import Base, vers
from shared.schemas.financement.clauses import PublicInsertion, StatutDeclarationClause
from shared.socle.dictionnaire import colonne, fiche
from shared.socle.tables import Versionnee


class Clause(Versionnee, Base):
    """A social clause of a market. Its balances are in `solde`."""

    __tablename__ = "clause"
    __table_args__ = (
        Index(
            None,
            "collectivite",
            "reference",
            "lot",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint("date_fin >= date_debut", name="dates"),
        fiche(
            "Une clause sociale d'un marché ; ses minutes sont dans solde",
            source="POST /v1/clauses",
        ),
    )

    reference: Mapped[str] = colonne("Référence du marché")
    lot: Mapped[str | None] = colonne("Lot ; vide : le marché entier")
    objet: Mapped[str] = colonne("Ce que le marché achète")
    acheteur_siret: Mapped[str] = colonne("SIRET de qui achète")
    titulaire_siret: Mapped[str] = colonne("SIRET de qui exécute")
    facilitateur: Mapped[str | None] = colonne("Organisme qui suit la clause")
    part_brsa_cible_points_base: Mapped[int | None] = colonne(
        "Part visée pour des allocataires du RSA ; vide : aucune", unite="dix-millièmes"
    )
    date_debut: Mapped[date] = colonne("Premier jour")
    date_fin: Mapped[date] = colonne("Dernier jour, inclus")
    source: Mapped[str | None] = colonne("Document d'où vient la clause")


class DeclarationClause(Versionnee, Base):
    """The minutes of a month and a public, all persons together."""

    __tablename__ = "declaration_clause"
    __table_args__ = (
        Index(None, "collectivite", "clause_id", "cree_le", "id"),
        CheckConstraint("minutes > 0", name="minutes"),
        *vers("clause"),
        fiche(
            "Les minutes d'insertion d'un mois et d'un public, toutes personnes ensemble",
            source="POST /v1/clauses/{id}/declarations",
        ),
    )

    clause_id: Mapped[UUID] = colonne("Clause")
    mois: Mapped[date] = colonne("Premier jour du mois")
    public: Mapped[str] = colonne("Public", codes=PublicInsertion)
    minutes: Mapped[int] = colonne("Minutes", unite="minutes")
    personnes: Mapped[int | None] = colonne(
        "Personnes distinctes du mois ; vide : non dites", unite="personnes"
    )
    contrats: Mapped[int | None] = colonne("Contrats du mois ; vide : non dits", unite="contrats")
    date_effet: Mapped[date] = colonne("Jour de la déclaration")
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutDeclarationClause)
    motif: Mapped[str | None] = colonne("Pourquoi elle est rejetée")
