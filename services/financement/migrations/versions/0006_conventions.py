"""Versions of conventions, their acts and documents; what an action says of itself.

Each convention is given its initial version, with what was written of it so far.
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0006", "0005"

_JSON = postgresql.JSONB(astext_type=sa.Text())
_DATES = ("date_deliberation", "date_signature", "date_effet")


def upgrade() -> None:
    op.add_column("convention", sa.Column("convention_mere_id", sa.Uuid(), nullable=True))
    op.add_column("convention", sa.Column("version_courante_id", sa.Uuid(), nullable=True))
    for nom in (*_DATES, "date_cloture"):
        op.add_column("convention", sa.Column(nom, sa.Date(), nullable=True))
    op.add_column("convention", sa.Column("reference_deliberation", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_convention_collectivite_convention_mere_id"),
        "convention",
        "convention",
        ["collectivite", "convention_mere_id"],
        ["collectivite", "id"],
    )
    _versions()
    _actes_et_documents()
    _actions()
    _premieres_versions()
    op.alter_column("convention", "version_courante_id", nullable=False)
    cloisonner("version_convention", "acte_convention", "document_convention")
    inserer_seulement("acte_convention", "document_convention")


def _cle() -> list[sa.Column[Any]]:
    return [
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("cree_le"),
    ]


def _instant(nom: str) -> sa.Column[Any]:
    return sa.Column(
        nom,
        postgresql.TIMESTAMP(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _vers(table: str, cible: str, colonne: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["collectivite", colonne],
        [f"{cible}.collectivite", f"{cible}.id"],
        name=op.f(f"fk_{table}_collectivite_{colonne}"),
    )


def _versions() -> None:
    op.create_table(
        "version_convention",
        *_cle(),
        _instant("modifie_le"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=True),
        *(sa.Column(nom, sa.Date(), nullable=True) for nom in (*_DATES, "date_fin_effet")),
        sa.Column("reference_deliberation", sa.Text(), nullable=True),
        sa.Column("remplace_id", sa.Uuid(), nullable=True),
        *(
            sa.Column(nom, _JSON, nullable=False)
            for nom in ("signataires", "etat_initial", "contenu", "differences", "avertissements")
        ),
        sa.Column("contenu_sha256", sa.Text(), nullable=False),
        sa.Column("jour_inscription", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        _vers("version_convention", "convention", "convention_id"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_version_convention")),
    )
    for colonnes, unique in (
        (["collectivite", "convention_id", "numero"], True),
        (["collectivite", "reference"], True),
        (["collectivite", "convention_id", "cree_le", "id"], False),
    ):
        nom = op.f("ix_version_convention_" + "_".join(colonnes))
        op.create_index(nom, "version_convention", colonnes, unique=unique)
    op.create_index(
        "uq_version_convention_ouverte",
        "version_convention",
        ["collectivite", "convention_id"],
        unique=True,
        postgresql_where=sa.text(
            "nature = 'avenant' AND statut IN ('projet', 'delibere', 'signe')"
        ),
    )


def _actes_et_documents() -> None:
    op.create_table(
        "acte_convention",
        *_cle(),
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("date_acte", sa.Date(), nullable=False),
        *(
            sa.Column(nom, sa.Text(), nullable=True)
            for nom in ("organisme", "qualite", "reference", "motif")
        ),
        sa.Column("jour_inscription", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(version_id, action_id) = 1", name=op.f("ck_acte_convention_objet")
        ),
        _vers("acte_convention", "convention", "convention_id"),
        _vers("acte_convention", "version_convention", "version_id"),
        _vers("acte_convention", "action", "action_id"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_acte_convention")),
    )
    op.create_table(
        "document_convention",
        *_cle(),
        sa.Column("convention_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("date_document", sa.Date(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        _vers("document_convention", "convention", "convention_id"),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_document_convention")),
    )
    for table in ("acte_convention", "document_convention"):
        op.create_index(
            op.f(f"ix_{table}_collectivite_convention_id_cree_le_id"),
            table,
            ["collectivite", "convention_id", "cree_le", "id"],
        )


def _actions() -> None:
    op.add_column(
        "action",
        sa.Column("statut", sa.Text(), server_default=sa.text("'prevue'"), nullable=False),
    )
    op.add_column("action", sa.Column("date_statut", sa.Date(), nullable=True))
    op.add_column("action", sa.Column("mode_credits", sa.Text(), nullable=True))
    for nom in ("porteur", "base_reference"):
        op.add_column("action", sa.Column(nom, _JSON, nullable=True))
    for nom in ("territoires", "publics", "cofinancements"):
        op.add_column(
            "action", sa.Column(nom, _JSON, server_default=sa.text("'[]'"), nullable=False)
        )
        op.alter_column("action", nom, server_default=None)


def _premieres_versions() -> None:
    base = op.get_bind()
    for code, fuseau in base.execute(sa.text("SELECT collectivite, fuseau FROM collectivite")):
        base.execute(sa.text("SELECT set_config('app.collectivite', :code, true)"), {"code": code})
        rows = base.execute(
            sa.text(
                "SELECT *, (cree_le AT TIME ZONE :fuseau)::date AS jour FROM convention"
                " WHERE collectivite = :code"
            ),
            {"code": code, "fuseau": fuseau},
        )
        for row in rows.mappings().all():
            _premiere_version(base, row)
    base.execute(sa.text("SELECT set_config('app.collectivite', '', true)"))


_DIVISION: dict[str, Any] = {
    "date_debut": None,
    "date_fin": None,
    "taux_etat": None,
    "source": None,
}
_STATUTS = {
    "projet": "projet",
    "deliberee": "delibere",
    "signee_partiellement": "delibere",
    "signee": "signe",
    "abandonnee": "abandonne",
}
_INSERT = sa.text(
    "INSERT INTO version_convention (collectivite, id, cree_le, modifie_le, convention_id, numero,"
    " nature, reference, statut, signataires, etat_initial, contenu, contenu_sha256, differences,"
    " avertissements, jour_inscription, source)"
    " VALUES (:collectivite, gen_random_uuid(), :cree_le, :modifie_le, :id, 0, 'initiale',"
    " :reference, :statut, cast(:signataires AS jsonb), cast(:etat AS jsonb),"
    " cast(:contenu AS jsonb), :sha256, '[]', '[]', :jour, :source) RETURNING id"
)


def _premiere_version(base: sa.Connection, row: Any) -> None:
    axes = [{"fongible": True, **_DIVISION, **axe} for axe in row["axes"]]
    volets = [{"fongible": False, **_DIVISION, **volet} for volet in row["volets"]]
    signataires = [
        {
            "qualite": None,
            "requis": one["statut"] != "invite",
            "date_signature": None,
            **one,
        }
        for one in row["signataires"]
    ]
    contenu = {
        **{nom: row[nom] for nom in ("intitule", "annee_debut", "annee_fin", "nombre_actions")},
        **dict.fromkeys(
            (
                "date_fin",
                "date_bilan",
                "nombre_actions_territoriales",
                "nombre_orientations",
                "beneficiaire",
            )
        ),
        "axes": axes,
        "volets": volets,
        "parties": [
            {nom: one[nom] for nom in ("organisme", "qualite", "requis")} for one in signataires
        ],
        **{nom: [] for nom in ("territoires", "publics", "comite_pilotage", "enveloppes")},
    }
    etat = {
        **dict.fromkeys((*_DATES, "reference_deliberation")),
        "statut": row["statut"],
        "signataires": signataires,
    }
    canonique = json.dumps(contenu, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    values = {
        **{
            nom: row[nom]
            for nom in ("collectivite", "id", "cree_le", "modifie_le", "reference", "source")
        },
        "statut": _STATUTS.get(row["statut"], "applicable"),
        "signataires": json.dumps(signataires),
        "etat": json.dumps(etat),
        "contenu": json.dumps(contenu),
        "sha256": hashlib.sha256(canonique.encode()).hexdigest(),
        "jour": row["jour"],
    }
    version_id = base.execute(_INSERT, values).scalar_one()
    base.execute(
        sa.text(
            "UPDATE convention SET version_courante_id = :version, axes = cast(:axes AS jsonb),"
            " volets = cast(:volets AS jsonb), signataires = cast(:signataires AS jsonb)"
            " WHERE collectivite = :collectivite AND id = :id"
        ),
        {
            "version": version_id,
            "axes": json.dumps(axes),
            "volets": json.dumps(volets),
            "signataires": json.dumps(signataires),
            "collectivite": row["collectivite"],
            "id": row["id"],
        },
    )
