"""Employeurs, emplois, dispositifs, aides aux jeunes et clauses d'insertion."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    op.create_table(
        "employeur",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("naf", sa.Text(), nullable=False),
        sa.Column("code_commune", sa.Text(), nullable=False),
        sa.Column("structures_iae", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secteur_groupement", sa.Text(), nullable=True),
        sa.Column("departement", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_employeur")),
    )
    op.create_index(
        op.f("ix_employeur_collectivite_cree_le_id"),
        "employeur",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_employeur_collectivite_secteur_groupement_cree_le_id"),
        "employeur",
        ["collectivite", "secteur_groupement", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_employeur_collectivite_siret"), "employeur", ["collectivite", "siret"], unique=True
    )
    op.create_table(
        "acte_employeur",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employeur_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("date_accompagnement", sa.Date(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("rome", sa.Text(), nullable=True),
        sa.Column("places", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "employeur_id"],
            ["employeur.collectivite", "employeur.id"],
            name=op.f("fk_acte_employeur_collectivite_employeur_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_employeur")),
    )
    op.create_index(
        op.f("ix_acte_employeur_collectivite_employeur_id_cree_le_id"),
        "acte_employeur",
        ["collectivite", "employeur_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "offre_emploi",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employeur_id", sa.Uuid(), nullable=False),
        sa.Column("rome", sa.Text(), nullable=False),
        sa.Column("intitule", sa.Text(), nullable=False),
        sa.Column("type_emploi", sa.Text(), nullable=False),
        sa.Column("code_commune", sa.Text(), nullable=False),
        sa.Column("duree_hebdomadaire_minutes", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("places_pourvues", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_ouverture", sa.Date(), nullable=False),
        sa.Column("date_cloture", sa.Date(), nullable=True),
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
        sa.CheckConstraint("places_pourvues <= places", name=op.f("ck_offre_emploi_places")),
        sa.ForeignKeyConstraint(
            ["collectivite", "employeur_id"],
            ["employeur.collectivite", "employeur.id"],
            name=op.f("fk_offre_emploi_collectivite_employeur_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_offre_emploi")),
    )
    op.create_index(
        op.f("ix_offre_emploi_collectivite_code_commune_cree_le_id"),
        "offre_emploi",
        ["collectivite", "code_commune", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_offre_emploi_collectivite_cree_le_id"),
        "offre_emploi",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_offre_emploi_collectivite_employeur_id_cree_le_id"),
        "offre_emploi",
        ["collectivite", "employeur_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_offre_emploi_collectivite_rome_cree_le_id"),
        "offre_emploi",
        ["collectivite", "rome", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_offre_emploi_collectivite_statut_cree_le_id"),
        "offre_emploi",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "dispositif",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=False),
        sa.Column("motif_fin", sa.Text(), nullable=True),
        sa.Column("age_entree", sa.BigInteger(), nullable=True),
        sa.Column("rqth", sa.Boolean(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("numero", sa.Text(), nullable=True),
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
            "(statut = 'clos') = (motif_fin IS NOT NULL)", name=op.f("ck_dispositif_statut")
        ),
        sa.CheckConstraint("NOT rqth OR type = 'cej'", name=op.f("ck_dispositif_rqth")),
        sa.CheckConstraint("date_fin >= date_debut", name=op.f("ck_dispositif_dates")),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_dispositif_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_dispositif")),
    )
    op.create_index(
        op.f("ix_dispositif_collectivite_cree_le_id"),
        "dispositif",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispositif_collectivite_parcours_id_cree_le_id"),
        "dispositif",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispositif_collectivite_statut_cree_le_id"),
        "dispositif",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispositif_collectivite_type_cree_le_id"),
        "dispositif",
        ["collectivite", "type", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "ix_dispositif_du_cree_le",
        "dispositif",
        ["collectivite", "type", "cree_le", "id"],
        unique=False,
        postgresql_where=sa.text("statut = 'ouvert'"),
    )
    op.create_table(
        "acte_dispositif",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispositif_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "dispositif_id"],
            ["dispositif.collectivite", "dispositif.id"],
            name=op.f("fk_acte_dispositif_collectivite_dispositif_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_dispositif")),
    )
    op.create_index(
        op.f("ix_acte_dispositif_collectivite_dispositif_id_cree_le_id"),
        "acte_dispositif",
        ["collectivite", "dispositif_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "membre_reseau",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispositif_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=False),
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
            "date_fin IS NULL OR date_fin >= date_debut", name=op.f("ck_membre_reseau_dates")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "dispositif_id"],
            ["dispositif.collectivite", "dispositif.id"],
            name=op.f("fk_membre_reseau_collectivite_dispositif_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_membre_reseau")),
    )
    op.create_index(
        op.f("ix_membre_reseau_collectivite_dispositif_id_cree_le_id"),
        "membre_reseau",
        ["collectivite", "dispositif_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_membre_reseau_courant",
        "membre_reseau",
        ["collectivite", "dispositif_id", "role", "organisme_id"],
        unique=True,
        postgresql_where=sa.text("date_fin IS NULL"),
    )
    op.create_table(
        "emploi",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("employeur_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("motif_fin", sa.Text(), nullable=True),
        sa.Column("duree_hebdomadaire_minutes", sa.BigInteger(), nullable=True),
        sa.Column("rome", sa.Text(), nullable=True),
        sa.Column("age_entree", sa.BigInteger(), nullable=True),
        sa.Column("objet", sa.Text(), nullable=True),
        sa.Column("prescripteur", sa.Text(), nullable=True),
        sa.Column("renouvelle_id", sa.Uuid(), nullable=True),
        sa.Column("structure", sa.Text(), nullable=True),
        sa.Column("pass_iae_id", sa.Uuid(), nullable=True),
        sa.Column("dispositif_aide", sa.Text(), nullable=True),
        sa.Column("decideur", sa.Text(), nullable=True),
        sa.Column("date_fin_aide", sa.Date(), nullable=True),
        sa.Column("derogation", sa.Text(), nullable=True),
        sa.Column("date_accompagnement_renforce", sa.Date(), nullable=True),
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
            "(statut = 'termine') = (motif_fin IS NOT NULL)", name=op.f("ck_emploi_fin")
        ),
        sa.CheckConstraint(
            "(type = 'pmsmp') = (objet IS NOT NULL) AND (type = 'iae') = (structure IS NOT NULL) AND (type = 'contrat_aide') = (date_fin_aide IS NOT NULL)",
            name=op.f("ck_emploi_type"),
        ),
        sa.CheckConstraint(
            "date_fin IS NULL OR date_fin >= date_debut", name=op.f("ck_emploi_dates")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "employeur_id"],
            ["employeur.collectivite", "employeur.id"],
            name=op.f("fk_emploi_collectivite_employeur_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_emploi_collectivite_parcours_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "pass_iae_id"],
            ["dispositif.collectivite", "dispositif.id"],
            name=op.f("fk_emploi_collectivite_pass_iae_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "renouvelle_id"],
            ["emploi.collectivite", "emploi.id"],
            name=op.f("fk_emploi_collectivite_renouvelle_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_emploi")),
    )
    op.create_index(
        op.f("ix_emploi_collectivite_cree_le_id"),
        "emploi",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_emploi_collectivite_employeur_id_cree_le_id"),
        "emploi",
        ["collectivite", "employeur_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_emploi_collectivite_parcours_id_cree_le_id"),
        "emploi",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_emploi_collectivite_statut_cree_le_id"),
        "emploi",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_emploi_collectivite_type_cree_le_id"),
        "emploi",
        ["collectivite", "type", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "ix_emploi_du_cree_le",
        "emploi",
        ["collectivite", "type", "cree_le", "id"],
        unique=False,
        postgresql_where=sa.text("statut = 'ouvert' AND date_fin IS NOT NULL"),
    )
    op.create_table(
        "acte_emploi",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("emploi_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("derogation", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "emploi_id"],
            ["emploi.collectivite", "emploi.id"],
            name=op.f("fk_acte_emploi_collectivite_emploi_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_emploi")),
    )
    op.create_index(
        op.f("ix_acte_emploi_collectivite_emploi_id_cree_le_id"),
        "acte_emploi",
        ["collectivite", "emploi_id", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "mise_en_relation",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offre_emploi_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("date_proposition", sa.Date(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_resultat", sa.Date(), nullable=True),
        sa.Column("emploi_id", sa.Uuid(), nullable=True),
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
            "(statut = 'proposee') = (date_resultat IS NULL)",
            name=op.f("ck_mise_en_relation_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "emploi_id"],
            ["emploi.collectivite", "emploi.id"],
            name=op.f("fk_mise_en_relation_collectivite_emploi_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "offre_emploi_id"],
            ["offre_emploi.collectivite", "offre_emploi.id"],
            name=op.f("fk_mise_en_relation_collectivite_offre_emploi_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_mise_en_relation_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_mise_en_relation")),
    )
    op.create_index(
        op.f("ix_mise_en_relation_collectivite_cree_le_id"),
        "mise_en_relation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_mise_en_relation_collectivite_offre_emploi_id_cree_le_id"),
        "mise_en_relation",
        ["collectivite", "offre_emploi_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_mise_en_relation_collectivite_parcours_id_cree_le_id"),
        "mise_en_relation",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_mise_en_relation_collectivite_statut_cree_le_id"),
        "mise_en_relation",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        "uq_mise_en_relation_proposee",
        "mise_en_relation",
        ["collectivite", "offre_emploi_id", "parcours_id"],
        unique=True,
        postgresql_where=sa.text("statut = 'proposee'"),
    )
    op.create_table(
        "aide_jeune",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("paye_a", sa.Text(), nullable=False),
        sa.Column("age", sa.BigInteger(), nullable=False),
        sa.Column("urgence", sa.Boolean(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("montant_demande_centimes", sa.BigInteger(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("date_demande", sa.Date(), nullable=False),
        sa.Column("date_versement", sa.Date(), nullable=True),
        sa.Column("date_commission", sa.Date(), nullable=True),
        sa.Column("date_annulation", sa.Date(), nullable=True),
        sa.Column("versement_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resolue_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("expire_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
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
            "(statut IN ('attribuee', 'refusee')) = (date_commission IS NOT NULL)",
            name=op.f("ck_aide_jeune_commission"),
        ),
        sa.CheckConstraint(
            "(statut IN ('versee', 'attribuee')) <= (engagement_id IS NOT NULL)",
            name=op.f("ck_aide_jeune_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_aide_jeune_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_aide_jeune")),
    )
    op.create_index(
        op.f("ix_aide_jeune_collectivite_cree_le_id"),
        "aide_jeune",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_aide_jeune_collectivite_parcours_id_cree_le_id"),
        "aide_jeune",
        ["collectivite", "parcours_id", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_aide_jeune_collectivite_statut_cree_le_id"),
        "aide_jeune",
        ["collectivite", "statut", "cree_le", "id"],
        unique=False,
    )
    op.create_table(
        "reglement_aide",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("age_min", sa.BigInteger(), nullable=False),
        sa.Column("age_max", sa.BigInteger(), nullable=False),
        sa.Column("urgence_max_centimes", sa.BigInteger(), nullable=True),
        sa.Column("annuel_max_centimes", sa.BigInteger(), nullable=True),
        sa.Column("natures_plafonnees", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texte_source", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reglement_aide")),
    )
    op.create_index(
        op.f("ix_reglement_aide_collectivite_cree_le_id"),
        "reglement_aide",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reglement_aide_collectivite_depuis"),
        "reglement_aide",
        ["collectivite", "depuis"],
        unique=True,
    )
    op.create_table(
        "marche",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("minutes_prevues", sa.BigInteger(), nullable=False),
        sa.Column("minutes_travaillees", sa.BigInteger(), nullable=False),
        sa.Column("minutes_rsa", sa.BigInteger(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=False),
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
        sa.CheckConstraint("date_fin >= date_debut", name=op.f("ck_marche_dates")),
        sa.CheckConstraint(
            "minutes_rsa BETWEEN 0 AND minutes_travaillees", name=op.f("ck_marche_minutes")
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_marche")),
    )
    op.create_index(
        op.f("ix_marche_collectivite_cree_le_id"),
        "marche",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_marche_collectivite_reference"),
        "marche",
        ["collectivite", "reference"],
        unique=True,
    )
    op.create_table(
        "heures_clause",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("marche_id", sa.Uuid(), nullable=False),
        sa.Column("mois", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "public <> 'brsa' OR parcours_id IS NOT NULL", name=op.f("ck_heures_clause_public")
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "marche_id"],
            ["marche.collectivite", "marche.id"],
            name=op.f("fk_heures_clause_collectivite_marche_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "parcours_id"],
            ["parcours.collectivite", "parcours.id"],
            name=op.f("fk_heures_clause_collectivite_parcours_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_heures_clause")),
    )
    op.create_index(
        op.f("ix_heures_clause_collectivite_marche_id_cree_le_id"),
        "heures_clause",
        ["collectivite", "marche_id", "cree_le", "id"],
        unique=False,
    )
    cloisonner(
        "employeur",
        "acte_employeur",
        "offre_emploi",
        "dispositif",
        "acte_dispositif",
        "membre_reseau",
        "emploi",
        "acte_emploi",
        "mise_en_relation",
        "aide_jeune",
        "reglement_aide",
        "marche",
        "heures_clause",
    )
    inserer_seulement(
        "acte_employeur", "acte_dispositif", "acte_emploi", "reglement_aide", "heures_clause"
    )
