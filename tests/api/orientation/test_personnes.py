"""Persons: recorded once, found exactly, their NIR never given back."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.conftest import Client, Connecter


def _with_key(nir13: str) -> str:
    from shared.identifiants import nir_complet

    return nir_complet(nir13)


NIR = _with_key("2910135999001")  # commune 999: nobody's


async def test_the_nir_never_comes_back(
    client: Client, services: dict[str, Service], ouverte: str
) -> None:
    """Nor does the database hold it in clear. Planted: the column left unsealed, red."""
    created = await client.post("/v1/personnes", PERSONNE | {"nir": NIR})

    assert created.status_code == 201, created.text
    assert NIR[:13] not in created.text
    read = await client.get(created.headers["Location"])
    assert NIR[:13] not in read.text
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        row = (
            await tx.execute(
                text("SELECT p::text FROM personne p WHERE collectivite = :collectivite")
            )
        ).scalar_one()
        kept = await tx.execute(text("SELECT corps FROM idempotence WHERE corps IS NOT NULL"))
        bodies = b"".join(bytes(body) for body in kept.scalars())
    assert NIR[:13].encode().hex() not in row
    assert NIR[:13] not in row
    assert b"Essai" not in bodies


async def test_a_person_is_found_exactly(client: Client) -> None:
    created = (await client.post("/v1/personnes", PERSONNE | {"nir": NIR})).json()

    async def search(**body: Any) -> tuple[str, str | None]:
        answer = await client.post("/v1/personnes/recherches", body, cle="x" * 16)
        found = answer.json()
        return found["correspondance"], found["personne_id"]

    birth = PERSONNE["date_naissance"]
    assert await search(nir=NIR, date_naissance=birth) == ("exacte", created["id"])
    assert await search(nir=NIR[:13], date_naissance=birth) == ("exacte", created["id"])
    assert await search(nir=NIR, date_naissance="1990-01-31") == ("aucune", None)
    same = {"nom": "ESSAI RIVIERE", "prenoms": "maelle", "date_naissance": birth}
    assert await search(**same) == ("exacte", created["id"])
    await client.post("/v1/personnes", PERSONNE)
    assert await search(**same) == ("multiple", None)


async def test_a_known_nir_is_refused_with_its_person(client: Client) -> None:
    created = (await client.post("/v1/personnes", PERSONNE | {"nir": NIR})).json()

    again = await client.post("/v1/personnes", PERSONNE | {"nir": NIR, "nom": "Autre"})

    assert (again.status_code, again.json()["code"]) == (409, "reference-externe-existante")
    assert again.json()["id"] == created["id"]
    # A NIR tried with another birth date does not tell whose it is.
    tried = PERSONNE | {"nir": NIR, "date_naissance": "1980-01-01"}
    refused = await client.post("/v1/personnes", tried)
    assert refused.status_code == 409
    assert "id" not in refused.json()


async def test_every_alphabet_keeps_its_letters(client: Client) -> None:
    """Seen red: what is not ASCII was dropped, and all such names were alike."""
    birth = PERSONNE["date_naissance"]
    await client.post("/v1/personnes", PERSONNE | {"nom": "Петров", "prenoms": "Пётр"})

    async def search(nom: str, prenoms: str) -> str:
        body = {"nom": nom, "prenoms": prenoms, "date_naissance": birth}
        answer = await client.post("/v1/personnes/recherches", body)
        return str(answer.json()["correspondance"])

    assert await search("Иванов", "Иван") == "aucune"
    assert await search("ПЕТРОВ", "пётр") == "exacte"


async def test_another_collectivite_sees_what_is_absent(
    client: Client, connecter: Connecter
) -> None:
    """404, equal to absent in all but the instance and the trace."""
    created = await client.post("/v1/personnes", PERSONNE)
    other = connecter("orientation", dans="44D")

    theirs = await other.get(created.headers["Location"])
    absent = await other.get("/v1/personnes/00000000-0000-4000-8000-000000000000")

    assert theirs.status_code == absent.status_code == 404
    ignored = {"instance", "correlation"}
    assert {k: v for k, v in theirs.json().items() if k not in ignored} == {
        k: v for k, v in absent.json().items() if k not in ignored
    }


@pytest.mark.parametrize(
    ("change", "pointeur", "code"),
    [
        pytest.param({"nir": "1840735999002"}, None, None, id="NIR bien formé"),
        pytest.param({"nir": "184073599900148"}, "/nir", "format-inattendu", id="clé fausse"),
        pytest.param(
            {"reference_externe": "291013599900123"},
            "/reference_externe",
            "nir-interdit-ici",
            id="NIR en référence",
        ),
        pytest.param({"nom": "A\u202eB"}, "/nom", "caractere-interdit", id="bidi"),
        pytest.param({"nom": "A\x00B"}, "/nom", "caractere-interdit", id="NUL"),
        pytest.param({"nom": "x" * 101}, "/nom", "trop-long", id="trop long"),
        pytest.param(
            {"code_commune": "35٠١٢"}, "/code_commune", "format-inattendu", id="chiffres arabes"
        ),
        pytest.param(
            {"date_naissance": "2199-01-01"}, "/date_naissance", "date-incoherente", id="avenir"
        ),
        pytest.param(
            {"beneficiaire_rsa": "true"}, "/beneficiaire_rsa", "type-inattendu", id="chaîne"
        ),
    ],
)
async def test_bad_input_is_named(
    client: Client, change: dict[str, Any], pointeur: str | None, code: str | None
) -> None:
    answer = await client.post("/v1/personnes", PERSONNE | change)

    if pointeur is None:
        assert answer.status_code == 201
        return
    assert answer.status_code == 422
    assert [(e["pointeur"], e["code"]) for e in answer.json()["erreurs"]] == [(pointeur, code)]
    # Nothing that was sent is echoed.
    assert not any(str(value) in answer.text for value in change.values())
