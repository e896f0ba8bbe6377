"""Dossiers v4 de France Travail, codes de consultation, journal des accès."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0011", "0010"

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def _cle() -> list[sa.Column[object]]:
    return [
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def _ecrite() -> sa.Column[object]:
    return sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False)


def _reference(table: str, vers: str, colonne: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{vers}.collectivite", f"{vers}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )


def upgrade() -> None:
    for nom, colonnes in (
        (
            "diagnostic_france_travail",
            [
                sa.Column("version_listes", sa.Text(), nullable=False),
                sa.Column("dossier", sa.LargeBinary(), nullable=False),
            ],
        ),
        (
            "diagnostic_france_travail_sante",
            [sa.Column("contraintes", sa.LargeBinary(), nullable=False)],
        ),
    ):
        op.create_table(
            nom,
            *_cle(),
            sa.Column("diagnostic_id", sa.Uuid(), nullable=False),
            *colonnes,
            _ecrite(),
            _reference(nom, "diagnostic", "diagnostic_id"),
            sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{nom}")),
        )
        op.create_index(
            op.f(f"ix_{nom}_collectivite_diagnostic_id"),
            nom,
            ["collectivite", "diagnostic_id"],
            unique=True,
        )
    op.create_table(
        "code_consultation",
        *_cle(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("repere", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("avec_sante", sa.Boolean(), nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        sa.Column("essais", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoque_le", _INSTANT, nullable=True),
        sa.Column("motif_revocation", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _ecrite(),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("essais >= 0", name=op.f("ck_code_consultation_essais")),
        sa.CheckConstraint(
            "(revoque_le IS NULL) = (motif_revocation IS NULL)",
            name=op.f("ck_code_consultation_revocation"),
        ),
        _reference("code_consultation", "parcours", "parcours_id"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_code_consultation")),
    )
    op.create_index(
        op.f("ix_code_consultation_collectivite_repere"),
        "code_consultation",
        ["collectivite", "repere"],
        unique=True,
    )
    op.create_index(
        op.f("ix_code_consultation_collectivite_parcours_id_cree_le_id"),
        "code_consultation",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "acces_parcours",
        *_cle(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("ecriture", sa.Boolean(), nullable=False),
        sa.Column("sante", sa.Boolean(), nullable=False),
        _ecrite(),
        _reference("acces_parcours", "parcours", "parcours_id"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acces_parcours")),
    )
    op.create_index(
        "uq_acces_parcours_jour",
        "acces_parcours",
        ["collectivite", "parcours_id", "jour", "client_id", "operation", "ecriture", "sante"],
        unique=True,
    )
    op.create_index(
        op.f("ix_acces_parcours_collectivite_parcours_id_cree_le_id"),
        "acces_parcours",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    cloisonner(
        "diagnostic_france_travail",
        "diagnostic_france_travail_sante",
        "code_consultation",
        "acces_parcours",
    )
    inserer_seulement("diagnostic_france_travail", "diagnostic_france_travail_sante")
