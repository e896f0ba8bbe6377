"""Les conventions lues dans immersion-facile, et où en est leur lecture."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner

revision, down_revision = "0019", "0018"


def upgrade() -> None:
    op.create_table(
        "convention_immersion",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("etat", sa.Text(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("identite", sa.LargeBinary(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=True),
        sa.Column("rattachement", sa.Text(), nullable=True),
        sa.Column("emploi_id", sa.Uuid(), nullable=True),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=False),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("prescripteur", sa.Text(), nullable=False),
        sa.Column("rome", sa.Text(), nullable=False),
        sa.Column("duree_hebdomadaire_minutes", sa.BigInteger(), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["collectivite", f"{table}_id"],
                [f"{table}.collectivite", f"{table}.id"],
                name=op.f(f"fk_convention_immersion_collectivite_{table}_id"),
            )
            for table in ("parcours", "emploi")
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_convention_immersion")),
    )
    for colonnes in (
        ("convention_id",),
        ("cree_le", "id"),
        ("etat", "cree_le", "id"),
        ("parcours_id", "cree_le", "id"),
        ("date_fin",),
    ):
        noms = ["collectivite", *colonnes]
        op.create_index(
            op.f(f"ix_convention_immersion_{'_'.join(noms)}"),
            "convention_immersion",
            noms,
            unique=colonnes == ("convention_id",),
        )
    op.create_table(
        "lecture_immersions",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("lue_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reprendre_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("essais", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("illisibles", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", name=op.f("pk_lecture_immersions")),
    )
    cloisonner("convention_immersion", "lecture_immersions")


def _instant(nom: str) -> sa.Column[datetime]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )
