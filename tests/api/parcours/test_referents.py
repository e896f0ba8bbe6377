"""One référent at a time, handed over when both sides agree; who works beside; the structure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from services.parcours import tables
from shared.socle.ids import new_id
from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation, Suivre, ensemble
from tests.conftest import Client, Connecter

DEBUT = "2026-03-10"


@pytest.fixture
def client(connecter: Connecter) -> Client:
    """Every scope."""
    return connecter("parcours")


@pytest_asyncio.fixture
async def parcours(client: Client, parcours_id: str) -> dict[str, Any]:
    """The open parcours, as read."""
    found: dict[str, Any] = (await client.get(f"/v1/parcours/{parcours_id}")).json()
    return found


async def _designer(client: Client, parcours: dict[str, Any], **champs: Any) -> httpx.Response:
    demande = {
        "agent": "agt-1",
        "organisme_referent_id": parcours["organisme_referent_id"],
        "date_debut": DEBUT,
        **champs,
    }
    return await client.post(f"/v1/parcours/{parcours['id']}/referents", demande)


async def _proposer(client: Client, parcours: dict[str, Any], **champs: Any) -> httpx.Response:
    demande = {
        "agent": "agt-2",
        "organisme_referent_id": parcours["organisme_referent_id"],
        "motif": "secteur",
        "date_passation": DEBUT,
        **champs,
    }
    return await client.post(f"/v1/parcours/{parcours['id']}/passations", demande)


async def _repondre(
    client: Client, passation: dict[str, Any], cote: str, sens: str = "accord", **rest: Any
) -> httpx.Response:
    agent = {"cedant": "agt-1", "repreneur": "agt-2"}[cote]
    return await client.post(
        f"/v1/passations/{passation['id']}/reponses",
        {"cote": cote, "sens": sens, "agent": agent},
        **{"version": passation["version"], **rest},
    )


async def _suivi(client: Client, parcours: dict[str, Any], jour: str) -> dict[str, Any]:
    found = await client.get(f"/v1/parcours/{parcours['id']}/suivi?au={jour}")
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


async def test_the_structure_follows_until_somebody_is_named(
    client: Client, parcours: dict[str, Any]
) -> None:
    before = await _suivi(client, parcours, "2026-03-09")
    named = await _designer(client, parcours)

    assert (before["niveau"], before["referent"]) == ("structure", None)
    assert before["organisme_referent_id"] == parcours["organisme_referent_id"]
    assert (named.status_code, named.headers["ETag"]) == (201, '"1"')
    assert (await client.get(named.headers["Location"])).json() == named.json()
    assert (await _suivi(client, parcours, "2026-03-09"))["niveau"] == "structure"
    after = await _suivi(client, parcours, DEBUT)
    assert (after["niveau"], after["referent"]) == ("agent", named.json())
    none = await _suivi(client, parcours, "2026-03-08")
    assert (none["niveau"], none["organisme_referent_id"]) == (None, None)


async def test_one_is_named_of_many(client: Client, parcours: dict[str, Any]) -> None:
    answers = await ensemble(client, *(_designer(client, parcours) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4
    (named,) = (answer.json() for answer in answers if answer.status_code == 201)
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["referent_id"]) == ("transition-interdite", named["id"])


async def test_the_database_itself_keeps_one_referent(
    services: Mapping[str, Service], parcours: dict[str, Any], ouverte: str
) -> None:
    service = services["parcours"]
    row = {
        "parcours_id": UUID(parcours["id"]),
        "organisme_referent_id": uuid4(),
        "agent": "agt-1",
        "date_debut": date(2026, 3, 10),
    }
    with pytest.raises(IntegrityError):
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            await tx.add(tables.Referent, [{"id": new_id(), **row} for _ in range(2)])


async def test_another_organisme_is_a_reorientation(
    client: Client, parcours: dict[str, Any]
) -> None:
    """Planted: the organisme not compared, red."""
    ailleurs = {"organisme_referent_id": str(uuid4())}
    refused = await _designer(client, parcours, **ailleurs)
    assert (refused.status_code, refused.json()["code"]) == (409, "autorite-incompetente")
    await _designer(client, parcours)
    refused = await _proposer(client, parcours, **ailleurs)
    assert (refused.status_code, refused.json()["code"]) == (409, "autorite-incompetente")


async def test_both_sides_agree_then_the_referent_changes(
    client: Client, parcours: dict[str, Any], jour: date, horloge: Horloge
) -> None:
    """Planted: the first agreement enough, red."""
    ancien = (await _designer(client, parcours)).json()
    passation = (await _proposer(client, parcours, date_passation=str(jour))).json()

    half = (await _repondre(client, passation, "cedant")).json()
    assert (half["statut"], half["referent_suivant_id"]) == ("proposee", None)
    assert (await _suivi(client, parcours, str(jour)))["referent"] == ancien
    horloge.avancer(timedelta(days=2))
    done = (await _repondre(client, half, "repreneur")).json()

    accord = str(jour + timedelta(days=2))
    assert (done["statut"], [one["cote"] for one in done["reponses"]]) == (
        "acceptee",
        ["cedant", "repreneur"],
    )
    nouveau, parti = (await client.get(f"/v1/parcours/{parcours['id']}/referents")).json()[
        "elements"
    ]
    assert (nouveau["id"], nouveau["agent"]) == (done["referent_suivant_id"], "agt-2")
    assert (nouveau["date_debut"], nouveau["passation_id"]) == (accord, passation["id"])
    assert (parti["id"], parti["date_fin"], parti["motif_fin"]) == (ancien["id"], accord, "secteur")
    # He answered until both agreed, whatever day was asked.
    day = str(jour + timedelta(days=1))
    assert (await _suivi(client, parcours, day))["referent"]["agent"] == "agt-1"
    feed = [one["type"] for one in (await client.get("/v1/changements")).json()["elements"]]
    assert feed[1:] == [
        "parcours.referent.designe",
        "parcours.passation.proposee",
        "parcours.passation.repondue",
        "parcours.referent.parti",
        "parcours.referent.designe",
        "parcours.passation.acceptee",
    ]


async def test_one_refusal_changes_nothing(client: Client, parcours: dict[str, Any]) -> None:
    ancien = (await _designer(client, parcours)).json()
    passation = (await _proposer(client, parcours)).json()

    refused = (await _repondre(client, passation, "repreneur", "refus")).json()

    assert refused["statut"] == "refusee"
    late = await _repondre(client, refused, "cedant")
    assert (late.status_code, late.json()["statut_actuel"]) == (409, "refusee")
    assert (await client.get(f"/v1/referents/{ancien['id']}")).json() == ancien
    assert (await _proposer(client, parcours)).status_code == 201


async def test_one_hand_over_at_a_time(client: Client, parcours: dict[str, Any]) -> None:
    nobody = await _proposer(client, parcours)
    assert (nobody.status_code, nobody.json()["statut_actuel"]) == (409, "structure")
    await _designer(client, parcours)
    answers = await ensemble(client, *(_proposer(client, parcours) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_both_answers_at_once_are_both_counted(
    client: Client, parcours: dict[str, Any]
) -> None:
    await _designer(client, parcours)
    passation = (await _proposer(client, parcours)).json()

    answers = await ensemble(
        client, *(_repondre(client, passation, cote) for cote in ("cedant", "repreneur"))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412]
    half = (await client.get(f"/v1/passations/{passation['id']}")).json()
    (other,) = {"cedant", "repreneur"} - {one["cote"] for one in half["reponses"]}
    assert (await _repondre(client, half, other)).json()["statut"] == "acceptee"


async def test_a_referent_leaves_and_the_structure_follows(
    client: Client, parcours: dict[str, Any], jour: date
) -> None:
    referent = (await _designer(client, parcours)).json()
    passation = (await _proposer(client, parcours)).json()

    left = await client.post(
        f"/v1/referents/{referent['id']}/clotures",
        {"motif": "depart", "date_fin": str(jour)},
        version=1,
    )

    assert (left.status_code, left.json()["motif_fin"]) == (201, "depart")
    assert (await _suivi(client, parcours, str(jour)))["niveau"] == "structure"
    lapsed = (await client.get(f"/v1/passations/{passation['id']}")).json()
    assert lapsed["statut"] == "caduque"
    again = await client.post(
        f"/v1/referents/{referent['id']}/clotures",
        {"motif": "depart", "date_fin": str(jour)},
        version=2,
    )
    assert again.json()["code"] == "transition-interdite"
    overlap = await _designer(client, parcours, agent="agt-3")
    assert overlap.json()["erreurs"][0]["pointeur"] == "/date_debut"
    assert (await _designer(client, parcours, date_debut=str(jour))).status_code == 201


@pytest.mark.parametrize(
    ("ailleurs", "attendu"),
    [
        pytest.param(True, ("structure", None), id="autre organisme"),
        pytest.param(False, ("agent", "agt-1"), id="autre type, même organisme"),
    ],
)
async def test_history_goes_on_across_organismes_and_statuses(
    client: Client,
    parcours: dict[str, Any],
    orientation: Orientation,
    suivre: Suivre,
    ailleurs: bool,
    attendu: tuple[str, str | None],
) -> None:
    """Planted: the référent left in place by a réorientation, red."""
    ancien = (await _designer(client, parcours)).json()
    await _proposer(client, parcours)
    await client.post(
        f"/v1/parcours/{parcours['id']}/intervenants",
        {"role": "referent_ase", "agent": "agt-7", "date_debut": DEBUT},
    )
    organisme = str(uuid4()) if ailleurs else parcours["organisme_referent_id"]
    await orientation.decider(
        UUID(parcours["personne_id"]),
        type_parcours="professionnel",
        date_effet="2026-05-04",
        organisme_referent_id=organisme,
    )
    await suivre()

    suivi = await _suivi(client, parcours, "2026-05-04")
    referent = suivi["referent"]
    assert (suivi["niveau"], referent["agent"] if referent else None) == attendu
    assert suivi["organisme_referent_id"] == organisme
    assert [one["agent"] for one in suivi["intervenants"]] == ["agt-7"]
    assert (await _suivi(client, parcours, "2026-05-03"))["referent"]["agent"] == "agt-1"
    kept = (await client.get(f"/v1/referents/{ancien['id']}")).json()
    assert kept["date_fin"] == ("2026-05-04" if ailleurs else None)
    if ailleurs:
        assert kept["motif_fin"] == "reorientation"
        renamed = await _designer(
            client, {**parcours, "organisme_referent_id": organisme}, date_debut="2026-05-04"
        )
        assert renamed.status_code == 201


async def test_all_leave_with_the_person(
    client: Client, parcours: dict[str, Any], jour: date
) -> None:
    referent = (await _designer(client, parcours)).json()
    beside = await client.post(
        f"/v1/parcours/{parcours['id']}/intervenants",
        {"role": "correspondant_social", "agent": "agt-7", "date_debut": DEBUT},
    )
    closed = await client.post(
        f"/v1/parcours/{parcours['id']}/clotures",
        {"motif": "emploi_durable", "date_sortie": str(jour)},
        version=1,
    )
    assert closed.status_code == 201, closed.text

    left = (await client.get(f"/v1/referents/{referent['id']}")).json()
    assert (left["date_fin"], left["motif_fin"]) == (str(jour), "sortie")
    assert (await client.get(beside.headers["Location"])).json()["date_fin"] == str(jour)
    assert (await _designer(client, parcours)).json()["code"] == "parcours-clos"


async def test_a_nurse_is_not_there_without_the_scope_of_health(
    connecter: Connecter, client: Client, parcours: dict[str, Any]
) -> None:
    """Planted: roles not filtered, red."""
    ordinary = connecter("parcours", ORDINAIRES)
    path = f"/v1/parcours/{parcours['id']}/intervenants"
    demande = {"role": "infirmier", "agent": "agt-7", "date_debut": DEBUT}
    refused = await ordinary.post(path, demande)
    assert (refused.status_code, refused.json()["code"]) == (403, "donnee-sante-interdite")
    nurse = (await client.post(path, demande)).json()
    shown = (await client.post(path, {**demande, "role": "referent_ase"})).json()

    for one in (client, ordinary):
        feed = (await one.get("/v1/changements")).json()["elements"]
        assert nurse["id"] not in {fact["id"] for fact in feed}
    assert [one["id"] for one in (await ordinary.get(path)).json()["elements"]] == [shown["id"]]
    assert (await ordinary.get(f"/v1/intervenants/{nurse['id']}")).status_code == 404
    ended = f"/v1/intervenants/{nurse['id']}/clotures"
    assert (await ordinary.post(ended, {"date_fin": DEBUT}, version=1)).status_code == 404
    suivi = await ordinary.get(f"/v1/parcours/{parcours['id']}/suivi")
    assert [one["id"] for one in suivi.json()["intervenants"]] == [shown["id"]]
    timeline = f"/v1/parcours/{parcours['id']}/chronologie"
    seen = {one["ressource_id"] for one in (await ordinary.get(timeline)).json()["elements"]}
    assert nurse["id"] not in seen
    assert shown["id"] in seen
    assert (await client.post(ended, {"date_fin": DEBUT}, version=1)).status_code == 201
    assert (await client.get(path)).json()["elements"][-1]["date_fin"] == DEBUT


async def test_an_agent_is_beside_once_in_a_role(client: Client, parcours: dict[str, Any]) -> None:
    path = f"/v1/parcours/{parcours['id']}/intervenants"
    demande = {"role": "referent_ase", "agent": "agt-7", "date_debut": DEBUT}
    first = await client.post(path, demande)
    assert first.json()["organisme_id"] == parcours["organisme_referent_id"]
    assert (await client.post(path, demande)).json()["code"] == "transition-interdite"
    await client.post(f"{first.headers['Location']}/clotures", {"date_fin": DEBUT}, version=1)
    assert (await client.post(path, demande)).status_code == 201


async def _fil(client: Client, fait: str) -> list[tuple[str, int]]:
    feed = (await client.get("/v1/changements?limite=200")).json()["elements"]
    return [(one["id"], one["version"]) for one in feed if one["type"] == fait]


async def _handed_over(
    client: Client, parcours: dict[str, Any], jour: date
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Who leaves on that day, and who then comes: both sides have agreed."""
    ancien = (await _designer(client, parcours)).json()
    passation = (await _proposer(client, parcours, date_passation=str(jour))).json()
    half = (await _repondre(client, passation, "cedant")).json()
    done = (await _repondre(client, half, "repreneur")).json()
    found = [
        (await client.get(f"/v1/referents/{one}")).json()
        for one in (ancien["id"], done["referent_suivant_id"])
    ]
    return found[0], found[1]


async def _finir(
    client: Client, referent: dict[str, Any], le: str, version: int | None = None
) -> httpx.Response:
    return await client.post(
        f"/v1/referents/{referent['id']}/clotures",
        {"motif": "autre", "date_fin": le},
        version=version or referent["version"],
    )


async def test_an_end_that_came_is_not_rewritten_by_a_later_decision(
    client: Client, parcours: dict[str, Any], orientation: Orientation, suivre: Suivre
) -> None:
    """What was known stays; from the effect of the decision on, only its organisme speaks.

    Planted: every end later than the effect rewritten, red; any organisme's référent shown, red.
    """
    referent = (await _designer(client, parcours)).json()
    left = (await _finir(client, referent, "2026-06-15")).json()
    timeline = f"/v1/parcours/{parcours['id']}/chronologie"
    told = [
        one
        for one in (await client.get(timeline)).json()["elements"]
        if one["type"].startswith("referent_")
    ]
    ailleurs = str(uuid4())
    await orientation.decider(
        UUID(parcours["personne_id"]), date_effet="2026-05-04", organisme_referent_id=ailleurs
    )
    await suivre()

    assert (await client.get(f"/v1/referents/{referent['id']}")).json() == left
    now = (await client.get(timeline)).json()["elements"]
    assert [one for one in now if one["type"].startswith("referent_")] == told
    suivi = await _suivi(client, parcours, "2026-05-20")
    assert (suivi["organisme_referent_id"], suivi["niveau"]) == (ailleurs, "structure")
    assert suivi["referent"] is None
    assert (await _suivi(client, parcours, "2026-05-03"))["referent"] == left


async def test_a_decision_ends_those_to_leave_and_to_come_and_the_feed_tells(
    client: Client,
    parcours: dict[str, Any],
    orientation: Orientation,
    suivre: Suivre,
    jour: date,
) -> None:
    """Planted: the ends not told, red."""
    ancien, nouveau = await _handed_over(client, parcours, jour + timedelta(days=10))
    # He who is to come may be handed over from, too: that waits for answers.
    passation = (
        await _proposer(client, parcours, agent="agt-3", date_passation=nouveau["date_debut"])
    ).json()
    await orientation.decider(
        UUID(parcours["personne_id"]),
        date_effet=str(jour),
        organisme_referent_id=str(uuid4()),
    )
    await suivre()

    ends = [(await client.get(f"/v1/referents/{one['id']}")).json() for one in (ancien, nouveau)]
    assert [(one["date_fin"], one["motif_fin"]) for one in ends] == [
        (str(jour), "reorientation"),
        (nouveau["date_debut"], "reorientation"),
    ]
    partis = await _fil(client, "parcours.referent.parti")
    assert {(one["id"], one["version"]) for one in ends} <= set(partis)
    assert await _fil(client, "parcours.passation.caduque") == [(passation["id"], 2)]


async def test_an_exit_tells_whoever_leaves_but_the_nurse(
    client: Client, parcours: dict[str, Any], jour: date
) -> None:
    """Planted: the ends not told, red."""
    referent = (await _designer(client, parcours)).json()
    passation = (await _proposer(client, parcours)).json()
    path = f"/v1/parcours/{parcours['id']}/intervenants"
    beside, nurse = [
        (await client.post(path, {"role": role, "agent": "agt-7", "date_debut": DEBUT})).json()
        for role in ("referent_ase", "infirmier")
    ]
    closed = await client.post(
        f"/v1/parcours/{parcours['id']}/clotures",
        {"motif": "emploi_durable", "date_sortie": str(jour)},
        version=1,
    )
    assert closed.status_code == 201, closed.text

    assert await _fil(client, "parcours.referent.parti") == [(referent["id"], 2)]
    assert await _fil(client, "parcours.passation.caduque") == [(passation["id"], 2)]
    assert await _fil(client, "parcours.intervenant.parti") == [(beside["id"], 2)]
    ended = (await client.get(f"/v1/intervenants/{nurse['id']}")).json()
    assert (ended["date_fin"], ended["version"]) == (str(jour), 2)


async def test_a_hand_over_to_come_is_undone(
    client: Client, parcours: dict[str, Any], jour: date
) -> None:
    ancien, nouveau = await _handed_over(client, parcours, jour + timedelta(days=10))
    suivante = (
        await _proposer(client, parcours, agent="agt-3", date_passation=nouveau["date_debut"])
    ).json()

    early = await _finir(client, nouveau, str(jour))
    assert early.json()["erreurs"][0]["pointeur"] == "/date_fin"
    sooner = await _finir(client, ancien, str(jour))
    assert (sooner.status_code, sooner.json()["date_fin"]) == (201, str(jour))
    # It was not his: the hand-over of the next one waits on.
    waiting = (await client.get(f"/v1/passations/{suivante['id']}")).json()
    assert waiting["statut"] == "proposee"
    withdrawn = await _finir(client, nouveau, nouveau["date_debut"])
    assert (withdrawn.status_code, withdrawn.json()["date_fin"]) == (201, nouveau["date_debut"])
    lapsed = (await client.get(f"/v1/passations/{suivante['id']}")).json()
    assert lapsed["statut"] == "caduque"
    assert await _fil(client, "parcours.passation.caduque") == [(suivante["id"], 2)]

    for one in (sooner, withdrawn):
        again = await _finir(client, one.json(), one.json()["date_fin"])
        assert again.json()["code"] == "transition-interdite"
    after = await _suivi(client, parcours, nouveau["date_debut"])
    assert (after["niveau"], after["referent"]) == ("structure", None)
    back = await _designer(client, parcours, date_debut=str(jour))
    assert back.status_code == 201, back.text
