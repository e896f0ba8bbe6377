"""What financement exports: its lists, by their names."""

from enum import StrEnum

from pydantic import Field

from shared.schemas.exports import ExportCreation


class TypeExportFinancement(StrEnum):
    """Les listes de financement qui s'exportent. Liste ouverte."""

    CONVENTIONS = "conventions"
    ACTIONS = "actions"
    ENVELOPPES = "enveloppes"
    AUTORISATIONS_ENGAGEMENT = "autorisations_engagement"
    CREDITS_PAIEMENT = "credits_paiement"
    EXERCICES = "exercices"
    ECRITURES = "ecritures"
    RESERVATIONS = "reservations"
    ENGAGEMENTS = "engagements"
    JUSTIFICATIFS = "justificatifs"
    LIQUIDATIONS = "liquidations"
    MANDATS = "mandats"
    TITRES = "titres"
    ACTES_RECETTES = "actes_recettes"
    BILANS = "bilans"
    VALORISATIONS = "valorisations"
    CLAUSES = "clauses"
    POINTS_ETAPE = "points_etape"
    INDICATEURS = "indicateurs"


class ExportFinancementCreation(ExportCreation):
    """Ce qui est à exporter de financement."""

    type: TypeExportFinancement = Field(description="Liste à exporter")
