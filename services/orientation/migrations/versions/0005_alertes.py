"""Alertes d'échéance, dites une fois ; et les orientations reçues dans une période."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.create_table(
        "alerte",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("palier", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "orientation_id"],
            ["orientation.collectivite", "orientation.id"],
            name=op.f("fk_alerte_collectivite_orientation"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "orientation_id", "code", "palier", name=op.f("pk_alerte")
        ),
    )
    cloisonner("alerte")
    op.create_index(
        op.f("ix_orientation_collectivite_recu_le"),
        "orientation",
        ["collectivite", "recu_le"],
        unique=False,
    )
