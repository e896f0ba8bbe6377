"""The coded lists served by the three services, and what is kept of their past versions."""

from collections.abc import Iterator, Mapping

import pytest
from psycopg import connect
from sqlalchemy import Engine, create_engine

from deploy.local.bases import Adresses
from shared import referentiels
from shared.socle.referentiels import inscrire
from tests.conftest import URLS, Connecter


@pytest.fixture
def migration(bases: Mapping[str, Adresses]) -> Iterator[Engine]:
    """The database of parcours, as its owner."""
    url = bases["parcours"].proprietaire
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("service", URLS)
async def test_every_list_is_served_whole_and_cacheable(
    connecter: Connecter, ouverte: str, service: str
) -> None:
    client = connecter(service)
    listed = (await client.get("/v1/referentiels?limite=200")).json()["elements"]
    assert [one["nom"] for one in listed] == list(referentiels.noms())
    for one in listed:
        answer = await client.get(f"/v1/referentiels/{one['nom']}")
        found = answer.json()
        assert answer.headers["ETag"] == f'"{referentiels.version(one["nom"])}"'
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert len(found["codes"]) == len(referentiels.charger(one["nom"]))
        again = await client.get(
            f"/v1/referentiels/{one['nom']}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
    missing = await client.get("/v1/referentiels/inconnu")
    assert (missing.status_code, missing.json()["code"]) == (404, "introuvable")


async def test_a_day_takes_the_codes_that_an_act_of_it_may_bear(
    connecter: Connecter, ouverte: str
) -> None:
    """The law of 2025 gave the orientation six weeks where it had two months."""
    client = connecter("orientation")

    async def delai(jour: str) -> set[str]:
        found = (await client.get(f"/v1/referentiels/delais?date_reference={jour}")).json()
        return {
            f"{attribut['valeur']}"
            for code in found["codes"]
            if code["code"] == "orientation_pcd"
            for attribut in code["attributs"]
            if attribut["nom"] in ("duree", "unite")
        }

    assert await delai("2024-12-31") == {"2", "mois"}
    assert await delai("2025-01-01") == {"6", "semaines"}
    refused = await client.get("/v1/referentiels/delais?date_reference=2025-02-30")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")


async def test_a_past_version_is_kept_whole_and_says_what_the_next_changed(
    connecter: Connecter,
    ouverte: str,
    migration: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A release removes a code, adds one, renames one; an act of before is read as it was.

    Planted: the former version overwritten: red. The database of tests keeps the real list last.
    """
    nom, vraies = "motifs-reorientation", referentiels.charger("motifs-reorientation")
    avant = referentiels.version(nom)
    changees = (
        {**vraies[0], "libelle": "Un autre libellé"},
        *vraies[2:],
        {**vraies[1], "code": "un_code_nouveau"},
    )
    with monkeypatch.context() as patch, migration.connect() as connexion:
        patch.setattr(referentiels, "charger", lambda _: changees)
        patch.setattr(referentiels, "version", lambda _: "abcdef012345")
        patch.setattr(referentiels, "noms", lambda: (nom,))
        inscrire(connexion)
        inscrire(connexion)  # the same release, migrated again
    client = connecter("parcours")
    premiere, *_ = (await client.get(f"/v1/referentiels/{nom}/versions")).json()["elements"]
    assert premiere["version_codes"] == "abcdef012345"
    assert premiere["ajoutes"] == ["un_code_nouveau"]
    assert premiere["retires"] == [vraies[1]["code"]]
    assert premiere["modifies"] == [vraies[0]["code"]]

    passee = (await client.get(f"/v1/referentiels/{nom}?version_codes={avant}")).json()
    assert [one["libelle"] for one in passee["codes"]] == [one["libelle"] for one in vraies]
    assert passee["remplacee_le"] == premiere["en_vigueur_le"]

    with migration.connect() as connexion:
        inscrire(connexion)
    versions = (await client.get(f"/v1/referentiels/{nom}/versions")).json()["elements"]
    assert [one["version_codes"] for one in versions] == [avant, "abcdef012345", avant]
    assert (await client.get(f"/v1/referentiels/{nom}")).json()["remplacee_le"] is None


async def test_a_list_that_the_code_no_longer_has_is_still_read(
    connecter: Connecter, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release drops a file; so does an instance of before, beside one that adds one."""
    restantes = tuple(nom for nom in referentiels.noms() if nom != "freins")
    monkeypatch.setattr(referentiels, "noms", lambda: restantes)
    monkeypatch.setattr(referentiels, "forme", lambda nom: {}[nom])
    client = connecter("financement")
    for chemin in ("?limite=200", "/freins", "/freins/versions"):
        answer = await client.get(f"/v1/referentiels{chemin}")
        assert answer.status_code == 200, answer.text
    listed = (await client.get("/v1/referentiels?limite=200")).json()["elements"]
    assert "freins" in {one["nom"] for one in listed}


async def test_a_service_may_not_write_the_register(bases: Mapping[str, Adresses]) -> None:
    """Planted: the table without its wall: red."""
    with connect(bases["parcours"].service) as connexion:
        changed = connexion.execute("UPDATE version_referentiel SET nom = 'autre'").rowcount
    assert changed == 0


def test_versions_differ_by_content_and_not_by_order() -> None:
    ligne = {"code": "a", "libelle": "A", "source": "s"}
    autre = {"code": "b", "libelle": "B", "source": "s"}
    memes = referentiels.comparer("code", [ligne, autre], [autre, {**ligne, "alias": ""}])
    assert (memes.ajoutes, memes.retires, memes.modifies) == ([], [], [])
    change = referentiels.comparer("code", [ligne], [{**ligne, "alias": "x"}])
    assert change.modifies == ["a"]
