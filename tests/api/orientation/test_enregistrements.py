"""One person at a time: recognised by a key and a birth date, or recorded; never confused."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.orientation.flux.canonique import Foyer
from services.orientation.flux.lecture import lire as lire_flux
from services.orientation.imports.rules import orientables
from services.orientation.personnes.queries import lock_personne
from shared.identifiants import nir_complet
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.api.orientation.test_imports import flux, importer
from tests.conftest import Client, Connecter

NIR, AUTRE_NIR = nir_complet("2910135999001"), nir_complet("2910135999002")  # commune 999: nobody's
NUMERO = "10000000001"
URL = "/v1/personnes/enregistrements"
ENVOI = {
    **{name: PERSONNE[name] for name in ("nom", "prenoms", "date_naissance", "code_commune")},
    "source": "france_travail",
}


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


async def envoyer(client: Client, **changes: Any) -> tuple[int, dict[str, Any]]:
    answer = await client.post(URL, ENVOI | changes)
    return answer.status_code, answer.json()


async def lire(client: Client, personne_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/personnes/{personne_id}")).json()
    return found


async def combien(service: Service, collectivite: str) -> int:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        counted = await tx.execute(
            text("SELECT count(*) FROM personne WHERE collectivite = :collectivite")
        )
    return int(counted.scalar_one())


@pytest.mark.parametrize(
    ("cles", "par"),
    [
        pytest.param({"nir": NIR}, "nir", id="NIR"),
        pytest.param(
            {"numero_france_travail": NUMERO}, "numero_france_travail", id="France Travail"
        ),
        pytest.param({"reference_externe": "msa:12"}, "reference", id="clé du client"),
    ],
)
async def test_a_key_recognises_and_what_is_sent_is_written(
    client: Client, service: Service, ouverte: str, cles: dict[str, str], par: str
) -> None:
    status, first = await envoyer(client, **cles)
    assert (status, first["reconnue_par"]) == (201, "aucune")

    status, again = await envoyer(
        client, **cles, prenoms="Maëlle Anne", code_commune="35238", beneficiaire_rsa=True
    )

    assert (status, again["reconnue_par"]) == (200, par)
    person = again["personne"]
    assert person["id"] == first["personne"]["id"]
    assert (person["version"], person["code_commune"]) == (2, "35238")
    assert (person["prenoms"], person["situation_rsa"]) == ("Maëlle Anne", "beneficiaire")
    assert await lire(client, person["id"]) == person
    assert await combien(service, ouverte) == 1
    # Sent once more, there is nothing left to write, and nothing that is not sent is cleared.
    status, same = await envoyer(client, **cles, prenoms="Maëlle Anne", code_commune=None)
    assert (status, same["personne"]) == (200, person)


async def test_a_name_alone_recognises_and_writes_nothing(
    client: Client, service: Service, ouverte: str
) -> None:
    """Planted: what is sent with a name alone written, red."""
    _, first = await envoyer(client)

    status, again = await envoyer(client, nom="ESSAI RIVIERE", code_commune="35047")

    assert (status, again["reconnue_par"]) == (200, "identite")
    assert again["personne"] == first["personne"]
    assert await combien(service, ouverte) == 1


async def test_a_namesake_with_a_number_is_another_person_to_bring_together(
    client: Client,
) -> None:
    """No duplicate is made silently. Planted: nothing proposed, red."""
    _, first = await envoyer(client)

    status, other = await envoyer(client, nir=NIR)

    assert (status, other["reconnue_par"]) == (201, "aucune")
    (rapprochement_id,) = other["rapprochements"]
    found = (await client.get(f"/v1/rapprochements/{rapprochement_id}")).json()
    assert set(found["personne_ids"]) == {first["personne"]["id"], other["personne"]["id"]}
    assert (found["motifs"], found["statut"]) == (["meme_identite"], "propose")
    # Two namesakes now: a name alone no longer tells.
    status, refused = await envoyer(client)
    assert (status, refused["code"]) == (409, "reference-externe-existante")
    assert "id" not in refused


async def test_a_number_of_somebody_else_merges_nobody(client: Client) -> None:
    """The answer does not tell whose it is, and nothing is written. Planted: no check, red."""
    _, first = await envoyer(client, nir=NIR, numero_france_travail=NUMERO)

    for cles in (
        {"nir": NIR, "date_naissance": "1991-01-13"},
        {"numero_france_travail": NUMERO, "date_naissance": "1991-01-13"},
        {"numero_france_travail": NUMERO, "nir": AUTRE_NIR},
    ):
        status, refused = await envoyer(client, **cles)
        assert (status, refused["code"]) == (409, "reference-externe-existante")
        assert "id" not in refused
    assert await lire(client, first["personne"]["id"]) == first["personne"]


async def test_a_person_of_the_flux_is_completed_and_not_changed(
    client: Client, service: Service, ouverte: str
) -> None:
    """By the number of the foyer, the role and the birth date; another birth date is not theirs."""
    await importer(client, service, ouverte, flux(6))
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        row = (
            await tx.execute(
                text(
                    "SELECT p.*, d.organisme_payeur, d.matricule FROM personne p JOIN dossier d"
                    " ON d.collectivite = p.collectivite AND d.id = p.dossier_id"
                    " WHERE p.collectivite = :collectivite AND p.role = 'DEM'"
                    " ORDER BY p.id LIMIT 1"
                )
            )
        ).one()
    before = await combien(service, ouverte)
    foyer = {
        "organisme_payeur": row.organisme_payeur,
        "matricule": row.matricule.ljust(15, "0") if len(row.matricule) == 7 else row.matricule,
        "role": "DEM",
    }
    birth = row.date_naissance.isoformat()

    status, found = await envoyer(
        client, **foyer, date_naissance=birth, numero_france_travail=NUMERO, code_commune="35047"
    )

    assert (status, found["reconnue_par"]) == (200, "matricule")
    person = found["personne"]
    assert person["id"] == str(row.id)
    assert (person["nom"], person["code_commune"]) == (row.nom, row.commune)
    assert person["numero_france_travail"] == NUMERO
    patched = await client.request(
        "PATCH",
        f"/v1/personnes/{row.id}",
        json={"nom": "Autre"},
        headers={
            "Content-Type": "application/merge-patch+json",
            "If-Match": f'"{person["version"]}"',
        },
    )
    assert (patched.status_code, patched.json()["statut_actuel"]) == (409, "tenue_par_le_flux")
    status, other = await envoyer(client, **foyer, date_naissance="1950-01-01")
    assert (status, other["reconnue_par"]) == (201, "aucune")
    assert await combien(service, ouverte) == before + 1


async def test_keys_of_two_people_sent_together_are_a_rapprochement(client: Client) -> None:
    _, une = await envoyer(client, nir=NIR)
    _, autre = await envoyer(client, numero_france_travail=NUMERO, nom="Autre")

    status, found = await envoyer(client, nir=NIR, numero_france_travail=NUMERO)

    assert (status, found["reconnue_par"]) == (200, "nir")
    assert found["personne"]["id"] == une["personne"]["id"]
    assert found["personne"]["numero_france_travail"] is None
    (rapprochement_id,) = found["rapprochements"]
    seen = (await client.get(f"/v1/rapprochements/{rapprochement_id}")).json()
    assert seen["motifs"] == ["cle_commune"]
    assert autre["personne"]["id"] in seen["personne_ids"]


async def test_who_may_not_read_is_told_only_the_id(client: Client, connecter: Connecter) -> None:
    """Of somebody known already; who is recorded just now is told whole. Planted: all told, red."""
    _, known = await envoyer(client, nir=NIR, code_commune="35047")
    ecrit = connecter("orientation", "orientation:ecrire")

    status, found = await envoyer(ecrit, nir=NIR, nom="Autre", code_commune=None)

    assert (status, found["reconnue_par"]) == (200, "nir")
    assert found["personne_id"] == known["personne"]["id"]
    assert found["personne"] is None
    status, new = await envoyer(ecrit, nir=AUTRE_NIR)
    assert (status, new["personne"]["id"]) == (201, new["personne_id"])


@pytest.mark.parametrize("url", ["/v1/personnes", URL])
async def test_a_registration_counts_as_a_search(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """It tells who is known, and tried with `essai` it leaves nothing. Planted: unbounded, red.

    A person recorded for good is not bounded, unless it recognises. Planted: bounded, red.
    """
    now = service.horloge()
    monkeypatch.setattr(service, "horloge", lambda: now)
    corps = PERSONNE if url == "/v1/personnes" else ENVOI

    codes = [
        (await client.post(f"{url}?essai=true", corps | {"nir": NIR})).status_code
        for _ in range(31)
    ]

    assert (codes.count(201), codes[-1]) == (30, 429)
    searched = await client.post(
        "/v1/personnes/recherches", {"nir": NIR, "date_naissance": PERSONNE["date_naissance"]}
    )
    assert searched.json()["politiques"] == ["recherche"]
    recorded = await client.post(url, corps | {"nir": NIR})
    assert recorded.status_code == (201 if url == "/v1/personnes" else 429)


async def test_a_number_that_another_takes_meanwhile_is_refused(
    client: Client, service: Service, ouverte: str
) -> None:
    """Neither of the two may bear it: a conflict, not a fault. Planted: not caught, red (500)."""
    _, une = await envoyer(client, nir=NIR)
    _, autre = await envoyer(client, nir=AUTRE_NIR, nom="Autre")
    numero = {"numero": NUMERO, "une": UUID(une["personne_id"])}
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text(
                "UPDATE personne SET numero_france_travail = :numero"
                " WHERE collectivite = :collectivite AND id = :une"
            ),
            numero,
        )
        second = asyncio.create_task(
            envoyer(client, nir=AUTRE_NIR, nom="Autre", numero_france_travail=NUMERO)
        )
        await asyncio.sleep(0.1)
        assert not second.done()

    status, refused = await second

    assert (status, refused["code"]) == (409, "reference-externe-existante")
    assert await lire(client, autre["personne_id"]) == autre["personne"]


async def test_two_namesakes_are_patched_at_once(
    client: Client, service: Service, ouverte: str
) -> None:
    """Each refers to the other, and waits for nobody. Planted: held FOR UPDATE, red (503)."""
    _, une = await envoyer(client, nir=NIR)
    _, autre = await envoyer(client, nir=AUTRE_NIR, nom="Autre")
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await lock_personne(tx, UUID(une["personne_id"]))

        patched = await client.request(
            "PATCH",
            f"/v1/personnes/{autre['personne_id']}",
            json={"nom": ENVOI["nom"]},
            headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
        )

    assert patched.status_code == 200, patched.text
    page = (await client.get(f"/v1/rapprochements?personne_id={une['personne_id']}")).json()
    assert len(page["elements"]) == 1


async def test_the_same_key_records_once(client: Client, service: Service, ouverte: str) -> None:
    first = await client.post(URL, ENVOI | {"nir": NIR}, cle="e" * 20)
    again = await client.post(URL, ENVOI | {"nir": NIR}, cle="e" * 20)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"] == f"/v1/personnes/{first.json()['personne']['id']}"
    assert await combien(service, ouverte) == 1


@pytest.mark.parametrize(
    ("change", "erreurs"),
    [
        pytest.param({"matricule": "20A9564"}, {"/matricule"}, id="matricule"),
        pytest.param({"matricule": "2089564"}, {"/organisme_payeur", "/role"}, id="matricule seul"),
        pytest.param(
            {"numero_france_travail": "1000000000A"}, {"/numero_france_travail"}, id="numéro"
        ),
        pytest.param({"nir": "184073599900148"}, {"/nir"}, id="NIR"),
        pytest.param({"date_naissance": "2199-01-01"}, {"/date_naissance"}, id="naissance"),
        pytest.param({"date_risque_rsa": "2026-01-05"}, {"/source_risque_rsa"}, id="sans source"),
        pytest.param(
            {
                "date_risque_rsa": "2026-01-05",
                "source_risque_rsa": "caf",
                "beneficiaire_rsa": True,
            },
            {"/date_risque_rsa"},
            id="bénéficiaire et à risque",
        ),
        pytest.param({"source": "voisin"}, {"/source"}, id="source"),
    ],
)
async def test_bad_input_is_named_and_writes_nothing(
    client: Client, service: Service, ouverte: str, change: dict[str, Any], erreurs: set[str]
) -> None:
    status, refused = await envoyer(client, **change)

    assert status == 422
    assert {un["pointeur"] for un in refused["erreurs"]} == erreurs
    assert await combien(service, ouverte) == 0


async def test_another_collectivite_recognises_nobody(client: Client, connecter: Connecter) -> None:
    """The same NIR and name there are another record; neither knows of the other."""
    _, ours = await envoyer(client, nir=NIR)
    other = connecter("orientation", dans="44E")
    opened = await other.post(
        "/v1/collectivites",
        {
            "code": "44E",
            "libelle": "Collectivité d'essai",
            "ideparte": "044",
            "fuseau": "Europe/Paris",
        },
    )
    assert opened.status_code == 201, opened.text

    status, theirs = await envoyer(other, nir=NIR)

    assert (status, theirs["reconnue_par"], theirs["rapprochements"]) == (201, "aucune", [])
    assert theirs["personne"]["id"] != ours["personne"]["id"]


async def test_nothing_of_who_she_is_goes_in_a_log(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Planted: the body logged, red."""
    await envoyer(client, nir=NIR, numero_france_travail=NUMERO, matricule="20A9564")
    status, found = await envoyer(client, nir=NIR, numero_france_travail=NUMERO)
    await client.request(
        "PATCH",
        f"/v1/personnes/{found['personne']['id']}",
        json={"nom": "Essai-Lointain"},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
    )
    await client.post("/v1/personnes", PERSONNE | {"nir": NIR})

    logged = "".join(capfd.readouterr())
    assert status == 201
    assert "requete" in logged
    for secret in (NIR[:13], NUMERO, "Essai", "Maëlle", PERSONNE["date_naissance"]):
        assert secret not in logged


async def test_a_person_is_patched_and_found_under_the_new_name(client: Client) -> None:
    _, found = await envoyer(client)
    url = f"/v1/personnes/{found['personne']['id']}"

    async def patch(body: dict[str, Any], version: int) -> tuple[int, dict[str, Any]]:
        answer = await client.request(
            "PATCH",
            url,
            json=body,
            headers={"Content-Type": "application/merge-patch+json", "If-Match": f'"{version}"'},
        )
        return answer.status_code, answer.json()

    status, changed = await patch({"nom": "Essai-Lointain", "code_commune": None}, 1)

    assert (status, changed["version"]) == (200, 2)
    assert (changed["nom"], changed["code_commune"]) == ("Essai-Lointain", None)
    named = {name: ENVOI[name] for name in ("prenoms", "date_naissance")}
    for nom, correspondance in (("Essai-Lointain", "exacte"), (ENVOI["nom"], "aucune")):
        searched = await client.post("/v1/personnes/recherches", named | {"nom": nom})
        assert searched.json()["correspondance"] == correspondance
    assert await patch({"nom": "Essai-Lointain"}, 2) == (200, changed)
    status, stale = await patch({"nom": "Essai"}, 1)
    assert (status, stale["version_courante"]) == (412, 2)
    status, refused = await patch({"date_risque_rsa": "2026-01-05"}, 2)
    assert (status, refused["erreurs"][0]["pointeur"]) == (422, "/source_risque_rsa")
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    assert [one["type"] for one in feed if one["ressource"] == "personnes"] == [
        "orientation.personne.enregistree",
        "orientation.personne.modifiee",
    ]


A_RISQUE = {
    "date_risque_rsa": "2026-01-05",
    "source_risque_rsa": "mission_locale",
    "date_naissance": "2004-05-06",
}


async def test_a_person_at_risk_is_listed_without_identity_and_not_oriented(
    client: Client, connecter: Connecter
) -> None:
    """Unless they asked an organisme themselves. Planted: oriented like anybody, red."""
    _, found = await envoyer(client, nir=NIR, **A_RISQUE)
    ident = found["personne"]["id"]
    assert found["personne"]["situation_rsa"] == "a_risque"
    await envoyer(client, nir=AUTRE_NIR, nom="Autre")

    (listed,) = (await client.get("/v1/personnes-a-risque")).json()["elements"]

    assert listed.keys() == {
        "id",
        "code_commune",
        "date_risque_rsa",
        "source_risque_rsa",
        "cree_le",
    }
    assert listed["id"] == ident
    assert (await client.get("/v1/orientations")).json()["elements"] == []
    refused = await client.post("/v1/orientations", {"personne_id": ident})
    assert [un["pointeur"] for un in refused.json()["erreurs"]] == ["/organisme_demande"]
    asked = await client.post(
        "/v1/orientations", {"personne_id": ident, "organisme_demande": "mission_locale"}
    )
    assert asked.status_code == 201, asked.text
    other = connecter("orientation", dans="44D")
    assert (await other.get("/v1/personnes-a-risque")).json()["elements"] == []


async def test_the_right_that_opens_ends_the_risk(client: Client) -> None:
    """The record stays, with the day and the source of the risk; she may be oriented."""
    _, found = await envoyer(client, nir=NIR, **A_RISQUE)

    status, now = await envoyer(
        client, nir=NIR, date_naissance=A_RISQUE["date_naissance"], beneficiaire_rsa=True
    )

    person = now["personne"]
    assert (status, person["id"]) == (200, found["personne"]["id"])
    assert (person["situation_rsa"], person["date_risque_rsa"]) == ("beneficiaire", "2026-01-05")
    assert (await client.get("/v1/personnes-a-risque")).json()["elements"] == []
    opened = await client.post("/v1/orientations", {"personne_id": person["id"]})
    assert opened.status_code == 201


async def test_who_the_flux_brings_in_was_at_risk(
    client: Client, service: Service, ouverte: str
) -> None:
    """Recorded first by an agent, then told by the flux: one person by NIR, two to bring together
    by name. Planted: nothing proposed by the flux, red.
    """
    contenu = flux(12)
    adults = [
        personne
        for foyer in lire_flux(iter([contenu]), "035")
        if isinstance(foyer, Foyer)
        for personne in orientables(foyer)
        if personne.nir is not None
    ]
    known = []
    for rang, adulte in enumerate(adults[:2]):
        status, found = await envoyer(
            client,
            nom=adulte.nom,
            prenoms=adulte.prenoms[0],
            date_naissance=adulte.date_naissance.isoformat(),
            date_risque_rsa="2026-01-05",
            source_risque_rsa="caf",
            **({"nir": adulte.nir} if rang == 0 else {}),
        )
        assert status == 201
        known.append(found["personne"]["id"])

    await importer(client, service, ouverte, contenu)

    par_nir, par_nom = [await lire(client, one) for one in known]
    assert (par_nir["situation_rsa"], par_nir["date_risque_rsa"]) == ("beneficiaire", "2026-01-05")
    assert par_nir["dossier_id"] is not None
    assert (par_nom["situation_rsa"], par_nom["dossier_id"]) == ("a_risque", None)
    page = (await client.get(f"/v1/rapprochements?personne_id={par_nom['id']}")).json()
    (propose,) = page["elements"]
    assert propose["motifs"][0].startswith("meme_")
    theirs = next(one for one in propose["personne_ids"] if one != par_nom["id"])
    assert (await lire(client, theirs))["dossier_id"] is not None
