"""Never a sanction by counter: no path leads from hours, or from a missed rendez-vous, to one.

Hours are an objective of the plan d'action, and an absence is a fact (parcours-rules.md §5, §6).
Whoever reports a breach says facts in words; no code here may count them for him. A path is an
import, a table read or referred to, a fact of the feed that is followed, a job, a column, a ground
that names hours, or a number that a request would carry: each is looked for where it could be.

Planted in a copy of the tree, each red: a rule of suspensions that imports activities; the hours'
table read by its name in SQL, and by `tables.DeclarationHeures`; a foreign key of `suspension` to
`activite`; a column of minutes; a ground named after hours; a number of hours in a request; a job
that joins the two; a follower of `parcours.activite.heures_declarees`; an act on a rendez-vous
that opens a suspension; and the folder of suspensions renamed.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from sqlalchemy import Table

from services.parcours import tables
from shared.referentiels import charger
from shared.schemas.commun import Entree

RACINE = Path(__file__).parents[3]
PARCOURS, SCHEMAS = "services.parcours", "shared.schemas.parcours"
# Each side whole: its capability, its tables, its contract. One that is renamed is said here.
COTES: Mapping[str, tuple[str, ...]] = {
    "sanction": (
        f"{PARCOURS}.suspensions",
        f"{PARCOURS}.tables.suspensions",
        f"{SCHEMAS}.suspensions",
    ),
    "heures": (
        *(f"{PARCOURS}.{nom}" for nom in ("activites", "rendez_vous")),
        *(f"{PARCOURS}.tables.{nom}" for nom in ("activites", "rendez_vous")),
        *(f"{SCHEMAS}.{nom}" for nom in ("activites", "rendez_vous")),
    ),
}
# All tables are gathered here, for whoever names them: names are looked for, not this import.
CARREFOUR = f"{PARCOURS}.tables"
# A contract is suspended by the end of an inscription: hours do not lead there either.
SANS_HEURES = (*COTES["sanction"], f"{PARCOURS}.contrats_engagement")
# What a counter would be called. « activite » alone is not among them: France Travail calls so
# the operations that it asks of its partners (ACT366).
MOTS = re.compile(
    r"heures?(?![a-z])|minutes?|hebdomadaire|intensite|compteur|rendez_?vous", re.IGNORECASE
)
SQL = re.compile(r"\b(select|from|join|update|insert|delete|exists|where|references)\b", re.I)
ECRIT = frozenset("insert update delete add once publier".split())
# What a request of a sanction may count: what its author decides, and who lives in the home.
NOMBRES = frozenset({"part_pourcent", "duree_mois", "personnes"})


@cache
def sources() -> Mapping[str, Path]:
    """Every module of the three services and of what they share, by its name."""
    found = {}
    for racine in ("services", "shared"):
        for path in (RACINE / racine).rglob("*.py"):
            parts = path.relative_to(RACINE).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def du_cote(module: str, racines: Iterable[str]) -> bool:
    """Whether a module is one of these, or in one of their folders."""
    return any(module == racine or module.startswith(f"{racine}.") for racine in racines)


@cache
def arbre(module: str) -> ast.Module:
    """A module, parsed."""
    return ast.parse(sources()[module].read_text(encoding="utf-8"))


def importes(module: str) -> set[str]:
    """The modules of ours that a module imports, wherever in it, and however it names them."""
    found = set()
    for node in ast.walk(arbre(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} : import relatif"
            assert node.module is not None
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)  # for importlib
    return {name for name in found if name in sources()}


def atteints(racines: Iterable[str]) -> dict[str, str]:
    """All that modules import, from one to the next; each with who imports it."""
    par: dict[str, str] = {}
    restent = [one for one in sources() if du_cote(one, racines)]
    while restent:
        module = restent.pop()
        for autre in importes(module):
            if autre not in par and autre != CARREFOUR:
                par[autre] = module
                restent.append(autre)
    return par


def mots(module: str) -> Iterator[str]:
    """Every name that a module uses, and the SQL that it writes as text; never its prose."""
    for node in ast.walk(arbre(module)):
        match node:
            case ast.Name(id=nom) | ast.Attribute(attr=nom) | ast.arg(arg=nom):
                yield nom
            case (
                ast.FunctionDef(name=nom) | ast.AsyncFunctionDef(name=nom) | ast.ClassDef(name=nom)
            ):
                yield nom
            case ast.keyword(arg=str(nom)):
                yield nom
            case ast.alias(name=nom):
                yield nom.rpartition(".")[2]
            case ast.Constant(value=str(texte)) if " " not in texte or SQL.search(texte):
                yield texte


@cache
def tables_de(cote: str) -> frozenset[str]:
    """The tables that one side declares."""
    modules = [one for one in COTES[cote] if du_cote(one, [CARREFOUR])]
    return frozenset(
        mapper.local_table.name
        for mapper in tables.Base.registry.mappers
        if mapper.class_.__module__ in modules and isinstance(mapper.local_table, Table)
    )


@cache
def classes_de(cote: str) -> frozenset[str]:
    """The classes of those tables, as `tables.Nom` names them."""
    modules = [one for one in COTES[cote] if du_cote(one, [CARREFOUR])]
    return frozenset(
        mapper.class_.__name__
        for mapper in tables.Base.registry.mappers
        if mapper.class_.__module__ in modules
    )


def nomme(module: str, cote: str) -> set[str]:
    """What a module names of one side: its tables, their classes, or its modules."""
    sql = re.compile(rf"\b({'|'.join(sorted(tables_de(cote)))})\b")
    found = {mot for mot in mots(module) if mot in classes_de(cote)}
    found |= {mot for mot in mots(module) if SQL.search(mot) and sql.search(mot)}
    return found | {one for one in importes(module) if du_cote(one, COTES[cote])}


@pytest.mark.parametrize("cote", COTES)
def test_each_side_is_there(cote: str) -> None:
    """Else what follows would find no path, for want of an end."""
    for racine in COTES[cote]:
        assert any(du_cote(one, [racine]) for one in sources()), racine
    assert tables_de(cote)
    assert {"rules", "queries", "routes"} <= {
        one.rpartition(".")[2] for one in sources() if du_cote(one, COTES[cote])
    }


@pytest.mark.parametrize(
    ("depuis", "vers"),
    [
        pytest.param(SANS_HEURES, COTES["heures"], id="une sanction n'importe pas d'heures"),
        pytest.param(
            COTES["heures"], COTES["sanction"], id="des heures n'importent pas de sanction"
        ),
    ],
)
def test_no_import_leads_from_one_to_the_other(
    depuis: tuple[str, ...], vers: tuple[str, ...]
) -> None:
    found = {one: par for one, par in atteints(depuis).items() if du_cote(one, vers)}
    assert not found


def test_a_sanction_names_no_hours() -> None:
    """No table, class or column of theirs, no number that would be called so, in code or in SQL."""
    found = {
        (module, mot)
        for module in sources()
        if du_cote(module, COTES["sanction"])
        for mot in (*(one for one in mots(module) if MOTS.search(one)), *nomme(module, "heures"))
    }
    assert not found


def test_hours_name_no_sanction() -> None:
    found = {
        (module, mot)
        for module in sources()
        if du_cote(module, COTES["heures"])
        for mot in nomme(module, "sanction")
    }
    assert not found


def test_who_names_both_only_reads() -> None:
    """The app lists their routers, a timeline tells their acts: nobody writes one from the other.

    A job or a follower writes: taches.py may not name both.
    """
    assembleurs = {f"{PARCOURS}.app", CARREFOUR}
    ecrivains = {
        module
        for module in sources()
        if du_cote(module, [PARCOURS])
        and module not in assembleurs
        and nomme(module, "heures")
        and nomme(module, "sanction")
        and ECRIT & set(mots(module))
    }
    assert not ecrivains
    assert not (nomme(f"{PARCOURS}.taches", "heures") and nomme(f"{PARCOURS}.taches", "sanction"))


def test_no_one_follows_what_the_feed_tells_of_hours() -> None:
    """A fact is told by its own side; who else names it would act on it."""
    fait = re.compile(r"parcours\.(activite|rendez_vous)\b")
    found = {
        module
        for module in sources()
        if not du_cote(module, COTES["heures"]) and any(fait.search(mot) for mot in mots(module))
    }
    assert not found


@pytest.mark.parametrize(("depart", "arrivee"), [("sanction", "heures"), ("heures", "sanction")])
def test_no_foreign_key_leads_from_one_to_the_other(depart: str, arrivee: str) -> None:
    connues, restent = set(tables_de(depart)), list(tables_de(depart))
    while restent:
        for cle in tables.Base.metadata.tables[restent.pop()].foreign_keys:
            cible = cle.column.table.name
            if cible not in connues:
                connues.add(cible)
                restent.append(cible)
    assert not connues & tables_de(arrivee)


def test_no_column_of_a_sanction_counts_hours() -> None:
    found = [
        f"{nom}.{column.name}"
        for nom in tables_de("sanction")
        for column in tables.Base.metadata.tables[nom].columns
        if MOTS.search(column.name) or "activite" in column.name
    ]
    assert not found


def test_no_migration_ties_the_two() -> None:
    """Neither a key nor a trigger that the tables do not declare."""
    for path in (RACINE / "services/parcours/migrations/versions").glob("*.py"):
        texte = path.read_text(encoding="utf-8")
        dites = {
            cote: {nom for nom in tables_de(cote) if re.search(rf"\b{nom}\b", texte)}
            for cote in COTES
        }
        assert not all(dites.values()), (path.name, dites)
        if any(dites.values()):
            assert "TRIGGER" not in texte, path.name


def _membres(module: str, base: type[Any]) -> list[type[Any]]:
    return [
        one
        for one in vars(import_module(module)).values()
        if isinstance(one, type) and issubclass(one, base) and one.__module__ == module
    ]


def test_no_ground_names_hours() -> None:
    """Every list of a sanction: those of its contract, and those of the law."""
    listes = _membres(f"{SCHEMAS}.suspensions", StrEnum)
    assert listes
    valeurs = {str(valeur) for liste in listes for valeur in liste}
    for referentiel in ("codes-sanctions-ft", "bareme-sanctions"):
        valeurs |= {
            cellule
            for ligne in charger(referentiel)
            for colonne, cellule in ligne.items()
            if colonne != "source"
        }
    assert not {valeur for valeur in valeurs if MOTS.search(valeur)}


def _nombres(modele: type[BaseModel]) -> Iterator[str]:
    """The fields of a request that bear a number, and those of the objects in it."""

    def types(annotation: Any) -> Iterator[Any]:
        yield annotation
        for one in get_args(annotation):
            yield from types(one)

    for nom, champ in modele.model_fields.items():
        for one in types(champ.annotation):
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield from _nombres(one)
            elif one in (int, float):
                yield nom


def test_no_request_of_a_sanction_carries_a_counter() -> None:
    demandes = _membres(f"{SCHEMAS}.suspensions", Entree)
    assert demandes
    assert {nom for demande in demandes for nom in _nombres(demande)} <= NOMBRES
    champs = {nom for demande in demandes for nom in demande.model_fields}
    assert not {nom for nom in champs if MOTS.search(nom) or "activite" in nom}
