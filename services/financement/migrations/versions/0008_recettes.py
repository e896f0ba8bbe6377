"""Receipts: titres and acts; dated rates and claims; contributions in kind; social clauses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    op.create_table(
        "compteur_titre",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dernier", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "exercice", name=op.f("pk_compteur_titre")),
    )
    op.create_table(
        "titre",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("date_emission", sa.Date(), nullable=False),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column(
            "encaisse_centimes", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("reduit_centimes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("titre_corrige_id", sa.Uuid(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
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
            "encaisse_centimes >= 0 AND reduit_centimes >= 0 AND encaisse_centimes +"
            " reduit_centimes <= montant_centimes",
            name=op.f("ck_titre_reste"),
        ),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_titre_montant")),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_titre_collectivite_enveloppe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "titre_corrige_id"],
            ["titre.collectivite", "titre.id"],
            name=op.f("fk_titre_collectivite_titre_corrige_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_titre")),
    )
    op.create_index(
        op.f("ix_titre_collectivite_cree_le_id"),
        "titre",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_titre_collectivite_enveloppe_id_cree_le_id"),
        "titre",
        ["collectivite", "enveloppe_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_titre_collectivite_exercice_numero"),
        "titre",
        ["collectivite", "exercice", "numero"],
        unique=True,
    )
    op.create_table(
        "acte_recette",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("titre_id", sa.Uuid(), nullable=True),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("suite", sa.Text(), nullable=True),
        sa.Column("sur_exercice_anterieur", sa.Boolean(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_acte_recette_montant")),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_acte_recette_collectivite_enveloppe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "titre_id"],
            ["titre.collectivite", "titre.id"],
            name=op.f("fk_acte_recette_collectivite_titre_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_recette")),
    )
    op.create_index(
        op.f("ix_acte_recette_collectivite_cree_le_id"),
        "acte_recette",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_acte_recette_collectivite_enveloppe_id_cree_le_id"),
        "acte_recette",
        ["collectivite", "enveloppe_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_acte_recette_collectivite_titre_id_cree_le_id"),
        "acte_recette",
        ["collectivite", "titre_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "taux",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("numerateur", sa.BigInteger(), nullable=False),
        sa.Column("denominateur", sa.BigInteger(), nullable=False),
        sa.Column("valable_du", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("confirme", sa.Boolean(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "0 < numerateur AND numerateur <= denominateur", name=op.f("ck_taux_fraction")
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_taux")),
    )
    op.create_index(
        op.f("ix_taux_collectivite_code_valable_du"),
        "taux",
        ["collectivite", "code", "valable_du"],
        unique=True,
    )
    op.create_index(
        op.f("ix_taux_collectivite_cree_le_id"),
        "taux",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "bilan",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("date_arrete", sa.Date(), nullable=False),
        sa.Column("date_limite", sa.Date(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("origine_depense", sa.Text(), nullable=False),
        sa.Column("depense_retenue_centimes", sa.BigInteger(), nullable=False),
        sa.Column("taux_id", sa.Uuid(), nullable=False),
        sa.Column("plafond_centimes", sa.BigInteger(), nullable=False),
        sa.Column("refactions_centimes", sa.BigInteger(), nullable=False),
        sa.Column("du_centimes", sa.BigInteger(), nullable=False),
        sa.Column("encaisse_centimes", sa.BigInteger(), nullable=False),
        sa.Column("a_titrer_centimes", sa.BigInteger(), nullable=False),
        sa.Column("a_reduire_centimes", sa.BigInteger(), nullable=False),
        sa.Column("a_reverser_centimes", sa.BigInteger(), nullable=False),
        sa.Column("lignes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "justificatifs_manquants", postgresql.JSONB(astext_type=sa.Text()), nullable=False
        ),
        sa.Column("liquidations_a_justifier", sa.BigInteger(), nullable=False),
        sa.Column("assemblee", sa.Text(), nullable=True),
        sa.Column("date_adoption", sa.Date(), nullable=True),
        sa.Column("reference_adoption", sa.Text(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_bilan_collectivite_enveloppe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "taux_id"],
            ["taux.collectivite", "taux.id"],
            name=op.f("fk_bilan_collectivite_taux_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_bilan")),
    )
    op.create_index(
        op.f("ix_bilan_collectivite_cree_le_id"),
        "bilan",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_bilan_collectivite_enveloppe_id_cree_le_id"),
        "bilan",
        ["collectivite", "enveloppe_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "regle_valorisation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("autorisee", sa.Boolean(), nullable=False),
        sa.Column("methode", sa.Text(), nullable=True),
        sa.Column("part_maximale_points_base", sa.BigInteger(), nullable=True),
        sa.Column("pieces_requises", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("valable_du", sa.Date(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "NOT autorisee OR (methode IS NOT NULL AND source IS NOT NULL)",
            name=op.f("ck_regle_valorisation_autorisee"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "convention_id"],
            ["convention.collectivite", "convention.id"],
            name=op.f("fk_regle_valorisation_collectivite_convention_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_regle_valorisation")),
    )
    op.create_index(
        op.f("ix_regle_valorisation_collectivite_convention_id_nature_valable_du"),
        "regle_valorisation",
        ["collectivite", "convention_id", "nature", "valable_du"],
        unique=True,
    )
    op.create_index(
        op.f("ix_regle_valorisation_collectivite_cree_le_id"),
        "regle_valorisation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "prevision_valorisation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_prevision_valorisation_montant")),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_prevision_valorisation_collectivite_enveloppe_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_prevision_valorisation")),
    )
    op.create_index(
        op.f("ix_prevision_valorisation_collectivite_cree_le_id"),
        "prevision_valorisation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_prevision_valorisation_collectivite_enveloppe_id_cree_le_id"),
        "prevision_valorisation",
        ["collectivite", "enveloppe_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "valorisation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("regle_valorisation_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("mois", sa.Date(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("taux_horaire_centimes", sa.BigInteger(), nullable=True),
        sa.Column("agent_ref", sa.Uuid(), nullable=True),
        sa.Column("justificatif_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
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
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_valorisation_montant")),
        sa.ForeignKeyConstraint(
            ["collectivite", "enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_valorisation_collectivite_enveloppe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "regle_valorisation_id"],
            ["regle_valorisation.collectivite", "regle_valorisation.id"],
            name=op.f("fk_valorisation_collectivite_regle_valorisation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_valorisation")),
    )
    op.create_index(
        op.f("ix_valorisation_collectivite_cree_le_id"),
        "valorisation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_valorisation_collectivite_enveloppe_id_cree_le_id"),
        "valorisation",
        ["collectivite", "enveloppe_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "temps_agent",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("agent_ref", sa.Uuid(), nullable=False),
        sa.Column("mois", sa.Date(), nullable=False),
        sa.Column("temps_mois_minutes", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "minutes BETWEEN 0 AND temps_mois_minutes", name=op.f("ck_temps_agent_temps")
        ),
        sa.PrimaryKeyConstraint("collectivite", "agent_ref", "mois", name=op.f("pk_temps_agent")),
    )
    op.create_table(
        "clause",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("acheteur_siret", sa.Text(), nullable=False),
        sa.Column("titulaire_siret", sa.Text(), nullable=False),
        sa.Column("facilitateur", sa.Text(), nullable=True),
        sa.Column("part_brsa_cible_points_base", sa.BigInteger(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
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
        sa.CheckConstraint("date_fin >= date_debut", name=op.f("ck_clause_dates")),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_clause")),
    )
    op.create_index(
        op.f("ix_clause_collectivite_cree_le_id"),
        "clause",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_clause_collectivite_reference_lot"),
        "clause",
        ["collectivite", "reference", "lot"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "declaration_clause",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clause_id", sa.Uuid(), nullable=False),
        sa.Column("mois", sa.Date(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("personnes", sa.BigInteger(), nullable=True),
        sa.Column("contrats", sa.BigInteger(), nullable=True),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
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
        sa.CheckConstraint("minutes > 0", name=op.f("ck_declaration_clause_minutes")),
        sa.ForeignKeyConstraint(
            ["collectivite", "clause_id"],
            ["clause.collectivite", "clause.id"],
            name=op.f("fk_declaration_clause_collectivite_clause_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_declaration_clause")),
    )
    op.create_index(
        op.f("ix_declaration_clause_collectivite_clause_id_cree_le_id"),
        "declaration_clause",
        ["collectivite", "clause_id", "cree_le", "id"],
        unique=False,
    )
    cloisonner(
        "compteur_titre",
        "titre",
        "acte_recette",
        "taux",
        "bilan",
        "regle_valorisation",
        "prevision_valorisation",
        "valorisation",
        "temps_agent",
        "clause",
        "declaration_clause",
    )
    inserer_seulement(
        "acte_recette",
        "taux",
        "regle_valorisation",
        "prevision_valorisation",
    )
