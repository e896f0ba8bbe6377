"""Activités, heures dites faites, repères d'heures ; rendez-vous et leurs actes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.socle.migrations import cloisonner, inserer_seulement

revision, down_revision = "0007", "0006"

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_IMMUABLES = ("declaration_heures", "repere_heures", "acte_rendez_vous")


def upgrade() -> None:
    op.create_table(
        "activite",
        *_versionnee(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("libelle", sa.LargeBinary(), nullable=False),
        sa.Column("modalite", sa.Text(), nullable=False),
        sa.Column("encadree", sa.Boolean(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("par_organisme_referent", sa.Boolean(), nullable=False),
        sa.Column("duree_hebdomadaire_minutes", sa.BigInteger(), nullable=False),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("date_fin", sa.Date(), nullable=True),
        sa.Column("date_arret", sa.Date(), nullable=True),
        sa.Column("arret_le", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "date_fin >= date_debut AND (date_arret IS NULL OR date_arret >= date_debut)"
            " AND (date_arret IS NULL) = (arret_le IS NULL)",
            name=op.f("ck_activite_dates"),
        ),
        sa.CheckConstraint(
            "duree_hebdomadaire_minutes > 0 AND duree_hebdomadaire_minutes % 15 = 0",
            name=op.f("ck_activite_quarts"),
        ),
        *_cles("activite", parcours_id="parcours"),
    )
    op.create_table(
        "declaration_heures",
        *_ecrite(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("activite_id", sa.Uuid(), nullable=False),
        sa.Column("date_lundi", sa.Date(), nullable=False),
        sa.Column("date_activite", sa.Date(), nullable=True),
        sa.Column("duree_minutes", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "duree_minutes >= 0 AND duree_minutes % 15 = 0",
            name=op.f("ck_declaration_heures_quarts"),
        ),
        sa.CheckConstraint(
            "extract(isodow FROM date_lundi) = 1"
            " AND (date_activite IS NULL OR date_activite - date_lundi BETWEEN 0 AND 6)",
            name=op.f("ck_declaration_heures_semaine"),
        ),
        *_cles("declaration_heures", parcours_id="parcours", activite_id="activite"),
    )
    op.create_table(
        "repere_heures",
        *_ecrite(),
        sa.Column("date_debut", sa.Date(), nullable=False),
        sa.Column("minimum_minutes", sa.BigInteger(), nullable=False),
        sa.Column("maximum_minutes", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "minimum_minutes <= maximum_minutes", name=op.f("ck_repere_heures_bornes")
        ),
        *_cles("repere_heures"),
    )
    op.create_table(
        "rendez_vous",
        *_versionnee(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("modalite", sa.Text(), nullable=False),
        sa.Column("reception", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("initiateur", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("organisme_id", sa.Uuid(), nullable=False),
        sa.Column("debut_le", _INSTANT, nullable=False),
        sa.Column("fin_le", _INSTANT, nullable=False),
        sa.Column("lieu", sa.Text(), nullable=True),
        sa.Column("presence", sa.Text(), nullable=True),
        sa.Column("motif_absence", sa.Text(), nullable=True),
        sa.Column("precedent_id", sa.Uuid(), nullable=True),
        sa.Column("suivant_id", sa.Uuid(), nullable=True),
        sa.Column("rang_relance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fin_le > debut_le", name=op.f("ck_rendez_vous_creneau")),
        sa.CheckConstraint(
            "(statut IN ('effectue', 'absent')) = (presence IS NOT NULL)"
            " AND (statut = 'effectue') = coalesce(presence = 'presente', false)"
            " AND (motif_absence IS NULL OR statut = 'absent')",
            name=op.f("ck_rendez_vous_statut"),
        ),
        sa.CheckConstraint(
            "suivant_id IS NULL OR statut IN ('absent', 'annule')",
            name=op.f("ck_rendez_vous_suivant"),
        ),
        *_cles(
            "rendez_vous",
            parcours_id="parcours",
            precedent_id="rendez_vous",
            suivant_id="rendez_vous",
        ),
    )
    op.create_table(
        "acte_rendez_vous",
        *_ecrite(),
        sa.Column("parcours_id", sa.Uuid(), nullable=False),
        sa.Column("rendez_vous_id", sa.Uuid(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("date_acte", sa.Date(), nullable=False),
        sa.Column("initiateur", sa.Text(), nullable=True),
        sa.Column("debut_le", _INSTANT, nullable=False),
        sa.Column("fin_le", _INSTANT, nullable=False),
        sa.Column("presence", sa.Text(), nullable=True),
        sa.Column("motif_absence", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        *_cles("acte_rendez_vous", parcours_id="parcours", rendez_vous_id="rendez_vous"),
    )
    for table, *colonnes in (
        ("activite", "cree_le", "id"),
        ("activite", "parcours_id", "cree_le", "id"),
        ("declaration_heures", "activite_id", "cree_le", "id"),
        ("declaration_heures", "parcours_id", "date_lundi"),
        ("repere_heures", "cree_le", "id"),
        ("rendez_vous", "debut_le", "id"),
        ("rendez_vous", "parcours_id", "debut_le", "id"),
        ("rendez_vous", "agent", "debut_le", "id"),
        ("rendez_vous", "organisme_id", "debut_le", "id"),
        ("rendez_vous", "statut", "debut_le", "id"),
        ("acte_rendez_vous", "rendez_vous_id", "cree_le", "id"),
        ("acte_rendez_vous", "parcours_id", "date_acte", "id"),
    ):
        cle = ["collectivite", *colonnes]
        op.create_index(op.f(f"ix_{table}_{'_'.join(cle)}"), table, cle)
    op.create_index(
        "ix_revision_contrat_reexamen_cree_le",
        "revision_contrat",
        ["collectivite", "cree_le", "id"],
        postgresql_where=sa.text("date_reexamen IS NOT NULL"),
    )
    cloisonner("activite", "rendez_vous", *_IMMUABLES)
    inserer_seulement(*_IMMUABLES)


def _ecrite() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cree_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
    )


def _versionnee() -> tuple[sa.Column[object], ...]:
    return (
        *_ecrite(),
        sa.Column("modifie_le", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )


def _cles(table: str, **cibles: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                ["collectivite", colonne],
                [f"{cible}.collectivite", f"{cible}.id"],
                name=op.f(f"fk_{table}_collectivite_{colonne}"),
            )
            for colonne, cible in cibles.items()
        ),
    )
