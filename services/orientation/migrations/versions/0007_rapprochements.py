"""Rapprochements, fusions qui se défont, et personnes à risque d'entrer au RSA."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement, laisser_rattacher

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    for nom, type_ in (
        ("proche_empreinte", sa.LargeBinary()),
        ("proche_naissance_empreinte", sa.LargeBinary()),
        ("numero_france_travail", sa.Text()),
        ("source", sa.Text()),
        ("date_risque_rsa", sa.Date()),
        ("source_risque_rsa", sa.Text()),
        ("fusionnee_avec_id", sa.Uuid()),
    ):
        op.add_column("personne", sa.Column(nom, type_, nullable=True))
    op.create_foreign_key(
        op.f("fk_personne_collectivite_fusionnee_avec_id"),
        "personne",
        "personne",
        ["collectivite", "fusionnee_avec_id"],
        ["collectivite", "id"],
    )
    op.create_check_constraint(op.f("ck_personne_fusion"), "personne", "fusionnee_avec_id <> id")
    for colonne in ("proche_empreinte", "proche_naissance_empreinte", "fusionnee_avec_id"):
        op.create_index(
            op.f(f"ix_personne_collectivite_{colonne}"), "personne", ["collectivite", colonne]
        )
    op.create_index(
        op.f("ix_personne_collectivite_numero_france_travail"),
        "personne",
        ["collectivite", "numero_france_travail"],
        unique=True,
    )
    op.create_index(
        "ix_personne_a_risque",
        "personne",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text(
            "date_risque_rsa IS NOT NULL AND NOT beneficiaire_rsa AND fusionnee_avec_id IS NULL"
        ),
    )
    op.create_index(
        op.f("ix_dossier_collectivite_organisme_payeur_matricule"),
        "dossier",
        ["collectivite", "organisme_payeur", "matricule"],
    )
    op.create_table(
        "rapprochement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("personne_a_id", sa.Uuid(), nullable=False),
        sa.Column("personne_b_id", sa.Uuid(), nullable=False),
        sa.Column("motifs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("gardee_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _maintenant("cree_le"),
        _maintenant("modifie_le"),
        sa.CheckConstraint("personne_a_id < personne_b_id", name=op.f("ck_rapprochement_ordre")),
        sa.CheckConstraint(
            "statut IN ('propose', 'ecarte', 'fusionne', 'separe')",
            name=op.f("ck_rapprochement_statut"),
        ),
        sa.CheckConstraint(
            "(statut = 'fusionne') = (gardee_id IS NOT NULL)",
            name=op.f("ck_rapprochement_gardee"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["collectivite", colonne],
                ["personne.collectivite", "personne.id"],
                name=op.f(f"fk_rapprochement_collectivite_{colonne}"),
            )
            for colonne in ("personne_a_id", "personne_b_id")
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_rapprochement")),
    )
    for colonnes, unique in (
        (["personne_a_id", "personne_b_id"], True),
        (["personne_b_id"], False),
        (["statut", "cree_le", "id"], False),
        (["cree_le", "id"], False),
    ):
        op.create_index(
            op.f(f"ix_rapprochement_collectivite_{'_'.join(colonnes)}"),
            "rapprochement",
            ["collectivite", *colonnes],
            unique=unique,
        )
    op.create_table(
        "acte_rapprochement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rapprochement_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("gardee_id", sa.Uuid(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _maintenant("cree_le"),
        sa.CheckConstraint(
            "nature IN ('fusion', 'ecart', 'separation')",
            name=op.f("ck_acte_rapprochement_nature"),
        ),
        sa.ForeignKeyConstraint(
            ["collectivite", "rapprochement_id"],
            ["rapprochement.collectivite", "rapprochement.id"],
            name=op.f("fk_acte_rapprochement_collectivite_rapprochement_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_rapprochement")),
    )
    op.create_index(
        op.f("ix_acte_rapprochement_collectivite_rapprochement_id_cree_le_id"),
        "acte_rapprochement",
        ["collectivite", "rapprochement_id", "cree_le", "id"],
    )
    op.create_table(
        "fusion_changement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("acte_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("lignes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("avant", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("apres", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "acte_id"],
            ["acte_rapprochement.collectivite", "acte_rapprochement.id"],
            name=op.f("fk_fusion_changement_collectivite_acte_id"),
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "acte_id", "rang", name=op.f("pk_fusion_changement")
        ),
    )
    cloisonner("rapprochement", "acte_rapprochement", "fusion_changement")
    inserer_seulement("acte_rapprochement", "fusion_changement")
    laisser_rattacher("dispense", "contact", "mouvement")


def _maintenant(nom: str) -> sa.Column[object]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )
