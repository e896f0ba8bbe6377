"""Mouvements d'un flux à l'autre ; ouverture du droit, décès, familles de flux."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    op.create_table(
        "mouvement",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("date_reference", sa.Date(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("version_flux", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["collectivite", f"{table}_id"],
                [f"{table}.collectivite", f"{table}.id"],
                name=op.f(f"fk_mouvement_collectivite_{table}_id"),
            )
            for table in ("dossier", "personne", "import")
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_mouvement")),
    )
    op.create_index(
        op.f("ix_mouvement_collectivite_cree_le_id"),
        "mouvement",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    for colonne in ("type", "import_id", "dossier_id", "personne_id"):
        op.create_index(
            op.f(f"ix_mouvement_collectivite_{colonne}_cree_le_id"),
            "mouvement",
            ["collectivite", colonne, "cree_le", "id"],
            unique=False,
        )
    cloisonner("mouvement")
    inserer_seulement("mouvement")
    # Empty until the next flux tells of the foyer: it will then tell its opening, once.
    op.add_column("dossier", sa.Column("ouverture_droit", sa.Date(), nullable=True))
    op.add_column("dossier", sa.Column("source_ouverture", sa.Text(), nullable=True))
    op.add_column(
        "dossier", sa.Column("droit_recu_le", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.add_column(
        "personne",
        sa.Column("decedee", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_personne_parties",
        "personne",
        ["collectivite", "id"],
        unique=False,
        postgresql_where=sa.text("dossier_id IS NOT NULL AND role IS NULL AND beneficiaire_rsa"),
    )
    op.add_column("import", sa.Column("famille_flux", sa.Text(), nullable=True))
