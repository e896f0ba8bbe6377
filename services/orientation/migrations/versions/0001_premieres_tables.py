"""First tables of orientation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, communs, inserer_seulement

revision, down_revision = "0001", None


def upgrade() -> None:
    communs()
    op.create_table(
        "dossier",
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("organisme_payeur", sa.Text(), nullable=False),
        sa.Column("matricule", sa.Text(), nullable=False),
        sa.Column("etat", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("personnes_a_charge", sa.BigInteger(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("date_reference", sa.Date(), nullable=False),
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
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_dossier")),
    )
    op.create_index(
        op.f("ix_dossier_collectivite_cle"), "dossier", ["collectivite", "cle"], unique=True
    )
    op.create_table(
        "import",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("taille_octets", sa.BigInteger(), nullable=False),
        sa.Column("recu_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("demarre_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("termine_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cle_flux", sa.Text(), nullable=True),
        sa.Column("date_reference", sa.Date(), nullable=True),
        sa.Column("foyers_traites", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("compteurs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("complet", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("probleme", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
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
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_import")),
    )
    op.create_index(
        op.f("ix_import_collectivite_empreinte"),
        "import",
        ["collectivite", "empreinte"],
        unique=False,
    )
    op.create_table(
        "organisme_referent",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("communes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=True),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("convention_debut", sa.Date(), nullable=True),
        sa.Column("convention_fin", sa.Date(), nullable=True),
        sa.Column("delegation_debut", sa.Date(), nullable=True),
        sa.Column("delegation_fin", sa.Date(), nullable=True),
        sa.Column("clients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("illustratif", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_organisme_referent")),
    )
    op.create_index(
        op.f("ix_organisme_referent_collectivite_reference"),
        "organisme_referent",
        ["collectivite", "reference"],
        unique=True,
    )
    op.create_table(
        "import_morceau",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "import_id"],
            ["import.collectivite", "import.id"],
            name=op.f("fk_import_morceau_collectivite_import_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "import_id", "numero", name=op.f("pk_import_morceau")
        ),
    )
    op.create_table(
        "import_resultat",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("ligne", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("champ", sa.Text(), nullable=True),
        sa.Column("avertissements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "import_id"],
            ["import.collectivite", "import.id"],
            name=op.f("fk_import_resultat_collectivite_import_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "import_id", "numero", name=op.f("pk_import_resultat")
        ),
    )
    op.create_table(
        "personne",
        sa.Column("reference_externe", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("nom_naissance", sa.Text(), nullable=True),
        sa.Column("prenoms", sa.Text(), nullable=False),
        sa.Column("date_naissance", sa.Date(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("beneficiaire_rsa", sa.Boolean(), nullable=False),
        sa.Column("droits_devoirs", sa.Boolean(), nullable=False),
        sa.Column("nir_scelle", sa.LargeBinary(), nullable=True),
        sa.Column("nir_empreinte", sa.LargeBinary(), nullable=True),
        sa.Column("identite_empreinte", sa.LargeBinary(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["collectivite", "dossier_id"],
            ["dossier.collectivite", "dossier.id"],
            name=op.f("fk_personne_collectivite_dossier_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_personne")),
    )
    op.create_index(
        op.f("ix_personne_collectivite_dossier_id_role"),
        "personne",
        ["collectivite", "dossier_id", "role"],
        unique=False,
    )
    op.create_index(
        op.f("ix_personne_collectivite_identite_empreinte"),
        "personne",
        ["collectivite", "identite_empreinte"],
        unique=False,
    )
    op.create_index(
        op.f("ix_personne_collectivite_nir_empreinte"),
        "personne",
        ["collectivite", "nir_empreinte"],
        unique=True,
    )
    op.create_index(
        "uq_personne_reference_externe",
        "personne",
        ["collectivite", "client_id", "reference_externe"],
        unique=True,
    )
    op.create_table(
        "orientation",
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("origine", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("demande", sa.Text(), nullable=True),
        sa.Column("recu_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("date_limite", sa.Date(), nullable=False),
        sa.Column("criteres", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposition_id", sa.Uuid(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("type_parcours", sa.Text(), nullable=True),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=True),
        sa.Column("date_effet", sa.Date(), nullable=True),
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
            "statut IN ('brouillon', 'en_attente', 'ouverte', 'cloturee')",
            name=op.f("ck_orientation_statut"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "personne_id"],
            ["personne.collectivite", "personne.id"],
            name=op.f("fk_orientation_collectivite_personne_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_orientation")),
    )
    op.create_index(
        op.f("ix_orientation_collectivite_cree_le_id"),
        "orientation",
        ["collectivite", "cree_le", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orientation_collectivite_statut_date_limite"),
        "orientation",
        ["collectivite", "statut", "date_limite"],
        unique=False,
    )
    op.create_index(
        "uq_orientation_a_decider",
        "orientation",
        ["collectivite", "personne_id"],
        unique=True,
        postgresql_where=sa.text("statut IN ('brouillon', 'en_attente')"),
    )
    op.create_index(
        "uq_orientation_ouverte",
        "orientation",
        ["collectivite", "personne_id"],
        unique=True,
        postgresql_where=sa.text("statut = 'ouverte'"),
    )
    op.create_table(
        "decision",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("proposition_id", sa.Uuid(), nullable=False),
        sa.Column("etat_decision", sa.Text(), nullable=False),
        sa.Column("motif_refus", sa.Text(), nullable=True),
        sa.Column("commentaire", sa.Text(), nullable=True),
        sa.Column("type_parcours", sa.Text(), nullable=False),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=False),
        sa.Column("date_decision", sa.Date(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("regle_competence", sa.Text(), nullable=False),
        sa.Column("organisme_decideur_id", sa.Uuid(), nullable=False),
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
            ["collectivite", "orientation_id"],
            ["orientation.collectivite", "orientation.id"],
            name=op.f("fk_decision_collectivite_orientation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_decision")),
    )
    op.create_index(
        op.f("ix_decision_collectivite_orientation_id"),
        "decision",
        ["collectivite", "orientation_id"],
        unique=True,
    )
    op.create_table(
        "proposition",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("version_regles", sa.Text(), nullable=False),
        sa.Column("regle", sa.Text(), nullable=False),
        sa.Column("type_parcours", sa.Text(), nullable=True),
        sa.Column("organisme_referent_id", sa.Uuid(), nullable=True),
        sa.Column("entrees", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("explication", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "orientation_id"],
            ["orientation.collectivite", "orientation.id"],
            name=op.f("fk_proposition_collectivite_orientation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_proposition")),
    )
    op.create_index(
        op.f("ix_proposition_collectivite_orientation_id"),
        "proposition",
        ["collectivite", "orientation_id"],
        unique=False,
    )
    op.create_table(
        "recueil_criteres",
        sa.Column("orientation_id", sa.Uuid(), nullable=False),
        sa.Column("criteres", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("date_recueil", sa.Date(), nullable=False),
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
            ["collectivite", "orientation_id"],
            ["orientation.collectivite", "orientation.id"],
            name=op.f("fk_recueil_criteres_collectivite_orientation_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_recueil_criteres")),
    )
    op.create_index(
        op.f("ix_recueil_criteres_collectivite_orientation_id"),
        "recueil_criteres",
        ["collectivite", "orientation_id"],
        unique=False,
    )
    cloisonner(
        "organisme_referent",
        "dossier",
        "personne",
        "import",
        "import_morceau",
        "import_resultat",
        "orientation",
        "recueil_criteres",
        "proposition",
        "decision",
    )
    inserer_seulement("recueil_criteres", "proposition", "decision")
