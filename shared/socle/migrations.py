"""What every migration stands on: how Alembic runs, and the wall between collectivités."""

import os
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from procrastinate.schema import SchemaManager
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import ischema_names

from shared.socle import referentiels, tables

# SQLAlchemy reads tables back without knowing this type of PostgreSQL.
ischema_names["xid8"] = tables.Xid8


def run(service: str, metadata: MetaData) -> None:
    """Run Alembic for one service, as its owner (`JALONS_<SERVICE>_MIGRATION`)."""
    url = os.environ[f"JALONS_{service.upper()}_MIGRATION"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connexion:
        context.configure(
            connection=connexion,
            target_metadata=[tables.Base.metadata, metadata],
            include_object=_ours,
            compare_type=True,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            # A migration that waits for a lock would make every request wait behind it.
            connexion.execute(text("SET lock_timeout = '5s'"))
            context.run_migrations()
        referentiels.inscrire(connexion)
    engine.dispose()


def _ours(_: Any, name: str | None, kind: str, __: bool, ___: Any) -> bool:
    return not (kind == "table" and (name or "").startswith("procrastinate"))


def cloisonner(*noms: str) -> None:
    """Put tables under forced row-level security: rows of the transaction's collectivité only."""
    for nom in noms:
        op.execute(f"ALTER TABLE {nom} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {nom} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY cloison ON {nom}"
            " USING (collectivite = current_setting('app.collectivite', true))"
            " WITH CHECK (collectivite = current_setting('app.collectivite', true))"
        )


def inserer_seulement(*noms: str) -> None:
    """Let rows be added, and never changed nor removed, by anyone (triggers, not rights)."""
    op.execute(
        "CREATE OR REPLACE FUNCTION refuser_changement() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'table en ajout seul' USING ERRCODE = '23001'; END $$"
    )
    for nom in noms:
        op.execute(
            f"CREATE TRIGGER ajout_seul BEFORE UPDATE OR DELETE ON {nom}"
            " FOR EACH ROW EXECUTE FUNCTION refuser_changement()"
        )
        op.execute(
            f"CREATE TRIGGER ajout_seul_tout BEFORE TRUNCATE ON {nom}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuser_changement()"
        )


def laisser_rattacher(*noms: str) -> None:
    """Let rows of tables in append only pass to another person, and change in nothing else.

    A merge of two persons, and its undoing, name whose a row is; what it says stays as written.
    """
    op.execute(
        "CREATE OR REPLACE FUNCTION refuser_sauf_rattachement() RETURNS trigger"
        " LANGUAGE plpgsql AS $$ BEGIN"
        " IF to_jsonb(NEW) - 'personne_id' = to_jsonb(OLD) - 'personne_id' THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'table en ajout seul' USING ERRCODE = '23001'; END $$"
    )
    for nom in noms:
        op.execute(f"DROP TRIGGER ajout_seul ON {nom}")
        op.execute(
            f"CREATE TRIGGER ajout_seul BEFORE DELETE ON {nom}"
            " FOR EACH ROW EXECUTE FUNCTION refuser_changement()"
        )
        op.execute(
            f"CREATE TRIGGER ajout_seul_sauf BEFORE UPDATE ON {nom}"
            " FOR EACH ROW EXECUTE FUNCTION refuser_sauf_rattachement()"
        )


def communs() -> None:
    """Make the common tables: walls, the tenants' public list, the epoch, and the job queue."""
    op.create_table(
        "collectivite",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("ideparte", sa.Text(), nullable=False),
        sa.Column("fuseau", sa.Text(), nullable=False),
        sa.Column("delais", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        sa.PrimaryKeyConstraint("collectivite", name=op.f("pk_collectivite")),
    )
    op.create_table(
        "epoque",
        sa.Column("epoque", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("epoque", name=op.f("pk_epoque")),
    )
    op.create_table(
        "evenement",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "xid", tables.Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False
        ),
        sa.Column("evenement_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("ressource", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column(
            "survenu_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "seq", name=op.f("pk_evenement")),
    )
    op.create_index(
        op.f("ix_evenement_collectivite_xid_seq"),
        "evenement",
        ["collectivite", "xid", "seq"],
        unique=False,
    )
    op.create_table(
        "idempotence",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("methode", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("statut", sa.BigInteger(), nullable=True),
        sa.Column("entetes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("corps", sa.LargeBinary(), nullable=True),
        sa.Column(
            "cree_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "collectivite", "client_id", "methode", "route", "cle", name=op.f("pk_idempotence")
        ),
    )
    op.create_table(
        "suivi",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column(
            "modifie_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("collectivite", "source", name=op.f("pk_suivi")),
    )
    cloisonner("idempotence", "evenement", "suivi")
    op.execute("ALTER TABLE collectivite ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE collectivite FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY lecture ON collectivite FOR SELECT USING (true)")
    for command in ("INSERT", "UPDATE"):
        check = "collectivite = current_setting('app.collectivite', true)"
        using = f"USING ({check}) " if command == "UPDATE" else ""
        op.execute(
            f"CREATE POLICY ecriture_{command.lower()} ON collectivite FOR {command}"
            f" {using}WITH CHECK ({check})"
        )
    op.execute("INSERT INTO epoque DEFAULT VALUES")
    # Several statements at once: psycopg takes them when there are no parameters.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def quotas() -> None:
    """Make the counters of the quotas."""
    op.create_table(
        "quota",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("classe", sa.Text(), nullable=False),
        sa.Column("ouvert_le", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("nombre", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "client_id", "classe", name=op.f("pk_quota")),
    )
    cloisonner("quota")


def avis_ep() -> None:
    """Give each collectivité its switch of the avis before a réorientation: off until it is set."""
    op.add_column(
        "collectivite",
        sa.Column(
            "avis_ep_avant_reorientation",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
    )


def versions_referentiels() -> None:
    """Make the register of the coded lists: everyone reads it, the owner alone writes it."""
    op.create_table(
        "version_referentiel",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("version_codes", sa.Text(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("colonne_code", sa.Text(), nullable=False),
        sa.Column("colonne_libelle", sa.Text(), nullable=False),
        *(
            sa.Column(nom, postgresql.JSONB(astext_type=sa.Text()), nullable=False)
            for nom in ("contenu", "ajoutes", "retires", "modifies")
        ),
        sa.Column(
            "en_vigueur_le",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("remplacee_le", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_referentiel")),
    )
    op.create_index(
        op.f("ix_version_referentiel_nom"),
        "version_referentiel",
        ["nom"],
        unique=True,
        postgresql_where=sa.text("remplacee_le IS NULL"),
    )
    op.create_index(
        op.f("ix_version_referentiel_nom_en_vigueur_le_id"),
        "version_referentiel",
        ["nom", "en_vigueur_le", "id"],
        unique=False,
    )
    # Not forced: its owner, who migrates, writes it.
    op.execute("ALTER TABLE version_referentiel ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY lecture ON version_referentiel FOR SELECT USING (true)")


def webhooks() -> None:
    """Make the subscriptions, their deliveries and the place in the feed; name a fact's job."""
    instant = postgresql.TIMESTAMP(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("evenement", sa.Column("lot_id", sa.Uuid(), nullable=True))
    op.create_table(
        "webhook",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", json, nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("contacts", json, nullable=False),
        sa.Column("html_est_echec", sa.Boolean(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("motif_desactivation", sa.Text(), nullable=True),
        sa.Column("desactive_le", instant, nullable=True),
        sa.Column("echec_depuis_le", instant, nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_precedent", sa.LargeBinary(), nullable=True),
        sa.Column("secret_precedent_fin_le", instant, nullable=True),
        sa.Column("debut_xid", tables.Xid8(), nullable=True),
        sa.Column("debut_le", instant, nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_webhook")),
    )
    op.create_index(
        op.f("ix_webhook_collectivite_cree_le_id"), "webhook", ["collectivite", "cree_le", "id"]
    )
    op.create_table(
        "webhook_livraison",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("evenement_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("survenu_le", instant, nullable=False),
        sa.Column("corps", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("prochaine_le", instant, nullable=True),
        sa.Column("prise_jusqu_a", instant, nullable=True),
        sa.Column("nombre_tentatives", sa.BigInteger(), nullable=False),
        sa.Column("tentatives", json, nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collectivite", "webhook_id"],
            ["webhook.collectivite", "webhook.id"],
            name=op.f("fk_webhook_livraison_collectivite_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_webhook_livraison")),
        sa.UniqueConstraint(
            "collectivite",
            "webhook_id",
            "evenement_id",
            name=op.f("uq_webhook_livraison_collectivite_webhook_id_evenement_id"),
        ),
    )
    for columns in (
        ["collectivite", "webhook_id", "cree_le", "id"],
        ["collectivite", "webhook_id", "statut", "cree_le", "id"],
        ["collectivite", "webhook_id", "survenu_le"],
        ["collectivite", "cree_le"],
    ):
        op.create_index(
            op.f(f"ix_webhook_livraison_{'_'.join(columns)}"), "webhook_livraison", columns
        )
    op.create_index(
        "ix_webhook_livraison_en_attente",
        "webhook_livraison",
        ["collectivite", "webhook_id", "prochaine_le", "id"],
        postgresql_where=sa.text("statut = 'en_attente'"),
    )
    op.create_index(
        "ix_webhook_livraison_en_vol",
        "webhook_livraison",
        ["collectivite", "webhook_id", "prise_jusqu_a"],
        postgresql_where=sa.text("statut = 'en_attente' AND prise_jusqu_a IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_livraison_defi",
        "webhook_livraison",
        ["collectivite", "webhook_id", "prochaine_le"],
        postgresql_where=sa.text("statut = 'en_attente' AND type = 'endpoint.verification'"),
    )
    op.create_table(
        "webhook_position",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("epoque", sa.Uuid(), nullable=False),
        sa.Column("xid", tables.Xid8(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", name=op.f("pk_webhook_position")),
    )
    cloisonner("webhook", "webhook_livraison", "webhook_position")
