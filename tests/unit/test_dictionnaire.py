"""The data dictionary: whole, and nothing in it that the tables do not say."""

import re
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from deploy.local import dictionnaire
from deploy.local.services import SERVICES
from shared.referentiels import charger
from shared.socle.dictionnaire import CHIFFREE, IDENTIFIANTE, SANTE, colonne, fiche
from shared.socle.retention import IDEMPOTENCE_JOURS

PAGES = {fichier.stem: texte for fichier, texte in dictionnaire.pages().items()}


def rubrique(page: str, table: str) -> str:
    """What a page says of one table."""
    return PAGES[page].split(f"## `{table}`\n", 1)[1].split("\n## ", 1)[0]


def ligne(page: str, table: str, column: str) -> list[str]:
    """The cells of one column."""
    found = re.search(rf"^\| \**`{column}`\** .*$", rubrique(page, table), re.MULTILINE)
    assert found is not None
    return [cell.strip() for cell in found.group().strip("|").split("|")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_and_column_is_there_and_no_other(service: str) -> None:
    """`alembic check` says that the tables declared are those of the database."""
    declared = {
        table.name: [column.name for column in table.columns]
        for metadata in dictionnaire.metadonnees(service)
        for table in metadata.tables.values()
    }

    shown = {
        table: re.findall(r"^\| \**`(\w+)`", rubrique(service, table), re.MULTILINE)
        for table in re.findall(r"^## `(\w+)`$", PAGES[service], re.MULTILINE)
    }

    assert shown == declared


def test_the_pages_published_are_those_of_the_code() -> None:
    """Planted: a column's meaning changed and the pages left, red."""
    assert dictionnaire.dictionnaire(ecrire=False) == []


def test_a_column_shows_type_unit_values_source_and_kind() -> None:
    nom = ligne("orientation", "personne", "nom_naissance")
    assert nom[1:3] == ["text", "oui"]
    assert nom[6] == IDENTIFIANTE
    assert ligne("orientation", "personne", "nir_scelle")[6] == CHIFFREE
    assert ligne("financement", "engagement", "montant_centimes")[4] == "centimes d'euro"
    assert ligne("parcours", "frein", "date_debut")[4] == "jour civil"
    assert "`en_attente`" in ligne("financement", "reservation", "statut")[4]
    assert "→ `parcours`" in ligne("parcours", "periode", "parcours_id")[3]
    assert f"{IDEMPOTENCE_JOURS} jours après" in rubrique("parcours", "idempotence")
    assert "Unique : `collectivite`, `nir_empreinte`" in rubrique("orientation", "personne")


def test_what_tells_of_health_is_said_to() -> None:
    """Criteria say it in orientation; in parcours whole tables do, whatever column one reads."""
    assert ligne("orientation", "orientation", "criteres")[6] == SANTE
    kinds = {
        column: ligne("parcours", "frein_sante", column)[6]
        for column in ("id", "parcours_id", "code", "niveau", "date_observation")
    }
    assert set(kinds.values()) == {SANTE}
    assert ligne("parcours", "frein", "niveau")[6] == "indirecte"


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        pytest.param(Column("nu", Text()), "essai.nu ne dit pas son sens", id="sens"),
        pytest.param(
            Column("duree", BigInteger(), info=colonne("Durée").column.info),
            "essai.duree ne dit pas son unité",
            id="unité",
        ),
    ],
)
def test_a_column_that_says_nothing_stops_the_check(column: Column, sentence: str) -> None:
    table = Table("essai", MetaData(), column, **fiche("Essai", source="essai"))

    with pytest.raises(dictionnaire.Indecrite, match=sentence):
        list(dictionnaire._table(table))


def test_a_table_without_a_description_stops_the_check() -> None:
    with pytest.raises(dictionnaire.Indecrite, match="essai n'a pas de fiche"):
        list(dictionnaire._table(Table("essai", MetaData())))


def test_referentiels_are_all_there_with_their_size() -> None:
    for fichier in Path(dictionnaire.REFERENTIELS).glob("*.csv"):
        rubrique = PAGES["referentiels"].split(f"## {fichier.stem}\n", 1)[1].split("\n## ", 1)[0]
        assert f"\n{len(charger(fichier.stem))} lignes.\n" in rubrique
        assert rubrique.count("\n| `") == len(charger(fichier.stem)[0])
