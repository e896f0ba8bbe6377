"""Databases and roles: what each one may do, on a real server.

The refusals were seen red once, with the bug that the docstring names.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from deploy.local import bases
from deploy.local.bases import Adresses
from deploy.local.postgres import ErreurLocale, PostgresLocal, adresse, connecter


@pytest.fixture(scope="module")
def url_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with PostgresLocal(tmp_path_factory.mktemp("bases")) as serveur:
        yield serveur.url()


@pytest.fixture(scope="module")
def fichier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets") / "secrets.json"


@pytest.fixture(scope="module")
def adresses(url_admin: str, fichier: Path) -> dict[str, Adresses]:
    """The three databases of `essai`, one with a table that the owner's migration made."""
    adresses = bases.creer(url_admin, fichier, "essai")
    executer(
        adresses["parcours"].proprietaire,
        "CREATE TABLE temoin (rang bigserial, valeur integer)",
        "CREATE FUNCTION double(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n'",
    )
    return adresses


def executer(url: str, *requetes: str) -> list[tuple[object, ...]]:
    """Run each statement, and return the rows of the last one when it gives some."""
    with connecter(url) as connexion:
        for requete in requetes:
            curseur = connexion.execute(requete.encode())
        return curseur.fetchall() if curseur.description else []


def test_service_reads_and_writes_what_the_owner_created(adresses: dict[str, Adresses]) -> None:
    """Seen red without the default privileges: they reach tables that do not exist yet."""
    valeurs = executer(
        adresses["parcours"].service,
        "INSERT INTO temoin (valeur) VALUES (1), (2)",
        "UPDATE temoin SET valeur = 3 WHERE valeur = 1",
        "DELETE FROM temoin WHERE valeur = 2",
        "SELECT double(valeur) FROM temoin WHERE valeur IN (1, 2, 3)",
    )
    assert valeurs == [(6,)]


@pytest.mark.parametrize(
    "requete",
    [
        pytest.param("CREATE TABLE autre (n integer)", id="table"),
        pytest.param("CREATE TEMPORARY TABLE autre (n integer)", id="table temporaire"),
        pytest.param("CREATE SCHEMA autre", id="schéma"),
        pytest.param("ALTER TABLE temoin ADD COLUMN n integer", id="colonne"),
        pytest.param("DROP TABLE temoin", id="suppression"),
        pytest.param("TRUNCATE temoin", id="vidage"),
        pytest.param("CREATE ROLE autre", id="rôle"),
        pytest.param("CREATE DATABASE autre", id="base"),
        pytest.param("SET ROLE postgres", id="changement de rôle"),
    ],
)
def test_service_creates_and_alters_nothing(adresses: dict[str, Adresses], requete: str) -> None:
    """Seen red without `REVOKE ALL ON DATABASE … FROM PUBLIC`: PUBLIC has TEMPORARY."""
    with pytest.raises(errors.InsufficientPrivilege):
        executer(adresses["parcours"].service, requete)


@pytest.mark.parametrize("role", ["service", "proprietaire"])
def test_no_role_enters_another_database(adresses: dict[str, Adresses], role: str) -> None:
    """Seen red without `REVOKE ALL ON DATABASE … FROM PUBLIC`: PUBLIC may connect."""
    url = adresse(getattr(adresses["orientation"], role), "essai_parcours")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


def test_no_role_has_powers(url_admin: str, adresses: dict[str, Adresses]) -> None:
    roles = executer(
        url_admin,
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles"
        " WHERE rolname LIKE 'essai%'",
    )
    assert roles == [(False,) * 5] * 6


def test_found_role_with_powers_is_refused(url_admin: str, tmp_path: Path) -> None:
    """Seen red without the check: a role made by hand would pass by row-level security."""
    executer(url_admin, "CREATE ROLE trouve_orientation BYPASSRLS")
    with pytest.raises(ErreurLocale, match="trouve_orientation existe déjà"):
        bases.creer(url_admin, tmp_path / "secrets.json", "trouve")


def test_again_changes_nothing(
    url_admin: str, fichier: Path, adresses: dict[str, Adresses]
) -> None:
    executer(adresses["parcours"].service, "INSERT INTO temoin (valeur) VALUES (10)")
    assert bases.creer(url_admin, fichier, "essai") == adresses
    assert executer(adresses["parcours"].service, "SELECT 1 FROM temoin WHERE valeur = 10")


def test_secrets_are_private_kept_and_drawn_again_when_lost(url_admin: str, tmp_path: Path) -> None:
    fichier = tmp_path / "secrets.json"
    bases.ecrire_secrets(fichier, {"emetteur": "une clé"})
    premieres = bases.creer(url_admin, fichier, "perdu")
    assert bases.lire_secrets(fichier)["emetteur"] == "une clé"
    assert stat.S_IMODE(fichier.stat().st_mode) == 0o600

    fichier.unlink()
    secondes = bases.creer(url_admin, fichier, "perdu")
    assert premieres["parcours"] != secondes["parcours"]
    executer(secondes["parcours"].service, "SELECT 1")


def test_unreadable_secrets_are_not_overwritten(url_admin: str, tmp_path: Path) -> None:
    fichier = tmp_path / "secrets.json"
    fichier.write_text("{")
    with pytest.raises(ErreurLocale, match="illisible"):
        bases.creer(url_admin, fichier, "illisible")
    assert fichier.read_text() == "{"


def test_administrator_need_not_be_superuser(url_admin: str, tmp_path: Path) -> None:
    executer(url_admin, "CREATE ROLE dba LOGIN CREATEDB CREATEROLE PASSWORD 'secret'")
    url = adresse(url_admin, "postgres", "dba", "secret")

    adresses = bases.creer(url, tmp_path / "secrets.json", "delegue")
    bases.cloner(url, "delegue_parcours", "delegue_copie")
    executer(adresse(adresses["parcours"].service, "delegue_copie"), "SELECT 1")

    bases.supprimer(url, "delegue_copie")
    bases.supprimer_tout(url, "delegue")
    assert not executer(url_admin, "SELECT 1 FROM pg_roles WHERE rolname LIKE 'delegue%'")
    assert not executer(url_admin, "SELECT 1 FROM pg_database WHERE datname LIKE 'delegue%'")


def test_administrator_without_rights_gets_a_sentence(
    adresses: dict[str, Adresses], tmp_path: Path
) -> None:
    with pytest.raises(ErreurLocale, match="n'a pas les droits nécessaires"):
        bases.creer(adresses["parcours"].proprietaire, tmp_path / "secrets.json", "refuse")


def test_clone_has_the_rows_and_the_rights(url_admin: str, adresses: dict[str, Adresses]) -> None:
    """Seen red without the REVOKE that follows the copy: any role could enter the clone."""
    executer(adresses["parcours"].service, "INSERT INTO temoin (valeur) VALUES (20)")
    bases.cloner(url_admin, "essai_parcours", "essai_copie")

    service = adresse(adresses["parcours"].service, "essai_copie")
    assert executer(service, "SELECT 1 FROM temoin WHERE valeur = 20")
    with pytest.raises(errors.InsufficientPrivilege):
        executer(service, "CREATE TABLE autre (n integer)")
    with pytest.raises(ErreurLocale, match="La connexion au serveur"):
        executer(adresse(adresses["orientation"].service, "essai_copie"), "SELECT 1")

    bases.supprimer(url_admin, "essai_copie")
    bases.supprimer(url_admin, "essai_copie")  # absent: not an error
