"""One database per service, and two roles for each: who owns the tables, and who uses them.

The owner runs the migrations; the service has rows to read and write, nothing to create, and no
way around row-level security. Works on the embedded server as on any PostgreSQL from 15 on, with
an administration role that is superuser, or has CREATEDB and CREATEROLE. Every step may be
repeated.
"""

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString, NamedTuple
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier, Literal

from deploy.local.postgres import ErreurLocale, adresse, connecter, ecrire

SERVICES = ("orientation", "parcours", "financement")


class Adresses(NamedTuple):
    """The two URLs of a service's database."""

    proprietaire: str
    """For the migrations."""
    service: str
    """For the service itself, and its worker."""


def creer(url_admin: str, fichier: Path, prefixe: str = "jalons") -> dict[str, Adresses]:
    """Create what is missing of databases, roles and rights, and return each service's URLs.

    Args:
        url_admin: administration role, on any database of the server.
        fichier: secrets file; passwords are taken from it, or drawn and added to it.
        prefixe: begins the names of databases and roles, which the whole server shares.

    Raises:
        ErreurLocale: the server does not answer, or refuses; a name belongs to someone else.
    """
    mots_de_passe = _mots_de_passe(fichier, [r for s in SERVICES for r in _roles(prefixe, s)])
    with _administrer(url_admin) as admin:
        # Two first runs would both find a role missing, and the second would fail on it.
        admin.execute("SELECT pg_advisory_lock(hashtext('jalons'))")
        for role, mot_de_passe in mots_de_passe.items():
            _creer_role(admin, role, mot_de_passe)
        adresses = {}
        for service in SERVICES:
            base, (proprietaire, role) = f"{prefixe}_{service}", _roles(prefixe, service)
            urls = Adresses(
                *(adresse(url_admin, base, r, mots_de_passe[r]) for r in (proprietaire, role))
            )
            _creer_base(admin, base, proprietaire)
            _accorder(urls.proprietaire, base, role)
            adresses[service] = urls
    return adresses


def cloner(url_admin: str, modele: str, nouvelle: str) -> None:
    """Copy a database to which nobody is connected: schema, rows, owner and rights."""
    with _administrer(url_admin) as admin:
        proprietaire = _proprietaire(admin, modele)
        if proprietaire is None:
            raise ErreurLocale(f"La base {modele} n'existe pas.", "Créez-la avant de la copier.")
        noms = (Identifier(nom) for nom in (nouvelle, modele, proprietaire))
        try:
            admin.execute(SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*noms))
        except errors.ObjectInUse as erreur:
            raise ErreurLocale(
                f"La base {modele} ne peut pas être copiée : des connexions y sont ouvertes.",
                "Fermez-les, puis recommencez.",
            ) from erreur
        # Rights on the database itself are the only ones that a copy leaves behind.
        admin.execute(_REVOKE_BASE.format(base=Identifier(nouvelle)))
        for (role,) in admin.execute(_CONNECTES, [modele]).fetchall():
            admin.execute(_GRANT_BASE.format(base=Identifier(nouvelle), role=Identifier(role)))


def supprimer(url_admin: str, base: str) -> None:
    """Drop a database, closing the connections to it; an absent one is not an error."""
    with _administrer(url_admin) as admin:
        admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(base)))


def supprimer_tout(url_admin: str, prefixe: str) -> None:
    """Drop the databases and roles that `creer` made with this prefix; their clones go before."""
    with _administrer(url_admin) as admin:
        for service in SERVICES:
            base = Identifier(f"{prefixe}_{service}")
            admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(base))
        for role in (r for s in SERVICES for r in _roles(prefixe, s)):
            admin.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role)))


def lire_secrets(fichier: Path) -> dict[str, object]:
    """Return what the secrets file holds, nothing when there is none."""
    try:
        contenu = json.loads(fichier.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as erreur:
        raise _secrets_illisibles(fichier) from erreur
    if not isinstance(contenu, dict):
        raise _secrets_illisibles(fichier)
    return contenu


def ecrire_secrets(fichier: Path, contenu: dict[str, object]) -> None:
    """Replace the secrets file at once, readable by its owner alone."""
    ecrire(fichier, json.dumps(contenu, indent=2, sort_keys=True) + "\n", 0o600)


def _secrets_illisibles(fichier: Path) -> ErreurLocale:
    return ErreurLocale(
        f"Le fichier de secrets {fichier} est illisible.",
        "Restaurez-le d'une sauvegarde ; à défaut, supprimez-le : d'autres secrets seront tirés.",
    )


def _mots_de_passe(fichier: Path, roles: list[str]) -> dict[str, str]:
    """Return a password for each role, kept before any is used: a crash must not lose one."""
    contenu = lire_secrets(fichier)
    connus = contenu.get("roles", {})
    if not isinstance(connus, dict):
        raise _secrets_illisibles(fichier)
    tires = {role: secrets.token_urlsafe(32) for role in roles if role not in connus}
    if tires:
        ecrire_secrets(fichier, {**contenu, "roles": {**connus, **tires}})
    return {role: str({**connus, **tires}[role]) for role in roles}


def _roles(prefixe: str, service: str) -> tuple[str, str]:
    """Return the owner of a service's database, then the role of the service."""
    return f"{prefixe}_{service}_proprietaire", f"{prefixe}_{service}"


@contextlib.contextmanager
def _administrer(url_admin: str) -> Iterator[psycopg.Connection]:
    """Open the administration connection, and say in French what the server refuses."""
    with connecter(url_admin) as admin:
        try:
            yield admin
        except errors.InsufficientPrivilege as erreur:
            raise ErreurLocale(
                f"Le rôle « {urlsplit(url_admin).username or ''} » n'a pas les droits nécessaires"
                " sur ce serveur PostgreSQL.",
                "Donnez-lui CREATEDB et CREATEROLE, ou indiquez l'adresse d'un rôle qui les a.",
            ) from erreur


# Attributes are those of a new role, none; `_creer_role` checks those of a role found there.
_CREATE_ROLE = SQL("CREATE ROLE {role} LOGIN PASSWORD {empreinte}")
_ALTER_ROLE = SQL("ALTER ROLE {role} LOGIN PASSWORD {empreinte}")
_EXISTE = "SELECT true FROM pg_roles WHERE rolname = %s"
_POUVOIRS = """
    SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
    FROM pg_roles WHERE rolname = %s
"""

# Code point order and Unicode case wherever the server has them, whatever its own locale.
_CREATE_DATABASE = SQL(
    "CREATE DATABASE {base} OWNER {proprietaire} TEMPLATE template0 ENCODING 'UTF8' {locale}"
)
_LOCALE_17 = SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'")
_LOCALE_15 = SQL("LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE {ctype}")
_CTYPE_UTF8 = "SELECT collctype FROM pg_collation WHERE collctype ILIKE 'C.UTF%8' LIMIT 1"

_REVOKE_BASE = SQL("REVOKE ALL ON DATABASE {base} FROM PUBLIC")
_GRANT_BASE = SQL("GRANT CONNECT ON DATABASE {base} TO {role}")
_CONNECTES = """
    SELECT DISTINCT r.rolname FROM pg_database d, aclexplode(d.datacl) a
    JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.datname = %s AND a.privilege_type = 'CONNECT' AND a.grantee <> d.datdba
"""

# What the owner grants on what it has, and on whatever its migrations will create.
_DROITS = (
    _REVOKE_BASE,
    _GRANT_BASE,
    SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
    SQL("GRANT USAGE ON SCHEMA public TO {role}"),
    SQL("ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC"),
    SQL("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"),
    SQL("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {role}"),
    SQL("ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {role}"),
)


def _creer_role(admin: psycopg.Connection, role: str, mot_de_passe: str) -> None:
    """Create the role, or give it back its password; refuse one that could do too much."""
    # Hashed here: the server, and its log, never see the password.
    empreinte = admin.pgconn.encrypt_password(
        mot_de_passe.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    if _vrai(admin, _POUVOIRS, role):
        raise ErreurLocale(
            f"Le rôle PostgreSQL {role} existe déjà, avec des droits d'administration.",
            "Retirez-les-lui (ALTER ROLE … NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            " NOBYPASSRLS), ou supprimez-le.",
        )
    ordre = _ALTER_ROLE if _vrai(admin, _EXISTE, role) else _CREATE_ROLE
    admin.execute(ordre.format(role=Identifier(role), empreinte=Literal(empreinte)))


def _creer_base(admin: psycopg.Connection, base: str, proprietaire: str) -> None:
    """Create the database of `proprietaire`, unless it is there."""
    # Only a member of a role may give it a database. A superuser counts as one of all.
    if not _vrai(admin, "SELECT pg_has_role(%s, 'USAGE')", proprietaire):
        admin.execute(SQL("GRANT {} TO CURRENT_USER").format(Identifier(proprietaire)))
    actuel = _proprietaire(admin, base)
    if actuel is None:
        noms = {"base": Identifier(base), "proprietaire": Identifier(proprietaire)}
        admin.execute(_CREATE_DATABASE.format(**noms, locale=_locale(admin)))
    elif actuel != proprietaire:
        raise ErreurLocale(
            f"La base {base} existe déjà et appartient au rôle {actuel}.",
            f"Donnez-la à Jalons (ALTER DATABASE {base} OWNER TO {proprietaire}), ou renommez-la.",
        )


def _accorder(url_proprietaire: str, base: str, role: str) -> None:
    """Let the service's role, and nobody else, use the database."""
    with connecter(url_proprietaire) as proprietaire:
        for droit in _DROITS:
            proprietaire.execute(droit.format(base=Identifier(base), role=Identifier(role)))


def _vrai(admin: psycopg.Connection, requete: LiteralString, parametre: str) -> bool:
    """Return the single boolean of a query, false when it finds no row."""
    ligne = admin.execute(requete, [parametre]).fetchone()
    return ligne is not None and bool(ligne[0])


def _proprietaire(admin: psycopg.Connection, base: str) -> str | None:
    ligne = admin.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [base]
    ).fetchone()
    return None if ligne is None else str(ligne[0])


def _locale(admin: psycopg.Connection) -> Composable:
    if admin.info.server_version >= 170_000:
        return _LOCALE_17
    ctype = admin.execute(_CTYPE_UTF8).fetchone()
    return _LOCALE_15.format(ctype=Literal(ctype[0] if ctype else "C"))
