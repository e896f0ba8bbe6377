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


def run(service: str, *metadata: MetaData) -> None:
    """Run Alembic for one service, as its owner (`JALONS_<SERVICE>_MIGRATION`)."""
    url = os.environ[f"JALONS_{service.upper()}_MIGRATION"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connexion:
        context.configure(
            connection=connexion,
            target_metadata=[tables.Base.metadata, *metadata],
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


def volumes() -> None:
    """Make the tables of the volume guard, where persons are known."""
    op.create_table(
        "personne_lue",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("lue_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "collectivite", "client_id", "jour", "lue_id", name=op.f("pk_personne_lue")
        ),
    )
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "volume_lu",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        *(
            sa.Column(nom, sa.BigInteger(), nullable=False)
            for nom in ("nombre", "reference", "seuil_alerte", "seuil_blocage")
        ),
        sa.Column("etat", sa.Text(), nullable=False),
        sa.Column("leve_par", sa.Text(), nullable=True),
        sa.Column("leve_le", instant, nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_volume_lu")),
        sa.UniqueConstraint(
            "collectivite",
            "client_id",
            "jour",
            name=op.f("uq_volume_lu_collectivite_client_id_jour"),
        ),
    )
    for columns in (["collectivite", "cree_le", "id"], ["collectivite", "etat", "cree_le", "id"]):
        op.create_index(op.f(f"ix_volume_lu_{'_'.join(columns)}"), "volume_lu", columns)
    cloisonner("personne_lue", "volume_lu")


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


def cles_publiques_webhooks() -> None:
    """Let a subscription be signed by a key pair: those that are there keep their shared secret."""
    op.add_column("webhook", sa.Column("cle_publique", sa.Text(), nullable=True))


def exports() -> None:
    """Make the snapshot exports, their files and the sealed pieces of these."""
    instant = postgresql.TIMESTAMP(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "export",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("portees", json, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("filtre", json, nullable=False),
        sa.Column("depuis", sa.Text(), nullable=True),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("instant_reference", instant, nullable=True),
        sa.Column("curseur_changements", sa.Text(), nullable=True),
        sa.Column("erreurs", json, nullable=False),
        sa.Column("termine_le", instant, nullable=True),
        sa.Column("expire_le", instant, nullable=True),
        sa.Column("supprime_le", instant, nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_export")),
    )
    op.create_index(
        op.f("ix_export_collectivite_client_id_cree_le_id"),
        "export",
        ["collectivite", "client_id", "cree_le", "id"],
    )
    fichiers: tuple[tuple[str, list[sa.Column[Any]], list[str]], ...] = (
        (
            "export_fichier",
            [
                sa.Column("supprimes", sa.Boolean(), nullable=False),
                sa.Column("nombre", sa.BigInteger(), nullable=False),
                sa.Column("octets", sa.BigInteger(), nullable=False),
                sa.Column("empreinte", sa.LargeBinary(), nullable=False),
            ],
            ["rang"],
        ),
        (
            "export_morceau",
            [
                sa.Column("numero", sa.BigInteger(), nullable=False),
                sa.Column("octets", sa.LargeBinary(), nullable=False),
            ],
            ["rang", "numero"],
        ),
    )
    for nom, columns, key in fichiers:
        op.create_table(
            nom,
            sa.Column("collectivite", sa.Text(), nullable=False),
            sa.Column("export_id", sa.Uuid(), nullable=False),
            sa.Column("rang", sa.BigInteger(), nullable=False),
            *columns,
            sa.ForeignKeyConstraint(
                ["collectivite", "export_id"],
                ["export.collectivite", "export.id"],
                name=op.f(f"fk_{nom}_collectivite_export_id"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("collectivite", "export_id", *key, name=op.f(f"pk_{nom}")),
        )
    cloisonner("export", "export_fichier", "export_morceau")


def imports() -> None:
    """Make the files of lines, their pieces, what each line became, and the keys of partners."""
    instant = postgresql.TIMESTAMP(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "import_lignes",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("essai", sa.Boolean(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("taille_octets", sa.BigInteger(), nullable=False),
        sa.Column("recu_le", instant, nullable=False),
        sa.Column("demarre_le", instant, nullable=True),
        sa.Column("termine_le", instant, nullable=True),
        sa.Column("lignes_traitees", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("compteurs", json, nullable=False),
        sa.Column("probleme", json, nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("portees", json, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_import_lignes")),
    )
    for columns in (["collectivite", "client_id", "cree_le", "id"], ["collectivite", "recu_le"]):
        op.create_index(op.f(f"ix_import_lignes_{'_'.join(columns)}"), "import_lignes", columns)
    for nom, cle, autres in (
        (
            "import_lignes_morceau",
            "numero",
            [sa.Column("octets", sa.LargeBinary(), nullable=False)],
        ),
        (
            "import_lignes_resultat",
            "ligne",
            [
                sa.Column("ligne_cle", sa.Text(), nullable=True),
                sa.Column("statut", sa.Text(), nullable=False),
                sa.Column("ressource_id", sa.Uuid(), nullable=True),
                sa.Column("probleme", json, nullable=True),
            ],
        ),
    ):
        op.create_table(
            nom,
            sa.Column("collectivite", sa.Text(), nullable=False),
            sa.Column("import_id", sa.Uuid(), nullable=False),
            sa.Column(cle, sa.BigInteger(), nullable=False),
            *autres,
            sa.ForeignKeyConstraint(
                ["collectivite", "import_id"],
                ["import_lignes.collectivite", "import_lignes.id"],
                name=op.f(f"fk_{nom}_collectivite_import_id"),
            ),
            sa.PrimaryKeyConstraint("collectivite", "import_id", cle, name=op.f(f"pk_{nom}")),
        )
    op.create_table(
        "import_reference",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("reference_externe", sa.Text(), nullable=False),
        sa.Column("ressource_id", sa.Uuid(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint(
            "collectivite",
            "client_id",
            "type",
            "reference_externe",
            name=op.f("pk_import_reference"),
        ),
    )
    cloisonner(
        "import_lignes", "import_lignes_morceau", "import_lignes_resultat", "import_reference"
    )


def bac_a_sable() -> None:
    """Make what the sandbox keeps: the moves of its clock, and the faults that were asked for."""
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "horloge_de_test",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("instant", instant, nullable=False),
        sa.Column("decalage_s", sa.BigInteger(), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_horloge_de_test")),
    )
    op.create_index(
        op.f("ix_horloge_de_test_collectivite_cree_le_id"),
        "horloge_de_test",
        ["collectivite", "cree_le", "id"],
    )
    op.create_table(
        "panne_de_test",
        sa.Column("collectivite", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("appels", sa.BigInteger(), nullable=False),
        sa.Column("restants", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("latence_ms", sa.BigInteger(), nullable=False),
        sa.Column("reprise_s", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("modifie_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("cree_le", instant, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("collectivite", "id", name=op.f("pk_panne_de_test")),
    )
    op.create_index(
        op.f("ix_panne_de_test_collectivite_client_id_cree_le_id"),
        "panne_de_test",
        ["collectivite", "client_id", "cree_le", "id"],
    )
    cloisonner("horloge_de_test", "panne_de_test")
