"""Files of lines through the door, in the three services: each line made by the act of its route.

What an import promises under kills is in `tests/system/test_imports_tues.py`.
"""

import gzip
import importlib
import json
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from shared.socle.imports import lignes, queries, travail
from shared.socle.service import Service
from tests.api.orientation.conftest import criteres
from tests.conftest import Client, Connecter

NDJSON = "application/x-ndjson"
Lignes = Sequence[Mapping[str, Any]]


def fichier(lignes: Lignes) -> bytes:
    return b"".join(json.dumps(ligne).encode() + b"\n" for ligne in lignes)


async def deposer(
    client: Client,
    type_: str,
    contenu: bytes,
    *,
    cle: str | None = None,
    suite: str = "",
    **autres: str,
) -> httpx.Response:
    headers = {"Content-Type": NDJSON, "Idempotency-Key": cle or str(uuid4()), **autres}
    return await client.request(
        "POST", f"/v1/imports?type={type_}{suite}", content=contenu, headers=headers
    )


async def appliquer(service: Service, collectivite: str, import_id: str) -> None:
    """Run the job, as the worker does."""
    travail = importlib.import_module(f"services.{service.nom}.taches").TRAVAIL
    await travail.taches["importer_lignes"](service, import_id=import_id, collectivite=collectivite)


async def lire(client: Client, import_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/imports/{import_id}/resultats")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def importer(
    client: Client, service: Service, collectivite: str, type_: str, lignes: Lignes, suite: str = ""
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Deposit, apply, read back."""
    received = await deposer(client, type_, fichier(lignes), suite=suite)
    assert received.status_code == 202, received.text
    import_id = received.json()["id"]
    await appliquer(service, collectivite, import_id)
    found: dict[str, Any] = (await client.get(f"/v1/imports/{import_id}")).json()
    return found, await lire(client, import_id)


def sorts(resultats: Sequence[Mapping[str, Any]]) -> list[str]:
    return [un["statut"] for un in resultats]


def personne(rang: int, **champs: Any) -> dict[str, Any]:
    return {
        "ligne_cle": f"p{rang}",
        "reference_externe": f"si:{rang}",
        "nom": "Essai",
        "prenoms": f"Prénom{'abcdefghij'[rang % 10]}{'abcdefghij'[rang // 10 % 10]}",
        "date_naissance": "1990-01-01",
        "beneficiaire_rsa": True,
        "source": "agent",
        **champs,
    }


async def test_persons_are_made_then_identical_then_changed(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    client, service = connecter("orientation"), services["orientation"]
    stock = [personne(1), personne(2), personne(3, date_naissance="demain")]

    done, lus = await importer(client, service, ouverte, "personnes", stock)

    assert (done["statut"], done["essai"], done["version"]) == ("terminee", False, 3)
    assert done["lignes"] == {
        "lues": 3,
        "creees": 2,
        "modifiees": 0,
        "identiques": 0,
        "refusees": 1,
    }
    assert sorts(lus) == ["creee", "creee", "refusee"]
    assert [(un["ligne"], un["ligne_cle"]) for un in lus] == [(1, "p1"), (2, "p2"), (3, "p3")]
    assert lus[2]["probleme"]["code"] == "validation"
    assert lus[2]["probleme"]["erreurs"][0]["pointeur"] == "/date_naissance"
    read = (await client.get(f"/v1/personnes/{lus[0]['id']}")).json()
    assert read["reference_externe"] == "si:1"

    _, encore = await importer(client, service, ouverte, "personnes", stock)
    assert sorts(encore) == ["identique", "identique", "refusee"]
    assert encore[0]["id"] == lus[0]["id"]

    changee = [personne(1, code_commune="35238")]
    _, apres = await importer(client, service, ouverte, "personnes", changee)
    assert (sorts(apres), apres[0]["id"]) == (["modifiee"], lus[0]["id"])


async def compter(service: Service, collectivite: str, *tables: str) -> dict[str, int]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return {
            table: (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in tables
        }


async def test_orientations_criteria_and_organismes_by_their_own_acts(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """A key stands for one resource: said otherwise, it is changed where a patch exists.

    Planted: the digest of a line not compared, the same file changed everything again, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    _, lus = await importer(client, service, ouverte, "personnes", [personne(1)])
    connue = lus[0]["id"]
    stock: list[dict[str, Any]] = [
        {"ligne_cle": "1", "reference_externe": "o:1", "personne_id": connue},
        {"ligne_cle": "2", "reference_externe": "o:2", "personne_id": str(uuid4())},
        {"ligne_cle": "3", "reference_externe": "o:3", "personne_id": "inconnue"},
        {"ligne_cle": "4", "reference_externe": "o:1", "personne_id": str(uuid4())},
        {"ligne_cle": "5", "personne_id": connue},
    ]

    _, lus = await importer(client, service, ouverte, "orientations", stock)

    assert sorts(lus) == ["creee", "refusee", "refusee", "refusee", "refusee"]
    orientation = lus[0]["id"]
    codes = [un["probleme"]["code"] for un in lus[1:]]
    assert codes == ["introuvable", "validation", "reference-externe-existante", "validation"]
    assert lus[3]["probleme"]["id"] == orientation
    assert lus[4]["probleme"]["erreurs"] == [
        {"pointeur": "/reference_externe", "code": "requis", "message": "Champ requis"}
    ]
    assert (await client.get(f"/v1/orientations/{orientation}")).json()["statut"] == "brouillon"
    _, encore = await importer(client, service, ouverte, "orientations", stock)
    assert (sorts(encore)[0], encore[0]["id"]) == ("identique", orientation)

    depose = {
        "ligne_cle": "1",
        "reference_externe": "c:1",
        "orientation_id": orientation,
        **criteres(),
    }
    _, lus = await importer(client, service, ouverte, "criteres", [depose])
    assert sorts(lus) == ["creee"]
    read = (await client.get(f"/v1/orientations/{orientation}")).json()
    assert (read["statut"], read["proposition_id"]) == ("en_attente", lus[0]["id"])

    organisme: dict[str, Any] = {
        "ligne_cle": "1",
        "reference_externe": "org:1",
        "reference": "mission-locale",
        "type": "mission_locale",
        "nom": "Mission locale",
        "clients": [],
    }
    _, lus = await importer(client, service, ouverte, "organismes_referents", [organisme])
    assert sorts(lus) == ["creee"]
    changes = [
        {**organisme, "nom": "Mission locale de Redon"},
        {**organisme, "ligne_cle": "2", "reference": "autre"},
    ]
    _, apres = await importer(client, service, ouverte, "organismes_referents", changes)
    assert sorts(apres) == ["modifiee", "refusee"]
    assert apres[1]["probleme"]["champs"] == ["reference"]
    read = (await client.get(f"/v1/organismes-referents/{lus[0]['id']}")).json()
    assert (read["nom"], read["version"]) == ("Mission locale de Redon", 2)


async def test_a_stock_that_was_decided_elsewhere_is_decided_here(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """At the dates of then, by whoever speaks for the one that decides; once each.

    Planted: the service's own rights instead of the depositor's, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    for type_, parle in (("conseil_departemental", ["si-essai"]), ("france_travail", [])):
        corps = {"reference": type_, "type": type_, "nom": type_, "clients": parle}
        assert (await client.post("/v1/organismes-referents", corps)).status_code == 201

    async def un(type_: str, **champs: Any) -> dict[str, Any]:
        ligne = {"ligne_cle": "1", "reference_externe": f"stock:{type_}", **champs}
        _, (lu,) = await importer(client, service, ouverte, type_, [ligne])
        assert lu["statut"] == "creee", lu
        return lu

    connue = personne(1, droits_devoirs=True, code_commune="35238")
    _, (lu,) = await importer(client, service, ouverte, "personnes", [connue])
    orientation = (await un("orientations", personne_id=lu["id"], recu_le="2026-01-05T09:00:00Z"))[
        "id"
    ]
    await un("criteres", orientation_id=orientation, **criteres())
    decidee = {"orientation_id": orientation, "etat_decision": "acceptee"}
    stock = [
        {"ligne_cle": "1", "reference_externe": "d:1", **decidee, "date_decision": "2020-01-01"},
        {"ligne_cle": "2", "reference_externe": "d:2", **decidee, "date_decision": "2026-02-02"},
        {"ligne_cle": "3", "reference_externe": "d:3", **decidee},
    ]
    etranger = connecter("orientation", client_id="si-autre")
    _, (refusee,) = await importer(etranger, service, ouverte, "decisions", stock[1:2])
    assert refusee["probleme"]["code"] == "autorite-incompetente"
    _, lus = await importer(client, service, ouverte, "decisions", stock)

    assert sorts(lus) == ["refusee", "creee", "refusee"], lus
    codes = [lus[rang]["probleme"]["code"] for rang in (0, 2)]
    assert codes == ["validation", "orientation-deja-decidee"]
    assert (await client.get(f"/v1/orientations/{orientation}")).json()["statut"] == "ouverte"
    read = (await client.get(f"/v1/orientations/{orientation}/decisions/{lus[1]['id']}")).json()
    assert (read["date_decision"], read["date_effet"]) == ("2026-02-02", "2026-02-02")
    _, encore = await importer(client, service, ouverte, "decisions", stock[1:2])
    assert (sorts(encore), encore[0]["id"]) == (["identique"], lus[1]["id"])


async def test_a_file_is_one_event_and_the_feed_stays_exact(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """What lines change is queued for no subscription. Planted: the job not named, red."""
    client, service = connecter("orientation"), services["orientation"]
    done, _ = await importer(client, service, ouverte, "personnes", [personne(1), personne(2)])

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text("SELECT type, lot_id FROM evenement WHERE ressource <> 'collectivites'")
        )
        lots = [(row.type.removeprefix("orientation."), str(row.lot_id)) for row in found]
    assert sorted(lots) == [
        ("import.recu", "None"),
        ("import.terminee", "None"),
        ("personne.enregistree", done["id"]),
        ("personne.enregistree", done["id"]),
    ]


async def test_a_line_is_refused_for_itself_and_told_nothing_of(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """Each as strictly as a body; the others go on.

    Planted: `ligne_cle` not remembered, the double applied, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    profond = b'{"ligne_cle":"d","nom":' + b"[" * 21 + b"]" * 21 + b"}"
    brutes = [
        fichier([personne(1)])[:-1],
        b'{"ligne_cle":"a","ligne_cle":"b"}',
        profond,
        b'{"ligne_cle":"n","nom":"A\\u0000B"}',
        fichier([personne(4, nom="A\u202eB")])[:-1],
        '{"nom":"\u00e9"}'.encode("latin-1"),
        b"",
        b"[1]",
        b'{"ligne_cle":"' + b"x" * lignes.LIGNE_MAX + b'"}',
        fichier([personne(1, reference_externe="si:autre")])[:-1],
        fichier([personne(5, version=3)])[:-1],
        fichier([personne(6, ligne_cle="190019990000101")])[:-1],
        fichier([personne(7)])[:-1],  # without an end of line
    ]
    received = await deposer(client, "personnes", b"\n".join(brutes))
    import_id = received.json()["id"]
    await appliquer(service, ouverte, import_id)

    lus = await lire(client, import_id)

    assert [un["ligne"] for un in lus] == list(range(1, 14))
    assert [un["probleme"] and un["probleme"]["code"] for un in lus] == [
        None,
        "cle-json-dupliquee",
        "json-trop-profond",
        "validation",
        "validation",
        "json-illisible",
        "json-illisible",
        "validation",
        "corps-trop-grand",
        "validation",
        "validation",
        "validation",
        None,
    ]

    def erreurs(rang: int) -> set[tuple[str, str]]:
        return {(un["pointeur"], un["code"]) for un in lus[rang]["probleme"]["erreurs"]}

    assert ("/nom", "caractere-interdit") in erreurs(3)
    assert erreurs(4) == {("/nom", "caractere-interdit")}
    assert erreurs(9) == {("/ligne_cle", "hors-bornes")}
    assert erreurs(10) == {("/version", "champ-inconnu")}
    assert (erreurs(11), lus[11]["ligne_cle"]) == ({("/ligne_cle", "nir-interdit-ici")}, None)
    assert "Essai" not in json.dumps(lus)


async def test_a_trial_says_all_and_leaves_nothing(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """What it says is what the file does next. Planted: no return to the savepoint, red."""
    client, service = connecter("orientation"), services["orientation"]
    tables = ("personne", "orientation", "import_reference", "rapprochement")
    stock = [personne(1), personne(2, date_naissance="demain"), personne(3)]

    essai, dits = await importer(client, service, ouverte, "personnes", stock, "&essai=true")

    assert (essai["essai"], essai["statut"]) == (True, "terminee")
    assert [un["id"] for un in dits] == [None, None, None]
    assert set((await compter(service, ouverte, *tables)).values()) == {0}
    faits = (await client.get("/v1/changements")).json()["elements"]
    assert [un["type"].split(".", 1)[1] for un in faits if un["ressource"] != "collectivites"] == [
        "import.recu",
        "import.terminee",
    ]
    vrai, lus = await importer(client, service, ouverte, "personnes", stock)
    assert (sorts(lus), vrai["lignes"]) == (sorts(dits), essai["lignes"])


async def test_an_import_is_its_depositors_alone(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    """Planted: the client left out of the query, another one read the results, red."""
    client, service = connecter("orientation"), services["orientation"]
    done, _ = await importer(client, service, ouverte, "personnes", [personne(1)])
    autre = connecter("orientation", client_id="si-autre")
    chemin = f"/v1/imports/{done['id']}"

    refus = [
        await autre.get(chemin),
        await autre.get(f"{chemin}/resultats"),
        await autre.request("DELETE", chemin, headers={"If-Match": '"3"'}),
    ]

    assert [un.status_code for un in refus] == [404, 404, 404]
    assert (await autre.get("/v1/imports")).json()["elements"] == []
    (listed,) = (await client.get("/v1/imports")).json()["elements"]
    assert listed == done


async def test_fluxes_and_files_of_lines_are_one_list(connecter: Connecter, ouverte: str) -> None:
    """In the order of their coming, page after page; a flux is everyone's, and is not cancelled."""
    client = connecter("orientation")
    made = []
    for type_ in ("personnes", "flux_beneficiaires", "orientations"):
        received = await deposer(client, type_, b"<Racine/>")
        assert received.status_code == 202, received.text
        made.append(received.json())
    suivant, lus = "/v1/imports?limite=1", []
    while suivant:
        page = await client.get(suivant)
        assert page.status_code == 200, page.text
        lus += page.json()["elements"]
        suivant = page.json()["pagination"]["suivant"]
    assert lus == made[::-1]
    seuls = (await connecter("orientation", client_id="si-autre").get("/v1/imports")).json()
    assert [un["type"] for un in seuls["elements"]] == ["flux_beneficiaires"]
    chemin = f"/v1/imports/{made[1]['id']}"
    refuse = await client.request("DELETE", chemin, headers={"If-Match": '"1"'})
    assert (refuse.status_code, refuse.json()["code"]) == (409, "transition-interdite")


async def test_an_import_grants_no_more_than_its_lines(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    sans = connecter("orientation", "orientation:importer orientation:lire")
    refuse = await deposer(sans, "personnes", fichier([personne(1)]))
    assert (refuse.status_code, refuse.json()["code"]) == (403, "portee-insuffisante")


async def test_cancelled_the_lines_that_are_done_stay_done(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between two lines, under the version read. Planted: the state not looked at, red."""
    client, service = connecter("orientation"), services["orientation"]
    monkeypatch.setattr(travail, "LOT", 2)
    received = await deposer(client, "personnes", fichier([personne(n) for n in range(9)]))
    import_id = received.json()["id"]
    chemin = f"/v1/imports/{import_id}"
    apply_, done = travail._appliquer, 0

    async def cancel(cours: travail.Application, lot: list[lignes.Ligne]) -> int | None:
        nonlocal done
        done += 1
        if done == 3:
            stale = await client.request("DELETE", chemin, headers={"If-Match": '"1"'})
            assert (stale.status_code, stale.json()["version_courante"]) == (412, 2)
            gone = await client.request("DELETE", chemin, headers={"If-Match": '"2"'})
            assert gone.status_code == 204, gone.text
        return await apply_(cours, lot)

    monkeypatch.setattr(travail, "_appliquer", cancel)
    await appliquer(service, ouverte, import_id)

    read = (await client.get(chemin)).json()
    assert (read["statut"], read["lignes"]["lues"]) == ("annulee", 4)
    assert sorts(await lire(client, import_id)) == ["creee"] * 4
    assert (await compter(service, ouverte, "personne"))["personne"] == 4
    again = await client.request("DELETE", chemin, headers={"If-Match": '"3"'})
    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")


async def test_taken_up_again_no_line_is_applied_twice(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker dies after its third lot, in the midst of its transaction; a double comes after.

    Planted: what a line became kept in a transaction of its own, red. Planted: the keys of the
    lines done not read again, the double applied, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    monkeypatch.setattr(travail, "LOT", 2)
    stock = [*(personne(n) for n in range(7)), personne(8, ligne_cle="p0")]
    received = await deposer(client, "personnes", fichier(stock))
    import_id = received.json()["id"]
    advance, done = queries.advance, 0

    async def die(*args: Any, **rest: Any) -> None:
        nonlocal done
        done += 1
        await advance(*args, **rest)
        if done == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(queries, "advance", die)
    with pytest.raises(KeyboardInterrupt):
        await appliquer(service, ouverte, import_id)
    assert (await client.get(f"/v1/imports/{import_id}")).json()["lignes"]["lues"] == 4

    await appliquer(service, ouverte, import_id)

    lus = await lire(client, import_id)
    assert [un["ligne"] for un in lus] == list(range(1, 9))
    assert sorts(lus) == ["creee"] * 7 + ["refusee"]
    assert (await compter(service, ouverte, "personne"))["personne"] == 7


async def test_a_line_that_no_act_foresaw_stops_no_other(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of ours, and one of the database: the line says `interne`, the others are applied.

    Planted: the savepoint not returned to, red.
    """
    client, service = connecter("orientation"), services["orientation"]
    agir = travail._agir

    async def fail(cours: Any, tx: Any, ligne: lignes.Ligne, connue: Any) -> Any:
        if ligne.cle == "p2":
            raise KeyError("imprévu")
        if ligne.cle == "p3":
            await tx.execute(text("SELECT 1 / 0"))
        return await agir(cours, tx, ligne, connue)

    monkeypatch.setattr(travail, "_agir", fail)
    stock = [personne(n) for n in range(1, 5)]
    _, lus = await importer(client, service, ouverte, "personnes", stock)

    assert sorts(lus) == ["creee", "refusee", "refusee", "creee"]
    assert [un["probleme"]["code"] for un in lus[1:3]] == ["interne", "interne"]


@pytest.mark.parametrize(
    ("contenu", "entetes", "statut", "code"),
    [
        pytest.param(b"{}\n" * 50_001, {}, 413, "corps-trop-grand", id="une ligne de trop"),
        pytest.param(b"", {}, 400, "entete-invalide", id="vide"),
        pytest.param(b"{}", {"Content-Encoding": "br"}, 415, "type-non-admis", id="brotli"),
        pytest.param(b"{}", {"Content-Type": "text/csv"}, 415, "type-non-admis", id="csv"),
        pytest.param(
            gzip.compress(b"{}")[:-4],
            {"Content-Encoding": "gzip"},
            400,
            "entete-invalide",
            id="gzip tronqué",
        ),
    ],
)
async def test_a_file_that_is_no_such_file_is_not_kept(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    contenu: bytes,
    entetes: dict[str, str],
    statut: int,
    code: str,
) -> None:
    refuse = await deposer(connecter("orientation"), "personnes", contenu, **entetes)
    assert (refuse.status_code, refuse.json()["code"]) == (statut, code)
    kept = await compter(services["orientation"], ouverte, "import_lignes", "import_lignes_morceau")
    assert set(kept.values()) == {0}


@pytest.mark.parametrize("nom", ["orientation", "parcours", "financement"])
async def test_the_door_of_each_service(connecter: Connecter, ouverte: str, nom: str) -> None:
    """Fifty thousand lines pass, a bomb does not, in a flat memory; a type is one of ours."""
    client = connecter(nom)
    type_ = {"orientation": "personnes", "parcours": "freins", "financement": "conventions"}[nom]
    assert (await deposer(client, type_, b"{}\n" * 50_000)).status_code == 202
    bombe = gzip.compress(b"{}" * (8 * 2**20))
    tracemalloc.start()
    try:
        refuse = await deposer(client, type_, bombe, **{"Content-Encoding": "gzip"})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (refuse.status_code, refuse.json()["code"]) == (413, "archive-abusive")
    assert peak < 16 * 2**20
    inconnu = await deposer(client, "inconnu", b"{}")
    assert (inconnu.status_code, inconnu.json()["erreurs"][0]["pointeur"]) == (422, "?type")
    limites = (await client.get("/v1/limites")).json()
    assert limites["import_lignes_max"] == 50_000
    assert limites["imports"]["resultats_jours"] == 30


async def test_the_same_key_is_the_same_import(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    client, cle = connecter("orientation"), str(uuid4())
    un = await deposer(client, "personnes", fichier([personne(1)]), cle=cle)
    meme = await deposer(client, "personnes", fichier([personne(1)]), cle=cle)
    autre = await deposer(client, "personnes", fichier([personne(2)]), cle=cle)
    assert (un.json(), meme.headers["Idempotency-Replayed"]) == (meme.json(), "true")
    assert (autre.status_code, autre.json()["code"]) == (422, "idempotence-cle-reutilisee")


async def test_results_are_kept_thirty_days(
    connecter: Connecter,
    services: Mapping[str, Service],
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then 410, swept or not; a file that nobody could apply ends as failed, and is forgotten."""
    client, service = connecter("orientation"), services["orientation"]
    done, _ = await importer(client, service, ouverte, "personnes", [personne(1)])
    reste = (await deposer(client, "personnes", fichier([personne(2)]))).json()
    fin = datetime.fromisoformat(done["termine_le"])
    chemin = f"/v1/imports/{done['id']}/resultats"

    monkeypatch.setattr(service, "horloge", lambda: fin + timedelta(days=30))
    await travail.purger_imports(service, ouverte)
    assert (await client.get(chemin)).status_code == 200
    apres = fin + timedelta(days=31)
    monkeypatch.setattr(service, "horloge", lambda: apres)
    assert (await client.get(chemin)).json()["code"] == "fichier-expire"
    await travail.purger_imports(service, ouverte)

    assert (await client.get(chemin)).json()["code"] == "fichier-expire"
    kept = await compter(service, ouverte, "import_lignes_resultat", "import_lignes_morceau")
    assert set(kept.values()) == {0}
    read = (await client.get(f"/v1/imports/{reste['id']}")).json()
    assert (read["statut"], read["probleme"]["code"]) == ("echouee", "lecture_abandonnee")
    # The job that comes at last finds it done.
    await appliquer(service, ouverte, reste["id"])


async def test_forgotten_while_they_are_read_results_are_not_taken_for_whole(
    connecter: Connecter, services: Mapping[str, Service], ouverte: str
) -> None:
    client, service = connecter("orientation"), services["orientation"]
    done, _ = await importer(client, service, ouverte, "personnes", [personne(1)])
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await queries.forget_resultats(tx, UUID(done["id"]))
    with pytest.raises(RuntimeError):
        await client.get(f"/v1/imports/{done['id']}/resultats")
