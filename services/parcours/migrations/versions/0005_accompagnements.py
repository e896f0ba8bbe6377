"""Référents, passations, intervenants, diagnostics ; et quand la fin d'un frein a été sue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    for nom in ("frein", "frein_sante"):
        op.add_column(nom, sa.Column("fin_le", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column(
        "parcours", sa.Column("cloture_le", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_table(
        "referent",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("motif_fin", sa.Text(), nullable=True),
        sa.Column("fin_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("passation_id", sa.Uuid(), nullable=True),
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
        sa.CheckConstraint(
            "(date_fin IS NULL) = (motif_fin IS NULL)", name=op.f("ck_referent_fin")
        ),
        sa.CheckConstraint(
            "date_fin IS NULL OR date_fin >= date_debut", name=op.f("ck_referent_dates")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_referent_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_referent")),
    )
    op.create_index(
        op.f("ix_referent_collectivite_parcours_id_cree_le_id"),
        "referent",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_referent_courant",
        "referent",
        ["collectivite", "parcours_id"],
        unique=True,
        postgresql_where=sa.text("date_fin IS NULL"),
    )
    op.create_table(
        "passation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("referent_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("date_proposition", sa.Date(), nullable=False),
        sa.Column("date_passation", sa.Date(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("referent_suivant_id", sa.Uuid(), nullable=True),
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
        sa.CheckConstraint(
            "(statut = 'acceptee') = (referent_suivant_id IS NOT NULL)",
            name=op.f("ck_passation_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_passation_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "referent_id"],
            ["referent.collectivite", "referent.id"],
            name=op.f("fk_passation_collectivite_referent_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_passation")),
    )
    op.create_index(
        op.f("ix_passation_collectivite_parcours_id_cree_le_id"),
        "passation",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_passation_proposee",
        "passation",
        ["collectivite", "referent_id"],
        unique=True,
        postgresql_where=sa.text("statut = 'proposee'"),
    )
    op.create_table(
        "reponse_passation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("passation_id", sa.Uuid(), nullable=False),
        sa.Column("cote", sa.Text(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("date_reponse", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "passation_id"],
            ["passation.collectivite", "passation.id"],
            name=op.f("fk_reponse_passation_collectivite_passation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reponse_passation")),
    )
    op.create_index(
        op.f("ix_reponse_passation_collectivite_passation_id_cote"),
        "reponse_passation",
        ["collectivite", "passation_id", "cote"],
        unique=True,
    )
    op.create_table(
        "intervenant",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("fin_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
        sa.CheckConstraint(
            "date_fin IS NULL OR date_fin >= date_debut", name=op.f("ck_intervenant_dates")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_intervenant_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_intervenant")),
    )
    op.create_index(
        op.f("ix_intervenant_collectivite_parcours_id_cree_le_id"),
        "intervenant",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_intervenant_courant",
        "intervenant",
        ["collectivite", "parcours_id", "role", "agent"],
        unique=True,
        postgresql_where=sa.text("date_fin IS NULL"),
    )
    op.create_table(
        "diagnostic",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("remplace_id", sa.Uuid(), nullable=True),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("date_diagnostic", sa.Date(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("projets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sans_contrainte", sa.Boolean(), nullable=False),
        sa.Column("confiance", sa.Text(), nullable=True),
        sa.Column("accompagnement", sa.Text(), nullable=True),
        sa.Column("autonomie_numerique", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(confiance IS NULL) = (accompagnement IS NULL)",
            name=op.f("ck_diagnostic_pouvoir_agir"),
        ),
        sa.CheckConstraint("(rang = 1) = (remplace_id IS NULL)", name=op.f("ck_diagnostic_rang")),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_diagnostic_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "remplace_id"],
            ["diagnostic.collectivite", "diagnostic.id"],
            name=op.f("fk_diagnostic_collectivite_remplace_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_diagnostic")),
    )
    op.create_index(
        op.f("ix_diagnostic_collectivite_parcours_id_cree_le_id"),
        "diagnostic",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_diagnostic_collectivite_parcours_id_rang"),
        "diagnostic",
        ["collectivite", "parcours_id", "rang"],
        unique=True,
    )
    op.create_table(
        "frein_diagnostic",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("diagnostic_id", sa.Uuid(), nullable=False),
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("situations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "diagnostic_id"],
            ["diagnostic.collectivite", "diagnostic.id"],
            name=op.f("fk_frein_diagnostic_collectivite_diagnostic_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein.collectivite", "frein.id"],
            name=op.f("fk_frein_diagnostic_collectivite_frein_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_frein_diagnostic")),
    )
    op.create_index(
        op.f("ix_frein_diagnostic_collectivite_diagnostic_id_code"),
        "frein_diagnostic",
        ["collectivite", "diagnostic_id", "code"],
        unique=True,
    )
    op.create_table(
        "frein_diagnostic_sante",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("diagnostic_id", sa.Uuid(), nullable=False),
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("niveau", sa.Text(), nullable=True),
        sa.Column("situations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "diagnostic_id"],
            ["diagnostic.collectivite", "diagnostic.id"],
            name=op.f("fk_frein_diagnostic_sante_collectivite_diagnostic_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "frein_id"],
            ["frein_sante.collectivite", "frein_sante.id"],
            name=op.f("fk_frein_diagnostic_sante_collectivite_frein_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_frein_diagnostic_sante")),
    )
    op.create_index(
        op.f("ix_frein_diagnostic_sante_collectivite_diagnostic_id_code"),
        "frein_diagnostic_sante",
        ["collectivite", "diagnostic_id", "code"],
        unique=True,
    )
    cloisonner(
        "referent",
        "passation",
        "reponse_passation",
        "intervenant",
        "diagnostic",
        "frein_diagnostic",
        "frein_diagnostic_sante",
    )
    inserer_seulement(
        "reponse_passation", "diagnostic", "frein_diagnostic", "frein_diagnostic_sante"
    )
