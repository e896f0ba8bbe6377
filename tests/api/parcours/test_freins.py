"""Freins: observed, worked on, lifted, and back; the history whole."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.socle.service import Service
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Observer, ensemble
from tests.conftest import Client, Connecter


async def _acte(
    client: Client, frein: dict[str, Any], acte: str, demande: dict[str, Any], **rest: Any
) -> httpx.Response:
    return await client.post(
        f"/v1/freins/{frein['id']}/{acte}", demande, **{"version": frein["version"], **rest}
    )


def _observation(jour: date, niveau: str | None = "moyen", **rest: Any) -> dict[str, Any]:
    return {"niveau": niveau, "date_observation": str(jour), "source": "organisme", **rest}


def _levee(jour: date, **rest: Any) -> dict[str, Any]:
    return {"fondement": "objectifs_atteints", "date_levee": str(jour), **rest}


async def test_a_frein_is_observed_and_read_back(
    connecter: Connecter, observer: Observer, parcours_id: str, hier: date
) -> None:
    client = connecter("parcours", ORDINAIRES)

    created = await observer(client=client, commentaire="Permis suspendu")

    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    frein = created.json()
    read = await client.get(created.headers["Location"])
    assert read.json() == frein
    assert (frein["statut"], frein["niveau"], frein["date_debut"]) == ("ouvert", "fort", str(hier))
    again = await client.get(
        created.headers["Location"], headers={"If-None-Match": read.headers["ETag"]}
    )
    assert again.status_code == 304
    (observation,) = (await client.get(f"/v1/freins/{frein['id']}/niveaux")).json()["elements"]
    assert (observation["commentaire"], observation["source"]) == ("Permis suspendu", "referent")
    assert observation["auteur"] == {"client_id": "si-essai"}
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [(one["type"], one["id"]) for one in feed][1:] == [
        ("parcours.frein.observe", frein["id"])
    ]


async def test_history_is_added_to_and_never_changed(
    connecter: Connecter, observer: Observer, jour: date, hier: date
) -> None:
    client = connecter("parcours")
    frein = (await observer()).json()

    later = (await _acte(client, frein, "niveaux", _observation(jour, "sans_impact"))).json()
    # One that comes late: it joins the history, and the level stays that of the latest day.
    late = (await _acte(client, later, "niveaux", _observation(hier, "moyen"))).json()

    assert (later["niveau"], later["version"]) == ("sans_impact", 2)
    assert (late["niveau"], late["date_observation"], late["version"]) == (
        "sans_impact",
        str(jour),
        3,
    )
    history = (await client.get(f"/v1/freins/{frein['id']}/niveaux")).json()["elements"]
    assert [one["niveau"] for one in history] == ["moyen", "sans_impact", "fort"]
    page = (await client.get(f"/v1/freins/{frein['id']}/niveaux?limite=2")).json()
    rest = (await client.get(page["pagination"]["suivant"])).json()
    assert [one["id"] for one in page["elements"] + rest["elements"]] == [
        one["id"] for one in history
    ]
    assert rest["pagination"]["suivant"] is None


async def test_the_database_itself_keeps_history(
    services: Mapping[str, Service], observer: Observer, ouverte: str
) -> None:
    """Planted once, without the triggers: the level was rewritten."""
    await observer()
    service = services["parcours"]

    for statement in (
        "UPDATE observation SET niveau = 'sans_impact' WHERE collectivite = :collectivite",
        "DELETE FROM observation WHERE collectivite = :collectivite",
    ):
        with pytest.raises(DBAPIError, match="ajout seul"):
            async with service.base.transaction(service.acces_interne(ouverte)) as tx:
                await tx.execute(text(statement))


async def test_a_code_has_one_open_episode(
    connecter: Connecter, observer: Observer, parcours_id: str
) -> None:
    """Planted once, without ON CONFLICT: whoever came second got a 500."""
    answers = await ensemble(connecter("parcours"), *(observer() for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4
    (created,) = (answer.json() for answer in answers if answer.status_code == 201)
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["frein_id"]) == ("transition-interdite", created["id"])
    assert refused["statut_actuel"] == "ouvert"
    assert (await observer("logement")).status_code == 201


async def test_lifted_then_back_by_another_episode(
    connecter: Connecter, observer: Observer, jour: date, hier: date
) -> None:
    client = connecter("parcours")
    frein = (await observer()).json()

    lifted = (await _acte(client, frein, "levees", _levee(hier))).json()
    assert (lifted["statut"], lifted["date_fin"]) == ("leve", str(hier))
    back = (await _acte(client, lifted, "reouvertures", _observation(jour, "moyen"))).json()

    assert (back["statut"], back["niveau"], back["date_debut"]) == ("ouvert", "moyen", str(jour))
    assert back["precedent_id"] == frein["id"] != back["id"]
    old = (await client.get(f"/v1/freins/{frein['id']}")).json()
    assert (old["statut"], old["suivant_id"], old["version"]) == ("leve", back["id"], 3)
    again = await _acte(client, old, "reouvertures", _observation(jour, "moyen"))
    assert (again.status_code, again.json()["transitions_possibles"]) == (409, [])
    feed = (await client.get("/v1/changements")).json()["elements"]
    assert [(one["type"], one["id"], one["version"]) for one in feed][1:] == [
        ("parcours.frein.observe", frein["id"], 1),
        ("parcours.frein.leve", frein["id"], 2),
        ("parcours.frein.observe", back["id"], 1),
        ("parcours.frein.rouvert", frein["id"], 3),
    ]


@pytest.mark.parametrize("code", ["mobilite", "sante"])
async def test_a_frein_observed_anew_goes_on_from_its_last_episode(
    connecter: Connecter, observer: Observer, jour: date, hier: date, code: str
) -> None:
    """Two episodes do not overlap, whichever way the second comes.

    Of `autre` the last episode is that of the same name. Planted: the last one of whatever name
    compared, red; any level admitted, red.
    """
    client = connecter("parcours")
    frein = (await observer(code, date_observation="2026-06-01")).json()
    await _acte(client, frein, "levees", _levee(hier))

    refused = await observer(code, date_observation="2026-06-10")
    light = await observer(code, date_observation=str(hier), niveau="sans_impact")
    back = await observer(code, date_observation=str(hier))

    assert [(one["pointeur"], one["code"]) for one in refused.json()["erreurs"]] == [
        ("/date_observation", "date-incoherente")
    ]
    assert [(one["pointeur"], one["code"]) for one in light.json()["erreurs"]] == [
        ("/niveau", "hors-bornes")
    ]
    assert (back.status_code, back.json()["precedent_id"]) == (201, frein["id"])
    old = (await client.get(f"/v1/freins/{frein['id']}")).json()
    assert (old["suivant_id"], old["version"]) == (back.json()["id"], 3)
    # Another frein bears the code `autre` too: it follows none.
    nommes = {}
    for libelle in ("Dettes de jeu", "Animal malade"):
        other = await observer("autre", libelle=libelle, date_observation="2026-06-01")
        assert (other.status_code, other.json()["precedent_id"]) == (201, None)
        await _acte(client, other.json(), "levees", _levee(jour))
        nommes[libelle] = other.json()["id"]
    again = await observer("autre", libelle="Dettes de jeu", date_observation=str(jour))
    assert (again.status_code, again.json()["precedent_id"]) == (201, nommes["Dettes de jeu"])


async def test_one_lifts_of_many(connecter: Connecter, observer: Observer, hier: date) -> None:
    """Planted once, without the lock: several lifted."""
    client = connecter("parcours")
    frein = (await observer()).json()

    answers = await ensemble(
        client, *(_acte(client, frein, "levees", _levee(hier)) for _ in range(6))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 5


async def test_what_does_not_weigh_is_given_up_not_lifted(
    connecter: Connecter, observer: Observer, jour: date
) -> None:
    client = connecter("parcours")
    frein = (await observer(niveau="sans_impact")).json()

    refused = await _acte(client, frein, "levees", _levee(jour))
    assert refused.json()["code"] == "transition-interdite"
    assert refused.json()["transitions_possibles"] == ["en_cours", "abandonne"]
    done = await _acte(
        client, frein, "abandons", {"date_abandon": str(jour), "commentaire": "Vélo trouvé"}
    )

    assert (done.json()["statut"], done.json()["commentaire_fin"]) == ("abandonne", "Vélo trouvé")


@pytest.mark.parametrize(
    ("acte", "demande", "erreur"),
    [
        pytest.param(
            "niveaux",
            {"niveau": "fort", "date_observation": "2999-01-01", "source": "personne"},
            ("/date_observation", "date-incoherente"),
            id="observé demain",
        ),
        pytest.param(
            "levees",
            {"fondement": "decision_referent", "date_levee": "2999-01-01"},
            ("/commentaire", "requis"),
            id="décision muette",
        ),
        pytest.param(
            "niveaux",
            {"niveau": "grave", "date_observation": "2026-03-10", "source": "personne"},
            ("/niveau", "code-referentiel-inconnu"),
            id="niveau inconnu",
        ),
        pytest.param(
            "niveaux",
            {
                "niveau": "fort",
                "date_observation": "2026-03-10",
                "source": "personne",
                "statut": "leve",
            },
            ("/statut", "champ-inconnu"),
            id="statut imposé",
        ),
    ],
)
async def test_refuses_values(
    connecter: Connecter,
    observer: Observer,
    acte: str,
    demande: dict[str, Any],
    erreur: tuple[str, str],
) -> None:
    frein = (await observer()).json()

    answer = await _acte(connecter("parcours"), frein, acte, demande)

    assert answer.status_code == 422
    found = [(one["pointeur"], one["code"]) for one in answer.json()["erreurs"]]
    assert found[0] == erreur


async def test_today_is_that_of_the_collectivite(observer: Observer, horloge: Horloge) -> None:
    """At 23:30 in Paris tomorrow has not come; at 00:30 it has, and UTC is a day behind."""
    for heure, statut in (("23:30", 422), ("00:30", 201)):
        jour = "2026-07-01" if statut == 422 else "2026-07-02"
        horloge.instant = datetime.fromisoformat(f"{jour}T{heure}+02:00").astimezone(UTC)
        assert (await observer(date_observation="2026-07-02")).status_code == statut


async def test_nothing_is_written_on_a_closed_parcours(
    connecter: Connecter, observer: Observer, parcours_id: str, jour: date
) -> None:
    client = connecter("parcours")
    frein = (await observer()).json()
    await client.post(
        f"/v1/parcours/{parcours_id}/clotures",
        {"motif": "retraite", "date_sortie": str(jour)},
        version=1,
    )

    answers = [
        await observer("logement"),
        await _acte(client, frein, "niveaux", _observation(jour)),
        await _acte(client, frein, "levees", _levee(jour)),
        await _acte(
            client, frein, "abandons", {"date_abandon": str(jour), "commentaire": "Sortie"}
        ),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "parcours-clos")
    ] * 4
    assert (await client.get(f"/v1/freins/{frein['id']}")).json() == frein


async def test_a_repeated_command_is_told_its_first_answer(
    connecter: Connecter, observer: Observer, jour: date
) -> None:
    """The replay comes before the version: an honest repeat is not refused."""
    client = connecter("parcours")
    frein = (await observer()).json()
    cle = str(uuid4())

    first = await _acte(client, frein, "niveaux", _observation(jour), cle=cle)
    again = await _acte(client, frein, "niveaux", _observation(jour), cle=cle)

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    history = (await client.get(f"/v1/freins/{frein['id']}/niveaux")).json()["elements"]
    assert len(history) == 2


async def test_a_trial_writes_nothing(connecter: Connecter, parcours_id: str, jour: date) -> None:
    client = connecter("parcours")

    tried = await client.post(
        f"/v1/parcours/{parcours_id}/freins?essai=true",
        {"code": "mobilite", **_observation(jour)},
    )

    assert (tried.status_code, tried.json()["essai"]) == (201, True)
    assert "Location" not in tried.headers
    assert (await client.get("/v1/freins")).json()["elements"] == []


async def test_lists_are_filtered_and_paged(
    connecter: Connecter, observer: Observer, parcours_id: str, jour: date
) -> None:
    client = connecter("parcours")
    made = [(await observer(code)).json() for code in ("mobilite", "logement", "sante")]
    await _acte(client, made[0], "levees", _levee(jour))

    async def codes(query: str) -> list[str]:
        return [one["code"] for one in (await client.get(f"/v1/freins?{query}")).json()["elements"]]

    assert await codes(f"parcours_id={parcours_id}") == ["sante", "logement", "mobilite"]
    assert await codes("statut=leve") == ["mobilite"]
    assert await codes("statut=leve&statut=ouvert&code=mobilite&code=sante") == [
        "sante",
        "mobilite",
    ]
    assert await codes(f"parcours_id={uuid4()}") == []
    # A page that spans both sets of tables.
    page = (await client.get("/v1/freins?limite=2")).json()
    rest = (await client.get(page["pagination"]["suivant"])).json()
    walked = [one["code"] for one in page["elements"] + rest["elements"]]
    assert walked == ["sante", "logement", "mobilite"]
    for query in ("statut=clos", "code=permis"):
        answer = await client.get(f"/v1/freins?{query}")
        assert answer.json()["erreurs"][0]["code"] == "code-referentiel-inconnu"


async def test_another_collectivite_sees_nothing(
    connecter: Connecter, observer: Observer, jour: date
) -> None:
    frein = (await observer()).json()
    other = connecter("parcours", dans="999X")

    answers = [
        await other.get(f"/v1/freins/{frein['id']}"),
        await other.get(f"/v1/freins/{frein['id']}/niveaux"),
        await _acte(other, frein, "niveaux", _observation(jour)),
        await _acte(other, frein, "levees", _levee(jour)),
        await _acte(other, frein, "reouvertures", _observation(jour)),
    ]

    assert [one.json()["code"] for one in answers] == ["introuvable"] * 5
    assert (await other.get("/v1/freins")).json()["elements"] == []
    assert (await other.get("/v1/changements")).json()["elements"] == []


async def test_writing_has_a_scope(connecter: Connecter, observer: Observer) -> None:
    refused = await observer(client=connecter("parcours", "parcours:lire"))
    assert refused.json()["code"] == "portee-insuffisante"


async def test_comments_are_sealed(
    services: Mapping[str, Service], observer: Observer, ouverte: str
) -> None:
    await observer(commentaire="Permis suspendu")
    service = services["parcours"]

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        found = await tx.execute(
            text("SELECT commentaire FROM observation WHERE collectivite = :collectivite")
        )

    assert b"Permis" not in found.scalar_one()
