"""Hints and statements, through the door: who said what, and what is shown to whom."""

from typing import Any
from uuid import uuid4

from sqlalchemy import text

from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE, Dossier, criteres
from tests.api.orientation.test_imports import importer
from tests.api.orientation.test_mouvements import Flux, cle, poser, seul
from tests.conftest import Client, Connecter

CODES = [
    {"champ": "DIFSOC", "code": "0402"},
    {"champ": "DIFDISP", "code": "0507"},
    {"champ": "NIVETU", "code": "1204"},
]
SANS_SANTE = CODES[1:]


async def personne(client: Client) -> str:
    """A new person's address."""
    created = await client.post("/v1/personnes", PERSONNE)
    assert created.status_code == 201, created.text
    return f"/v1/personnes/{created.json()['id']}"


async def test_a_declaration_hints_and_health_is_for_those_who_hold_its_scope(
    client: Client, connecter: Connecter
) -> None:
    """Planted: `sensible` always False; red."""
    url = await personne(client)
    created = await client.post(
        f"{url}/declarations-dsp", {"codes": CODES, "source": "organisme_payeur"}
    )
    assert created.status_code == 201, created.text
    reader = connecter("orientation", "orientation:lire")

    whole = (await client.get(created.headers["location"])).json()
    masked = (await reader.get(created.headers["location"])).json()
    assert (whole["codes"], whole["champs_masques"]) == (CODES, [])
    assert (masked["codes"], masked["champs_masques"]) == (SANS_SANTE, ["codes_sante"])
    (listed,) = (await reader.get(f"{url}/declarations-dsp")).json()["elements"]
    assert listed == masked

    whole = (await client.get(f"{url}/apercu-dsp")).json()
    masked = (await reader.get(f"{url}/apercu-dsp")).json()
    assert [one["frein"] for one in whole["freins"]] == ["mobilite", "sante"]
    assert [one["frein"] for one in masked["freins"]] == ["mobilite"]
    assert masked["champs_masques"] == ["freins_sante"]
    assert whole["criteres"] == masked["criteres"]
    (critere,) = whole["criteres"]
    assert (critere["champ"], critere["valeurs_possibles"]) == ("niveau_etude", ["NV5"])


async def test_a_hint_answers_nothing(client: Client, ouvrir: Dossier) -> None:
    """With every DSP code that leaves one answer, the same criteria are still missing."""
    orientation = await ouvrir()
    url = f"/v1/orientations/{orientation['id']}"
    declares = {"codes": CODES, "source": "organisme_payeur"}
    await client.post(f"/v1/personnes/{orientation['personne_id']}/declarations-dsp", declares)
    partiel = criteres()
    partiel["criteres"] = [
        un
        for un in partiel["criteres"]
        if un["champ"] not in ("niveau_etude", "contrainte_mobilite")
    ]

    proposition = (await client.post(f"{url}/criteres", partiel, version=1)).json()

    assert proposition["regle"] == "P0"
    assert proposition["explication"]["champs_manquants"] == ["contrainte_mobilite", "niveau_etude"]


async def test_unknown_codes_and_unknown_persons_write_nothing(
    client: Client, connecter: Connecter
) -> None:
    url = await personne(client)
    inconnu = {"codes": [{"champ": "DIFSOC", "code": "9999"}], "source": "organisme_payeur"}

    refused = await client.post(f"{url}/declarations-dsp", inconnu)
    absent = await client.post(
        f"/v1/personnes/{uuid4()}/declarations-dsp", {"codes": CODES, "source": "personne"}
    )

    assert refused.json()["erreurs"][0]["pointeur"] == "/codes/0/code"
    assert (refused.status_code, absent.status_code) == (422, 404)
    assert (await client.get(f"{url}/declarations-dsp")).json()["elements"] == []
    assert (await client.get(f"{url}/apercu-dsp")).json()["freins"] == []


async def test_the_flux_tells_of_who_has_no_home(
    client: Client, services: dict[str, Service], ouverte: str
) -> None:
    """Planted: the element read and not kept, red."""
    flux = Flux.premier(20, "VRSD0301")
    foyer = flux.prendre(seul)
    poser(foyer, "TOPSANSDOMFIXE", "1")
    service = services["orientation"]
    await importer(client, service, ouverte, flux.octets())
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        query = text(
            "SELECT p.id FROM personne p JOIN dossier d ON d.id = p.dossier_id WHERE d.cle = :cle"
        )
        personne_id = (await tx.execute(query, {"cle": cle(foyer)})).scalar_one()

    found = (await client.get(f"/v1/personnes/{personne_id}/apercu-dsp")).json()

    code = {"champ": "TOPSANSDOMFIXE", "code": "1"}
    assert found["freins"] == [{"frein": "logement", "codes": [code]}]


async def test_each_statement_of_criteria_keeps_its_source_and_its_day(
    client: Client, connecter: Connecter, ouvrir: Dossier
) -> None:
    orientation = await ouvrir()
    url = f"/v1/orientations/{orientation['id']}"

    async def enoncer(version: int, source: str, jour: str, **valeurs: str) -> None:
        corps: dict[str, Any] = {
            "criteres": [{"champ": champ, "valeur": v} for champ, v in valeurs.items()],
            "source": source,
            "date_recueil": jour,
        }
        done = await client.post(f"{url}/criteres", corps, version=version)
        assert done.status_code == 201, done.text

    await enoncer(1, "personne", "2026-01-05", niveau_etude="NV5", contrainte_sante="AUCUNE")
    await enoncer(2, "professionnel", "2026-01-06", niveau_etude="NV4")

    reader = connecter("orientation", "orientation:lire")
    recents, anciens = (await reader.get(f"{url}/criteres")).json()["elements"]
    assert (recents["source"], recents["date_recueil"]) == ("professionnel", "2026-01-06")
    assert recents["criteres"] == [{"champ": "niveau_etude", "valeur": "NV4"}]
    assert (anciens["source"], anciens["champs_masques"]) == ("personne", ["criteres_sante"])
    assert anciens["criteres"] == [{"champ": "niveau_etude", "valeur": "NV5"}]
    stranger = connecter("orientation", dans="999Z")
    assert (await stranger.get(f"{url}/criteres")).status_code == 404
