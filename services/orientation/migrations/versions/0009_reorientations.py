"""Demandes de réorientation et leurs actes, réexamens du parcours social, avis de l'équipe."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import avis_ep, cloisonner, inserer_seulement

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    avis_ep()
    op.add_column(
        "orientation",
        sa.Column(
            "difficultes_durables", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column("orientation", sa.Column("date_reexamen", sa.Date(), nullable=True))
    op.create_index(
        "ix_orientation_sociale",
        "orientation",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("statut = 'ouverte' AND type_parcours = 'social'"),
    )
    # A réorientation is decided on a request: the rules proposed nothing.
    op.alter_column("decision", "proposition_id", existing_type=sa.Uuid(), nullable=True)
    op.create_table(
        "reorientation",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("demandeur", sa.Text(), nullable=False),
        sa.Column("organisme_demandeur_id", sa.Uuid(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("commentaire", sa.Text(), nullable=True),
        sa.Column("diagnostic_id", sa.Uuid(), nullable=True),
        sa.Column("type_parcours_propose", sa.Text(), nullable=False),
        sa.Column("organisme_propose_id", sa.Uuid(), nullable=False),
        sa.Column("date_demande", sa.Date(), nullable=False),
        sa.Column("date_limite_reponse", sa.Date(), nullable=False),
        sa.Column("date_limite_avis", sa.Date(), nullable=True),
        sa.Column("orientation_suivante_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "statut IN ('en_attente', 'acceptee', 'refusee', 'annulee')",
            name=op.f("ck_reorientation_statut"),
        ),
        _cle_etrangere("reorientation", "orientation_id", "orientation"),
        _cle_etrangere("reorientation", "orientation_suivante_id", "orientation"),
        _cle_etrangere("reorientation", "organisme_demandeur_id", "organisme_referent"),
        _cle_etrangere("reorientation", "organisme_propose_id", "organisme_referent"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reorientation")),
    )
    op.create_index(
        "uq_reorientation_en_attente",
        "reorientation",
        ["collectivite", "orientation_id"],
        unique=True,
        postgresql_where=sa.text("statut = 'en_attente'"),
    )
    for colonnes in (
        ["collectivite", "cree_le", "id"],
        ["collectivite", "statut", "cree_le", "id"],
        ["collectivite", "orientation_id", "cree_le", "id"],
        ["collectivite", "organisme_demandeur_id", "cree_le", "id"],
        ["collectivite", "organisme_propose_id", "cree_le", "id"],
    ):
        op.create_index(op.f("ix_reorientation_" + "_".join(colonnes)), "reorientation", colonnes)
    op.create_table(
        "acte_reorientation",
        sa.Column("reorientation_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _cle_etrangere("acte_reorientation", "reorientation_id", "reorientation"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_reorientation")),
    )
    op.create_index(
        op.f("ix_acte_reorientation_collectivite_reorientation_id_type"),
        "acte_reorientation",
        ["collectivite", "reorientation_id", "type"],
        unique=True,
    )
    op.create_table(
        "reexamen",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("france_travail_id", sa.Uuid(), nullable=False),
        sa.Column("difficultes_durables", sa.Boolean(), nullable=False),
        sa.Column("date_reexamen", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _cle_etrangere("reexamen", "orientation_id", "orientation"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reexamen")),
    )
    op.create_index(
        op.f("ix_reexamen_collectivite_orientation_id_cree_le_id"),
        "reexamen",
        ["collectivite", "orientation_id", "cree_le", "id"],
    )
    cloisonner("reorientation", "acte_reorientation", "reexamen")
    inserer_seulement("acte_reorientation", "reexamen")


def _instant(nom: str) -> sa.Column[Any]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _cle_etrangere(table: str, colonne: str, cible: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{cible}.collectivite", f"{cible}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )
