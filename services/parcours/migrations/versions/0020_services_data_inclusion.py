"""Les lectures du catalogue de data·inclusion, et ce qu'elles disent de chaque offre."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner

revision, down_revision = "0020", "0019"
_TABLE = "synchronisation_data_inclusion"
_COMPTES = (
    "lues",
    "doublons",
    "manquantes",
    "nouvelles",
    "modifiees",
    "inchangees",
    "refusees",
    "absentes",
    "retirees",
)


def upgrade() -> None:
    op.add_column("offre", _instant("vue_le"))
    op.add_column("offre", _entier("absences"))
    op.add_column("offre", sa.Column("date_retrait", sa.Date(), nullable=True))
    now = sa.text("now()")
    op.create_table(
        _TABLE,
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        _instant("fin_le"),
        sa.Column("erreur", sa.Text(), nullable=True),
        *(_entier(nom) for nom in _COMPTES),
        sa.Column(
            "refus",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        _instant("cree_le", nullable=False, server_default=now),
        _instant("modifie_le", nullable=False, server_default=now),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index(
        op.f(f"ix_{_TABLE}_collectivite_cree_le_id"), _TABLE, ["collectivite", "cree_le", "id"]
    )
    op.create_index(
        f"uq_{_TABLE}_en_cours",
        _TABLE,
        ["collectivite"],
        unique=True,
        postgresql_where=sa.text("statut = 'en_cours'"),
    )
    cloisonner(_TABLE)


def _instant(nom: str, *, nullable: bool = True, **rest: Any) -> sa.Column[datetime]:
    return sa.Column(nom, postgresql.TIMESTAMP(timezone=True), nullable=nullable, **rest)


def _entier(nom: str) -> sa.Column[int]:
    return sa.Column(nom, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
