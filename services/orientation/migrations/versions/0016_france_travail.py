"""Ce qui s'échange avec France Travail : jeton, réglages, envois, écarts."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    op.create_table(
        "jeton_france_travail",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("jeton", sa.LargeBinary(), nullable=True),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("expire_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("demandeur", sa.Uuid(), nullable=True),
        sa.Column("bail_jusqu_a", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("collectivite", "cle", name=op.f("pk_jeton_france_travail")),
    )
    op.create_table(
        "reglage_france_travail",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("envoi", sa.Boolean(), nullable=False),
        sa.Column("comparaison", sa.Boolean(), nullable=False),
        sa.Column("correspondance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reglage_france_travail")),
    )
    op.create_index(
        op.f("ix_reglage_france_travail_collectivite_cree_le_id"),
        "reglage_france_travail",
        ["collectivite", "cree_le", "id"],
    )
    op.create_table(
        "envoi_france_travail",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("decidee_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("reparation", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("code_ft", sa.Text(), nullable=True),
        sa.Column("essais", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reprendre_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "decision_id"],
            ["decision.collectivite", "decision.id"],
            name=op.f("fk_envoi_france_travail_collectivite_decision_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "decision_id", name=op.f("pk_envoi_france_travail")
        ),
    )
    op.create_index(
        op.f("ix_envoi_france_travail_collectivite_decidee_le"),
        "envoi_france_travail",
        ["collectivite", "decidee_le"],
    )
    op.create_index(
        "ix_envoi_france_travail_a_faire",
        "envoi_france_travail",
        ["collectivite", "reprendre_le"],
        postgresql_where=sa.text("statut = 'a_faire'"),
    )
    op.create_table(
        "ecart_france_travail",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("type_parcours", sa.Text(), nullable=True),
        sa.Column("type_organisme", sa.Text(), nullable=True),
        sa.Column("preconisation", sa.Text(), nullable=True),
        sa.Column("parcours_ft", sa.Text(), nullable=True),
        sa.Column("organisme_ft", sa.Text(), nullable=True),
        sa.Column("code_ft", sa.Text(), nullable=True),
        sa.Column("compare_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "orientation_id"],
            ["orientation.collectivite", "orientation.id"],
            name=op.f("fk_ecart_france_travail_collectivite_orientation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_ecart_france_travail")),
    )
    op.create_index(
        op.f("ix_ecart_france_travail_collectivite_orientation_id"),
        "ecart_france_travail",
        ["collectivite", "orientation_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_ecart_france_travail_collectivite_compare_le"),
        "ecart_france_travail",
        ["collectivite", "compare_le"],
    )
    op.create_index(
        "ix_ecart_france_travail_ouverts",
        "ecart_france_travail",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("type IS NOT NULL"),
    )
    cloisonner(
        "jeton_france_travail",
        "reglage_france_travail",
        "envoi_france_travail",
        "ecart_france_travail",
    )
    inserer_seulement("reglage_france_travail")


def _instant(nom: str) -> sa.Column[datetime]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )
