"""Données socio-professionnelles déclarées, d'où viennent des indices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement, laisser_rattacher

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    op.create_table(
        "declaration_dsp",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("codes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("date_declaration", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_declaration_dsp_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_declaration_dsp")),
    )
    cloisonner("declaration_dsp")
    inserer_seulement("declaration_dsp")
    laisser_rattacher("declaration_dsp")
    op.create_index(
        op.f("ix_declaration_dsp_collectivite_personne_id_cree_le_id"),
        "declaration_dsp",
        ["collectivite", "personne_id", "cree_le", "id"],
    )
    op.add_column(
        "dossier",
        sa.Column("sans_domicile", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
