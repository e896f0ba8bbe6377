"""Offres, séances et inscriptions, objectifs des freins ; la prescription jusqu'à sa fin."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0009", "0008"

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_PRESCRIPTIONS = ("prescription", "prescription_sante")
_STATUT = (
    "(statut IN ('confirmee', 'terminee', 'abandonnee')) = (engagement_id IS NOT NULL)"
    " AND (statut = 'annulee' OR motif_annulation IS NULL)"
    " AND (statut = 'refusee') = (motif_refus IS NOT NULL)"
    " AND (statut IN ('terminee', 'abandonnee')) = (date_fin IS NOT NULL)"
    " AND (statut = 'terminee') = (effet_frein IS NOT NULL)"
    " AND statut IN ('reservee', 'acceptee', 'refusee', 'confirmee', 'annulee',"
    " 'terminee', 'abandonnee')"
)


def upgrade() -> None:
    _offres()
    for table in _PRESCRIPTIONS:
        _prolonger(table)
    _seances()
    for suffixe in ("", "_sante"):
        _inscriptions(suffixe)
        _objectifs(suffixe)
    cloisonner(
        "offre",
        "offre_frein",
        "seance",
        "inscription",
        "inscription_sante",
        "objectif",
        "objectif_sante",
        "etat_objectif",
        "etat_objectif_sante",
    )
    inserer_seulement("etat_objectif", "etat_objectif_sante")


def _offres() -> None:
    op.create_table(
        "offre",
        *_versionnee("offre"),
        sa.Column("origine", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("titre", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("thematiques", _JSON, nullable=False),
        sa.Column("freins", _JSON, nullable=False),
        sa.Column("modalite", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("frais", sa.Text(), nullable=True),
        sa.Column("publics", _JSON, nullable=False),
        sa.Column("conditions_acces", sa.Text(), nullable=True),
        sa.Column("age_min", sa.BigInteger(), nullable=True),
        sa.Column("age_max", sa.BigInteger(), nullable=True),
        sa.Column("beneficiaire_rsa_requis", sa.Boolean(), nullable=False),
        sa.Column("projet_requis", sa.Boolean(), nullable=False),
        sa.Column("communes", _JSON, nullable=False),
        sa.Column("zone_a_verifier", sa.Boolean(), nullable=False),
        sa.Column("code_commune", sa.Text(), nullable=True),
        sa.Column("a_distance", sa.Boolean(), nullable=False),
        sa.Column("lien", sa.Text(), nullable=True),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("date_maj", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(origine = 'data_inclusion') = (reference IS NOT NULL)"
            " AND (reference IS NULL) = (date_maj IS NULL)",
            name=op.f("ck_offre_origine"),
        ),
        sa.CheckConstraint("age_min <= age_max", name=op.f("ck_offre_ages")),
        sa.CheckConstraint("date_debut <= date_fin", name=op.f("ck_offre_dates")),
    )
    _index("offre", "cree_le", "id")
    _index("offre", "action_id", "cree_le", "id")
    op.create_index(
        "uq_offre_reference",
        "offre",
        ["collectivite", "reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "offre_frein",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("offre_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "offre_id", "code", name=op.f("pk_offre_frein")),
        _vers("offre_frein", "offre", "offre_id"),
    )
    _index("offre_frein", "code", "offre_id")


def _prolonger(table: str) -> None:
    """Let a prescription name its offer, be answered, and end."""
    for colonne in (
        sa.Column("offre_id", sa.Uuid(), nullable=True),
        sa.Column("offre_titre", sa.Text(), nullable=True),
        sa.Column("acceptee_le", _INSTANT, nullable=True),
        sa.Column("confirmee_le", _INSTANT, nullable=True),
        sa.Column("motif_refus", sa.Text(), nullable=True),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("effet_frein", sa.Text(), nullable=True),
    ):
        op.add_column(table, colonne)
    op.drop_constraint(op.f(f"ck_{table}_statut"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_statut"), table, _STATUT)
    op.create_foreign_key(
        op.f(f"fk_{table}_collectivite_offre_id"),
        table,
        "offre",
        ["collectivite", "offre_id"],
        ["collectivite", "id"],
    )


def _seances() -> None:
    op.create_table(
        "seance",
        *_versionnee("seance"),
        sa.Column("offre_id", sa.Uuid(), nullable=False),
        sa.Column("debut_le", _INSTANT, nullable=False),
        sa.Column("fin_le", _INSTANT, nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("code_commune", sa.Text(), nullable=True),
        sa.CheckConstraint("debut_le < fin_le", name=op.f("ck_seance_dates")),
        sa.CheckConstraint("places > 0", name=op.f("ck_seance_places")),
        _vers("seance", "offre", "offre_id"),
    )
    _index("seance", "offre_id", "debut_le", "id")
    _index("seance", "offre_id", "cree_le", "id")


def _inscriptions(suffixe: str) -> None:
    table = f"inscription{suffixe}"
    op.create_table(
        table,
        *_versionnee(table),
        sa.Column("seance_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _vers(table, "seance", "seance_id"),
        _vers(table, "parcours", "parcours_id"),
        _vers(table, f"prescription{suffixe}", "prescription_id"),
    )
    _index(table, "seance_id", "prescription_id", unique=True)
    _index(table, "seance_id", "cree_le", "id")
    _index(table, "prescription_id")


def _objectifs(suffixe: str) -> None:
    table, etats = f"objectif{suffixe}", f"etat_objectif{suffixe}"
    op.create_table(
        table,
        *_versionnee(table),
        sa.Column("frein_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("libelle", sa.LargeBinary(), nullable=False),
        sa.Column("libelle_empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("contrainte_ft", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_etat", sa.Date(), nullable=False),
        _vers(table, f"frein{suffixe}", "frein_id"),
        _vers(table, "parcours", "parcours_id"),
    )
    _index(table, "frein_id", "libelle_empreinte", unique=True)
    _index(table, "frein_id", "cree_le", "id")
    _index(table, "parcours_id", "cree_le", "id")
    op.create_table(
        etats,
        *_ecrite(etats),
        sa.Column("objectif_id", sa.Uuid(), nullable=False),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_etat", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _vers(etats, table, "objectif_id"),
    )
    _index(etats, "objectif_id", "cree_le", "id")
    _index(etats, "parcours_id", "date_etat", "id")


def _ecrite(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{table}")),
    )


def _versionnee(table: str) -> tuple[Any, ...]:
    return (
        *_ecrite(table),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )


def _vers(table: str, cible: str, colonne: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{cible}.collectivite", f"{cible}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )


def _index(table: str, *colonnes: str, unique: bool = False) -> None:
    nom = op.f(f"ix_{table}_collectivite_{'_'.join(colonnes)}")
    op.create_index(nom, table, ["collectivite", *colonnes], unique=unique)
