"""Unités, portefeuilles et affectations ; chiffres annoncés à côté de ce qui est compté."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0010", "0009"

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "unite",
        *_versionnee(),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("territoire", sa.Text(), nullable=True),
        sa.Column("communes", _JSON, nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=True),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("illustratif", sa.Boolean(), nullable=False),
        _reference("unite", "organisme_referent_id", "organisme_referent"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_unite")),
    )
    op.create_table(
        "portefeuille",
        *_versionnee(),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("unite_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=True),
        sa.Column("date_fin", sa.Date(), nullable=True),
        _reference("portefeuille", "organisme_referent_id", "organisme_referent"),
        _reference("portefeuille", "unite_id", "unite"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_portefeuille")),
    )
    op.create_table(
        "affectation",
        *_ecrite(),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("unite_id", sa.Uuid(), nullable=True),
        sa.Column("portefeuille_id", sa.Uuid(), nullable=True),
        sa.Column("unite_precedente_id", sa.Uuid(), nullable=True),
        sa.Column("portefeuille_precedent_id", sa.Uuid(), nullable=True),
        sa.Column("date_affectation", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _reference("affectation", "place_id", "place"),
        _reference("affectation", "unite_id", "unite"),
        _reference("affectation", "portefeuille_id", "portefeuille"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_affectation")),
    )
    op.create_table(
        "indicateur",
        *_ecrite(),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("valeur", sa.BigInteger(), nullable=True),
        sa.Column("unite", sa.Text(), nullable=False),
        sa.Column("qualificatif", sa.Text(), nullable=False),
        sa.Column("annee", sa.BigInteger(), nullable=True),
        sa.Column("periodicite", sa.Text(), nullable=True),
        sa.Column("territoire", sa.Text(), nullable=True),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=True),
        sa.Column("mesure", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("texte_source", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        _reference("indicateur", "organisme_referent_id", "organisme_referent"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_indicateur")),
    )
    for nom in ("unite", "portefeuille", "affectation", "indicateur"):
        cloisonner(nom)
    inserer_seulement("affectation", "indicateur")
    for nom in ("unite", "portefeuille"):
        op.create_index(
            op.f(f"ix_{nom}_collectivite_organisme_referent_id_reference"),
            nom,
            ["collectivite", "organisme_referent_id", "reference"],
            unique=True,
        )
    for nom in ("portefeuille", "indicateur"):
        op.create_index(
            op.f(f"ix_{nom}_collectivite_cree_le_id"), nom, ["collectivite", "cree_le", "id"]
        )
    op.create_index(
        op.f("ix_affectation_collectivite_place_id_cree_le_id"),
        "affectation",
        ["collectivite", "place_id", "cree_le", "id"],
    )
    op.create_index(
        op.f("ix_indicateur_collectivite_reference"),
        "indicateur",
        ["collectivite", "reference"],
        unique=True,
    )
    # Empty for the places given before: nobody is told a unit that was not known then.
    for nom, table in (("unite_id", "unite"), ("portefeuille_id", "portefeuille")):
        op.add_column("place", sa.Column(nom, sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_place_collectivite_{nom}"),
            "place",
            table,
            ["collectivite", nom],
            ["collectivite", "id"],
        )
        op.create_index(
            f"ix_place_{table}",
            "place",
            ["collectivite", nom, "statut", "cree_le", "id"],
            postgresql_where=sa.text(f"{nom} IS NOT NULL"),
        )


def _ecrite() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
    )


def _versionnee() -> tuple[sa.Column[object], ...]:
    return (
        *_ecrite(),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )


def _reference(table: str, colonne: str, vers: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{vers}.collectivite", f"{vers}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )
