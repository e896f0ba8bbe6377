"""Parcours and their periods, freins and their observations, prescriptions; health apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "parcours",
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_ouverture", sa.Date(), nullable=False),
        sa.Column("date_cloture", sa.Date(), nullable=True),
        sa.Column("motif_cloture", sa.Text(), nullable=True),
        sa.Column("commentaire_cloture", sa.LargeBinary(), nullable=True),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("type_parcours", sa.Text(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut = 'ouvert' AND date_cloture IS NULL AND motif_cloture IS NULL) OR (statut = 'clos' AND date_cloture IS NOT NULL AND motif_cloture IS NOT NULL)",
            name=op.f("ck_parcours_statut"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_parcours")),
    )
    op.create_index(
        op.f("ix_parcours_collectivite_cree_le_id"),
        "parcours",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parcours_collectivite_personne_id_cree_le_id"),
        "parcours",
        ["collectivite", "personne_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_parcours_collectivite_statut_cree_le_id"),
        "parcours",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_parcours_ouvert",
        "parcours",
        ["collectivite", "personne_id"],
        unique=True,
        postgresql_where=sa.text("statut = 'ouvert'"),
    )
    op.create_table(
        "frein",
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_observation", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("fondement", sa.Text(), nullable=True),
        sa.Column("commentaire_fin", sa.LargeBinary(), nullable=True),
        sa.Column("precedent_id", sa.Uuid(), nullable=True),
        sa.Column("suivant_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut IN ('ouvert', 'en_cours') AND date_fin IS NULL) OR (statut IN ('leve', 'abandonne') AND date_fin IS NOT NULL)",
            name=op.f("ck_frein_statut"),
        ),
        sa.CheckConstraint("code NOT IN ('sante', 'handicap')", name=op.f("ck_frein_code")),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_frein_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "precedent_id"],
            ["frein.collectivite", "frein.id"],
            name=op.f("fk_frein_collectivite_precedent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "suivant_id"],
            ["frein.collectivite", "frein.id"],
            name=op.f("fk_frein_collectivite_suivant_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_frein")),
    )
    op.create_index(
        op.f("ix_frein_collectivite_code_statut_cree_le_id"),
        "frein",
        ["collectivite", "code", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_collectivite_cree_le_id"),
        "frein",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_collectivite_parcours_id_cree_le_id"),
        "frein",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_collectivite_statut_cree_le_id"),
        "frein",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_frein_ouvert",
        "frein",
        ["collectivite", "parcours_id", "code"],
        unique=True,
        postgresql_where=sa.text("statut IN ('ouvert', 'en_cours')"),
    )
    op.create_table(
        "frein_sante",
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_observation", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("fondement", sa.Text(), nullable=True),
        sa.Column("commentaire_fin", sa.LargeBinary(), nullable=True),
        sa.Column("precedent_id", sa.Uuid(), nullable=True),
        sa.Column("suivant_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut IN ('ouvert', 'en_cours') AND date_fin IS NULL) OR (statut IN ('leve', 'abandonne') AND date_fin IS NOT NULL)",
            name=op.f("ck_frein_sante_statut"),
        ),
        sa.CheckConstraint("code IN ('sante', 'handicap')", name=op.f("ck_frein_sante_code")),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_frein_sante_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "precedent_id"],
            ["frein_sante.collectivite", "frein_sante.id"],
            name=op.f("fk_frein_sante_collectivite_precedent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "suivant_id"],
            ["frein_sante.collectivite", "frein_sante.id"],
            name=op.f("fk_frein_sante_collectivite_suivant_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_frein_sante")),
    )
    op.create_index(
        op.f("ix_frein_sante_collectivite_code_statut_cree_le_id"),
        "frein_sante",
        ["collectivite", "code", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_sante_collectivite_cree_le_id"),
        "frein_sante",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_sante_collectivite_parcours_id_cree_le_id"),
        "frein_sante",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_frein_sante_collectivite_statut_cree_le_id"),
        "frein_sante",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_frein_sante_ouvert",
        "frein_sante",
        ["collectivite", "parcours_id", "code"],
        unique=True,
        postgresql_where=sa.text("statut IN ('ouvert', 'en_cours')"),
    )
    op.create_table(
        "periode",
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("type_parcours", sa.Text(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("date_fin >= date_debut", name=op.f("ck_periode_dates")),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_periode_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_periode")),
    )
    op.create_index(
        op.f("ix_periode_collectivite_orientation_id"),
        "periode",
        ["collectivite", "orientation_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_periode_collectivite_parcours_id_date_debut"),
        "periode",
        ["collectivite", "parcours_id", "date_debut"],
        unique=False,
    )
    op.create_index(
        "uq_periode_courante",
        "periode",
        ["collectivite", "parcours_id"],
        unique=True,
        postgresql_where=sa.text("date_fin IS NULL"),
    )
    op.create_table(
        "observation",
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("date_observation", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("commentaire", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein.collectivite", "frein.id"],
            name=op.f("fk_observation_collectivite_frein_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_observation")),
    )
    op.create_index(
        op.f("ix_observation_collectivite_frein_id_cree_le_id"),
        "observation",
        ["collectivite", "frein_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "observation_sante",
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("date_observation", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("commentaire", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein_sante.collectivite", "frein_sante.id"],
            name=op.f("fk_observation_sante_collectivite_frein_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_observation_sante")),
    )
    op.create_index(
        op.f("ix_observation_sante_collectivite_frein_id_cree_le_id"),
        "observation_sante",
        ["collectivite", "frein_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "prescription",
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("expire_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
        sa.Column("motif_annulation", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut = 'confirmee') = (engagement_id IS NOT NULL) AND (statut = 'annulee' OR motif_annulation IS NULL) AND statut IN ('reservee', 'confirmee', 'annulee')",
            name=op.f("ck_prescription_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein.collectivite", "frein.id"],
            name=op.f("fk_prescription_collectivite_frein_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_prescription_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_prescription")),
    )
    op.create_index(
        op.f("ix_prescription_collectivite_cree_le_id"),
        "prescription",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_collectivite_frein_id_cree_le_id"),
        "prescription",
        ["collectivite", "frein_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_collectivite_parcours_id_cree_le_id"),
        "prescription",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_collectivite_reservation_id"),
        "prescription",
        ["collectivite", "reservation_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_prescription_collectivite_statut_cree_le_id"),
        "prescription",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "prescription_sante",
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("expire_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
        sa.Column("motif_annulation", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(statut = 'confirmee') = (engagement_id IS NOT NULL) AND (statut = 'annulee' OR motif_annulation IS NULL) AND statut IN ('reservee', 'confirmee', 'annulee')",
            name=op.f("ck_prescription_sante_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein_sante.collectivite", "frein_sante.id"],
            name=op.f("fk_prescription_sante_collectivite_frein_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_prescription_sante_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_prescription_sante")),
    )
    op.create_index(
        op.f("ix_prescription_sante_collectivite_cree_le_id"),
        "prescription_sante",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_sante_collectivite_frein_id_cree_le_id"),
        "prescription_sante",
        ["collectivite", "frein_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_sante_collectivite_parcours_id_cree_le_id"),
        "prescription_sante",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prescription_sante_collectivite_reservation_id"),
        "prescription_sante",
        ["collectivite", "reservation_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_prescription_sante_collectivite_statut_cree_le_id"),
        "prescription_sante",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    cloisonner(
        "parcours",
        "periode",
        "frein",
        "observation",
        "prescription",
        "frein_sante",
        "observation_sante",
        "prescription_sante",
    )
    inserer_seulement("observation", "observation_sante")
