"""La file d'activités que France Travail donne au département, et où en est sa lecture."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner

revision, down_revision = "0023", "0022"
_TABLE = "activite_france_travail"


def upgrade() -> None:
    op.create_table(
        "lecture_france_travail",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        _instant("complete_le"),
        sa.Column("code_ft", sa.Text(), nullable=True),
        sa.Column("essais", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _instant("reprendre_le", nullable=False),
        *_changeante(),
        sa.PrimaryKeyConstraint("collectivite", "code", name=op.f("pk_lecture_france_travail")),
    )
    op.create_table(
        _TABLE,
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identifiant_ft", sa.Text(), nullable=False),
        sa.Column("code_activite", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("reconnue_id", sa.Uuid(), nullable=True),
        sa.Column("numero_scelle", sa.LargeBinary(), nullable=True),
        sa.Column("orientation_id", sa.Uuid(), nullable=True),
        sa.Column("type_parcours_ft", sa.Text(), nullable=True),
        sa.Column("organisme_ft", sa.Text(), nullable=True),
        _instant("creee_ft_le"),
        sa.Column("date_echeance", sa.Date(), nullable=False),
        sa.Column("date_echeance_proche", sa.Date(), nullable=True),
        _instant("vue_le", nullable=False),
        _instant("disparue_le"),
        *_changeante(),
        *(
            sa.ForeignKeyConstraint(
                ["collectivite", colonne],
                [f"{table}.collectivite", f"{table}.id"],
                name=op.f(f"fk_{_TABLE}_collectivite_{colonne}"),
            )
            for colonne, table in (("reconnue_id", "personne"), ("orientation_id", "orientation"))
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{_TABLE}")),
    )
    _index("identifiant_ft", unique=True)
    for filtre in ((), ("statut",), ("code_activite",)):
        for tri in ("cree_le", "date_echeance"):
            _index(*filtre, tri, "id")
    op.create_index(
        f"ix_{_TABLE}_presente",
        _TABLE,
        ["collectivite", "id"],
        postgresql_where=sa.text("disparue_le IS NULL"),
    )
    cloisonner("lecture_france_travail", _TABLE)


def _index(*colonnes: str, unique: bool = False) -> None:
    nom = op.f(f"ix_{_TABLE}_collectivite_{'_'.join(colonnes)}")
    op.create_index(nom, _TABLE, ["collectivite", *colonnes], unique=unique)


def _instant(nom: str, *, nullable: bool = True, **rest: Any) -> sa.Column[datetime]:
    return sa.Column(nom, postgresql.TIMESTAMP(timezone=True), nullable=nullable, **rest)


def _changeante() -> tuple[sa.Column[Any], ...]:
    now = sa.text("now()")
    return (
        _instant("cree_le", nullable=False, server_default=now),
        _instant("modifie_le", nullable=False, server_default=now),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
