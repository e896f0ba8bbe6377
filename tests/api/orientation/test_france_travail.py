"""Decisions told to France Travail once they commit, and the two compared, against the fake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from services.orientation.france_travail import queries, travail
from shared.clients.france_travail.acces import AccesFranceTravail
from shared.clients.france_travail.client import FranceTravail
from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier
from tests.api.orientation.test_annulations import MOTIF as ANNULATION
from tests.api.orientation.test_places import decider, ouvrir_et_proposer
from tests.conftest import Client, Reseau
from tests.doubles.france_travail import Monde, Panne, Usager, app

TABLE = {"professionnel": "PED", "socio_professionnel": "PSP", "social": "PSO"}
WEBRSA = {"professionnel": "PED", "socio_professionnel": "PSO", "social": "PSP"}
DIX_S = timedelta(seconds=10)
DECISION = "POST /partenaire/orientationusager/v1/decisionOrientation"
LECTURE = "GET /partenaire/orientationusager/v1/lectureOrientation"
NAISSANCE = "1991-01-31"
Preparer = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def monde() -> Monde:
    """France Travail, empty."""
    return Monde(revoque_precedent=True)


@pytest_asyncio.fixture
async def service(
    services: Mapping[str, Service],
    reseau: Reseau,
    ouverte: str,
    monde: Monde,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Service]:
    """Orientation, whose collectivité has a way in."""
    found = services["orientation"]
    hote = f"ft-{ouverte.lower()}.example"
    reseau.apps[hote] = app(monde)  # type: ignore[assignment]
    found.reglages.france_travail[ouverte] = AccesFranceTravail.model_validate(
        {
            "url_jetons": f"https://{hote}",
            "url_api": f"https://{hote}",
            "client_id": "jalons-essai",
            "secret": "secret-essai",
            "par_seconde": 1000,
            "delai_s": 2,
            "essais": 1,
        }
    )
    # Nothing waits between two attempts: a test makes each of them.
    monkeypatch.setattr("services.orientation.france_travail.rules._PLUS_LONGUE", -DIX_S)
    yield found
    del found.reglages.france_travail[ouverte], reseau.apps[hote]


@pytest_asyncio.fixture
async def tour(service: Service, ouverte: str) -> Callable[[], Awaitable[None]]:
    """A turn of the worker."""

    async def run() -> None:
        await travail.echanger_france_travail(service, ouverte)

    return run


async def regler(client: Client, table: Mapping[str, str] = TABLE, **rest: bool) -> Any:
    corps = {"envoi": True, "comparaison": True, "correspondance": table} | rest
    return await client.post("/v1/reglages-france-travail", corps)


@pytest_asyncio.fixture
async def preparer(client: Client, ouvrir: Dossier, monde: Monde) -> Preparer:
    """A person known to both sides, whose orientation is proposed here."""
    suite = iter(range(1, 1000))

    async def run(**rest: Any) -> dict[str, Any]:
        rang = next(suite)
        numero = f"999000{rang:05d}"
        monde.ajouter(Usager(numero, f"1910199999{rang:05d}", NAISSANCE, **rest))

        async def de(**changes: Any) -> dict[str, Any]:
            return await ouvrir(numero_france_travail=numero, **changes)

        return {**await ouvrir_et_proposer(client, de), "numero": numero}

    return run


def ouvertes(monde: Monde, numero: str) -> list[tuple[str, str]]:
    return [
        (une["parcours"], une["organisme"])
        for une in monde.usagers[numero].orientations
        if une["etat"] == "OUVERT"
    ]


async def ecarts(client: Client) -> dict[str, dict[str, Any]]:
    page = (await client.get("/v1/ecarts-france-travail")).json()["elements"]
    return {un["orientation_id"]: un for un in page}


async def test_nothing_leaves_before_a_person_has_read_the_table(
    client: Client, preparer: Preparer, monde: Monde, tour: Callable[[], Awaitable[None]]
) -> None:
    """Neither what was decided before; a table that swaps two codes opens nothing.

    Planted: decisions of before the opening sent, red.
    """
    avant = await preparer()
    monde.preconiser(avant["numero"], "PED", "FT")
    await decider(client, avant)
    await tour()
    inversee = await regler(client, WEBRSA)
    await tour()
    assert (inversee.status_code, inversee.json()["code"]) == (422, "validation")
    assert "inverses" in inversee.json()["erreurs"][0]["message"]
    assert sum(monde.appels.values()) == 0
    assert (await regler(client, comparaison=False)).status_code == 201
    apres = await preparer()
    monde.preconiser(apres["numero"], "PED", "FT")
    await decider(client, apres)
    await tour()
    assert monde.appels[DECISION] == 1
    assert ouvertes(monde, avant["numero"]) == []
    assert ouvertes(monde, apres["numero"]) == [("PED", "FT")]
    # Closed again: what is decided then stays.
    assert (await regler(client, envoi=False, comparaison=False)).status_code == 201
    ensuite = await preparer()
    monde.preconiser(ensuite["numero"], "PED", "FT")
    await decider(client, ensuite)
    await tour()
    assert monde.appels[DECISION] == 1
    page = (await client.get("/v1/reglages-france-travail")).json()["elements"]
    assert [un["envoi"] for un in page] == [False, True]


async def test_ours_is_accepted_or_refused_there_as_it_differs_from_theirs(
    client: Client, preparer: Preparer, monde: Monde, tour: Callable[[], Awaitable[None]]
) -> None:
    await regler(client)
    cas = {}
    for preconise in (("PED", "FT"), ("PSO", "CD"), ("IND", "IND")):
        orientation = await preparer()
        monde.preconiser(orientation["numero"], *preconise)
        await decider(client, orientation)
        cas[orientation["numero"]] = preconise
    await tour()
    dites = [monde.usagers[numero].orientations[0]["decision"] for numero in cas]
    assert [une["etat_decision"] for une in dites] == ["ACCEPTEE", "REFUSEE", "REFUSEE"]
    assert [ouvertes(monde, numero) for numero in cas] == [[("PED", "FT")]] * 3
    assert await ecarts(client) == {}
    await tour()
    assert monde.appels[DECISION] == 3


@pytest.mark.parametrize(
    "panne",
    [
        pytest.param(Panne("/decisionOrientation", statut=504, apres=True), id="faite, 504"),
        pytest.param(Panne("/decisionOrientation", genre="coupe", apres=True), id="faite, coupée"),
        pytest.param(Panne("/decisionOrientation", statut=504), id="pas faite, 504"),
        pytest.param(Panne("/decisionOrientation", statut=500), id="pas faite, 500"),
        pytest.param(Panne("/lectureOrientation", statut=503), id="pas lue"),
        pytest.param(Panne("access_token", statut=503), id="pas de jeton"),
        pytest.param(Panne("/par-numero", statut=403), id="accès pas encore ouvert"),
    ],
)
async def test_what_fails_is_taken_up_again_and_done_once(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    tour: Callable[[], Awaitable[None]],
    panne: Panne,
) -> None:
    await regler(client, comparaison=False)
    orientation = await preparer()
    monde.preconiser(orientation["numero"], "PED", "FT")
    monde.pannes.append(Panne(**vars(panne) | {"nombre": 1}))
    await decider(client, orientation)
    for _ in range(3):
        await tour()
    assert ouvertes(monde, orientation["numero"]) == [("PED", "FT")]
    assert monde.appels[DECISION] == (
        2 if panne.statut >= 500 and "decision" in panne.chemin and not panne.apres else 1
    )


async def test_killed_between_the_sending_and_the_record_nothing_is_sent_twice(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lease ends, the next reads first. Planted: sent without reading, red."""
    await regler(client, comparaison=False)
    orientation = await preparer()
    monde.preconiser(orientation["numero"], "PED", "FT")
    await decider(client, orientation)
    vraie = FranceTravail.decider_orientation

    async def mourir(self: FranceTravail, *args: Any) -> None:
        await vraie(self, *args)
        raise asyncio.CancelledError  # as a worker that is killed: nothing after it runs

    with monkeypatch.context() as patch:
        patch.setattr(FranceTravail, "decider_orientation", mourir)
        with pytest.raises(asyncio.CancelledError):
            await tour()
    assert ouvertes(monde, orientation["numero"]) == [("PED", "FT")]
    await tour()  # the lease holds: another worker leaves it alone
    assert await envoi(service, ouverte) == ("a_faire", 1)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text(
                "UPDATE envoi_france_travail SET reprendre_le = now()"
                " WHERE collectivite = :collectivite"
            )
        )
    await tour()
    assert await envoi(service, ouverte) == ("enregistree", 2)
    assert monde.appels[DECISION] == 1


async def envoi(service: Service, collectivite: str) -> tuple[str, int]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        row = (
            await tx.execute(
                text(
                    "SELECT statut, essais FROM envoi_france_travail"
                    " WHERE collectivite = :collectivite"
                )
            )
        ).one()
    return row.statut, row.essais


async def test_two_workers_share_the_work(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    tour: Callable[[], Awaitable[None]],
) -> None:
    await regler(client, comparaison=False)
    numeros = []
    for _ in range(8):
        orientation = await preparer()
        monde.preconiser(orientation["numero"], "PSO", "CD")
        await decider(client, orientation)
        numeros.append(orientation["numero"])
    await asyncio.gather(tour(), tour(), tour())
    assert [ouvertes(monde, numero) for numero in numeros] == [[("PED", "FT")]] * 8
    assert monde.appels[DECISION] == 8


async def test_a_person_who_is_not_theirs_is_final_and_said(
    client: Client,
    preparer: Preparer,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    await regler(client)
    orientation = await preparer(retour="R998")
    await decider(client, orientation)
    for _ in range(2):
        await tour()
    assert await envoi(service, ouverte) == ("refusee", 1)
    un = (await ecarts(client))[orientation["id"]]
    assert (un["type"], un["code_ft"], un["reparable"]) == ("personne_non_trouvee", "R998", False)
    assert un["reparation"] == "refusee"


async def test_planted_disagreements_are_found_and_no_other_and_repaired_in_one_call(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
    complet: bool,
) -> None:
    """A site taken over: what another system sent, some of it swapped.

    Planted: the inversion not told from another parcours, red; what agrees told, red.
    """
    await regler(client, envoi=False)
    attendus: dict[str, str] = {}
    repares: dict[str, str] = {}
    for _ in range(4 if complet else 1):
        for genre in (
            None,
            "parcours_different",
            "organisme_different",
            "non_decidee_la_bas",
            "absente_la_bas",
            "absente_ici",
            "personne_non_trouvee",
            "parcours_inverse",
        ):
            orientation = await preparer()
            numero = orientation["numero"]
            if genre == "absente_ici":
                planter(monde, numero, "PED", "FT")
            else:
                social = genre == "parcours_inverse"
                await decider(client, orientation, **(await sociale(client) if social else {}))
            match genre:
                case None:
                    planter(monde, numero, "PED", "FT")
                case "parcours_different":
                    planter(monde, numero, "PSO", "FT")
                case "organisme_different":
                    planter(monde, numero, "PED", "CD")
                case "non_decidee_la_bas":
                    monde.preconiser(numero, "PSP", "CD")
                case "personne_non_trouvee":
                    monde.usagers[numero].retour = "S002"
                case "parcours_inverse":
                    planter(monde, numero, "PSP", "CD")
            if genre is not None:
                attendus[orientation["id"]] = genre
                repares[orientation["id"]] = numero
    await tour()
    while len(await comparees(service, ouverte)) < len(attendus) + len(attendus) // 7:
        await tour()
    trouves = await ecarts(client)
    assert {ident: un["type"] for ident, un in trouves.items()} == attendus
    # Sending is closed: nothing is repaired.
    premier = next(un for un in trouves.values() if un["reparable"])
    url = f"/v1/ecarts-france-travail/{premier['id']}"
    ferme = await client.post(f"{url}/reparations", version=premier["version"])
    assert (ferme.status_code, ferme.json()["statut_actuel"]) == (409, "envoi_ferme")
    assert DECISION not in monde.appels
    await regler(client)
    for un in trouves.values():
        url = f"/v1/ecarts-france-travail/{un['id']}/reparations"
        perime = await client.post(url, version=un["version"] + 1)
        answer = await client.post(url, version=un["version"])
        assert perime.status_code == 412
        assert answer.status_code == (201 if un["reparable"] else 409), answer.text
        if un["reparable"]:
            assert answer.json()["reparation"] == "a_faire"
            encore = await client.post(url, version=un["version"])
            assert encore.json()["statut_actuel"] == "reparation_en_cours"
    await tour()
    restent = await ecarts(client)
    assert {un["type"] for un in restent.values()} == {"absente_ici", "personne_non_trouvee"}
    for un in trouves.values():
        if un["reparable"]:
            lu = (await client.get(f"/v1/ecarts-france-travail/{un['id']}")).json()
            assert (lu["type"], lu["reparation"]) == (None, "enregistree")
            attendu = ("PSO", "CD") if un["type"] == "parcours_inverse" else ("PED", "FT")
            assert ouvertes(monde, repares[un["orientation_id"]]) == [attendu]


def planter(monde: Monde, numero: str, parcours: str, organisme: str) -> None:
    """What another system had decided there."""
    orientation = monde.preconiser(numero, parcours, organisme)
    orientation |= {"etat": "OUVERT", "statut": "DECIDE"}
    monde.solder(numero, "ACT382")


async def sociale(client: Client) -> dict[str, Any]:
    """A decision for the parcours social, by the département."""
    page = (await client.get("/v1/organismes-referents")).json()["elements"]
    departement = next(un for un in page if un["type"] == "conseil_departemental")
    return {
        "etat_decision": "refusee",
        "motif_refus": "appreciation_differente",
        "type_parcours": "social",
        "organisme_referent_id": departement["id"],
    }


async def comparees(service: Service, collectivite: str) -> list[Any]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return list(
            await tx.execute(
                text(
                    "SELECT id FROM ecart_france_travail WHERE collectivite = :collectivite"
                    " AND version > 0"  # taken, and compared
                )
            )
        )


async def test_an_outage_stops_the_comparison_and_a_server_error_does_not(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    await regler(client, envoi=False)
    for _ in range(3):
        orientation = await preparer()
        await decider(client, orientation)
        planter(monde, orientation["numero"], "PED", "FT")
    monde.pannes.append(Panne("/lectureOrientation", statut=503))
    await tour()
    assert monde.appels[LECTURE] == 1
    monde.pannes.append(Panne("/lectureOrientation", statut=500))
    await tour()
    assert monde.appels[LECTURE] == 3
    assert len(await comparees(service, ouverte)) == 1
    assert await ecarts(client) == {}


@pytest.mark.parametrize(
    "panne",
    [
        pytest.param(Panne("", statut=403), id="403 sans code"),
        pytest.param(Panne("", statut=504), id="504 toujours"),
        pytest.param(Panne("", statut=404, corps={"error": "Not Found"}), id="404"),
        pytest.param(Panne("", genre="corps", corps={"codeErreur": "ERT_1"}), id="erreur en 200"),
        pytest.param(Panne("", genre="corps", corps={"x": 1}), id="200 illisible"),
    ],
)
async def test_one_person_who_always_fails_stops_no_other(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
    panne: Panne,
) -> None:
    """Compared first, she is left for an hour. Planted: nothing written of her, red."""
    await regler(client, envoi=False)
    suite = [await preparer() for _ in range(2)]
    for orientation in suite:
        await decider(client, orientation)
    numero = min(suite, key=lambda une: une["id"])["numero"]
    monde.pannes.append(
        Panne(**vars(panne) | {"chemin": "/lectureOrientation", "nombre": 99, "numero": numero})
    )
    for _ in range(3):
        await tour()
    assert len(await comparees(service, ouverte)) == 1
    page = await client.get("/v1/ecarts-france-travail")
    assert page.status_code == 200
    assert [un["type"] for un in page.json()["elements"]] == ["absente_la_bas"]


async def test_two_workers_compare_each_once_and_say_it_once(
    client: Client, preparer: Preparer, monde: Monde, tour: Callable[[], Awaitable[None]]
) -> None:
    """Planted: compared without being taken, red."""
    await regler(client, envoi=False)
    for _ in range(4):
        await decider(client, await preparer())
    monde.pannes.append(Panne("/lectureOrientation", genre="lent", delai_s=0.1, nombre=99))
    await asyncio.gather(tour(), tour(), tour())
    assert monde.appels[LECTURE] == 4
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    dits = [un for un in feed if un["type"] == "orientation.ecart_france_travail.constate"]
    assert [un["operation"] for un in dits] == ["creation"] * 4


async def test_a_repair_in_the_queue_hides_no_decision_that_is_not_there_yet(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    """The worker was stopped; the newest is repaired meanwhile.

    Planted: the queue said to be seen as far as the repair, red.
    """
    await regler(client, comparaison=False)
    suite = [await preparer() for _ in range(3)]
    for orientation in suite:
        monde.preconiser(orientation["numero"], "PED", "FT")
        await decider(client, orientation)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await queries.rearmer_envoi(tx, await queries.read_orientation(tx, suite[-1]["id"]))
    # An hour of backlog: more than what is read again behind the last one seen.
    await ecrire(service, ouverte, "decidee_le = decidee_le + interval '1 hour'")
    await tour()
    assert [ouvertes(monde, une["numero"]) for une in suite] == [[("PED", "FT")]] * 3


@pytest.mark.parametrize(
    ("cause", "panne", "attendu", "dites"),
    [
        pytest.param("annulee", "/lectureOrientation", "depassee", 0, id="annulée, pas envoyée"),
        pytest.param("prise", "/lectureOrientation", "a_faire", 0, id="à un autre, pas envoyée"),
        pytest.param("prise", "/decisionOrientation", "a_faire", 1, id="à un autre, pas notée"),
    ],
)
async def test_what_changes_while_they_answer_is_seen_before_it_is_sent_or_written(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
    cause: str,
    panne: str,
    attendu: str,
    dites: int,
) -> None:
    """Planted: sent without a second look, red; written whoever has it, red."""
    await regler(client, comparaison=False)
    orientation = await preparer()
    monde.preconiser(orientation["numero"], "PED", "FT")
    await decider(client, orientation)
    monde.pannes.append(Panne(panne, genre="lent", delai_s=1))
    turn = asyncio.ensure_future(tour())
    async with asyncio.timeout(20):
        while not any(panne in nom for nom in monde.appels):
            await asyncio.sleep(0.01)
    if cause == "annulee":
        url = f"/v1/orientations/{orientation['id']}/annulations"
        answer = await client.post(url, ANNULATION, version=3)
        assert answer.status_code == 201, answer.text
    else:  # the lease ended, and another worker has taken it
        autre = "version = version + 1, essais = essais + 1"
        await ecrire(service, ouverte, autre + ", reprendre_le = now() + interval '1 hour'")
    await turn
    assert (await envoi(service, ouverte))[0] == attendu
    assert monde.appels[DECISION] == dites


async def test_a_throttle_ends_the_turn_and_is_obeyed(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    """Planted: the loop gone on, red; Retry-After forgotten, red."""
    await regler(client)
    for _ in range(3):
        orientation = await preparer()
        await decider(client, orientation)
    monde.pannes.append(Panne("/par-numero", statut=429, retry_after="3600", nombre=99))
    await tour()
    assert sum(nombre for nom, nombre in monde.appels.items() if "par-numero" in nom) == 1
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        attente = await tx.execute(
            text(
                "SELECT count(*) FROM envoi_france_travail WHERE collectivite = :collectivite"
                " AND reprendre_le > now() + interval '50 minutes'"
            )
        )
    assert attente.scalar_one() == 1


async def test_an_open_circuit_counts_no_attempt(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    """Nothing was asked of them. Planted: counted, red."""
    await regler(client, comparaison=False)
    await decider(client, await preparer())
    monde.pannes.append(Panne("/par-numero", statut=503, nombre=99))
    for _ in range(8):
        await tour()
        await ecrire(service, ouverte, "reprendre_le = now()")
    assert await envoi(service, ouverte) == ("a_faire", 5)


async def test_opened_again_the_old_queue_does_not_leave(
    client: Client,
    preparer: Preparer,
    monde: Monde,
    service: Service,
    ouverte: str,
    tour: Callable[[], Awaitable[None]],
) -> None:
    """But by a repair. Planted: what was left in the queue sent, red."""
    await regler(client)
    orientation = await preparer()
    monde.preconiser(orientation["numero"], "PED", "FT")
    await decider(client, orientation)
    monde.pannes.append(Panne("/par-numero", statut=503))
    await tour()
    assert await envoi(service, ouverte) == ("a_faire", 1)
    await regler(client, envoi=False)
    await regler(client)
    await tour()
    assert (await envoi(service, ouverte), monde.appels[DECISION]) == (("depassee", 1), 0)
    un = (await ecarts(client))[orientation["id"]]
    assert (un["type"], un["reparable"]) == ("non_decidee_la_bas", True)
    url = f"/v1/ecarts-france-travail/{un['id']}/reparations"
    assert (await client.post(url, version=un["version"])).status_code == 201
    await tour()
    assert ouvertes(monde, orientation["numero"]) == [("PED", "FT")]


async def ecrire(service: Service, collectivite: str, valeurs: str) -> None:
    """Change the queue behind the worker's back."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        await tx.execute(
            text(f"UPDATE envoi_france_travail SET {valeurs} WHERE collectivite = :collectivite")
        )


async def test_without_a_way_in_nothing_is_asked(
    client: Client, services: Mapping[str, Service], ouverte: str, monde: Monde
) -> None:
    await regler(client)
    await travail.echanger_france_travail(services["orientation"], ouverte)
    assert sum(monde.appels.values()) == 0
