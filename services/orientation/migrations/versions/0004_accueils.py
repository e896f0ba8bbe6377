"""Welcome: sessions, convocations, presences, dispensations, first contacts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.create_table(
        "accueil",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("type_lieu", sa.Text(), nullable=False),
        sa.Column("lieu", sa.Text(), nullable=False),
        sa.Column("code_commune", sa.Text(), nullable=False),
        sa.Column("debut_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("fin_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=True),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=True),
        sa.Column("motif_annulation", sa.Text(), nullable=True),
        *_versionnee(),
        sa.CheckConstraint(
            "statut IN ('programme', 'tenu', 'annule')", name=op.f("ck_accueil_statut")
        ),
        sa.CheckConstraint("fin_le > debut_le", name=op.f("ck_accueil_horaires")),
        sa.CheckConstraint("places > 0", name=op.f("ck_accueil_places")),
        sa.ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
            name=op.f("fk_accueil_collectivite_organisme_referent_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_accueil")),
    )
    op.create_index(
        op.f("ix_accueil_collectivite_debut_le"),
        "accueil",
        ["collectivite", "debut_le"],
        unique=False,
    )
    op.create_table(
        "convocation",
        sa.Column("accueil_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("date_envoi", sa.Date(), nullable=False),
        sa.Column("precedente_id", sa.Uuid(), nullable=True),
        sa.Column("rang_relance", sa.BigInteger(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=True),
        *_versionnee(),
        sa.CheckConstraint(
            "statut IN ('envoyee', 'honoree', 'a_relancer', 'relancee')",
            name=op.f("ck_convocation_statut"),
        ),
        sa.CheckConstraint(
            "presence IN ('presente', 'absente', 'excusee')", name=op.f("ck_convocation_presence")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "accueil_id"],
            ["accueil.collectivite", "accueil.id"],
            name=op.f("fk_convocation_collectivite_accueil_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_convocation_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_convocation")),
    )
    op.create_index(
        op.f("ix_convocation_collectivite_accueil_id_personne_id"),
        "convocation",
        ["collectivite", "accueil_id", "personne_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_convocation_collectivite_personne_id_type"),
        "convocation",
        ["collectivite", "personne_id", "type"],
        unique=False,
    )
    op.create_index(
        op.f("ix_convocation_collectivite_statut_cree_le_id"),
        "convocation",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_convocation_collectivite_cree_le_id"),
        "convocation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "presence",
        sa.Column("convocation_id", sa.Uuid(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("date_constat", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_ecrite(),
        sa.CheckConstraint(
            "presence IN ('presente', 'absente', 'excusee')", name=op.f("ck_presence_presence")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "convocation_id"],
            ["convocation.collectivite", "convocation.id"],
            name=op.f("fk_presence_collectivite_convocation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_presence")),
    )
    op.create_index(
        op.f("ix_presence_collectivite_convocation_id"),
        "presence",
        ["collectivite", "convocation_id"],
        unique=False,
    )
    op.create_table(
        "dispense",
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("date_dispense", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_ecrite(),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_dispense_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_dispense")),
    )
    op.create_index(
        op.f("ix_dispense_collectivite_personne_id"),
        "dispense",
        ["collectivite", "personne_id"],
        unique=False,
    )
    op.create_table(
        "contact",
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("type_lieu", sa.Text(), nullable=False),
        sa.Column("lieu", sa.Text(), nullable=False),
        sa.Column("date_contact", sa.Date(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_ecrite(),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_contact_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_contact")),
    )
    op.create_index(
        op.f("ix_contact_collectivite_date_contact"),
        "contact",
        ["collectivite", "date_contact"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contact_collectivite_cree_le_id"),
        "contact",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    cloisonner("accueil", "convocation", "presence", "dispense", "contact")
    inserer_seulement("presence", "dispense", "contact")


def _ecrite() -> list[sa.Column[Any]]:
    return [
        _maintenant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def _versionnee() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _maintenant("modifie_le"),
        *_ecrite(),
    ]


def _maintenant(nom: str) -> sa.Column[Any]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )
