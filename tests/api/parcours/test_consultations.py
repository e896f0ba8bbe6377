"""The person's own view: opened by a code, for a time, and every reading is noted."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Literal
from sqlalchemy import text

from deploy.local import bases as provision
from services.parcours.consultations.routes import ECRIRE, LIRE
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Observer, Orientation, Suivre
from tests.api.parcours.test_emplois import EMPLOYEUR
from tests.conftest import Client, Connecter

OFFRE: Mapping[str, Any] = {
    "rome": "F1703",
    "intitule": "Maçon",
    "type_emploi": "cdi",
    "code_commune": "35238",
    "duree_hebdomadaire_minutes": 2_100,
    "places": 1,
    "date_ouverture": "2026-06-01",
}


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


@pytest.fixture
def portail(connecter: Connecter) -> Client:
    """What carries codes, and may do nothing else."""
    return connecter("parcours", f"{LIRE} {ECRIRE}", client_id="portail-essai")


async def _donner(client: Client, parcours_id: str, **champs: Any) -> Any:
    chemin = f"/v1/parcours/{parcours_id}/codes-consultation"
    donne = await client.post(chemin, {"agent": "agt-1", **champs})
    assert donne.status_code == 201, donne.text
    return donne.json()


async def _ouvrir(portail: Client, code: str) -> httpx.Response:
    return await portail.request("POST", "/v1/consultations/recherches", json={"code": code})


async def test_a_code_opens_the_page_of_its_person(
    client: Client, portail: Client, parcours_id: str, observer: Observer, orientation: Orientation
) -> None:
    await observer("mobilite")
    await observer("sante")
    donne = await _donner(client, parcours_id)

    page = await _ouvrir(portail, donne["code"].lower())

    assert page.status_code == 200, page.text
    corps = page.json()
    assert corps["parcours_id"] == parcours_id
    assert corps["orientation"]["id"] in orientation.orientations
    assert [un["code"] for un in corps["freins"]] == ["mobilite"]
    assert page.headers["cache-control"] == "private, no-store"
    assert "RateLimit" in page.headers


async def test_who_read_it_is_in_it(
    client: Client, connecter: Connecter, portail: Client, parcours_id: str, observer: Observer
) -> None:
    """Read by its id, by a resource of it, or by its own page: each is noted, once a day.

    Planted: the journal written for paths that bear `parcours_id` only, red.
    """
    frein = (await observer("mobilite")).json()
    autre = connecter("parcours", ORDINAIRES, client_id="organisme-essai")
    for _ in range(3):
        await autre.get(f"/v1/freins/{frein['id']}")
    await autre.get(f"/v1/freins?parcours_id={parcours_id}")
    await autre.get(f"/v1/parcours/{uuid4()}")
    code = (await _donner(client, parcours_id))["code"]
    await _ouvrir(portail, code)

    corps = (await _ouvrir(portail, code)).json()

    vus = {(un["client_id"], un["operation"]): un for un in corps["acces"]}
    assert len(vus) == len(corps["acces"])
    assert not vus["organisme-essai", "obtenir_frein"]["ecriture"]
    assert ("organisme-essai", "lister_freins") in vus
    assert vus["si-essai", "creer_code_consultation"]["ecriture"]
    assert ("portail-essai", "rechercher_consultation") in vus
    assert ("organisme-essai", "obtenir_parcours") not in vus


async def test_the_journal_is_listed_by_person(
    client: Client, connecter: Connecter, parcours_id: str
) -> None:
    sante = connecter("parcours", "parcours:lire parcours.sante:lire", client_id="infirmiere")
    parcours = (await sante.get(f"/v1/parcours/{parcours_id}")).json()
    chemin = f"/v1/journaux-acces?personne_id={parcours['personne_id']}"

    page = await client.get(f"{chemin}&limite=1")
    ailleurs = await client.get(f"/v1/journaux-acces?personne_id={uuid4()}")
    refuse = await connecter("parcours", ORDINAIRES).get(chemin)
    tout = (await client.get(chemin)).json()["elements"]

    assert len(page.json()["elements"]) == 1
    assert ("infirmiere", "obtenir_parcours", True) in {
        (un["client_id"], un["operation"], un["portee_sante"]) for un in tout
    }
    assert ailleurs.json()["elements"] == []
    assert (refuse.status_code, refuse.json()["code"]) == (403, "portee-insuffisante")


async def test_what_is_refused_tried_or_named_in_a_body(
    client: Client, connecter: Connecter, parcours_id: str
) -> None:
    """A refusal changed nothing, a trial was read, and a body names a person as a path does.

    Planted: noted whatever the answer, and what a body names left out, both at once: red.
    """
    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    agent = connecter("parcours", client_id="agent-essai")
    codes = f"/v1/parcours/{parcours_id}/codes-consultation"
    offre = await _offre_emploi(agent)
    mises = f"/v1/offres-emploi/{offre}/mises-en-relation"
    proposee = {"parcours_id": parcours_id, "date_proposition": "2026-07-01"}
    donne = await _donner(client, parcours_id)
    revocation = f"/v1/codes-consultation/{donne['consultation']['id']}/revocations"
    refus = await agent.post(revocation, {"motif": "perdu"}, version=9)
    assert refus.status_code == 412, refus.text
    for chemin, corps in ((codes, {"agent": "a"}), (mises, proposee)):
        for suite in ("?essai=true", ""):
            fait = await agent.post(chemin + suite, corps)
            assert fait.status_code == 201, fait.text
    await agent.get(f"/v1/parcours?personne_id={parcours['personne_id']}")

    vus = (await client.get(f"/v1/journaux-acces?personne_id={parcours['personne_id']}")).json()

    siens = [un for un in vus["elements"] if un["client_id"] == "agent-essai"]
    assert sorted((un["operation"], un["ecriture"]) for un in siens) == [
        ("creer_code_consultation", False),
        ("creer_code_consultation", True),
        ("creer_mise_en_relation", False),
        ("creer_mise_en_relation", True),
        ("lister_parcours", False),
    ]


async def _offre_emploi(client: Client) -> str:
    """An offer of an employer."""
    employeur = await client.post("/v1/employeurs", EMPLOYEUR)
    corps = {**OFFRE, "employeur_id": employeur.json()["id"]}
    offre = await client.post("/v1/offres-emploi", corps)
    assert offre.status_code == 201, offre.text
    return str(offre.json()["id"])


async def test_health_is_there_when_the_referent_chose_it(
    client: Client, connecter: Connecter, portail: Client, parcours_id: str, observer: Observer
) -> None:
    """Her own data, on a screen that may be shared: left out, unless asked with the scope.

    Planted: `sante=True` whatever the code says, red.
    """
    await observer("sante")
    sans = await _donner(client, parcours_id)
    avec = await _donner(client, parcours_id, avec_sante=True)
    refuse = await connecter("parcours", ORDINAIRES).post(
        f"/v1/parcours/{parcours_id}/codes-consultation", {"agent": "a", "avec_sante": True}
    )

    vus = [(await _ouvrir(portail, un["code"])).json()["freins"] for un in (sans, avec)]

    assert [[un["code"] for un in freins] for freins in vus] == [[], ["sante"]]
    personne_id = (await client.get(f"/v1/parcours/{parcours_id}")).json()["personne_id"]
    notes = await client.get(f"/v1/journaux-acces?personne_id={personne_id}")
    assert {
        un["portee_sante"]
        for un in notes.json()["elements"]
        if un["operation"] == "rechercher_consultation"
    } == {False, True}
    assert (refuse.status_code, refuse.json()["code"]) == (403, "donnee-sante-interdite")
    liste = await client.get(f"/v1/parcours/{parcours_id}/codes-consultation")
    assert all("avec_sante" not in un for un in liste.json()["elements"])


async def test_a_code_is_good_until_its_instant(
    client: Client, portail: Client, parcours_id: str, horloge: Horloge
) -> None:
    """Seven civil days, the last one whole: midnight in Paris is out.

    Planted: `>` for `>=` at the instant, red.
    """
    donne = await _donner(client, parcours_id)
    assert donne["consultation"]["expire_le"] == "2026-07-08T22:00:00.000000Z"
    assert donne["duree_confirmee"] is False
    horloge.instant = horloge.instant.replace(day=8, hour=21, minute=59, second=59)

    avant = await _ouvrir(portail, donne["code"])
    horloge.avancer(timedelta(seconds=1))
    apres = await _ouvrir(portail, donne["code"])
    lu = await client.get(f"/v1/codes-consultation/{donne['consultation']['id']}")

    assert (avant.status_code, apres.status_code) == (200, 404)
    assert lu.json()["statut"] == "expire"


async def test_what_does_not_open_is_told_alike(
    client: Client, portail: Client, connecter: Connecter, parcours_id: str
) -> None:
    """Unknown, wrong, revoked or of another collectivité: one answer."""
    donne, bon = [await _donner(client, parcours_id) for _ in range(2)]
    faux = bon["code"][:-1] + ("A" if bon["code"][-1] != "A" else "B")
    revoque = await client.post(
        f"/v1/codes-consultation/{donne['consultation']['id']}/revocations",
        {"motif": "perdu"},
        version=1,
    )
    encore = await client.post(
        f"/v1/codes-consultation/{donne['consultation']['id']}/revocations",
        {"motif": "perdu"},
        version=2,
    )
    voisin = connecter("parcours", LIRE, dans="975A")

    refus = [
        await _ouvrir(portail, "0000-0000-0000-0000-0000-0000"),
        await _ouvrir(portail, faux),
        await _ouvrir(portail, donne["code"]),
        await _ouvrir(voisin, bon["code"]),
    ]

    assert revoque.json()["statut"] == "revoque"
    assert encore.json()["code"] == "transition-interdite"
    corps = [{**un.json(), "correlation": None} for un in refus]
    assert corps == [corps[0]] * 4
    assert corps[0]["code"] == "introuvable"
    assert (await _ouvrir(portail, bon["code"])).status_code == 200


async def test_the_fifth_wrong_secret_blocks(
    client: Client, portail: Client, parcours_id: str
) -> None:
    """Counted though the request is refused; a fourth one still lets the right code open.

    Planted: the count left in the transaction that the refusal undoes, red.
    """
    donne = await _donner(client, parcours_id)
    faux = donne["code"][:-1] + ("A" if donne["code"][-1] != "A" else "B")
    for _ in range(4):
        await _ouvrir(portail, faux)

    quatre = await _ouvrir(portail, donne["code"])
    await _ouvrir(portail, faux)
    cinq = await _ouvrir(portail, donne["code"])
    lu = await client.get(f"/v1/codes-consultation/{donne['consultation']['id']}")

    assert (quatre.status_code, cinq.status_code) == (200, 404)
    assert lu.json()["statut"] == "bloque"


async def test_a_code_is_told_once_and_kept_nowhere(
    client: Client, services: Mapping[str, Service], parcours_id: str, ouverte: str
) -> None:
    """A replay does not tell it again, and no row holds it, sealed or not.

    Planted: the answer kept with its code, red.
    """
    cle, chemin = str(uuid4()), f"/v1/parcours/{parcours_id}/codes-consultation"
    premier = await client.post(chemin, {"agent": "a"}, cle=cle)
    encore = await client.post(chemin, {"agent": "a"}, cle=cle)
    essai = await client.post(f"{chemin}?essai=true", {"agent": "a"})

    code = premier.json()["code"].replace("-", "")
    assert encore.json() == {**premier.json(), "code": None}
    assert essai.json()["code"] is None
    service = services["parcours"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        (row,) = (await tx.execute(text("SELECT * FROM code_consultation"))).all()
        gardes = (await tx.execute(text("SELECT corps FROM idempotence"))).scalars().all()
    assert code[8:].encode() not in b"".join(v for v in row if isinstance(v, bytes))
    clairs = [service.coffre.ouvrir(un, "idempotence.corps") for un in gardes if un]
    assert all(premier.json()["code"].encode() not in un for un in clairs)


async def test_a_fault_of_the_journal_loses_no_code(
    client: Client, bases: Mapping[str, provision.Adresses], ouverte: str, parcours_id: str
) -> None:
    """The code is told once: it is noted with it, or there is none.

    Planted: noted once it is committed, the repeat tells no code, red.
    """
    chemin, cle = f"/v1/parcours/{parcours_id}/codes-consultation", str(uuid4())
    with psycopg.connect(bases["parcours"].proprietaire, autocommit=True) as base:
        base.execute(
            "CREATE FUNCTION panne() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE 'journal'; END $$"
        )
        panne = SQL(
            "CREATE TRIGGER panne BEFORE INSERT ON acces_parcours FOR EACH ROW"
            " WHEN (NEW.collectivite = {code}) EXECUTE FUNCTION panne()"
        )
        base.execute(panne.format(code=Literal(ouverte)).as_string())
        try:
            perdue = await client.post(chemin, {"agent": "a"}, cle=cle)
        finally:
            base.execute("DROP FUNCTION panne CASCADE")

    donnee = await client.post(chemin, {"agent": "a"}, cle=cle)

    assert (perdue.status_code, donnee.status_code) == (500, 201)
    assert donnee.json()["code"]
    codes = (await client.get(chemin)).json()["elements"]
    assert [un["id"] for un in codes] == [donnee.json()["consultation"]["id"]]
    # Given and read, each is noted.
    parcours = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    page = await client.get(f"/v1/journaux-acces?personne_id={parcours['personne_id']}")
    assert [un["ecriture"] for un in page.json()["elements"]].count(True) == 1


async def test_a_portal_reads_nothing_else(portail: Client, parcours_id: str) -> None:
    for chemin in (f"/v1/parcours/{parcours_id}", "/v1/freins", "/v1/journaux-acces"):
        assert (await portail.get(chemin)).status_code == 403


async def test_the_page_says_that_orientation_is_silent(
    client: Client, portail: Client, parcours_id: str, orientation: Orientation
) -> None:
    """An orientation erased since is told as none: the rest is hers to read."""
    code = (await _donner(client, parcours_id))["code"]
    orientation.orientations.clear()

    page = await _ouvrir(portail, code)

    assert (page.status_code, page.json()["orientation"]) == (200, None)


@pytest.mark.parametrize("champ", ["type_parcours_propose", "organisme_propose_id"])
async def test_a_request_says_what_for(
    client: Client, portail: Client, parcours_id: str, champ: str
) -> None:
    code = (await _donner(client, parcours_id))["code"]
    demande = {
        "code": code,
        "type_parcours_propose": "professionnel",
        "organisme_propose_id": str(uuid4()),
    }
    del demande[champ]

    refuse = await portail.post("/v1/consultations/reorientations", demande)

    assert refuse.status_code == 422


async def test_a_closed_parcours_asks_for_nothing(
    client: Client, portail: Client, parcours_id: str, jour: date
) -> None:
    code = (await _donner(client, parcours_id))["code"]
    clos = await client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"date_sortie": str(jour), "motif": "radie_autre_motif"},
        version=1,
    )
    refuse = await portail.post(
        "/v1/consultations/reorientations",
        {
            "code": code,
            "type_parcours_propose": "professionnel",
            "organisme_propose_id": str(uuid4()),
        },
    )

    assert clos.status_code == 201, clos.text
    assert refuse.json()["code"] == "parcours-clos"


class TestReorientation:
    """With the real orientation on the wire."""

    @pytest.fixture(autouse=True)
    def horloge(self) -> None:
        """Both services live today."""

    async def test_a_request_reaches_orientation_once(
        self, connecter: Connecter, portail: Client, suivre: Suivre, ouverte: str
    ) -> None:
        """In the name of the client that gave the code, as asked by the person; sent twice, once.

        Planted: sent in the name of the portal, red.
        """
        orientation = connecter("orientation", client_id="si-cd")
        cd, ft = [
            (
                await orientation.post(
                    "/v1/organismes-referents",
                    {"reference": nom, "type": type_, "nom": nom, "clients": [f"si-{nom}"]},
                )
            ).json()["id"]
            for nom, type_ in (("cd", "conseil_departemental"), ("ft", "france_travail"))
        ]
        decidee = await _decider(orientation, cd)
        await suivre()
        referent = connecter("parcours", client_id="si-cd")
        parcours = await referent.get(f"/v1/parcours?personne_id={decidee['personne_id']}")
        (ouvert,) = parcours.json()["elements"]
        code = (await _donner(referent, ouvert["id"]))["code"]
        demande = {
            "code": code,
            "type_parcours_propose": "professionnel",
            "organisme_propose_id": ft,
            "commentaire": "Je cherche un emploi",
        }
        cle = str(uuid4())
        # What orientation finds wrong with these values is told as it said it.
        inconnu = demande | {"organisme_propose_id": str(uuid4())}
        refusee = await portail.post("/v1/consultations/reorientations", inconnu)
        assert refusee.status_code == 422, refusee.text
        assert refusee.json()["erreurs"][0]["pointeur"] == "/organisme_propose_id"

        recue, encore = [
            await portail.post("/v1/consultations/reorientations", demande, cle=cle)
            for _ in range(2)
        ]

        assert recue.status_code == 201, recue.text
        assert encore.json() == recue.json()
        liste = await orientation.get("/v1/reorientations")
        (lue,) = liste.json()["elements"]
        assert lue["id"] == recue.json()["reorientation_id"]
        assert recue.headers["location"].endswith(f"/v1/reorientations/{lue['id']}")
        assert (lue["demandeur"], lue["motif"], lue["moment"]) == (
            "personne",
            "demande_personne",
            "accompagnement",
        )
        autre = await portail.post("/v1/consultations/reorientations", demande)
        assert autre.status_code == 409, autre.text


async def _decider(orientation: Client, organisme_id: str) -> dict[str, Any]:
    """Decide that a person is accompanied by an organisme, from today."""
    personne = await orientation.post("/v1/personnes", PERSONNE)
    ouverte = await orientation.post("/v1/orientations", {"personne_id": personne.json()["id"]})
    url = f"/v1/orientations/{ouverte.json()['id']}"
    await orientation.post(f"{url}/criteres", criteres(), version=1)
    decidee = await orientation.post(
        f"{url}/decisions",
        {
            "etat_decision": "refusee",
            "motif_refus": "appreciation_differente",
            "type_parcours": "social",
            "organisme_referent_id": organisme_id,
        },
        version=2,
    )
    assert decidee.status_code == 201, decidee.text
    found: dict[str, Any] = (await orientation.get(url)).json()
    return found
