"""The spending chain: who is owed, service done, orders to pay, payments, and their pieces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0007", "0006"

_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    _pieces()
    _engagements()
    _liquidations()
    _mandats()
    cloisonner(
        "justificatif",
        "imputation",
        "liquidation_piece",
        "engagement_piece",
        "liquidation",
        "seuil_certification",
        "compteur_mandat",
        "mandat",
        "mandat_ligne",
        "paiement",
        "remboursement",
    )
    inserer_seulement("imputation", "seuil_certification", "paiement", "remboursement")
    _laisser_employer()


def _pieces() -> None:
    op.create_table(
        "justificatif",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("montant_total_centimes", sa.BigInteger(), nullable=True),
        sa.Column("date_piece", sa.Date(), nullable=False),
        sa.Column("emetteur_siret", sa.Text(), nullable=True),
        _zero("impute_centimes"),
        *_versionnee(),
        sa.CheckConstraint(
            "impute_centimes BETWEEN 0 AND coalesce(montant_total_centimes, 0)",
            name=op.f("ck_justificatif_impute"),
        ),
        _cle("justificatif"),
    )
    _index("justificatif", "sha256", unique=True)
    _index("justificatif", "cree_le", "id")


def _engagements() -> None:
    for nom in ("reservation_id", "beneficiaire_ref"):
        op.alter_column("engagement", nom, nullable=True)
    for nom in ("tiers_siret", "tiers_rna", "objet", "nature", "client_id", "cle_doublon"):
        op.add_column("engagement", sa.Column(nom, sa.Text(), nullable=True))
    op.add_column("engagement", sa.Column("ae_id", sa.Uuid(), nullable=True))
    for nom in ("echeancier", "avertissements"):
        op.add_column(
            "engagement", sa.Column(nom, _JSON, server_default=sa.text("'[]'"), nullable=False)
        )
    op.create_check_constraint(
        op.f("ck_engagement_origine"),
        "engagement",
        "reservation_id IS NOT NULL OR objet IS NOT NULL",
    )
    _index("engagement", "cle_doublon")
    for nom in ("liquide_centimes", "degage_centimes"):
        op.add_column("engagement_ligne", _zero(nom))
    op.create_check_constraint(
        op.f("ck_engagement_ligne_emploi"),
        "engagement_ligne",
        "liquide_centimes >= 0 AND degage_centimes >= 0"
        " AND liquide_centimes + degage_centimes <= montant_centimes",
    )
    op.create_table(
        "engagement_piece",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("justificatif_id", sa.Uuid(), nullable=False),
        _vers("engagement_piece", "engagement"),
        _vers("engagement_piece", "justificatif"),
        _cle("engagement_piece", "engagement_id", "justificatif_id"),
    )
    _index("engagement_piece", "justificatif_id")
    # What a list of engagements reads of the journal, as of a day.
    op.create_index(
        "ix_ecriture_engagement",
        "ecriture",
        ["collectivite", "engagement_id"],
        postgresql_where=sa.text("engagement_id IS NOT NULL"),
    )


def _liquidations() -> None:
    op.create_table(
        "liquidation",
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("montant_presente_centimes", sa.BigInteger(), nullable=False),
        sa.Column("montant_retenu_centimes", sa.BigInteger(), nullable=False),
        sa.Column("motif_ecart", sa.Text(), nullable=True),
        sa.Column("date_service_fait", sa.Date(), nullable=False),
        sa.Column("date_certification", sa.Date(), nullable=False),
        sa.Column("pour_solde", sa.Boolean(), nullable=False),
        sa.Column("ventilation", _JSON, nullable=False),
        sa.Column("justifie_centimes", sa.BigInteger(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("avertissements", _JSON, nullable=False),
        *_versionnee(),
        sa.CheckConstraint(
            "montant_retenu_centimes BETWEEN 0 AND montant_presente_centimes",
            name=op.f("ck_liquidation_retenu"),
        ),
        sa.CheckConstraint(
            "justifie_centimes BETWEEN 0 AND montant_retenu_centimes",
            name=op.f("ck_liquidation_justifie"),
        ),
        _vers("liquidation", "engagement"),
        _cle("liquidation"),
    )
    _index("liquidation", "cree_le", "id")
    _index("liquidation", "engagement_id", "cree_le", "id")
    op.create_index(
        "ix_liquidation_a_justifier",
        "liquidation",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("justifie_centimes < montant_retenu_centimes"),
    )
    op.create_table(
        "imputation",
        sa.Column("justificatif_id", sa.Uuid(), nullable=False),
        sa.Column("liquidation_id", sa.Uuid(), nullable=True),
        sa.Column("financeur", sa.Text(), nullable=True),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("objet", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_ecrite(),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_imputation_montant")),
        _vers("imputation", "justificatif"),
        _vers("imputation", "liquidation"),
        _cle("imputation"),
    )
    _index("imputation", "justificatif_id", "cree_le", "id")
    _index("imputation", "liquidation_id")
    op.create_index(
        "ix_imputation_union_europeenne",
        "imputation",
        ["collectivite", "justificatif_id"],
        unique=True,
        postgresql_where=sa.text("financeur = 'union_europeenne'"),
    )
    op.create_table(
        "liquidation_piece",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("liquidation_id", sa.Uuid(), nullable=False),
        sa.Column("justificatif_id", sa.Uuid(), nullable=False),
        _vers("liquidation_piece", "liquidation"),
        _vers("liquidation_piece", "justificatif"),
        _cle("liquidation_piece", "liquidation_id", "justificatif_id"),
    )
    _index("liquidation_piece", "justificatif_id")
    op.create_table(
        "seuil_certification",
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("valable_du", sa.Date(), nullable=False),
        sa.Column("texte_source", sa.Text(), nullable=False),
        *_ecrite(),
        _cle("seuil_certification"),
    )
    _index("seuil_certification", "valable_du", unique=True)
    _index("seuil_certification", "cree_le", "id")


def _mandats() -> None:
    op.create_table(
        "compteur_mandat",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dernier", sa.BigInteger(), nullable=False),
        _cle("compteur_mandat", "exercice"),
    )
    op.create_table(
        "mandat",
        sa.Column("liquidation_id", sa.Uuid(), nullable=False),
        sa.Column("exercice", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("bordereau", sa.Text(), nullable=False),
        sa.Column("chapitre", sa.Text(), nullable=True),
        sa.Column("fonction", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        sa.Column("date_emission", sa.Date(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("date_prise_en_charge", sa.Date(), nullable=True),
        sa.Column("motif_rejet", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_versionnee(),
        sa.CheckConstraint("montant_centimes > 0", name=op.f("ck_mandat_montant")),
        _vers("mandat", "liquidation"),
        _cle("mandat"),
    )
    _index("mandat", "exercice", "numero", unique=True)
    _index("mandat", "cree_le", "id")
    _index("mandat", "liquidation_id")
    op.create_index(
        "ix_mandat_vivant",
        "mandat",
        ["collectivite", "liquidation_id"],
        unique=True,
        postgresql_where=sa.text("statut <> 'rejete'"),
    )
    op.create_table(
        "mandat_ligne",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("mandat_id", sa.Uuid(), nullable=False),
        sa.Column("enveloppe_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
        _zero("paye_centimes"),
        _zero("rembourse_centimes"),
        sa.CheckConstraint(
            "0 <= rembourse_centimes AND rembourse_centimes <= paye_centimes"
            " AND paye_centimes <= montant_centimes AND montant_centimes > 0",
            name=op.f("ck_mandat_ligne_emploi"),
        ),
        _vers("mandat_ligne", "mandat"),
        _vers("mandat_ligne", "enveloppe"),
        _cle("mandat_ligne", "mandat_id", "enveloppe_id"),
    )
    _index("mandat_ligne", "enveloppe_id")
    for nom, motif in (("paiement", []), ("remboursement", ["motif"])):
        op.create_table(
            nom,
            sa.Column("mandat_id", sa.Uuid(), nullable=False),
            sa.Column("montant_centimes", sa.BigInteger(), nullable=False),
            sa.Column("ventilation", _JSON, nullable=False),
            sa.Column("date_valeur", sa.Date(), nullable=False),
            sa.Column("reference_comptable", sa.Text(), nullable=False),
            *(sa.Column(one, sa.Text(), nullable=False) for one in motif),
            sa.Column("client_id", sa.Text(), nullable=False),
            *_ecrite(),
            _vers(nom, "mandat"),
            _cle(nom),
        )
        _index(nom, "mandat_id", "cree_le", "id")


def _laisser_employer() -> None:
    """Let what becomes of a line of an engagement be counted; what it is stays as written."""
    op.execute(
        "CREATE FUNCTION refuser_sauf_emploi() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE emploi text[] := ARRAY['liquide_centimes', 'degage_centimes']; BEGIN"
        " IF to_jsonb(NEW) - emploi = to_jsonb(OLD) - emploi THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'table en ajout seul' USING ERRCODE = '23001'; END $$"
    )
    op.execute("DROP TRIGGER ajout_seul ON engagement_ligne")
    for commande, fonction in (("DELETE", "changement"), ("UPDATE", "sauf_emploi")):
        op.execute(
            f"CREATE TRIGGER ajout_seul_{commande.lower()} BEFORE {commande} ON engagement_ligne"
            f" FOR EACH ROW EXECUTE FUNCTION refuser_{fonction}()"
        )


def _zero(nom: str) -> sa.Column[int]:
    return sa.Column(nom, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _instant(nom: str) -> sa.Column[object]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _ecrite() -> list[sa.Column[object]]:
    return [
        _instant("cree_le"),
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def _versionnee() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("modifie_le"),
        *_ecrite(),
    ]


def _cle(table: str, *colonnes: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("collectivite", *(colonnes or ("id",)), name=op.f(f"pk_{table}"))


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
