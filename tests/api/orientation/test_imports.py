"""A flux comes in, foyer by foyer: what is wrong is named, the rest goes on."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from deploy.local.flux_synthetique import generer
from services.orientation.imports import queries, travail
from shared.socle.service import Service
from tests.conftest import Client, Connecter

JOUR = date(2026, 10, 31)
COMPTES = ("dossier", "personne", "orientation", "evenement")


def flux(foyers: int = 20, graine: int = 35, jour: date = JOUR) -> bytes:
    return b"".join(generer(foyers=foyers, graine=graine, date_reference=jour))


async def importer(
    client: Client, service: Service, collectivite: str, contenu: bytes, cle: str | None = None
) -> dict[str, Any]:
    """Send a file, run its job, read the import back."""
    received = await client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=contenu,
        headers={"Content-Type": "application/xml", "Idempotency-Key": cle or str(uuid4())},
    )
    assert received.status_code == 202, received.text
    ident = received.json()["id"]
    await travail.importer_flux(service, import_id=ident, collectivite=collectivite)
    found: dict[str, Any] = (await client.get(received.headers["Location"])).json()
    return found


async def resultats(client: Client, import_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/imports/{import_id}/resultats")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def counts(service: Service, collectivite: str) -> dict[str, int]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return {
            table: (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in COMPTES
        }


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


async def test_people_add_up_and_only_adults_become_persons(
    client: Client, service: Service, ouverte: str
) -> None:
    done = await importer(client, service, ouverte, flux(60))

    c = done["compteurs"]
    assert (done["statut"], done["complet"], c["foyers_lus"]) == ("terminee", True, 60)
    assert c["personnes_lues"] == (
        c["personnes_a_orienter"] + c["personnes_hors_orientation"] + c["personnes_refusees"]
    )
    assert c["orientations_creees"] == c["personnes_a_orienter"] > 0
    stored = await counts(service, ouverte)
    assert stored["orientation"] == c["personnes_a_orienter"]
    assert stored["dossier"] == 60
    # Children are counted, never kept.
    assert stored["personne"] < c["personnes_lues"]
    listed = await client.get("/v1/orientations?statut=brouillon&limite=200")
    assert len(listed.json()["elements"]) == c["personnes_a_orienter"]


async def test_the_same_file_twice_changes_nothing(
    client: Client, service: Service, ouverte: str
) -> None:
    """Planted: the fingerprint left out of the comparison, every foyer modified, red."""
    await importer(client, service, ouverte, flux())
    before = await counts(service, ouverte)

    again = await importer(client, service, ouverte, flux())

    assert again["compteurs"]["foyers_identiques"] == 20
    after = await counts(service, ouverte)
    # Two facts tell of the second import itself: it was received, it ended.
    assert after == before | {"evenement": before["evenement"] + 2}
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        versions = await tx.execute(text("SELECT max(version) FROM personne"))
        assert versions.scalar_one() == 1


async def test_an_invalid_foyer_is_named_with_its_line_and_the_rest_goes_on(
    client: Client, service: Service, ouverte: str
) -> None:
    """Whole or not at all, and the others are written."""
    lines = flux(5).split(b"\n")
    starts = [n for n, line in enumerate(lines, start=1) if b"<InfosFoyerRSA>" in line]
    state = next(n for n, line in enumerate(lines) if n > starts[2] and b"<ETATDOSRSA>" in line)
    lines[state] = lines[state].split(b">")[0] + b">9</ETATDOSRSA>"

    done = await importer(client, service, ouverte, b"\n".join(lines))

    assert done["compteurs"]["foyers_refuses"] == 1
    assert done["compteurs"]["foyers_crees"] == 4
    lus = await resultats(client, done["id"])
    assert [one["statut"] for one in lus] == ["creee", "creee", "refusee", "creee", "creee"]
    assert [one["rang"] for one in lus] == [1, 2, 3, 4, 5]
    assert lus[2]["probleme"] == {
        "code": "etat_dossier_inconnu",
        "ligne": starts[2],
        "champ": "ETATDOSRSA",
    }
    assert (await counts(service, ouverte))["dossier"] == 4


@pytest.mark.parametrize(
    ("avant", "code"),
    [
        pytest.param(b"<!DOCTYPE Racine>", "doctype_interdit", id="doctype"),
        pytest.param(
            b'<!DOCTYPE Racine [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            "doctype_interdit",
            id="entité externe",
        ),
    ],
)
async def test_a_dtd_is_refused_and_nothing_is_written(
    client: Client, service: Service, ouverte: str, avant: bytes, code: str
) -> None:
    head, _, rest = flux(3).partition(b"?>")

    done = await importer(client, service, ouverte, head + b"?>" + avant + rest)

    assert (done["statut"], done["probleme"]["code"]) == ("echouee", code)
    assert (await counts(service, ouverte))["dossier"] == 0


async def test_a_truncated_file_says_so_and_keeps_what_was_whole(
    client: Client, service: Service, ouverte: str
) -> None:
    whole = flux(10)

    done = await importer(client, service, ouverte, whole[: len(whole) * 2 // 3])

    assert (done["statut"], done["complet"]) == ("echouee", False)
    assert done["probleme"]["code"] == "xml_invalide"
    assert 0 < done["compteurs"]["foyers_crees"] < 10


async def test_an_interrupted_import_resumes_where_it_was(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exact counts after a crash. Planted: the position not moved with the batch, red."""
    monkeypatch.setattr(travail, "LOT", 7)
    write = travail._write
    calls = 0

    async def die(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionError
        await write(*arguments)

    monkeypatch.setattr(travail, "_write", die)
    with pytest.raises(ConnectionError):
        await importer(client, service, ouverte, flux(30))
    (pending,) = (await client.get("/v1/imports")).json()["elements"]
    assert (pending["statut"], pending["compteurs"]["foyers_lus"]) == ("en_cours", 14)

    await travail.importer_flux(service, import_id=pending["id"], collectivite=ouverte)

    done = (await client.get(f"/v1/imports/{pending['id']}")).json()
    assert (done["statut"], done["compteurs"]["foyers_crees"]) == ("terminee", 30)
    assert [one["rang"] for one in await resultats(client, done["id"])] == list(range(1, 31))
    assert (await counts(service, ouverte))["dossier"] == 30


async def test_a_decision_taken_meanwhile_is_not_closed_by_an_import(
    client: Client, service: Service, ouverte: str
) -> None:
    """The flux says that the right ended; the decision was taken while it was being read."""
    await importer(client, service, ouverte, flux(5))
    (first, *_) = (await client.get("/v1/orientations")).json()["elements"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text("UPDATE orientation SET statut = 'ouverte' WHERE id = :une"), {"une": first["id"]}
        )
        closed = await queries.close_orientations(tx, [UUID(first["id"])])

    assert closed == []


async def test_an_older_flux_never_goes_over_a_newer_one(
    client: Client, service: Service, ouverte: str
) -> None:
    await importer(client, service, ouverte, flux(5))

    older = await importer(client, service, ouverte, flux(5, jour=date(2026, 9, 30)))

    refused = await resultats(client, older["id"])
    assert {one["probleme"]["code"] for one in refused} == {"date_reference_anterieure"}


async def test_the_same_key_with_another_file_is_refused(
    client: Client, service: Service, ouverte: str
) -> None:
    cle = str(uuid4())
    first = await importer(client, service, ouverte, flux(3), cle)
    headers = {"Content-Type": "application/xml", "Idempotency-Key": cle}
    url = "/v1/imports?type=flux_beneficiaires"

    again = await client.request("POST", url, content=flux(3), headers=headers)
    other = await client.request("POST", url, content=flux(4), headers=headers)

    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (first["id"], "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotence-cle-reutilisee")


async def test_only_xml_and_only_with_the_scope(
    client: Client, connecter: Connecter, ouverte: str
) -> None:
    url = "/v1/imports?type=flux_beneficiaires"
    headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())}

    assert (await client.request("POST", url, content=b"a", headers=headers)).status_code == 415
    weak = connecter("orientation", "orientation:lire orientation:ecrire")
    refused = await weak.request("POST", url, content=b"a", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")


async def test_the_file_is_not_kept_once_read(
    client: Client, service: Service, ouverte: str
) -> None:
    """Nor readable before: it waits sealed."""
    received = await client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=flux(3),
        headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
    )
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        octets = (await tx.execute(text("SELECT octets FROM import_morceau"))).scalars().all()
    assert octets
    assert b"InfosFoyerRSA" not in b"".join(map(bytes, octets))

    await travail.importer_flux(service, import_id=received.json()["id"], collectivite=ouverte)

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        left = await tx.execute(text("SELECT count(*) FROM import_morceau"))
        assert left.scalar_one() == 0
