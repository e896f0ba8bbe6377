"""Prescriptions, with the real financement on the wire: nothing promised twice, nothing lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local import bases as provision
from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Observer, ensemble
from tests.conftest import URLS, Client, Connecter, Reseau, validations_lentes

FINANCEMENT = httpx.URL(URLS["financement"]).host
TOUT = timedelta(seconds=3600)


@dataclass(frozen=True)
class Terrain:
    """An action of two places and 1 000,00 €, a frein, and a client that prescribes."""

    client: Client
    financement: Client
    frein_id: str
    action_id: str
    enveloppe_id: str

    async def prescrire(
        self,
        montant_centimes: int = 400_00,
        *,
        essai: bool = False,
        cle: str | None = None,
        delai_max: str | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """Prescribe the action for the frein."""
        demande = {
            "frein_id": self.frein_id,
            "action_id": self.action_id,
            "montant_centimes": montant_centimes,
            "duree_s": 3600,
            **rest,
        }
        return await self.client.post(
            f"/v1/prescriptions{'?essai=true' if essai else ''}",
            demande,
            cle=cle,
            headers={"Delai-Max": delai_max} if delai_max else {},
        )

    async def acte(
        self, prescription: dict[str, Any], acte: str, demande: dict[str, Any], **rest: Any
    ) -> httpx.Response:
        """Confirm or cancel."""
        chemin = f"/v1/prescriptions/{prescription['id']}/{acte}"
        return await self.client.post(chemin, demande, **rest)

    async def lire(self, prescription: dict[str, Any]) -> dict[str, Any]:
        """Read it again."""
        answer = await self.client.get(f"/v1/prescriptions/{prescription['id']}")
        found: dict[str, Any] = answer.json()
        return found

    async def frein(self) -> dict[str, Any]:
        """Read the frein."""
        found: dict[str, Any] = (await self.client.get(f"/v1/freins/{self.frein_id}")).json()
        return found

    async def soldes(self) -> tuple[int, int, int]:
        """Cents of the envelope: available, reserved, engaged."""
        found = (await self.financement.get(f"/v1/enveloppes/{self.enveloppe_id}")).json()
        kinds = ("disponible", "reserve", "engage")
        available, reserved, engaged = (found[f"{kind}_centimes"] for kind in kinds)
        return available, reserved, engaged

    async def faits(self) -> list[str]:
        """What the feed says of prescriptions and of freins being worked on."""
        feed = (await self.client.get("/v1/changements?limite=200")).json()["elements"]
        return [one["type"] for one in feed if one["type"] not in _DEBUTS]


_DEBUTS = ("parcours.parcours.ouvert", "parcours.frein.observe")


@pytest_asyncio.fixture
async def terrain(connecter: Connecter, observer: Observer) -> Terrain:
    """What a prescription needs, on both sides."""
    financement = connecter("financement")

    async def creer(chemin: str, corps: dict[str, Any], **rest: Any) -> str:
        answer = await financement.post(chemin, corps, **rest)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    convention_id = await creer(
        "/v1/conventions",
        {
            "reference": "35-CDIE-2026",
            "type": "convention_departementale_insertion_emploi",
            "intitule": "Convention départementale pour l'insertion et l'emploi",
            "annee_debut": 2026,
            "statut": "deliberee",
        },
    )
    enveloppe_id = await creer(
        "/v1/enveloppes",
        {
            "reference": "etat-2026",
            "convention_id": convention_id,
            "exercice": 2026,
            "financeur": "etat",
        },
    )
    await creer(
        f"/v1/enveloppes/{enveloppe_id}/ouvertures",
        {
            "montant_centimes": 1_000_00,
            "qualificatif": "exact",
            "date_effet": "2026-01-01",
            "source": "arrêté d'essai",
        },
        version=1,
    )
    action_id = await creer(
        f"/v1/conventions/{convention_id}/actions",
        {
            "code": "garage-solidaire",
            "libelle": "Garage solidaire",
            "mode_capacite": "stock",
            "places_ouvertes": 2,
            "cle": [{"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}],
        },
    )
    frein = (await observer()).json()
    return Terrain(connecter("parcours"), financement, frein["id"], action_id, enveloppe_id)


class Coupure:
    """Financement, whose first answers are lost on the way: what it did is done."""

    def __init__(self, app: ASGIApp, perdues: int = 1) -> None:
        self._app = app
        self.perdues = perdues

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and lose it."""
        if not self.perdues:
            await self._app(scope, receive, send)
            return
        self.perdues -= 1

        async def lost(_: Message) -> None:
            pass

        await self._app(scope, receive, lost)
        raise httpx.ReadTimeout("perdue")


@pytest.fixture
def coupure(reseau: Reseau, terrain: Terrain, monkeypatch: pytest.MonkeyPatch) -> Coupure:
    """Lose the next answer of financement."""
    found = Coupure(reseau.apps[FINANCEMENT])
    monkeypatch.setitem(reseau.apps, FINANCEMENT, found)
    return found


async def test_a_prescription_reserves(terrain: Terrain, parcours_id: str) -> None:
    prescribed = await terrain.prescrire()

    assert (prescribed.status_code, prescribed.headers["ETag"]) == (201, '"1"'), prescribed.text
    found = prescribed.json()
    assert (await terrain.client.get(prescribed.headers["Location"])).json() == found
    assert (found["statut"], found["places"], found["parcours_id"]) == ("reservee", 1, parcours_id)
    assert found["expire_le"] == "2026-07-01T11:00:00.000000Z"
    assert await terrain.soldes() == (600_00, 400_00, 0)
    reservation = await terrain.financement.get(f"/v1/reservations/{found['reservation_id']}")
    assert reservation.json()["beneficiaire_ref"] == parcours_id
    assert (await terrain.frein())["statut"] == "ouvert"
    assert await terrain.faits() == ["parcours.prescription.reservee"]


async def test_the_same_key_prescribes_once(terrain: Terrain) -> None:
    cle = str(uuid4())

    first = await terrain.prescrire(cle=cle)
    again = await terrain.prescrire(cle=cle)

    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await terrain.soldes() == (600_00, 400_00, 0)


async def test_twins_prescribe_once(terrain: Terrain) -> None:
    cle = str(uuid4())

    answers = await ensemble(terrain.client, *(terrain.prescrire(cle=cle) for _ in range(4)))

    # A twin may be told to come back: then it does, and finds the first answer.
    assert {answer.status_code for answer in answers} <= {201, 409}
    last = await terrain.prescrire(cle=cle)
    made = [answer.json()["id"] for answer in [*answers, last] if answer.status_code == 201]
    assert set(made) == {last.json()["id"]}
    assert await terrain.soldes() == (600_00, 400_00, 0)


async def test_a_twin_in_progress_there_is_no_answer_to_keep(
    terrain: Terrain, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted once, kept as any other 409: the command was refused for ever."""
    cle = str(uuid4())
    problem = {"code": "idempotence-en-cours", "title": "La meme commande est en cours"}
    with monkeypatch.context() as busy:
        busy.setitem(reseau.apps, FINANCEMENT, JSONResponse(problem, 409))
        refused = await terrain.prescrire(cle=cle)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotence-en-cours")
    assert refused.headers["Retry-After"] == "1"

    assert (await terrain.prescrire(cle=cle)).status_code == 201


async def test_what_financement_refuses_is_refused_here(terrain: Terrain) -> None:
    refused = await terrain.prescrire(1_000_01)

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "disponible-insuffisant")
    assert problem["disponible_centimes"] == 1_000_00
    assert (await terrain.client.get("/v1/prescriptions")).json()["elements"] == []
    assert await terrain.soldes() == (1_000_00, 0, 0)
    unknown = await terrain.prescrire(action_id=str(uuid4()))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "introuvable")


async def test_no_place_is_promised_twice(terrain: Terrain) -> None:
    answers = await ensemble(terrain.client, *(terrain.prescrire(1_00) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 4
    assert await terrain.soldes() == (998_00, 2_00, 0)
    assert len((await terrain.client.get("/v1/prescriptions")).json()["elements"]) == 2


async def test_a_silent_financement_writes_nothing(
    terrain: Terrain, reseau: Reseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    cle = str(uuid4())
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, FINANCEMENT)
        refused = await terrain.prescrire(cle=cle)
    assert (refused.status_code, refused.json()["code"]) == (503, "dependance-indisponible")
    assert refused.headers["Retry-After"] == "2"
    assert (await terrain.client.get("/v1/prescriptions")).json()["elements"] == []

    assert (await terrain.prescrire(cle=cle)).status_code == 201


async def test_a_repeat_needs_financement_no_more(
    terrain: Terrain, reseau: Reseau, monkeypatch: pytest.MonkeyPatch, hier: date
) -> None:
    """Nor the frein: the key is looked up before anything is refused.

    Planted once, the refusal raised as it is met: 503.
    """
    cle = str(uuid4())
    first = await terrain.prescrire(cle=cle)
    with monkeypatch.context() as silence:
        silence.delitem(reseau.apps, FINANCEMENT)
        assert (await terrain.prescrire(cle=cle)).json() == first.json()
    await terrain.client.post(
        f"/v1/freins/{terrain.frein_id}/levees",
        {"fondement": "objectifs_atteints", "date_levee": str(hier)},
        version=1,
    )

    assert (await terrain.prescrire(cle=cle)).json() == first.json()


async def test_a_lost_reservation_is_found_again(terrain: Terrain, coupure: Coupure) -> None:
    """Planted once, with a fresh key at each call: two reservations were held."""
    cle = str(uuid4())

    lost = await terrain.prescrire(cle=cle)
    assert (lost.status_code, coupure.perdues) == (503, 0)
    assert await terrain.soldes() == (600_00, 400_00, 0)
    assert (await terrain.client.get("/v1/prescriptions")).json()["elements"] == []
    healed = await terrain.prescrire(cle=cle)

    assert healed.status_code == 201
    assert await terrain.soldes() == (600_00, 400_00, 0)
    (listed,) = (await terrain.client.get("/v1/prescriptions")).json()["elements"]
    assert listed == healed.json()


async def test_a_trial_reserves_nothing(terrain: Terrain) -> None:
    cle = str(uuid4())

    tried = await terrain.prescrire(essai=True, cle=cle)

    assert (tried.status_code, tried.json()["essai"]) == (201, True), tried.text
    assert "Location" not in tried.headers
    assert await terrain.soldes() == (1_000_00, 0, 0)
    assert (await terrain.client.get("/v1/prescriptions")).json()["elements"] == []
    assert (await terrain.prescrire(1_000_01, essai=True)).json()[
        "code"
    ] == "disponible-insuffisant"
    assert (await terrain.prescrire()).status_code == 201


async def test_confirmed_is_engaged_and_the_frein_is_under_way(terrain: Terrain) -> None:
    prescribed = (await terrain.prescrire()).json()

    confirmed = await terrain.acte(prescribed, "confirmations", {"montant_centimes": 350_00})

    assert (confirmed.status_code, confirmed.headers["ETag"]) == (201, '"2"'), confirmed.text
    found = confirmed.json()
    assert (found["statut"], found["montant_centimes"]) == ("confirmee", 350_00)
    engagement = await terrain.financement.get(f"/v1/engagements/{found['engagement_id']}")
    assert engagement.json()["montant_centimes"] == 350_00
    assert await terrain.soldes() == (650_00, 0, 350_00)
    frein = await terrain.frein()
    assert (frein["statut"], frein["version"]) == ("en_cours", 2)
    assert await terrain.faits() == [
        "parcours.prescription.reservee",
        "parcours.prescription.confirmee",
        "parcours.frein.en_cours",
    ]
    second = (await terrain.prescrire()).json()
    assert (await terrain.acte(second, "confirmations", {})).status_code == 201
    assert (await terrain.frein())["version"] == 2
    assert await terrain.soldes() == (250_00, 0, 750_00)


@pytest.mark.parametrize("meme_cle", [True, False], ids=["même clé", "autre clé"])
async def test_a_lost_confirmation_is_found_again_even_late(
    terrain: Terrain,
    reseau: Reseau,
    horloge: Horloge,
    monkeypatch: pytest.MonkeyPatch,
    meme_cle: bool,
) -> None:
    """Confirmed there in time, told here after the term: financement alone knows, and says so.

    Planted once, expiry refused here first: the engagement stayed without its prescription. Seen
    red with another key: already resolved there, it was refused here for ever.
    """
    prescribed = (await terrain.prescrire()).json()
    cle = str(uuid4())
    with monkeypatch.context() as loss:
        loss.setitem(reseau.apps, FINANCEMENT, Coupure(reseau.apps[FINANCEMENT]))
        lost = await terrain.acte(prescribed, "confirmations", {}, cle=cle)
    assert lost.status_code == 503
    assert (await terrain.lire(prescribed))["statut"] == "reservee"
    assert await terrain.soldes() == (600_00, 0, 400_00)
    horloge.avancer(2 * TOUT)

    healed = await terrain.acte(
        prescribed, "confirmations", {}, cle=cle if meme_cle else str(uuid4())
    )

    assert (healed.status_code, healed.json()["statut"]) == (201, "confirmee")
    assert await terrain.soldes() == (600_00, 0, 400_00)


async def test_cancelled_is_given_back(terrain: Terrain) -> None:
    prescribed = (await terrain.prescrire()).json()

    cancelled = await terrain.acte(prescribed, "annulations", {"motif": "Action reportée"})

    found = cancelled.json()
    assert (cancelled.status_code, found["statut"]) == (201, "annulee"), cancelled.text
    assert found["motif_annulation"] == "Action reportée"
    assert await terrain.soldes() == (1_000_00, 0, 0)
    reservation = await terrain.financement.get(f"/v1/reservations/{found['reservation_id']}")
    assert reservation.json()["motif"] == "Prescription annulee"
    assert (await terrain.faits())[-1] == "parcours.prescription.annulee"
    for acte, demande in (("confirmations", {}), ("annulations", {"motif": "Encore"})):
        again = await terrain.acte(prescribed, acte, demande)
        problem = again.json()
        assert (again.status_code, problem["code"]) == (409, "transition-interdite")
        assert (problem["statut_actuel"], problem["transitions_possibles"]) == ("annulee", [])


async def test_a_trial_resolves_nothing(terrain: Terrain, horloge: Horloge) -> None:
    prescribed = (await terrain.prescrire()).json()

    for acte, demande, statut in (
        ("confirmations", {}, "confirmee"),
        ("annulations", {"motif": "Action reportée"}, "annulee"),
    ):
        tried = await terrain.acte(prescribed, f"{acte}?essai=true", demande)
        assert (tried.status_code, tried.json()["statut"]) == (201, statut), tried.text
        assert tried.json()["essai"] is True
    assert await terrain.lire(prescribed) == prescribed
    assert await terrain.soldes() == (600_00, 400_00, 0)
    horloge.avancer(TOUT)
    late = await terrain.acte(prescribed, "confirmations?essai=true", {})
    assert late.json()["code"] == "reservation-expiree"


async def test_what_is_not_confirmed_in_time_falls(terrain: Terrain, horloge: Horloge) -> None:
    prescribed = (await terrain.prescrire()).json()

    async def shown(statut: str) -> list[str]:
        listed = await terrain.client.get(f"/v1/prescriptions?statut={statut}")
        return [one["statut"] for one in listed.json()["elements"]]

    horloge.avancer(TOUT - timedelta(microseconds=1))
    assert await shown("reservee") == ["reservee"]
    assert await shown("expiree") == []
    horloge.avancer(timedelta(microseconds=1))
    assert (await terrain.lire(prescribed))["statut"] == "expiree"
    assert await shown("reservee") == []
    assert await shown("expiree&statut=confirmee") == ["expiree"]
    for acte, demande in (("confirmations", {}), ("annulations", {"motif": "Trop tard"})):
        late = await terrain.acte(prescribed, acte, demande)
        assert (late.status_code, late.json()["code"]) == (409, "reservation-expiree")
    # Nobody had to sweep: it is available again.
    assert (await terrain.prescrire(1_000_00)).status_code == 201


async def test_resolved_there_once_whoever_asks(terrain: Terrain) -> None:
    prescribed = (await terrain.prescrire()).json()

    answers = await ensemble(
        terrain.client,
        *(terrain.acte(prescribed, "confirmations", {}) for _ in range(4)),
        *(terrain.acte(prescribed, "annulations", {"motif": "Doute"}) for _ in range(4)),
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    found = await terrain.lire(prescribed)
    expected = {"confirmee": (600_00, 0, 400_00), "annulee": (1_000_00, 0, 0)}
    assert await terrain.soldes() == expected[found["statut"]]


async def test_only_an_open_frein_of_an_open_parcours(
    terrain: Terrain, parcours_id: str, jour: date, hier: date
) -> None:
    prescribed = (await terrain.prescrire()).json()
    await terrain.client.post(
        f"/v1/freins/{terrain.frein_id}/levees",
        {"fondement": "objectifs_atteints", "date_levee": str(hier)},
        version=1,
    )
    refused = await terrain.prescrire()
    assert refused.json()["code"] == "transition-interdite"
    assert refused.json()["statut_actuel"] == "leve"
    await terrain.client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "retraite", "date_sortie": str(jour)},
        version=1,
    )
    assert (await terrain.prescrire()).json()["code"] == "parcours-clos"
    late = await terrain.acte(prescribed, "confirmations", {})
    assert (late.status_code, late.json()["code"]) == (409, "parcours-clos")
    # Nothing was taken for what was refused; and what is held may always be given back.
    assert await terrain.soldes() == (600_00, 400_00, 0)
    given = await terrain.acte(prescribed, "annulations", {"motif": "Retraite"})
    assert given.status_code == 201
    assert await terrain.soldes() == (1_000_00, 0, 0)


@pytest.mark.parametrize(
    ("champs", "erreur"),
    [
        pytest.param({"places": 0, "montant_centimes": 0}, ("/places", "hors-bornes"), id="rien"),
        pytest.param({"montant_centimes": -1}, ("/montant_centimes", "hors-bornes"), id="négatif"),
        pytest.param(
            {"montant_centimes": 1.5}, ("/montant_centimes", "type-inattendu"), id="demi-centime"
        ),
        pytest.param({"duree_s": 59}, ("/duree_s", "hors-bornes"), id="trop court"),
        pytest.param({"statut": "confirmee"}, ("/statut", "champ-inconnu"), id="statut imposé"),
    ],
)
async def test_refuses_values(
    terrain: Terrain, champs: dict[str, Any], erreur: tuple[str, str]
) -> None:
    refused = await terrain.prescrire(**{"montant_centimes": 1, **champs})

    assert refused.status_code == 422
    assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [erreur]


async def test_confirms_no_more_than_reserved(terrain: Terrain) -> None:
    prescribed = (await terrain.prescrire()).json()

    refused = await terrain.acte(prescribed, "confirmations", {"montant_centimes": 400_01})

    assert refused.status_code == 422
    assert refused.json()["erreurs"][0]["pointeur"] == "/montant_centimes"
    assert (await terrain.acte(prescribed, "annulations", {})).json()["erreurs"][0]["code"] == (
        "requis"
    )


async def test_lists_are_filtered(terrain: Terrain, parcours_id: str) -> None:
    first = (await terrain.prescrire(1_00)).json()
    second = (await terrain.prescrire(1_00)).json()
    await terrain.acte(first, "confirmations", {})

    async def ids(query: str) -> list[str]:
        listed = await terrain.client.get(f"/v1/prescriptions?{query}")
        return [one["id"] for one in listed.json()["elements"]]

    assert await ids(f"parcours_id={parcours_id}") == [second["id"], first["id"]]
    assert await ids(f"frein_id={terrain.frein_id}&statut=confirmee") == [first["id"]]
    assert await ids(f"frein_id={uuid4()}") == []


async def test_a_prescription_for_health_is_as_hidden_as_its_frein(
    terrain: Terrain, observer: Observer, connecter: Connecter
) -> None:
    """Planted once, `VOLETS[False]` with both sets of tables: 403 told that it was there."""
    frein_id = (await observer("sante")).json()["id"]
    ordinary = connecter("parcours", ORDINAIRES)
    reader = connecter("parcours", f"{ORDINAIRES} parcours.sante:lire")
    demande = {"frein_id": frein_id, "action_id": terrain.action_id, "montant_centimes": 1_00}

    assert (await ordinary.post("/v1/prescriptions", demande)).json()["code"] == "introuvable"
    refused = await reader.post("/v1/prescriptions", demande)
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    prescribed = (await terrain.prescrire(1_00, frein_id=frein_id)).json()

    chemin = f"/v1/prescriptions/{prescribed['id']}"
    assert (await ordinary.get(chemin)).status_code == 404
    assert (await ordinary.post(f"{chemin}/confirmations", {})).status_code == 404
    assert (await ordinary.post(f"{chemin}/annulations", {})).status_code == 404
    assert (await ordinary.get("/v1/prescriptions")).json()["elements"] == []
    assert (await reader.get(chemin)).json() == prescribed
    assert (await reader.post(f"{chemin}/confirmations", {})).status_code == 403
    refused = await terrain.acte(prescribed, "annulations", {"motif": "Hospitalisation"})
    assert refused.json()["erreurs"][0]["code"] == "champ-inconnu"
    confirmed = await terrain.acte(prescribed, "confirmations", {})
    assert confirmed.json()["statut"] == "confirmee"
    frein = (await reader.get(f"/v1/freins/{frein_id}")).json()
    assert frein["statut"] == "en_cours"
    other = (await terrain.prescrire(1_00, frein_id=frein_id)).json()
    assert (await terrain.acte(other, "annulations", {})).json()["statut"] == "annulee"
    assert await terrain.faits() == []


async def test_another_collectivite_sees_nothing(terrain: Terrain, connecter: Connecter) -> None:
    prescribed = (await terrain.prescrire()).json()
    other = connecter("parcours", dans="999X")
    chemin = f"/v1/prescriptions/{prescribed['id']}"

    answers = [
        await other.get(chemin),
        await other.post(f"{chemin}/confirmations", {}),
        await other.post(f"{chemin}/annulations", {"motif": "Non"}),
        await other.post(
            "/v1/prescriptions",
            {
                "frein_id": terrain.frein_id,
                "action_id": terrain.action_id,
                "montant_centimes": 1,
            },
        ),
    ]

    assert [one.json()["code"] for one in answers] == ["introuvable"] * 4
    assert (await other.get("/v1/prescriptions")).json()["elements"] == []
    assert await terrain.soldes() == (600_00, 400_00, 0)


async def test_no_connection_is_held_while_financement_answers(
    terrain: Terrain,
    services: Mapping[str, Service],
    reseau: Reseau,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted once, the call made inside the transaction: one connection was out."""
    app = reseau.apps[FINANCEMENT]
    held: list[int] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        held.append(services["parcours"].base.engine.pool.checkedout())  # type: ignore[attr-defined]
        await app(scope, receive, send)

    monkeypatch.setitem(reseau.apps, FINANCEMENT, watched)
    prescribed = (await terrain.prescrire()).json()
    await terrain.acte(prescribed, "confirmations", {})

    assert held[:2] == [0, 0]


async def test_a_prescription_being_written_is_waited_for_past_the_deadline(
    terrain: Terrain, bases: Mapping[str, provision.Adresses], ouverte: str
) -> None:
    """504 says that nothing is written, and a commit that is sent cannot be taken back.

    Planted: the deadline kept over the commit, 504 with the prescription written, red.
    """
    cle = str(uuid4())
    # The deadline leaves a busy machine time to write, and falls during the commit.
    async with validations_lentes(bases["parcours"].proprietaire, ouverte, duree_s=3):
        made = await terrain.prescrire(cle=cle, delai_max="2500")

    again = await terrain.prescrire(cle=cle)
    assert (made.status_code, "Idempotency-Replayed" in again.headers) == (201, True), made.text


@pytest.mark.parametrize("sens", ["acceptee", "refusee"])
async def test_the_organisme_answers(terrain: Terrain, sens: str) -> None:
    """Refused, what was reserved is given back; accepted, it still falls with time."""
    prescribed = (await terrain.prescrire()).json()
    demande = {"sens": sens, **({"motif": "complet"} if sens == "refusee" else {})}

    answered = await terrain.acte(prescribed, "reponses", demande)

    assert (answered.status_code, answered.json()["statut"]) == (201, sens), answered.text
    refusee = sens == "refusee"
    assert answered.json()["motif_refus"] == ("complet" if refusee else None)
    assert await terrain.soldes() == ((1_000_00, 0, 0) if refusee else (600_00, 400_00, 0))
    assert (await terrain.faits())[-1] == f"parcours.prescription.{sens}"
    again = await terrain.acte(prescribed, "reponses", demande)
    assert (again.status_code, again.json()["code"]) == (409, "transition-interdite")


async def test_an_accepted_one_is_confirmed_at_its_start(terrain: Terrain) -> None:
    prescribed = (await terrain.prescrire()).json()
    await terrain.acte(prescribed, "reponses", {"sens": "acceptee"})

    confirmed = await terrain.acte(prescribed, "confirmations", {})

    assert (confirmed.status_code, confirmed.json()["statut"]) == (201, "confirmee")
    assert await terrain.soldes() == (600_00, 0, 400_00)


async def test_an_accepted_one_falls_with_time(terrain: Terrain, horloge: Horloge) -> None:
    prescribed = (await terrain.prescrire()).json()
    await terrain.acte(prescribed, "reponses", {"sens": "acceptee"})
    horloge.avancer(TOUT)

    assert (await terrain.lire(prescribed))["statut"] == "expiree"
    for statut, nombre in (("acceptee", 0), ("expiree", 1)):
        listed = (await terrain.client.get(f"/v1/prescriptions?statut={statut}")).json()
        assert len(listed["elements"]) == nombre
    assert await terrain.soldes() == (1_000_00, 0, 0)


async def test_a_lost_refusal_is_found_again(terrain: Terrain, coupure: Coupure) -> None:
    coupure.perdues = 0
    prescribed = (await terrain.prescrire()).json()
    coupure.perdues = 1
    cle, demande = str(uuid4()), {"sens": "refusee", "motif": "hors_zone"}

    lost = await terrain.acte(prescribed, "reponses", demande, cle=cle)
    assert (lost.status_code, (await terrain.lire(prescribed))["statut"]) == (503, "reservee")
    healed = await terrain.acte(prescribed, "reponses", demande, cle=cle)

    assert (healed.status_code, healed.json()["statut"]) == (201, "refusee"), healed.text
    assert await terrain.soldes() == (1_000_00, 0, 0)


@pytest.mark.parametrize(("issue", "effet"), [("terminee", "resolu"), ("abandonnee", None)])
async def test_what_began_ends_and_lifts_nothing(
    terrain: Terrain, jour: date, hier: date, issue: str, effet: str | None
) -> None:
    """The effect is an evidence, and the timeline keeps the whole chain.

    Planted: the confirmation told by the state alone, it left the timeline with the end.
    """
    prescribed = (await terrain.prescrire()).json()
    demande = {"issue": issue, "date_fin": str(jour), "effet_frein": effet}
    early = await terrain.acte(prescribed, "fins", demande)
    assert (early.status_code, early.json()["code"]) == (409, "transition-interdite")
    await terrain.acte(prescribed, "reponses", {"sens": "acceptee"})
    await terrain.acte(prescribed, "confirmations", {})

    ended = await terrain.acte(prescribed, "fins", demande)

    assert (ended.status_code, ended.json()["statut"]) == (201, issue), ended.text
    assert (ended.json()["date_fin"], ended.json()["effet_frein"]) == (str(jour), effet)
    assert (await terrain.frein())["statut"] == "en_cours"
    assert await terrain.soldes() == (600_00, 0, 400_00)
    chemin = f"/v1/parcours/{prescribed['parcours_id']}/chronologie"
    facts = (await terrain.client.get(chemin)).json()["elements"]
    assert {one["type"] for one in facts if one["ressource_id"] == prescribed["id"]} == {
        "prescription_reservee",
        "prescription_acceptee",
        "prescription_confirmee",
        f"prescription_{issue}",
    }


async def test_answers_and_ends_for_health_are_told_to_nobody_else(
    terrain: Terrain, observer: Observer, connecter: Connecter, jour: date
) -> None:
    frein = (await observer("sante")).json()
    prescribed = (await terrain.prescrire(frein_id=frein["id"])).json()
    before = await terrain.faits()
    client = connecter("parcours", ORDINAIRES)
    for acte, demande in (
        ("reponses", {"sens": "acceptee"}),
        ("fins", {"issue": "abandonnee", "date_fin": str(jour)}),
    ):
        hidden = await client.post(f"/v1/prescriptions/{prescribed['id']}/{acte}", demande)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "introuvable")
    await terrain.acte(prescribed, "reponses", {"sens": "acceptee"})
    await terrain.acte(prescribed, "confirmations", {})
    demande = {"issue": "terminee", "date_fin": str(jour), "effet_frein": "ameliore"}

    assert (await terrain.acte(prescribed, "fins", demande)).status_code == 201
    assert await terrain.faits() == before
