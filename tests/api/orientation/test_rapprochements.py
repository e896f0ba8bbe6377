"""Two persons who may be one: proposed once, merged on decision, and put back row by row."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.orientation import tables
from services.orientation.orientations.queries import lock_orientation
from services.orientation.rapprochements import queries, rules
from shared.identifiants import nir_complet
from shared.refus import VersionDepassee
from shared.schemas.orientation.rapprochements import NatureActe, StatutRapprochement
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE, Dossier, criteres
from tests.api.orientation.test_imports import flux, importer
from tests.conftest import Client, Connecter

NIRS = [nir_complet(f"29101359990{rang:02}") for rang in range(1, 9)]  # commune 999: nobody's
MOTIF = {"motif": "Même numéro au dossier papier"}
# Every table whose rows are a person's, found here by itself.
DES_PERSONNES = [un for un in tables.Base.metadata.sorted_tables if "personne_id" in un.columns]
# What tells of the acts themselves, and grows with each.
HORS_IMAGE = {"evenement", "idempotence", "quota", "rapprochement", "acte_rapprochement"} | {
    "fusion_changement"
}


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


async def creer(client: Client, chemin: str, corps: Any, **rest: Any) -> dict[str, Any]:
    answer = await client.post(chemin, corps, **rest)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rapprocher(client: Client, une: str, autre: str) -> dict[str, Any]:
    """The rapprochement of two persons, proposed already or now."""
    page = (await client.get(f"/v1/rapprochements?personne_id={une}")).json()["elements"]
    known = [one for one in page if autre in one["personne_ids"]]
    if known:
        return dict(known[0])
    return await creer(client, "/v1/rapprochements", {"personne_ids": [une, autre]})


async def agir(client: Client, rapprochement_id: str, acte: str, corps: Any) -> httpx.Response:
    """An act on a rapprochement as it is now."""
    url = f"/v1/rapprochements/{rapprochement_id}"
    version = (await client.get(url)).json()["version"]
    return await client.post(f"{url}/{acte}", corps, version=version)


async def fusionner(client: Client, gardee: str, absorbee: str) -> dict[str, Any]:
    one = await rapprocher(client, gardee, absorbee)
    done = await agir(client, one["id"], "fusions", {"gardee_id": gardee})
    assert done.status_code == 201, done.text
    found: dict[str, Any] = done.json()
    return found


async def image(service: Service, collectivite: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for versions, instants of change, and the acts' own tables."""
    found = {}
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        for table in tables.Base.metadata.sorted_tables:
            if table.name not in HORS_IMAGE:
                rows = await tx.execute(
                    text(
                        f"SELECT to_jsonb(t) - 'version' - 'modifie_le' AS row FROM {table.name} t"
                        " WHERE collectivite = :collectivite ORDER BY 1"
                    )
                )
                found[table.name] = list(rows.scalars())
    return found


async def faits(client: Client) -> Counter[str]:
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return Counter(one["type"].removeprefix("orientation.") for one in feed)


async def a_decider(client: Client, personne_id: str) -> list[dict[str, Any]]:
    page = (await client.get("/v1/orientations?limite=200")).json()["elements"]
    return [one for one in page if one["personne_id"] == personne_id]


async def vivre(client: Client, personne_id: str, seances: list[str]) -> None:
    """Something in each table that an agent fills for a person."""
    for seance in seances:
        await creer(
            client,
            f"/v1/accueils/{seance}/convocations",
            {"personne_id": personne_id, "mode": "courrier"},
        )
    await creer(
        client,
        f"/v1/personnes/{personne_id}/dispenses",
        {"type": "entretien_individuel", "motif": "deja_informee"},
    )
    lieu = {"type": "sur_place", "type_lieu": "caf", "lieu": "Point d'accueil"}
    await creer(
        client,
        "/v1/contacts",
        lieu | {"motif": "acces_aux_droits", "personne_id": personne_id},
    )
    await creer(
        client,
        f"/v1/personnes/{personne_id}/declarations-dsp",
        {
            "codes": [{"champ": "NATMOB", "code": "2504"}],
            "source": "personne",
            "date_declaration": "2026-01-05",
        },
    )


async def seance(client: Client, jour: int, type_: str) -> str:
    corps = {
        "type": type_,
        "type_lieu": "caf",
        "lieu": "Salle d'essai",
        "code_commune": "35236",
        "debut_le": f"2030-01-{jour:02}T09:00:00Z",
        "fin_le": f"2030-01-{jour:02}T11:00:00Z",
        "places": 12,
    }
    return str((await creer(client, "/v1/accueils", corps))["id"])


async def test_a_merge_undone_leaves_every_row_as_before(
    client: Client, service: Service, ouverte: str
) -> None:
    """Every table of the database, compared whole; each table of a person had rows to move.

    Planted: a table forgotten by the merge, red; one forgotten by the separation, red; the closed
    orientation left closed, red.
    """
    await importer(client, service, ouverte, flux(6, graine=1))
    anciennes = {one["personne_id"] for one in await _orientations(client)}
    await importer(client, service, ouverte, flux(6, graine=2))
    gardee = next(
        one for one in await _orientations(client) if one["personne_id"] not in anciennes
    )["personne_id"]
    absorbee = sorted(anciennes)[0]
    commune = await seance(client, 7, "reunion_collective")
    autre = await seance(client, 8, "ecrivain_public_numerique")
    await vivre(client, gardee, [commune])
    await vivre(client, absorbee, [commune, autre])
    await bouger(service, ouverte, absorbee)
    before = await image(service, ouverte)
    for table in DES_PERSONNES:
        owners = {row["personne_id"] for row in before[table.name]}
        assert absorbee in owners, f"{table.name} : rien à déplacer"

    done = await fusionner(client, gardee, absorbee)

    during = await image(service, ouverte)
    assert {name for name in before if before[name] != during[name]} == {
        "personne",
        *(table.name for table in DES_PERSONNES),
    }
    # Of two convocations to one session, one of each stays; nothing else does.
    left = [
        (table.name, row)
        for table in DES_PERSONNES
        for row in during[table.name]
        if row["personne_id"] == absorbee
    ]
    assert [(name, row["accueil_id"]) for name, row in left] == [("convocation", commune)]
    read = (await client.get(f"/v1/personnes/{absorbee}")).json()
    assert read["fusionnee_avec_id"] == gardee
    apart = await agir(client, done["id"], "separations", MOTIF)
    assert apart.status_code == 201, apart.text
    after = await image(service, ouverte)
    for name in before:
        assert after[name] == before[name], name
    assert [acte["nature"] for acte in apart.json()["actes"]] == ["fusion", "separation"]
    again = await fusionner(client, gardee, absorbee)
    assert (await image(service, ouverte)) == during
    assert again["statut"] == "fusionne"


async def bouger(service: Service, collectivite: str, personne_id: str) -> None:
    """What a second flux would tell of the person, and who rdv-insertion says she is."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await tx.execute(
            text(
                "INSERT INTO mouvement (collectivite, id, type, dossier_id, personne_id, import_id,"
                " date_reference, version_flux)"
                " SELECT p.collectivite, gen_random_uuid(), 'entree_droits_devoirs', p.dossier_id,"
                " p.id, i.id, date '2026-10-31', 'VRSB0801' FROM personne p, import i"
                " WHERE p.collectivite = :collectivite AND p.id = :personne LIMIT 1"
            ),
            {"personne": UUID(personne_id)},
        )
        await tx.execute(
            text(
                "INSERT INTO usager_rdv_insertion (collectivite, id, usager, personne_id, mode,"
                " client_id) VALUES (:collectivite, gen_random_uuid(), '3432', :personne, 'nir',"
                " 'service-orientation')"
            ),
            {"personne": UUID(personne_id)},
        )


async def _orientations(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/orientations?limite=200")).json()[
        "elements"
    ]
    return found


async def test_of_two_to_decide_one_is_left_under_the_earlier_reception(
    client: Client, ouvrir: Dossier
) -> None:
    """Planted: the later reception kept, red."""
    tard = await ouvrir("2026-02-10T10:00:00Z", nir=NIRS[0])
    tot = await ouvrir("2026-02-02T10:00:00Z", nir=NIRS[1])

    done = await fusionner(client, tard["personne_id"], tot["personne_id"])

    gardee, close = [
        (await client.get(f"/v1/orientations/{one['id']}")).json() for one in (tard, tot)
    ]
    assert (gardee["statut"], close["statut"]) == ("brouillon", "cloturee")
    assert gardee["recu_le"] == tot["recu_le"]
    assert gardee["date_limite"] == tot["date_limite"] < tard["date_limite"]
    assert close["personne_id"] == gardee["personne_id"] == tard["personne_id"]
    told = await faits(client)
    assert told["orientation.close"] == told["orientation.avancee"] == 1
    assert told["personne.fusionnee"] == told["rapprochement.fusionne"] == 1
    # Parcours follows these two: whose an orientation is.
    assert told["orientation.rattachee"] == 1
    await agir(client, done["id"], "separations", MOTIF)
    for one in (tard, tot):
        back = (await client.get(f"/v1/orientations/{one['id']}")).json()
        changed = {name for name in one if back[name] != one[name]}
        assert changed <= {"version", "modifie_le"}
    told = await faits(client)
    assert told["personne.separee"] == 1
    assert told["orientation.retablie"] > 0


async def test_two_decisions_in_force_are_not_made_one(client: Client, ouvrir: Dossier) -> None:
    """Refused with both ids; once one is annulled, the merge is made."""
    ids = []
    for rang in (0, 1):
        dossier = await ouvrir(nir=NIRS[rang])
        url = f"/v1/orientations/{dossier['id']}"
        await client.post(f"{url}/criteres", criteres(), version=1)
        await decide(client, url)
        ids.append(dossier)
    une, autre = ids
    one = await rapprocher(client, une["personne_id"], autre["personne_id"])

    refused = await agir(client, one["id"], "fusions", {"gardee_id": une["personne_id"]})

    assert (refused.status_code, refused.json()["code"]) == (409, "orientation-deja-decidee")
    assert set(refused.json()["orientations"]) == {une["id"], autre["id"]}
    annulled = await client.post(
        f"/v1/orientations/{autre['id']}/annulations", {"motif": "Doublon"}, version=3
    )
    assert annulled.status_code == 201, annulled.text
    await fusionner(client, une["personne_id"], autre["personne_id"])


async def decide(client: Client, url: str) -> None:
    choix = {
        "etat_decision": "refusee",
        "motif_refus": "appreciation_differente",
        "type_parcours": "social",
    }
    organismes = (await client.get("/v1/organismes-referents")).json()["elements"]
    cd = next(one["id"] for one in organismes if one["reference"] == "cd")
    body = choix | {"organisme_referent_id": cd}
    decided = await client.post(f"{url}/decisions", body, version=2)
    assert decided.status_code == 201, decided.text


async def test_what_recognises_the_absorbed_leads_to_the_kept(client: Client) -> None:
    """By NIR with her own birth date, by name; the absorbed person opens nothing more."""
    gardee = await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[0]})
    autre = PERSONNE | {"nir": NIRS[1], "date_naissance": "1991-01-13", "nom": "Essai-Ravine"}
    absorbee = await creer(client, "/v1/personnes", autre)
    await fusionner(client, gardee["id"], absorbee["id"])

    async def search(**body: Any) -> Any:
        answer = await client.post("/v1/personnes/recherches", body)
        return answer.json()["personne_id"]

    birth = autre["date_naissance"]
    assert await search(nir=NIRS[1], date_naissance=birth) == gardee["id"]
    named = {name: autre[name] for name in ("nom", "prenoms", "date_naissance")}
    assert await search(**named) == gardee["id"]
    sent = await client.post(
        "/v1/personnes/enregistrements", autre | {"source": "msa", "code_commune": "35238"}
    )
    assert sent.status_code == 200, sent.text
    assert sent.json()["personne"]["id"] == gardee["id"]
    assert sent.json()["personne"]["date_naissance"] == gardee["date_naissance"]
    opened = await client.post("/v1/orientations", {"personne_id": absorbee["id"]})
    assert (opened.status_code, opened.json()["code"]) == (409, "transition-interdite")
    assert opened.json()["fusionnee_avec_id"] == gardee["id"]
    contact = {"type": "sur_place", "type_lieu": "caf", "lieu": "Point d'accueil"}
    for chemin, corps in (
        (
            "/v1/contacts",
            contact | {"motif": "acces_aux_droits", "personne_id": absorbee["id"]},
        ),
        (
            f"/v1/personnes/{absorbee['id']}/dispenses",
            {"type": "entretien_individuel", "motif": "deja_informee"},
        ),
    ):
        refused = await client.post(chemin, corps)
        assert refused.json()["fusionnee_avec_id"] == gardee["id"], chemin
    patched = await client.request(
        "PATCH",
        f"/v1/personnes/{absorbee['id']}",
        json={"code_commune": None},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"2"'},
    )
    assert patched.json()["fusionnee_avec_id"] == gardee["id"]


async def test_the_flux_finds_the_kept_person(
    client: Client, service: Service, ouverte: str
) -> None:
    """The absorbed person's foyer, told again, makes nobody new. Planted: no pointer, red."""
    premier = flux(8, graine=1)
    await importer(client, service, ouverte, premier)
    une, autre = sorted({one["personne_id"] for one in await _orientations(client)})[:2]
    await fusionner(client, une, autre)
    before = await image(service, ouverte)
    # The same people, a month later, all of them elsewhere.
    later = re.sub(rb"<(DTREF|DTCREAFLUX)>[0-9-]+", rb"<\1>2026-11-30", premier)
    moved = re.sub(rb"<NUMCOM>[0-9]+", b"<NUMCOM>35236", later)

    done = await importer(client, service, ouverte, moved)

    assert done["statut"] == "terminee"
    assert done["compteurs"]["foyers_refuses"] == 0
    after = await image(service, ouverte)
    assert len(after["personne"]) == len(before["personne"])
    lives = {row["id"]: row["commune"] for row in after["personne"]}
    assert lives[une] == "35236" != lives[autre]
    owners = Counter(
        row["personne_id"]
        for row in after["orientation"]
        if row["statut"] in ("brouillon", "en_attente")
    )
    assert owners[une] == 1
    assert owners[autre] == 0


async def test_a_namesake_is_proposed_once_and_never_after_a_setting_aside(
    client: Client,
) -> None:
    """Nor does another name given later. Planted: proposed again when it is met again, red."""
    une = await creer(client, "/v1/personnes", PERSONNE)
    autre = await creer(client, "/v1/personnes", PERSONNE | {"prenoms": "Maelle, Anne"})
    page = (await client.get("/v1/rapprochements")).json()["elements"]
    assert [(sorted(one["personne_ids"]), one["motifs"]) for one in page] == [
        (sorted([une["id"], autre["id"]]), ["meme_nom_premier_prenom"])
    ]
    aside = await agir(client, page[0]["id"], "ecarts", {"motif": "Deux cousines"})
    assert aside.json()["statut"] == "ecarte"

    await client.request(
        "PATCH",
        f"/v1/personnes/{autre['id']}",
        json={"prenoms": "Maëlle"},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
    )

    (still,) = (await client.get("/v1/rapprochements")).json()["elements"]
    assert (still["statut"], still["version"]) == ("ecarte", 2)
    told = await client.post("/v1/rapprochements", {"personne_ids": [autre["id"], une["id"]]})
    assert (told.status_code, told.json()["id"]) == (409, page[0]["id"])
    # Set aside by mistake, it may still be merged, on decision.
    await fusionner(client, une["id"], autre["id"])


@asynccontextmanager
async def fusion_en_cours(
    service: Service, collectivite: str, une: str, gardee: str, absorbee: str
) -> AsyncIterator[None]:
    """A merge that holds the two persons while the block runs, and is made at its end."""
    ids = {"gardee": UUID(gardee), "absorbee": UUID(absorbee)}
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await queries.lock_personnes(tx, list(ids.values()))
        yield
        vives = await queries.lock_vives(tx, list(ids.values()))
        acte_id, _ = await queries.store_acte(
            tx,
            UUID(une),
            NatureActe.FUSION,
            StatutRapprochement.FUSIONNE,
            motif=None,
            gardee_id=ids["gardee"],
        )
        await queries.fusionner(
            tx,
            acte_id,
            gardee_id=ids["gardee"],
            absorbee_id=ids["absorbee"],
            orientations=rules.orientations_fusionnees(ids["gardee"], vives),
        )


async def tenir(service: Service, collectivite: str, orientation_id: UUID) -> None:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await lock_orientation(tx, orientation_id)


async def test_a_command_that_waited_for_a_merge_is_told_that_the_orientation_changed(
    client: Client, service: Service, ouverte: str, ouvrir: Dossier
) -> None:
    """It waits for the person before it holds the orientation, which the merge then writes.

    Whoever comes without a version (another resource's) is told the same. Planted: the orientation
    and its person read in one join, the person not held, red (nothing waits).
    """
    dossier = await ouvrir(nir=NIRS[0])
    gardee = (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[1]}))["id"]
    une = await rapprocher(client, dossier["personne_id"], gardee)
    url = f"/v1/orientations/{dossier['id']}/criteres"

    async with fusion_en_cours(service, ouverte, une["id"], gardee, dossier["personne_id"]):
        deposit = asyncio.create_task(client.post(url, criteres(), version=1))
        sans_version = asyncio.create_task(tenir(service, ouverte, UUID(dossier["id"])))
        await asyncio.sleep(0.1)
        assert not deposit.done()

    late = await deposit
    with pytest.raises(VersionDepassee):
        await sans_version
    assert (late.status_code, late.json()["code"]) == (412, "version-depassee")
    assert late.json()["version_courante"] == 2
    again = await client.post(url, criteres(), version=2)
    assert again.status_code == 201, again.text


async def test_the_flux_writes_for_the_one_kept_when_a_merge_ends_first(
    client: Client, service: Service, ouverte: str
) -> None:
    """Read before the merge, written after it.

    Planted: the persons not held, red (the merge waits for the orientations that the flux holds).
    """
    premier = flux(8, graine=1)
    await importer(client, service, ouverte, premier)
    gardee, absorbee = sorted({one["personne_id"] for one in await _orientations(client)})[:2]
    une = await rapprocher(client, gardee, absorbee)
    later = re.sub(rb"<(DTREF|DTCREAFLUX)>[0-9-]+", rb"<\1>2026-11-30", premier)
    moved = re.sub(rb"<NUMCOM>[0-9]+", b"<NUMCOM>35236", later)

    async with fusion_en_cours(service, ouverte, une["id"], gardee, absorbee):
        reading = asyncio.create_task(importer(client, service, ouverte, moved))
        await asyncio.sleep(0.5)
        assert not reading.done()

    done = await reading
    assert (done["statut"], done["compteurs"]["foyers_refuses"]) == ("terminee", 0)
    lives = {one["id"]: one for one in (await image(service, ouverte))["personne"]}
    assert lives[gardee]["commune"] == "35236" != lives[absorbee]["commune"]
    assert {one["commune"] for one in lives.values() if one["id"] != absorbee} == {"35236"}


async def test_what_was_proposed_of_the_absorbed_is_proposed_of_the_kept(client: Client) -> None:
    """For the same reasons; proposed of her, nobody could decide it. Planted: left so, red."""
    a, b = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nom": nom, "nir": NIRS[rang]}))["id"]
        for rang, nom in enumerate(("Essai-Ravine", "Essai-Lande"))
    ]
    c = (await creer(client, "/v1/personnes", PERSONNE | {"nom": "Essai-Lande"}))["id"]

    await fusionner(client, a, b)

    page = (await client.get(f"/v1/rapprochements?personne_id={a}&statut=propose")).json()
    (found,) = page["elements"]
    assert (set(found["personne_ids"]), found["motifs"]) == ({a, c}, ["meme_identite"])
    await fusionner(client, a, c)


async def test_undoing_goes_backwards(client: Client) -> None:
    """A into B into C: A does not leave B before B leaves C; then each has its own again."""
    a, b, c = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[rang]}))["id"]
        for rang in range(3)
    ]
    first = await fusionner(client, b, a)
    refused = await agir(
        client, (await rapprocher(client, a, c))["id"], "fusions", {"gardee_id": c}
    )
    assert refused.json()["fusionnee_avec_id"] == b
    second = await fusionner(client, c, b)
    assert (await client.get(f"/v1/personnes/{a}")).json()["fusionnee_avec_id"] == c

    early = await agir(client, first["id"], "separations", MOTIF)

    assert (early.status_code, early.json()["fusionnee_avec_id"]) == (409, c)
    assert (await agir(client, second["id"], "separations", MOTIF)).status_code == 201
    assert (await client.get(f"/v1/personnes/{a}")).json()["fusionnee_avec_id"] == b
    assert (await agir(client, first["id"], "separations", MOTIF)).status_code == 201
    for one in (a, b, c):
        assert (await client.get(f"/v1/personnes/{one}")).json()["fusionnee_avec_id"] is None


async def test_what_came_after_the_merge_stays_with_the_kept(
    client: Client, ouvrir: Dossier
) -> None:
    """And what a later act changed is not undone with the merge."""
    gardee = await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[0]})
    dossier = await ouvrir(nir=NIRS[1])
    done = await fusionner(client, gardee["id"], dossier["personne_id"])
    url = f"/v1/orientations/{dossier['id']}"
    await client.post(f"{url}/criteres", criteres(), version=2)
    lieu = {"type": "sur_place", "type_lieu": "caf", "lieu": "Point d'accueil"}
    contact = await creer(
        client, "/v1/contacts", lieu | {"motif": "acces_aux_droits", "personne_id": gardee["id"]}
    )

    await agir(client, done["id"], "separations", MOTIF)

    back = (await client.get(url)).json()
    assert (back["personne_id"], back["statut"]) == (dossier["personne_id"], "en_attente")
    kept = (await client.get(f"/v1/contacts/{contact['id']}")).json()
    assert kept["personne_id"] == gardee["id"]


@pytest.mark.parametrize(
    ("acte", "corps", "statut", "code"),
    [
        pytest.param("separations", MOTIF, 409, "transition-interdite", id="rien à défaire"),
        pytest.param(
            "fusions", {"gardee_id": str(UUID(int=7))}, 422, "validation", id="gardée étrangère"
        ),
        pytest.param("ecarts", {}, 422, "validation", id="sans motif"),
    ],
)
async def test_refuses(client: Client, acte: str, corps: Any, statut: int, code: str) -> None:
    une, autre = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[rang]}))["id"]
        for rang in (0, 1)
    ]
    one = await rapprocher(client, une, autre)

    refused = await agir(client, one["id"], acte, corps)

    assert (refused.status_code, refused.json()["code"]) == (statut, code)
    read = (await client.get(f"/v1/rapprochements/{one['id']}")).json()
    assert (read["version"], read["statut"], read["actes"]) == (1, "propose", [])


async def test_the_person_of_the_flux_is_the_one_kept(
    client: Client, service: Service, ouverte: str
) -> None:
    await importer(client, service, ouverte, flux(4))
    du_flux = (await _orientations(client))[0]["personne_id"]
    saisie = (await creer(client, "/v1/personnes", PERSONNE))["id"]
    one = await rapprocher(client, du_flux, saisie)

    refused = await agir(client, one["id"], "fusions", {"gardee_id": saisie})

    assert [un["pointeur"] for un in refused.json()["erreurs"]] == ["/gardee_id"]
    await fusionner(client, du_flux, saisie)


async def test_a_command_sent_twice_merges_once_and_two_at_once_merge_once(
    client: Client,
) -> None:
    une, autre, tierce = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[rang]}))["id"]
        for rang in range(3)
    ]
    one = await rapprocher(client, une, autre)
    url = f"/v1/rapprochements/{one['id']}/fusions"

    first = await client.post(url, {"gardee_id": une}, cle="f" * 20, version=1)
    again = await client.post(url, {"gardee_id": une}, cle="f" * 20, version=1)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(again.json()["actes"]) == 1
    # The same person cannot be absorbed into another and absorb at once.
    pairs = [await rapprocher(client, une, tierce), await rapprocher(client, une, tierce)]
    both = await asyncio.gather(
        *(
            client.post(f"/v1/rapprochements/{pair['id']}/fusions", {"gardee_id": kept}, version=1)
            for pair, kept in zip(pairs, (une, tierce), strict=True)
        )
    )
    assert sorted(answer.status_code for answer in both) == [201, 412]


async def test_only_who_answers_for_the_rsa_decides_whether_two_are_one(
    client: Client, connecter: Connecter
) -> None:
    """Planted: each of the three checks left out in turn, red."""
    une, autre = [(await creer(client, "/v1/personnes", PERSONNE))["id"] for _ in range(2)]
    one = await rapprocher(client, une, autre)
    tiers = connecter("orientation", client_id="ailleurs")
    ft = connecter("orientation", client_id="ft-essai")

    refused = [
        await agir(tiers, one["id"], acte, corps)
        for acte, corps in (("fusions", {"gardee_id": une}), ("ecarts", MOTIF))
    ]
    assert (await agir(ft, one["id"], "fusions", {"gardee_id": une})).status_code == 201
    refused.append(await agir(tiers, one["id"], "separations", MOTIF))

    assert [(un.status_code, un.json()["code"]) for un in refused] == [
        (409, "autorite-incompetente")
    ] * 3
    assert refused[0].json()["decideurs_competents"] == ["conseil_departemental", "france_travail"]
    assert (await agir(client, one["id"], "separations", MOTIF)).status_code == 201


async def test_another_collectivite_sees_nothing(client: Client, connecter: Connecter) -> None:
    ids = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[rang]}))["id"]
        for rang in (0, 1)
    ]
    one = await rapprocher(client, *ids)
    other = connecter("orientation", dans="44D")

    assert (await other.get(f"/v1/rapprochements/{one['id']}")).status_code == 404
    assert (await other.get("/v1/rapprochements")).json()["elements"] == []
    for acte, corps in (("fusions", {"gardee_id": ids[0]}), ("ecarts", MOTIF)):
        url = f"/v1/rapprochements/{one['id']}/{acte}"
        assert (await other.post(url, corps, version=1)).status_code == 404
    proposed = await other.post("/v1/rapprochements", {"personne_ids": ids})
    assert proposed.status_code == 404


async def test_what_says_nothing_of_who_does_not_merge(
    client: Client, connecter: Connecter
) -> None:
    """Merging asks for the scope of decisions."""
    ids = [
        (await creer(client, "/v1/personnes", PERSONNE | {"nir": NIRS[rang]}))["id"]
        for rang in (0, 1)
    ]
    one = await rapprocher(client, *ids)
    agent = connecter("orientation", "orientation:lire orientation:ecrire")

    refused = await agent.post(
        f"/v1/rapprochements/{one['id']}/fusions", {"gardee_id": ids[0]}, version=1
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")
