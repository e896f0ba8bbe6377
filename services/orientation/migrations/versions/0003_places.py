"""Places of the organismes, the queue, annulments of decisions and their notifications."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    op.add_column("organisme_referent", sa.Column("places", sa.BigInteger(), nullable=True))
    op.add_column("orientation", sa.Column("date_notification", sa.Date(), nullable=True))
    op.add_column("orientation", sa.Column("annulation_id", sa.Uuid(), nullable=True))
    op.create_table(
        "place",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=True),
        sa.Column("rang", sa.BigInteger(), nullable=True),
        sa.Column("date_limite_file", sa.Date(), nullable=True),
        sa.Column("organisme_alternatif_id", sa.Uuid(), nullable=True),
        sa.Column("placee_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("liberee_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "statut IN ('placee', 'en_file', 'liberee')", name=op.f("ck_place_statut")
        ),
        _cle_etrangere("place", "orientation_id", "orientation"),
        _cle_etrangere("place", "organisme_id", "organisme_referent"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_place")),
    )
    op.create_index(
        op.f("ix_place_collectivite_orientation_id"),
        "place",
        ["collectivite", "orientation_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_place_collectivite_organisme_id_cree_le_id"),
        "place",
        ["collectivite", "organisme_id", "cree_le", "id"],
    )
    op.create_index(
        "ix_place_placees",
        "place",
        ["collectivite", "organisme_id"],
        postgresql_where=sa.text("statut = 'placee'"),
    )
    op.create_index(
        "uq_place_file",
        "place",
        ["collectivite", "organisme_id", "numero"],
        unique=True,
        postgresql_where=sa.text("statut = 'en_file'"),
    )
    op.create_table(
        "annulation",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("date_annulation", sa.Date(), nullable=False),
        sa.Column("organisme_decideur_id", sa.Uuid(), nullable=False),
        sa.Column("orientation_suivante_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _cle_etrangere("annulation", "orientation_id", "orientation"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_annulation")),
    )
    op.create_index(
        op.f("ix_annulation_collectivite_orientation_id"),
        "annulation",
        ["collectivite", "orientation_id"],
        unique=True,
    )
    op.create_table(
        "notification",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("date_envoi", sa.Date(), nullable=False),
        sa.Column("date_reception", sa.Date(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _cle_etrangere("notification", "orientation_id", "orientation"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_notification")),
    )
    op.create_index(
        op.f("ix_notification_collectivite_orientation_id_cree_le_id"),
        "notification",
        ["collectivite", "orientation_id", "cree_le", "id"],
    )
    cloisonner("place", "annulation", "notification")
    inserer_seulement("annulation", "notification")


def _instant(nom: str) -> sa.Column[Any]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _cle_etrangere(table: str, colonne: str, cible: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{cible}.collectivite", f"{cible}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )
