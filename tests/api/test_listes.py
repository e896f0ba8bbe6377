"""Lists: order, filters, fields, and a walk that shows each lasting element once (guide, 6)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.orientation import tables as orientation
from services.parcours import tables as parcours
from shared.schemas.commun import MEDIA_PARTIEL
from shared.socle.db import Transaction
from shared.socle.ids import new_id
from shared.socle.pages import signer, verifier
from shared.socle.service import Service
from tests.conftest import URLS, Client, Connecter
from tests.documents import document

TRIS = ("-cree_le", "cree_le")
# Lists that have another order than that of their rows' coming.
ORDRES = {"/v1/ecritures": "seq", "/v1/referentiels": "nom", "/v1/rendez-vous": "debut_le"}
# Lists whose elements bear a name and no identifier.
NOMS = {"/v1/referentiels": "nom"}
# Lists that the sandbox alone serves: its own tests walk them.
BAC = {"/v1/horloges-de-test", "/v1/pannes-de-test"}
# Lists that are of somebody.
REQUIS = {"/v1/journaux-acces": "personne_id=019cb368-8f1e-7a0b-9c4d-2f6e81b7a350&"}


def listes(nom: str) -> Iterator[str]:
    """The collections that a service lists, those of one parent left out."""
    for path, operations in document(nom)["paths"].items():
        asked = {one["name"] for one in operations.get("get", {}).get("parameters", ())}
        if "curseur" in asked and "{" not in path and path not in BAC:
            yield path


async def suivre(client: Client, url: str) -> list[dict[str, Any]]:
    """Every element of a list, page after page."""
    found: list[dict[str, Any]] = []
    suivant: str | None = url
    while suivant:
        page = await client.get(suivant)
        assert page.status_code == 200, page.text
        found += page.json()["elements"]
        suivant = page.json()["pagination"]["suivant"]
        assert page.links.get("next", {}).get("url") == suivant
    return found


async def parcourir(client: Client, url: str, pas: int) -> list[dict[str, Any]]:
    """Every element of a list, range after range, until the answer says how many there are."""
    found: list[dict[str, Any]] = []
    while True:
        debut = len(found)
        entete = {"Range": f"items={debut}-{debut + pas - 1}"}
        page = await client.get(url, headers=entete)
        assert page.status_code == 206, page.text
        elements = page.json()["elements"]
        found += elements
        rangs, _, total = page.headers["content-range"].removeprefix("items ").partition("/")
        assert rangs == (f"{debut}-{len(found) - 1}" if elements else "*")
        assert (total == "*") == (page.json()["pagination"]["suivant"] is not None)
        assert page.headers["accept-ranges"] == "items"
        if total != "*":
            assert int(total) == len(found)
            return found


async def personnes(tx: Transaction, nombre: int) -> list[UUID]:
    """People who are nobody, written in the transaction."""
    rows = [
        {
            "id": uuid4(),
            "client_id": "si-essai",
            "nom": "Essai-Liste",
            "prenoms": "Camille",
            "date_naissance": date(1990, 4, 12),
            "beneficiaire_rsa": True,
            "droits_devoirs": True,
            "identite_empreinte": b"",
        }
        for _ in range(nombre)
    ]
    await tx.add(orientation.Personne, rows)
    return [row["id"] for row in rows]


async def orientations(tx: Transaction, nombre: int, debut: date = date(2026, 3, 1)) -> list[UUID]:
    """Cases due on consecutive days, all of one transaction: one `cree_le`."""
    rows = [
        {
            "id": new_id(),
            "personne_id": personne_id,
            "origine": "saisie",
            "statut": "brouillon",
            "recu_le": datetime(2026, 1, 18, tzinfo=UTC),
            "date_limite": debut + timedelta(days=rang),
            "criteres": [],
        }
        for rang, personne_id in enumerate(await personnes(tx, nombre))
    ]
    await tx.add(orientation.Orientation, rows)
    return [row["id"] for row in rows]


async def des_parcours(tx: Transaction, nombre: int) -> list[UUID]:
    """Open parcours, all of one transaction: one `cree_le`."""
    rows = [
        {
            "id": new_id(),
            "personne_id": uuid4(),
            "statut": "ouvert",
            "date_ouverture": date(2026, 3, 9),
            "orientation_id": uuid4(),
            "type_parcours": "social",
            "organisme_referent_id": uuid4(),
        }
        for _ in range(nombre)
    ]
    await tx.add(parcours.Parcours, rows)
    return [row["id"] for row in rows]


Remplir = Callable[[int], Awaitable[list[UUID]]]


@pytest.fixture
def remplir(services: Mapping[str, Service], ouverte: str) -> Remplir:
    """Write so many orientations in one transaction."""
    service = services["orientation"]

    async def fill(nombre: int) -> list[UUID]:
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            return await orientations(tx, nombre)

    return fill


@pytest.mark.parametrize("nom", URLS)
async def test_every_list_is_sorted_and_trimmed_on_demand(
    connecter: Connecter, ouverte: str, nom: str
) -> None:
    client = connecter(nom)
    found = list(listes(nom))
    assert len(found) > 2
    for path in found:
        tri, of, nom_id = ORDRES.get(path, "cree_le"), REQUIS.get(path, ""), NOMS.get(path, "id")
        trimmed = f"champs={nom_id}"
        for query in (f"tri={tri}", f"tri=-{tri}", trimmed, f"tri={tri}&{trimmed}&limite=1"):
            answer = await client.get(f"{path}?{of}{query}")
            assert answer.status_code == 200, (path, query, answer.text)
        for query in ("tri=id", f"tri=--{tri}", f"tri={tri.upper()}", "champs=couleur"):
            refused = await client.get(f"{path}?{of}{query}")
            assert (refused.status_code, refused.json()["code"]) == (422, "validation"), path
            assert refused.json()["erreurs"][0]["pointeur"] == "?" + query.partition("=")[0]


@pytest.mark.parametrize("nom", URLS)
def test_the_longest_query_fits_in_the_address_of_the_next_page(nom: str) -> None:
    """`suivant` repeats the query: past its bound, the page itself would be a fault."""
    decrit = document(nom)
    bound = decrit["components"]["schemas"]["Pagination"]["properties"]["suivant"]["maxLength"]

    def longest(schema: dict[str, Any]) -> int:
        if "$ref" in schema:
            return longest(decrit["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        known = [len(str(one)) for one in schema.get("enum", ()) or [schema.get("maximum", "")]]
        return max(*known, schema.get("maxLength", 0), 36 * (schema.get("format") == "uuid"), 10)

    for path in listes(nom):
        length = len(path) + 100 + 200  # a host, and a cursor of ours
        for one in decrit["paths"][path]["get"]["parameters"]:
            if one["in"] == "query" and one["name"] != "curseur":
                schema, many = one["schema"], one["schema"].get("maxItems", 1)
                length += many * (len(one["name"]) + 2 + longest(schema.get("items", schema)))
                if one["name"] == "champs":
                    length += 2 * schema["pattern"].count("|")  # a comma takes three characters
        assert length <= bound, path


@pytest.mark.parametrize("tri", TRIS)
async def test_rows_of_one_instant_are_told_apart_by_their_id(
    connecter: Connecter, remplir: Remplir, tri: str
) -> None:
    """Planted: no tie-break by id, red."""
    ids = [str(one) for one in await remplir(9)]

    seen = await suivre(connecter("orientation"), f"/v1/orientations?limite=2&tri={tri}")

    assert len({one["cree_le"] for one in seen}) == 1
    assert [one["id"] for one in seen] == sorted(ids, reverse=tri.startswith("-"))


@pytest.mark.parametrize("nom", URLS)
async def test_a_list_read_by_ranges_is_the_one_read_by_cursors(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    remplir: Remplir,
    nom: str,
) -> None:
    """Each list, and those that hold something in three ranges at least.

    Planted: the rows before the range shown too, red; the page's own limit kept, red.
    """
    await remplir(7)
    acces = services["parcours"].acces_interne(ouverte)
    async with services["parcours"].base.transaction(acces) as tx:
        await des_parcours(tx, 7)
    client = connecter(nom)
    pleines = 0
    for path in listes(nom):
        url = f"{path}?{REQUIS.get(path, '')}limite=2"
        par_curseurs = await suivre(client, url)
        assert await parcourir(client, url, 3) == par_curseurs, path
        pleines += len(par_curseurs) > 6
    assert pleines


async def test_a_range_is_cut_of_the_order_and_filters_asked(
    connecter: Connecter, remplir: Remplir
) -> None:
    await remplir(7)
    client = connecter("orientation")

    for query in ("tri=date_limite", "tri=-cree_le&statut=brouillon&statut=ouverte"):
        whole = await suivre(client, f"/v1/orientations?{query}")
        part = await client.get(
            f"/v1/orientations?{query}&champs=id", headers={"Range": "items=2-4"}
        )
        assert part.headers["content-type"] == MEDIA_PARTIEL
        assert part.json()["elements"] == [{"id": one["id"]} for one in whole[2:5]]
        assert part.json()["pagination"]["limite"] == 3
        assert part.headers["content-range"] == "items 2-4/*"
        # The cursors go on from there.
        suivant = part.json()["pagination"]["suivant"]
        assert [one["id"] for one in await suivre(client, suivant)] == [
            one["id"] for one in whole[5:]
        ]


@pytest.mark.parametrize(
    ("entete", "etendue"),
    [
        pytest.param("items=0-6", "items 0-6/7", id="tout juste"),
        pytest.param("items=0-5", "items 0-5/*", id="il en reste un"),
        pytest.param("items=5-199", "items 5-6/7", id="au-delà de la fin"),
        pytest.param("items=7-9", "items */7", id="après la fin"),
        pytest.param("items=3000-3199", "items */7", id="le plus loin"),
        pytest.param("items=6-6", "items 6-6/7", id="le dernier seul"),
    ],
)
async def test_a_range_says_what_it_shows_of_what_there_is(
    connecter: Connecter, remplir: Remplir, entete: str, etendue: str
) -> None:
    await remplir(7)

    answer = await connecter("orientation").get("/v1/orientations", headers={"Range": entete})

    assert (answer.status_code, answer.headers["content-range"]) == (206, etendue)
    rangs = etendue.split()[1].partition("/")[0].split("-")
    shown = int(rangs[1]) - int(rangs[0]) + 1 if len(rangs) == 2 else 0
    assert len(answer.json()["elements"]) == shown


@pytest.mark.parametrize(
    "entete",
    [
        *("items=", "items=0", "items=-5", "items=5-", "items=0-1,3-4", "items=0-1, items=3-4"),
        *(
            "items=a-b",
            "items=05-9",
            "items=4-3",
            "items=0-200",
            "items=3001-3002",
            "items 0-1",
            "0-49",
        ),
        *("items=0-99999999999", "ITEMS=0-9"),
    ],
)
async def test_a_range_that_is_none_of_ours_is_refused(
    connecter: Connecter, ouverte: str, entete: str
) -> None:
    """So that nobody takes a first page for the one they asked."""
    answer = await connecter("orientation").get("/v1/orientations", headers={"Range": entete})

    assert (answer.status_code, answer.json()["code"]) == (400, "entete-invalide")
    assert answer.json()["entete"] == "Range"


async def test_without_a_range_or_with_another_unit_a_page_is_answered(
    connecter: Connecter, remplir: Remplir
) -> None:
    await remplir(3)
    client = connecter("orientation")
    page = await client.get("/v1/orientations?limite=1")
    assert (page.status_code, page.headers["accept-ranges"]) == (200, "items")
    assert "content-range" not in page.headers

    for entetes in ({"Range": "bytes=0-9"}, {"Range": "items=1-1", "If-Range": '"3"'}):
        other = await client.get("/v1/orientations?limite=1", headers=entetes)
        assert (other.status_code, other.json()["elements"]) == (200, page.json()["elements"])
    suivant = page.json()["pagination"]["suivant"]
    both = await client.get(suivant, headers={"Range": "items=0-1"})
    assert (both.status_code, both.json()["code"]) == (400, "entete-invalide")


async def test_another_order_is_that_of_its_column(connecter: Connecter, remplir: Remplir) -> None:
    await remplir(5)
    client = connecter("orientation")

    for path in ("/v1/orientations", "/v1/echeances"):
        rising = await suivre(client, f"{path}?tri=date_limite&limite=2")
        falling = await suivre(client, f"{path}?tri=-date_limite&limite=2")
        assert [one["date_limite"] for one in rising] == [f"2026-03-0{n}" for n in range(1, 6)]
        assert falling == rising[::-1]


async def test_a_cursor_is_bound_to_its_order_and_filters_and_to_nothing_else(
    connecter: Connecter, remplir: Remplir
) -> None:
    await remplir(3)
    client = connecter("orientation")

    async def code(query: str) -> str:
        answer = await client.get(f"/v1/orientations?{query}&curseur={curseur}")
        return "200" if answer.is_success else str(answer.json()["code"])

    first = await client.get("/v1/orientations?limite=1&statut=brouillon&statut=ouverte")
    curseur = httpx.URL(first.json()["pagination"]["suivant"]).params["curseur"]
    mine = "statut=ouverte&statut=brouillon"

    assert await code(mine) == "200"
    assert await code(f"{mine}&tri=-cree_le&limite=2&champs=id") == "200"
    for other in ("statut=brouillon", f"{mine}&tri=cree_le", f"{mine}&date_limite_min=2026-01-01"):
        assert await code(other) == "curseur-invalide", other


async def test_a_cursor_of_yesterday_is_expired(
    connecter: Connecter, remplir: Remplir, services: Mapping[str, Service]
) -> None:
    await remplir(3)
    client, coffre = connecter("orientation"), services["orientation"].coffre
    url = httpx.URL((await client.get("/v1/orientations?limite=1")).json()["pagination"]["suivant"])
    found = verifier(coffre, url.params["curseur"])

    async def status(age_s: int) -> int:
        aged = signer(coffre, {**found, "t": found["t"] - age_s})
        return (await client.get(f"/v1/orientations?limite=1&curseur={aged}")).status_code

    assert await status(24 * 3600 - 60) == 200
    assert await status(24 * 3600 + 60) == 410


async def test_fields_are_those_named_and_no_others(connecter: Connecter, remplir: Remplir) -> None:
    """The shape is another, so the media type is; both are in the document."""
    await remplir(3)
    client = connecter("orientation")
    query = "limite=2&champs=statut,id,date_limite"

    page = await client.get(f"/v1/orientations?{query}")

    assert page.headers["content-type"] == MEDIA_PARTIEL
    assert [set(one) for one in page.json()["elements"]] == [{"id", "statut", "date_limite"}] * 2
    rest = await client.get(page.json()["pagination"]["suivant"])
    assert [set(one) for one in rest.json()["elements"]] == [{"id", "statut", "date_limite"}]
    whole = await client.get("/v1/orientations?limite=2")
    assert whole.headers["content-type"] == "application/json"
    assert [
        {name: one[name] for name in ("statut", "id", "date_limite")}
        for one in whole.json()["elements"]
    ] == page.json()["elements"]
    for bad in ("champs=", "champs=id,", "champs=id, statut", "champs=id&champs=statut"):
        assert (await client.get(f"/v1/orientations?{bad}")).status_code in (400, 422), bad


async def test_a_named_field_shows_no_more_than_the_whole_element(
    connecter: Connecter, ouverte: str, services: Mapping[str, Service]
) -> None:
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        (found,) = await orientations(tx, 1)
        criteres = [
            {"champ": "contrainte_sante", "valeur": "AUCUNE"},
            {"champ": "niveau_etude", "valeur": "NV4"},
        ]
        await tx.execute(
            text(
                "UPDATE orientation SET criteres = cast(:criteres AS jsonb)"
                " WHERE collectivite = :collectivite AND id = :id"
            ).bindparams(id=found),
            {"criteres": httpx.Response(200, json=criteres).text},
        )

    async def seen(portees: str) -> Any:
        client = connecter("orientation", portees)
        page = await client.get("/v1/orientations?champs=criteres,champs_masques")
        return page.json()["elements"]

    assert await seen("orientation:lire orientation.sante:lire") == [
        {"criteres": criteres, "champs_masques": []}
    ]
    assert await seen("orientation:lire") == [
        {"criteres": criteres[1:], "champs_masques": ["criteres_sante"]}
    ]


async def test_values_of_a_filter_add_up_and_filters_narrow(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        ids = await des_parcours(tx, 4)
        await clore(tx, ids[:1])
        rows = (await tx.execute(_PERSONNES)).all()
    personne = {row.id: row.personne_id for row in rows}
    client = connecter("parcours")

    async def seen(*query: tuple[str, Any]) -> set[UUID]:
        url = httpx.URL("/v1/parcours", params=[(name, str(value)) for name, value in query])
        return {UUID(one["id"]) for one in await suivre(client, str(url))}

    both = [("personne_id", personne[one]) for one in ids[:2]]
    assert await seen(("statut", "ouvert"), ("statut", "clos")) == set(ids)
    assert await seen(*both) == set(ids[:2])
    assert await seen(*both, ("statut", "ouvert")) == {ids[1]}
    assert (await client.get("/v1/parcours?statut=ouvert,clos")).status_code == 422


async def test_a_range_includes_both_its_ends(connecter: Connecter, remplir: Remplir) -> None:
    await remplir(5)
    client = connecter("orientation")

    async def jours(query: str) -> list[str]:
        found = await suivre(client, f"/v1/orientations?tri=date_limite&{query}")
        return [one["date_limite"][-2:] for one in found]

    assert await jours("date_limite_min=2026-03-02&date_limite_max=2026-03-04") == [
        "02",
        "03",
        "04",
    ]
    assert await jours("date_limite_max=2026-03-01") == ["01"]
    assert await jours("date_limite_min=2026-03-05") == ["05"]
    assert await jours("date_limite_min=2026-03-04&date_limite_max=2026-03-02") == []
    for bad in ("date_limite_min=0", "date_limite_max=2026-02-30"):
        assert (await client.get(f"/v1/orientations?{bad}")).status_code == 422


@pytest.mark.parametrize(
    ("liste", "colonne"),
    [
        pytest.param(
            "/v1/orientations?date_limite_min=2026-03-02", "date_limite", id="dès un jour"
        ),
        pytest.param("/v1/orientations?date_limite_max=2026-03-04", "date_limite", id="jusqu'à"),
        pytest.param("/v1/echeances?date_limite_max=2026-03-04", "date_limite", id="échéances"),
        pytest.param("/v1/echeances?etat=en_retard", "date_limite", id="en retard"),
        pytest.param("/v1/echeances?etat=respectee&etat=a_temps", "date_limite", id="deux états"),
        pytest.param("/v1/mouvements?date_reference_min=2026-03-02", "date_reference", id="flux"),
        pytest.param("/v1/contacts?date_contact_min=2026-03-02", "date_contact", id="contacts"),
        pytest.param("/v1/accueils?debut_le_max=2026-03-02T00:00:00Z", "debut_le", id="séances"),
    ],
)
async def test_a_range_comes_in_the_order_of_its_column_and_no_other(
    connecter: Connecter, remplir: Remplir, liste: str, colonne: str
) -> None:
    """No index gives it in another. Planted: the order left as it is asked, red."""
    await remplir(5)
    client = connecter("orientation")

    found = await suivre(client, f"{liste}&limite=2")

    assert found == await suivre(client, f"{liste}&limite=2&tri={colonne}")
    assert found[::-1] == await suivre(client, f"{liste}&limite=2&tri=-{colonne}")
    keys = [one[colonne] for one in found]
    assert keys == sorted(keys)
    for tri in ("cree_le", "-cree_le"):
        refused = await client.get(f"{liste}&tri={tri}")
        assert (refused.status_code, refused.json()["code"]) == (422, "validation")
        assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [
            ("?tri", "hors-bornes")
        ]


async def test_without_a_range_the_newest_come_first(
    connecter: Connecter, remplir: Remplir
) -> None:
    await remplir(5)
    client = connecter("orientation")

    for liste in ("/v1/orientations?", "/v1/echeances?", "/v1/echeances?etat=respectee&"):
        assert await suivre(client, liste) == await suivre(client, f"{liste}tri=-cree_le")


# The walk

_PERSONNES = text("SELECT id, personne_id FROM parcours WHERE collectivite = :collectivite")
_CLORE = {
    "parcours": text(
        "UPDATE parcours SET statut = 'clos', date_cloture = '2026-09-01',"
        " motif_cloture = 'emploi_durable', version = version + 1"
        " WHERE collectivite = :collectivite AND id = ANY(:ids)"
    ),
    "orientation": text(
        "UPDATE orientation SET statut = 'cloturee', version = version + 1"
        " WHERE collectivite = :collectivite AND id = ANY(:ids)"
    ),
}


async def clore(tx: Transaction, ids: Sequence[UUID], nom: str = "parcours") -> None:
    """Close what a list shows: it leaves a filter by state."""
    await tx.execute(_CLORE[nom], {"ids": list(ids)})


@dataclass
class Remous:
    """Others at work while somebody walks: they add rows, and take rows out of the filter."""

    service: Service
    collectivite: str
    ajouter: Callable[[Transaction, int], Awaitable[list[UUID]]]
    mobiles: list[UUID]
    reste: int  # rows still to add: a walk towards the newest must be able to end
    tours: int = 0

    async def agir(self) -> None:
        while self.reste > 0 or self.mobiles:
            acces = self.service.acces_interne(self.collectivite)
            async with self.service.base.transaction(acces) as tx:
                await self.ajouter(tx, max(0, min(3, self.reste)))
                partis, self.mobiles = self.mobiles[:5], self.mobiles[5:]
                await clore(tx, partis, self.service.nom)
            self.reste -= 3
            self.tours += 1
            await asyncio.sleep(0)

    async def laisser_agir(self) -> None:
        """Wait until something was committed since the last page, while there is still to do."""
        before = self.tours
        while self.tours == before and (self.reste > 0 or self.mobiles):
            await asyncio.sleep(0.001)


async def marcher(client: Client, url: str, remous: Remous) -> AsyncIterator[str]:
    """Walk slowly: between two pages something always changed."""
    suivant: str | None = url
    while suivant:
        page = await client.get(suivant)
        assert page.status_code == 200, page.text
        for one in page.json()["elements"]:
            yield one["id"]
        suivant = page.json()["pagination"]["suivant"]
        await remous.laisser_agir()


@pytest.mark.parametrize("tri", TRIS)
@pytest.mark.parametrize(
    ("nom", "liste", "ajouter"),
    [
        pytest.param("orientation", "/v1/orientations?", orientations, id="sans filtre"),
        pytest.param(
            "orientation",
            "/v1/orientations?statut=brouillon&statut=en_attente&",
            orientations,
            id="deux statuts",
        ),
        pytest.param("parcours", "/v1/parcours?statut=ouvert&", des_parcours, id="un statut"),
    ],
)
async def test_what_lasts_the_whole_walk_is_seen_once(
    services: Mapping[str, Service],
    connecter: Connecter,
    ouverte: str,
    complet: bool,
    nom: str,
    liste: str,
    ajouter: Callable[[Transaction, int], Awaitable[list[UUID]]],
    tri: str,
) -> None:
    """Rows come by fifty of one instant, more than a page holds; half of them leave the filter.

    What began before the walker came by and is committed after is not there the whole walk: it may
    be missed, and nothing is seen twice. Planted: paging by offset, red; no tie-break, red.
    """
    service = services[nom]
    ids: list[UUID] = []
    for _ in range(80 if complet else 6):
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            ids += await ajouter(tx, 50)
    stables, mobiles = set(ids[::2]), ids[1::2]
    remous = Remous(service, ouverte, ajouter, mobiles, reste=len(ids) // 2)
    url = f"{liste}limite={20 if complet else 7}&tri={tri}"

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(remous.agir())
        seen = Counter([UUID(one) async for one in marcher(connecter(nom), url, remous)])

    assert remous.tours > 20
    assert {one: seen[one] for one in stables if seen[one] != 1} == {}
    assert max(seen.values()) == 1
