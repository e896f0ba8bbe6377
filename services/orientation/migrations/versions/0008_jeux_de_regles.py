"""Jeux de règles, leurs mises en vigueur et leurs simulations ; la proposition dit le sien."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    op.create_table(
        "jeu_de_regles",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        *_versionnee("jeu_de_regles"),
    )
    op.create_table(
        "mise_en_vigueur",
        sa.Column("jeu_de_regles_id", sa.Uuid(), nullable=False),
        sa.Column("reference_arrete", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        *_cle("mise_en_vigueur"),
        sa.CheckConstraint("date_fin >= date_debut", name=op.f("ck_mise_en_vigueur_periode")),
        _cle_etrangere("mise_en_vigueur", "jeu_de_regles_id", "jeu_de_regles"),
    )
    op.create_table(
        "simulation",
        sa.Column("jeu_de_regles_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=False),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("resultat", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("termine_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_versionnee("simulation"),
        sa.CheckConstraint(
            "statut IN ('en_attente', 'en_cours', 'terminee')", name=op.f("ck_simulation_statut")
        ),
        _cle_etrangere("simulation", "jeu_de_regles_id", "jeu_de_regles"),
    )
    op.create_table(
        "deplacement",
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        _instant("cree_le"),
        *_cle("deplacement"),
        _cle_etrangere("deplacement", "simulation_id", "simulation"),
        _cle_etrangere("deplacement", "orientation_id", "orientation"),
    )
    for table, unique, colonnes in (
        ("jeu_de_regles", True, ["code"]),
        ("jeu_de_regles", False, ["cree_le", "id"]),
        ("mise_en_vigueur", True, ["jeu_de_regles_id"]),
        ("mise_en_vigueur", True, ["date_debut"]),
        ("simulation", False, ["jeu_de_regles_id"]),
        ("deplacement", True, ["simulation_id", "orientation_id"]),
        ("deplacement", False, ["simulation_id", "cree_le", "id"]),
    ):
        nom = f"ix_{table}_collectivite_{'_'.join(colonnes)}"
        op.create_index(op.f(nom), table, ["collectivite", *colonnes], unique=unique)
    cloisonner("jeu_de_regles", "mise_en_vigueur", "simulation", "deplacement")
    inserer_seulement("mise_en_vigueur", "deplacement")
    # A draft is edited; what was put in force is what past proposals are replayed on.
    op.execute(
        "CREATE FUNCTION refuser_jeu_en_vigueur() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF EXISTS (SELECT FROM mise_en_vigueur m WHERE m.collectivite = OLD.collectivite"
        " AND m.jeu_de_regles_id = OLD.id) THEN"
        " RAISE EXCEPTION 'jeu de regles mis en vigueur' USING ERRCODE = '23001'; END IF;"
        " RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$"
    )
    op.execute(
        "CREATE TRIGGER mis_en_vigueur BEFORE UPDATE OR DELETE ON jeu_de_regles"
        " FOR EACH ROW EXECUTE FUNCTION refuser_jeu_en_vigueur()"
    )
    op.execute(
        "CREATE TRIGGER mis_en_vigueur_tout BEFORE TRUNCATE ON jeu_de_regles"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()"
    )
    op.add_column("proposition", sa.Column("jeu_de_regles_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_proposition_collectivite_jeu_de_regles_id"),
        "proposition",
        "jeu_de_regles",
        ["collectivite", "jeu_de_regles_id"],
        ["collectivite", "id"],
    )


def _instant(nom: str) -> sa.Column[Any]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _cle(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{table}")),
    )


def _versionnee(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        *_cle(table),
    )


def _cle_etrangere(table: str, colonne: str, cible: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{cible}.collectivite", f"{cible}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )
