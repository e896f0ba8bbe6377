"""Engagements over the years: carried, covered later, of personnel; what a closing settled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0011", "0010"

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _lignes()
    _engagements()
    _reliquats()
    _fenetres()


def _lignes() -> None:
    """What a line was given since, and what of it another envelope bears."""
    for nom in ("couvert_centimes", "recu_centimes", "reporte_centimes"):
        op.add_column("engagement_ligne", _zero(nom))
    for nom in ("montant", "emploi"):
        op.drop_constraint(op.f(f"ck_engagement_ligne_{nom}"), "engagement_ligne", type_="check")
    op.create_check_constraint(
        op.f("ck_engagement_ligne_montant"),
        "engagement_ligne",
        "montant_centimes >= 0 AND couvert_centimes >= 0 AND recu_centimes >= 0"
        " AND montant_centimes + couvert_centimes + recu_centimes > 0",
    )
    op.create_check_constraint(
        op.f("ck_engagement_ligne_emploi"),
        "engagement_ligne",
        "liquide_centimes >= 0 AND degage_centimes >= 0 AND reporte_centimes >= 0"
        " AND liquide_centimes + degage_centimes + reporte_centimes"
        " <= montant_centimes + couvert_centimes + recu_centimes",
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION refuser_sauf_emploi() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE emploi text[] := ARRAY['couvert_centimes', 'recu_centimes', 'reporte_centimes',"
        "  'liquide_centimes', 'degage_centimes']; BEGIN"
        " IF to_jsonb(NEW) - emploi = to_jsonb(OLD) - emploi THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'table en ajout seul' USING ERRCODE = '23001'; END $$"
    )


def _engagements() -> None:
    op.add_column("engagement", _zero("non_couvert_centimes"))
    op.add_column(
        "engagement",
        sa.Column("personnel", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_engagement_personnel"), "engagement", "NOT (personnel AND ae_id IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_engagement_non_couvert"),
        "engagement",
        "non_couvert_centimes = 0 OR (non_couvert_centimes > 0 AND ae_id IS NOT NULL)",
    )
    op.create_index(
        op.f("ix_engagement_collectivite_ae_id"), "engagement", ["collectivite", "ae_id"]
    )
    # What is engaged and not mandated on a day is found without reading all that ever was.
    op.create_index(
        "ix_engagement_ligne_reste",
        "engagement_ligne",
        ["collectivite", "engagement_id"],
        postgresql_where=sa.text(
            "montant_centimes + couvert_centimes + recu_centimes - reporte_centimes"
            " - liquide_centimes - degage_centimes > 0"
        ),
    )
    op.create_index(
        "ix_liquidation_a_mandater",
        "liquidation",
        ["collectivite", "engagement_id"],
        postgresql_where=sa.text("statut IN ('certifiee', 'certifiee_partiellement')"),
    )
    op.create_index(
        "ix_ecriture_engagement_effet",
        "ecriture",
        ["collectivite", "date_effet", "engagement_id"],
        postgresql_where=sa.text("engagement_id IS NOT NULL"),
    )
    for table, nom, cible in (
        ("engagement", "ae_id", "autorisation_engagement"),
        ("mandat", "credit_id", "credit_paiement"),
    ):
        op.create_foreign_key(
            op.f(f"fk_{table}_collectivite_{nom}"),
            table,
            cible,
            ["collectivite", nom],
            ["collectivite", "id"],
        )


def _reliquats() -> None:
    op.create_table(
        "reliquat",
        sa.Column("exercice_id", sa.Uuid(), nullable=False),
        sa.Column("cloture_id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("a_reverser_centimes", sa.BigInteger(), nullable=False),
        sa.Column("vers_enveloppe_id", sa.Uuid(), nullable=True),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_reliquat_montant")),
        sa.CheckConstraint(
            "a_reverser_centimes BETWEEN 0 AND montant_centimes",
            name=op.f("ck_reliquat_a_reverser"),
        ),
        sa.CheckConstraint(
            "(sort = 'report') = (vers_enveloppe_id IS NOT NULL)", name=op.f("ck_reliquat_report")
        ),
        *(_vers("reliquat", nom) for nom in ("exercice", "cloture", "enveloppe", "engagement")),
        sa.ForeignKeyConstraint(
            ["collectivite", "vers_enveloppe_id"],
            ["enveloppe.collectivite", "enveloppe.id"],
            name=op.f("fk_reliquat_collectivite_vers_enveloppe_id"),
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_reliquat")),
    )
    op.create_index(
        op.f("ix_reliquat_collectivite_exercice_id_cree_le_id"),
        "reliquat",
        ["collectivite", "exercice_id", "cree_le", "id"],
    )
    for nom, colonnes, condition in (
        ("engage", ["engagement_id"], "engagement_id IS NOT NULL"),
        ("disponible", [], "engagement_id IS NULL"),
    ):
        op.create_index(
            f"ix_reliquat_{nom}",
            "reliquat",
            ["collectivite", "cloture_id", "enveloppe_id", *colonnes],
            unique=True,
            postgresql_where=sa.text(condition),
        )
    cloisonner("reliquat")
    inserer_seulement("reliquat")


def _fenetres() -> None:
    """What a window was before an act moved it, and the act."""
    op.create_table(
        "avenant_fenetre",
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("fenetre_debut_avant", sa.Date(), nullable=True),
        sa.Column("fenetre_fin_avant", sa.Date(), nullable=True),
        sa.Column("fenetre_debut", sa.Date(), nullable=True),
        sa.Column("fenetre_fin", sa.Date(), nullable=True),
        sa.Column("date_effet", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _vers("avenant_fenetre", "enveloppe"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_avenant_fenetre")),
    )
    op.create_index(
        op.f("ix_avenant_fenetre_collectivite_enveloppe_id_cree_le"),
        "avenant_fenetre",
        ["collectivite", "enveloppe_id", "cree_le"],
    )
    cloisonner("avenant_fenetre")
    inserer_seulement("avenant_fenetre")


def _zero(nom: str) -> sa.Column[int]:
    return sa.Column(nom, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _vers(table: str, nom: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", f"{nom}_id"],
        [f"{nom}.collectivite", f"{nom}.id"],
        name=op.f(f"fk_{table}_collectivite_{nom}_id"),
    )
