"""La suspension-remobilisation et ses actes ; les retours, et ce que les flux disent du droit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    op.add_column("parcours", sa.Column("parcours_precedent_id", sa.Uuid(), nullable=True))
    op.add_column(
        "parcours",
        sa.Column(
            "nombre_reouvertures", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    op.add_column("parcours", sa.Column("date_sortie_droits_devoirs", sa.Date(), nullable=True))
    op.create_table(
        "suspension",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("nature_manquement", sa.Text(), nullable=False),
        sa.Column("date_faits", sa.Date(), nullable=False),
        sa.Column("date_signalement", sa.Date(), nullable=False),
        sa.Column("organisme_signalant_id", sa.Uuid(), nullable=False),
        sa.Column("suspension_precedente_id", sa.Uuid(), nullable=True),
        sa.Column("date_proposition_ft", sa.Date(), nullable=True),
        sa.Column("date_limite_saisie", sa.Date(), nullable=True),
        sa.Column("date_saisie", sa.Date(), nullable=True),
        sa.Column("date_information", sa.Date(), nullable=True),
        sa.Column("date_limite_observations", sa.Date(), nullable=True),
        sa.Column("date_observations", sa.Date(), nullable=True),
        sa.Column("date_avis_ep", sa.Date(), nullable=True),
        sa.Column("date_limite_decision", sa.Date(), nullable=True),
        sa.Column("date_decision", sa.Date(), nullable=True),
        sa.Column("mesure", sa.Text(), nullable=True),
        sa.Column("rang", sa.Text(), nullable=True),
        sa.Column("bareme", sa.Text(), nullable=True),
        sa.Column("part_pourcent", sa.BigInteger(), nullable=True),
        sa.Column("duree_mois", sa.BigInteger(), nullable=True),
        sa.Column("foyer_personnes", sa.BigInteger(), nullable=True),
        sa.Column("foyer_majoration", sa.Boolean(), nullable=True),
        sa.Column("date_notification", sa.Date(), nullable=True),
        sa.Column("date_transmission", sa.Date(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=True),
        sa.Column("date_fin", sa.Date(), nullable=True),
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
            "(mesure IN ('suspension', 'suppression')) IS NOT TRUE OR (rang IS NOT NULL AND bareme IS NOT NULL AND part_pourcent IS NOT NULL AND duree_mois IS NOT NULL AND foyer_personnes IS NOT NULL AND foyer_majoration IS NOT NULL)",
            name=op.f("ck_suspension_mesure"),
        ),
        sa.CheckConstraint(
            "mesure IS DISTINCT FROM 'suppression' OR date_avis_ep IS NOT NULL",
            name=op.f("ck_suspension_avis_ep"),
        ),
        sa.CheckConstraint(
            "statut NOT IN ('en_cours', 'leve', 'terme') OR (date_notification IS NOT NULL AND date_debut IS NOT NULL AND date_fin >= date_debut)",
            name=op.f("ck_suspension_dates"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_suspension_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "suspension_precedente_id"],
            ["suspension.collectivite", "suspension.id"],
            name=op.f("fk_suspension_collectivite_suspension_precedente_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_suspension")),
    )
    op.create_index(
        op.f("ix_suspension_collectivite_cree_le_id"),
        "suspension",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_suspension_collectivite_parcours_id_cree_le_id"),
        "suspension",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_suspension_collectivite_statut_cree_le_id"),
        "suspension",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "acte_suspension",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("suspension_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=True),
        sa.Column("texte", sa.LargeBinary(), nullable=True),
        sa.Column("complement", sa.LargeBinary(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "suspension_id"],
            ["suspension.collectivite", "suspension.id"],
            name=op.f("fk_acte_suspension_collectivite_suspension_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_suspension")),
    )
    op.create_index(
        op.f("ix_acte_suspension_collectivite_suspension_id_cree_le_id"),
        "acte_suspension",
        ["collectivite", "suspension_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "reouverture",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("origine", sa.Text(), nullable=False),
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("date_reouverture", sa.Date(), nullable=False),
        sa.Column("date_sortie", sa.Date(), nullable=False),
        sa.Column("motif_sortie", sa.Text(), nullable=False),
        sa.Column("commentaire_sortie", sa.LargeBinary(), nullable=True),
        sa.Column("sortie_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_reouverture_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reouverture")),
    )
    op.create_index(
        op.f("ix_reouverture_collectivite_parcours_id_cree_le_id"),
        "reouverture",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reouverture_collectivite_parcours_id_rang"),
        "reouverture",
        ["collectivite", "parcours_id", "rang"],
        unique=True,
    )
    op.create_table(
        "mouvement_droit",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mouvement_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("effet", sa.Text(), nullable=False),
        sa.Column("date_reference", sa.Date(), nullable=False),
        sa.Column("motif_sortie", sa.Text(), nullable=True),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_mouvement_droit_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_mouvement_droit")),
    )
    op.create_index(
        op.f("ix_mouvement_droit_collectivite_mouvement_id_parcours_id"),
        "mouvement_droit",
        ["collectivite", "mouvement_id", "parcours_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_mouvement_droit_collectivite_parcours_id_cree_le_id"),
        "mouvement_droit",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    cloisonner("suspension", "acte_suspension", "reouverture", "mouvement_droit")
    inserer_seulement("acte_suspension", "reouverture", "mouvement_droit")
