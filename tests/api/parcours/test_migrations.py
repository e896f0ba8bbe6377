"""What a migration of parcours does to the rows that were there."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command

from deploy.local import bases as provision
from deploy.local.services import alembic, migrer


def test_the_feed_is_followed_again_once_notifications_matter(
    serveur: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: DELETE, which row-level security keeps from every row, red."""
    prefixe = f"migration_{uuid4().hex[:8]}"
    url = provision.creer(serveur, tmp_path / "secrets.json", prefixe)["parcours"].proprietaire
    try:
        monkeypatch.setenv("JALONS_PARCOURS_MIGRATION", url)
        command.upgrade(alembic("parcours"), "0003")
        with psycopg.connect(url) as base:
            base.execute("SET app.collectivite = '35D'")
            base.execute(
                "INSERT INTO suivi (collectivite, source, position)"
                " VALUES ('35D', 'orientation', 'lue')"
            )

        migrer("parcours", url)

        with psycopg.connect(url) as base:
            base.execute("SET app.collectivite = '35D'")
            assert base.execute("SELECT count(*) FROM suivi").fetchone() == (0,)
    finally:
        provision.supprimer_tout(serveur, prefixe)
