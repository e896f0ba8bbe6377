"""Commitment authorisations and payment credits, budget years; what an envelope is for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    op.create_table(
        "autorisation_engagement",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        *_versionnee(),
        _vers("autorisation_engagement", "convention"),
        _cle("autorisation_engagement"),
    )
    _index("autorisation_engagement", "reference", unique=True)
    _index("autorisation_engagement", "cree_le", "id")
    op.create_table(
        "revision_autorisation",
        sa.Column("autorisation_engagement_id", sa.Uuid(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("deliberation", sa.Text(), nullable=False),
        sa.Column("montant_vote_centimes", sa.BigInteger(), nullable=False),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("echeancier", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _vers("revision_autorisation", "autorisation_engagement"),
        _cle("revision_autorisation"),
    )
    _index("revision_autorisation", "autorisation_engagement_id", "numero", unique=True)
    op.create_table(
        "credit_paiement",
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("autorisation_engagement_id", sa.Uuid(), nullable=True),
        sa.Column("imputation", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        *_versionnee(),
        sa.CheckConstraint(
            "autorisation_engagement_id IS NOT NULL OR imputation IS NOT NULL",
            name=op.f("ck_credit_paiement_objet"),
        ),
        _vers("credit_paiement", "autorisation_engagement"),
        _cle("credit_paiement"),
    )
    _index("credit_paiement", "cree_le", "id")
    for nom, colonne, condition in (
        ("autorisation", "autorisation_engagement_id", "IS NOT NULL"),
        ("imputation", "imputation", "IS NULL"),
    ):
        op.create_index(
            f"ix_credit_paiement_{nom}",
            "credit_paiement",
            ["collectivite", "exercice", colonne],
            unique=True,
            postgresql_where=sa.text(f"autorisation_engagement_id {condition}"),
        )
    op.create_table(
        "exercice",
        sa.Column("annee", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("seuil_rattachement_centimes", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("clos_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("clos_par", sa.Text(), nullable=True),
        *_versionnee(),
        sa.CheckConstraint(
            "statut IN ('ouvert', 'journee_complementaire', 'clos')",
            name=op.f("ck_exercice_statut"),
        ),
        sa.CheckConstraint(
            "(statut = 'clos') = (clos_le IS NOT NULL)", name=op.f("ck_exercice_clos")
        ),
        _cle("exercice"),
    )
    _index("exercice", "annee", unique=True)
    _index("exercice", "cree_le", "id")
    op.create_table(
        "cloture",
        sa.Column("exercice_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("choix", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("termine_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resultat", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        *_versionnee(),
        _vers("cloture", "exercice"),
        _cle("cloture"),
    )
    _index("cloture", "exercice_id", "cree_le", "id")
    op.create_index(
        "ix_cloture_vivante",
        "cloture",
        ["collectivite", "exercice_id"],
        unique=True,
        postgresql_where=sa.text("statut IN ('en_attente', 'en_cours')"),
    )
    op.create_table(
        "rattachement",
        sa.Column("exercice_id", sa.Uuid(), nullable=False),
        sa.Column("liquidation_id", sa.Uuid(), nullable=False),
        sa.Column("credit_paiement_id", sa.Uuid(), nullable=False),
        sa.Column("credit_suivant_id", sa.Uuid(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_rattachement_montant")),
        *(_vers("rattachement", nom) for nom in ("exercice", "liquidation", "credit_paiement")),
        sa.ForeignKeyConstraint(
            ["collectivite", "credit_suivant_id"],
            ["credit_paiement.collectivite", "credit_paiement.id"],
            name=op.f("fk_rattachement_collectivite_credit_suivant_id"),
        ),
        _cle("rattachement"),
    )
    _index("rattachement", "liquidation_id", unique=True)
    _index("rattachement", "exercice_id", "cree_le", "id")
    # One entry each way for each of them (I-23), by the database too.
    op.create_index(
        "ix_ecriture_rattachement",
        "ecriture",
        ["collectivite", "origine_id", "evenement"],
        unique=True,
        postgresql_where=sa.text("origine = 'rattachements'"),
    )
    cloisonner(
        "autorisation_engagement",
        "revision_autorisation",
        "credit_paiement",
        "exercice",
        "cloture",
        "rattachement",
    )
    inserer_seulement("revision_autorisation", "rattachement")
    op.add_column(
        "engagement",
        sa.Column("places_liberees", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_engagement_places"), "engagement", "places_liberees BETWEEN 0 AND places"
    )
    for nom in ("axe", "volet"):
        op.add_column("enveloppe", sa.Column(nom, sa.BigInteger(), nullable=True))
    op.add_column("enveloppe", sa.Column("action_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_enveloppe_collectivite_action_id"),
        "enveloppe",
        "action",
        ["collectivite", "action_id"],
        ["collectivite", "id"],
    )


def _instant(nom: str) -> sa.Column[object]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _versionnee() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("cree_le"),
        _instant("modifie_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def _cle(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{table}"))


def _vers(table: str, nom: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", f"{nom}_id"],
        [f"{nom}.collectivite", f"{nom}.id"],
        name=op.f(f"fk_{table}_collectivite_{nom}_id"),
    )


def _index(table: str, *colonnes: str, unique: bool = False) -> None:
    op.create_index(
        op.f("_".join(("ix", table, "collectivite", *colonnes))),
        table,
        ["collectivite", *colonnes],
        unique=unique,
    )
