"""Reservations, through the door: together or not at all, once, and until the very instant."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.financement.journal.queries import verifier_journal
from services.financement.taches import TRAVAIL, expirer_reservations
from shared.clients.financement import FinancementClient
from shared.clients.voisin import RefusVoisin
from shared.schemas.financement.reservations import (
    AnnulationCreation,
    ConfirmationCreation,
    ReservationCreation,
    StatutReservation,
)
from shared.socle.service import Service
from tests.api.financement.conftest import Horloge, Terrain
from tests.conftest import URLS, Connecter


async def confirmer(terrain: Terrain, reservation_id: str, **corps: int) -> httpx.Response:
    return await terrain.client.post(f"/v1/reservations/{reservation_id}/confirmations", corps)


async def annuler(terrain: Terrain, reservation_id: str) -> httpx.Response:
    return await terrain.client.post(
        f"/v1/reservations/{reservation_id}/annulations", {"motif": "plus besoin"}
    )


async def deux_parts(terrain: Terrain, **values: Any) -> tuple[str, str, str]:
    """An action paid by halves by two envelopes of 1 000,00 €, with two places."""
    etat, departement = await terrain.enveloppe(1_000_00), await terrain.enveloppe(1_000_00)
    capacite = {"mode_capacite": "stock", "places_ouvertes": 2}
    action_id = await terrain.action((etat, 1, 2), (departement, 1, 2), **{**capacite, **values})
    return action_id, etat, departement


async def test_places_and_cents_are_taken_together(terrain: Terrain) -> None:
    action_id, etat, departement = await deux_parts(terrain)

    answer = await terrain.reserver(action_id, 1, 100_01)

    assert answer.status_code == HTTPStatus.CREATED
    found = answer.json()
    assert (answer.headers["ETag"], answer.headers["Location"]) == (
        '"1"',
        f"/v1/reservations/{found['id']}",
    )
    assert found["ventilation"] == [
        {"enveloppe_id": etat, "montant_centimes": 50_01},
        {"enveloppe_id": departement, "montant_centimes": 50_00},
    ]
    assert (found["statut"], found["expire_le"]) == ("en_attente", "2026-03-02T10:15:00.000000Z")
    assert await terrain.soldes(etat) == (949_99, 50_01, 0)
    assert await terrain.soldes(departement) == (950_00, 50_00, 0)
    assert await terrain.places(action_id) == (1, 1, 0)
    assert (await terrain.client.get(answer.headers["Location"])).json() == found
    listed = await terrain.lire(f"/v1/reservations?action_id={action_id}")
    assert listed["elements"] == [found]
    entry = (await terrain.lire("/v1/ecritures"))["elements"][-1]
    assert (entry["evenement"], entry["reservation_id"]) == ("reservation", found["id"])
    # One entry, two books (I-43).
    assert {ligne["livre"] for ligne in entry["lignes"]} == {"eng", "pla"}


async def test_the_odd_cent_goes_to_each_in_turn(terrain: Terrain) -> None:
    action_id, etat, departement = await deux_parts(terrain)

    for _ in range(4):
        assert (await terrain.reserver(action_id, montant=1)).status_code == HTTPStatus.CREATED

    assert (await terrain.soldes(etat), await terrain.soldes(departement)) == (
        (999_98, 2, 0),
        (999_98, 2, 0),
    )


async def test_what_is_short_takes_nothing_of_either(terrain: Terrain) -> None:
    """I-42 and I-43. Seen red when the places are not tested."""
    action_id, etat, departement = await deux_parts(terrain)

    money = await terrain.reserver(action_id, 1, 2_000_01)
    places = await terrain.reserver(action_id, 3, 10_00)
    places_only = await terrain.reserver(action_id, 3)

    assert {answer.status_code for answer in (money, places, places_only)} == {409}
    assert money.json()["code"] == "disponible-insuffisant"
    assert (money.json()["disponible_centimes"], money.json()["places_disponibles"]) == (
        2_000_00,
        2,
    )
    assert money.json()["enveloppes"] == [
        {"enveloppe_id": etat, "disponible_centimes": 1_000_00},
        {"enveloppe_id": departement, "disponible_centimes": 1_000_00},
    ]
    assert places.json()["places_disponibles"] == places_only.json()["places_disponibles"] == 2
    assert "enveloppes" not in places_only.json()
    assert await terrain.soldes(etat) == (1_000_00, 0, 0)
    assert await terrain.places(action_id) == (2, 0, 0)
    assert (await terrain.reserver(action_id, 2, 2_000_00)).status_code == HTTPStatus.CREATED
    assert await terrain.places(action_id) == (0, 2, 0)


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({}, "/", id="rien"),
        pytest.param({"places": 1, "duree_s": 0}, "/duree_s", id="sans durée"),
        pytest.param({"places": 1, "duree_s": 2_592_001}, "/duree_s", id="plus de trente jours"),
        pytest.param({"places": -1}, "/places", id="places négatives"),
        pytest.param({"montant": 1.0}, "/montant_centimes", id="un flottant"),
        pytest.param(
            {"places": 1, "beneficiaire_ref": "Mme Dupont"}, "/beneficiaire_ref", id="une identité"
        ),
    ],
)
async def test_a_reservation_is_refused(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    action_id = await terrain.action()

    answer = await terrain.reserver(action_id, **values)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur
    assert "Dupont" not in answer.text


async def test_what_is_absent_is_not_found(terrain: Terrain) -> None:
    answers = [
        await terrain.reserver(str(uuid4()), 1),
        await confirmer(terrain, str(uuid4())),
        await annuler(terrain, str(uuid4())),
        *[
            await terrain.client.get(f"/v1/{nom}/{uuid4()}")
            for nom in (
                "conventions",
                "actions",
                "enveloppes",
                "ecritures",
                "reservations",
                "engagements",
            )
        ],
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (404, "introuvable")
    }


async def test_a_window_holds_both_its_days(terrain: Terrain, horloge: Horloge) -> None:
    enveloppe_id = await terrain.enveloppe(
        1_000_00, fenetre_debut="2026-03-02", fenetre_fin="2026-03-03"
    )
    action_id = await terrain.action((enveloppe_id, 1, 1))
    held = (await terrain.reserver(action_id, montant=1, duree_s=86_400 * 2)).json()

    horloge.instant = horloge.instant.replace(day=3, hour=22, minute=59)  # 23:59 in Paris
    last = await terrain.reserver(action_id, montant=1)
    horloge.avancer(minutes=1)
    late = await terrain.reserver(action_id, montant=1)
    confirmed_late = await confirmer(terrain, held["id"])

    assert last.status_code == HTTPStatus.CREATED
    assert (late.status_code, late.json()["code"]) == (409, "hors-periode")
    assert (late.json()["fenetre_debut"], late.json()["fenetre_fin"]) == (
        "2026-03-02",
        "2026-03-03",
    )
    assert confirmed_late.json()["code"] == "hors-periode"


async def test_a_confirmation_engages_and_gives_the_rest_back(terrain: Terrain) -> None:
    """Seen red when the rest stays reserved."""
    action_id, etat, departement = await deux_parts(terrain)
    reservation = (await terrain.reserver(action_id, 2, 100_01)).json()

    answer = await confirmer(terrain, reservation["id"], places=1, montant_centimes=60_00)

    assert answer.status_code == HTTPStatus.CREATED
    engagement = answer.json()
    assert (answer.headers["Location"], answer.headers["ETag"]) == (
        f"/v1/engagements/{engagement['id']}",
        '"1"',
    )
    assert (engagement["numero"], engagement["exercice"], engagement["places"]) == (1, 2026, 1)
    assert engagement["ventilation"] == [
        {"enveloppe_id": etat, "montant_centimes": 30_00},
        {"enveloppe_id": departement, "montant_centimes": 30_00},
    ]
    assert await terrain.soldes(etat) == (970_00, 0, 30_00)
    assert await terrain.soldes(departement) == (970_00, 0, 30_00)
    assert await terrain.places(action_id) == (1, 0, 1)
    legale = await terrain.lire(f"/v1/enveloppes/{etat}")
    assert legale["disponibilite_legale_centimes"] == 970_00
    read = await terrain.lire(f"/v1/reservations/{reservation['id']}")
    assert (read["statut"], read["version"], read["engagement_id"]) == (
        "confirmee",
        2,
        engagement["id"],
    )
    assert await terrain.lire(answer.headers["Location"]) == engagement
    for enveloppe_id in (etat, departement):
        listed = await terrain.lire(f"/v1/engagements?enveloppe_id={enveloppe_id}")
        assert listed["elements"] == [engagement]
    other = await terrain.lire(f"/v1/engagements?enveloppe_id={uuid4()}")
    assert other["elements"] == []


async def test_engagements_are_numbered_without_a_hole(terrain: Terrain, horloge: Horloge) -> None:
    enveloppe_id = await terrain.enveloppe(1_000_00)
    action_id = await terrain.action((enveloppe_id, 1, 1))
    numeros = []
    for montant, saut in ((1, 0), (2_000_00, 0), (1, 0), (1, 365)):
        horloge.avancer(days=saut)
        reserved = await terrain.reserver(action_id, montant=montant)
        if reserved.status_code == HTTPStatus.CREATED:
            engaged = (await confirmer(terrain, reserved.json()["id"])).json()
            numeros.append((engaged["exercice"], engaged["numero"]))

    assert numeros == [(2026, 1), (2026, 2), (2027, 1)]


async def test_more_than_is_reserved_is_not_confirmed(terrain: Terrain) -> None:
    action_id, etat, _ = await deux_parts(terrain)
    reservation = (await terrain.reserver(action_id, 1, 10)).json()

    for corps, pointeur in (
        ({"places": 2}, "/places"),
        ({"montant_centimes": 11}, "/montant_centimes"),
        ({"places": 0, "montant_centimes": 0}, "/"),
    ):
        answer = await confirmer(terrain, reservation["id"], **corps)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert answer.json()["erreurs"][0]["pointeur"] == pointeur
    assert await terrain.soldes(etat) == (999_95, 5, 0)


async def test_a_cancellation_gives_all_back(terrain: Terrain) -> None:
    action_id, etat, departement = await deux_parts(terrain)
    reservation = (await terrain.reserver(action_id, 2, 100_01)).json()

    answer = await annuler(terrain, reservation["id"])

    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert (answer.json()["statut"], answer.json()["motif"]) == ("annulee", "plus besoin")
    assert await terrain.soldes(etat) == await terrain.soldes(departement) == (1_000_00, 0, 0)
    assert await terrain.places(action_id) == (2, 0, 0)


async def test_a_reservation_resolves_once(terrain: Terrain) -> None:
    """I-40: by another key it is refused, by the same key the first answer comes back."""
    action_id, etat, _ = await deux_parts(terrain)
    confirmed = (await terrain.reserver(action_id, 1, 10)).json()["id"]
    cancelled = (await terrain.reserver(action_id, 1, 10)).json()["id"]
    chemin, cle = f"/v1/reservations/{confirmed}/confirmations", str(uuid4())
    first = await terrain.client.post(chemin, {}, cle=cle)
    await annuler(terrain, cancelled)

    for reservation_id in (confirmed, cancelled):
        for act in (confirmer, annuler):
            again = await act(terrain, reservation_id)
            assert (again.status_code, again.json()["code"]) == (409, "reservation-deja-resolue")
    replayed = await terrain.client.post(chemin, {}, cle=cle)
    assert replayed.json() == first.json()
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert await terrain.soldes(etat) == (999_95, 0, 5)


async def test_the_same_key_reserves_once(terrain: Terrain) -> None:
    action_id, *_ = await deux_parts(terrain)
    cle, beneficiaire = str(uuid4()), str(uuid4())

    first = await terrain.reserver(action_id, 1, cle=cle, beneficiaire_ref=beneficiaire)
    again = await terrain.reserver(action_id, 1, cle=cle, beneficiaire_ref=beneficiaire)
    other = await terrain.reserver(action_id, 2, cle=cle, beneficiaire_ref=beneficiaire)

    assert (first.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotence-cle-reutilisee")
    assert await terrain.places(action_id) == (1, 1, 0)


async def test_a_refusal_is_replayed_even_when_places_came_back(terrain: Terrain) -> None:
    action_id, *_ = await deux_parts(terrain)
    held = (await terrain.reserver(action_id, 2)).json()["id"]
    cle, beneficiaire = str(uuid4()), str(uuid4())
    refused = await terrain.reserver(action_id, 1, cle=cle, beneficiaire_ref=beneficiaire)
    await annuler(terrain, held)

    again = await terrain.reserver(action_id, 1, cle=cle, beneficiaire_ref=beneficiaire)

    assert (again.status_code, again.json()) == (409, refused.json())


async def test_a_trial_takes_nothing(terrain: Terrain) -> None:
    action_id, etat, _ = await deux_parts(terrain)
    corps = {
        "action_id": action_id,
        "places": 1,
        "montant_centimes": 10,
        "beneficiaire_ref": str(uuid4()),
    }

    tried = await terrain.client.post("/v1/reservations", corps, params={"essai": "true"})

    assert (tried.status_code, tried.json()["essai"]) == (201, True)
    assert await terrain.soldes(etat) == (1_000_00, 0, 0)
    assert await terrain.places(action_id) == (2, 0, 0)


@pytest.mark.parametrize("balaye", [False, True], ids=["avant balayage", "après balayage"])
@pytest.mark.parametrize(
    ("ecart_s", "echue"),
    [
        pytest.param(-0.000001, False, id="juste avant"),
        pytest.param(0, True, id="à l'instant même"),
        pytest.param(0.000001, True, id="juste après"),
    ],
)
async def test_it_counts_until_the_very_instant(
    terrain: Terrain,
    horloge: Horloge,
    services: Mapping[str, Service],
    ouverte: str,
    ecart_s: float,
    echue: bool,
    balaye: bool,
) -> None:
    """I-41: swept or not, at `expire_le` nothing is held any more, to whoever looks or acts.

    Seen red with `>` for `>=`, and with reads that trust the sweeper.
    """
    action_id, etat, _ = await deux_parts(terrain)
    reservation = (await terrain.reserver(action_id, 2, 10, duree_s=60)).json()

    horloge.avancer(seconds=60 + ecart_s)
    if balaye:
        await expirer_reservations(services["financement"], ouverte)

    # Read first: whoever reserves sweeps what it needs.
    assert await terrain.soldes(etat) == ((1_000_00, 0, 0) if echue else (999_95, 5, 0))
    assert await terrain.places(action_id) == ((2, 0, 0) if echue else (0, 2, 0))
    read = await terrain.lire(f"/v1/reservations/{reservation['id']}")
    taken = await terrain.reserver(action_id, 1)
    if echue:
        assert (read["statut"], read["version"]) == ("expiree", 2)
        assert read["resolue_le"] == read["modifie_le"] == reservation["expire_le"]
        assert taken.status_code == HTTPStatus.CREATED
        assert await terrain.places(action_id) == (1, 1, 0)
        for act in (confirmer, annuler):
            late = await act(terrain, reservation["id"])
            assert (late.status_code, late.json()["code"]) == (409, "reservation-expiree")
    else:
        assert (read["statut"], read["version"]) == ("en_attente", 1)
        assert taken.json()["code"] == "disponible-insuffisant"
        assert (await confirmer(terrain, reservation["id"])).status_code == HTTPStatus.CREATED


async def test_the_sweeper_posts_what_is_due_in_order_on_its_day(
    terrain: Terrain, horloge: Horloge, services: Mapping[str, Service], ouverte: str
) -> None:
    action_id, etat, departement = await deux_parts(terrain)
    held = [
        (await terrain.reserver(action_id, 1, 10, duree_s=duree)).json()["id"]
        for duree in (86_400, 60)
    ]
    horloge.avancer(days=3)

    await expirer_reservations(services["financement"], ouverte)
    await expirer_reservations(services["financement"], ouverte)

    entries = (await terrain.lire("/v1/ecritures"))["elements"]
    assert [
        (entry["reservation_id"], entry["date_effet"], entry["inscrite_le"][:10])
        for entry in entries
        if entry["evenement"] == "expiration"
    ] == [(held[1], "2026-03-02", "2026-03-05"), (held[0], "2026-03-03", "2026-03-05")]
    told = [
        (one["id"], one["version"])
        for one in (await terrain.lire("/v1/changements"))["elements"]
        if one["type"] == "financement.reservation.expiree"
    ]
    assert told == [(held[1], 2), (held[0], 2)]
    assert await terrain.soldes(etat) == await terrain.soldes(departement) == (1_000_00, 0, 0)


async def test_more_than_a_batch_is_swept(
    terrain: Terrain, horloge: Horloge, services: Mapping[str, Service], ouverte: str
) -> None:
    action_id = await terrain.action(mode_capacite="stock", places_ouvertes=60)
    for _ in range(55):
        await terrain.reserver(action_id, 1, duree_s=1)
    horloge.avancer(seconds=1)

    await expirer_reservations(services["financement"], ouverte)

    listed = await terrain.lire("/v1/ecritures?limite=200")
    events = [entry["evenement"] for entry in listed["elements"]]
    assert events.count("expiration") == 55


async def test_what_is_due_comes_back_through_a_neighbour_too(
    terrain: Terrain, horloge: Horloge, services: Mapping[str, Service], ouverte: str
) -> None:
    """The shared envelope is exhausted by another action's reservation, due and not swept."""
    commune, autre = await terrain.enveloppe(100), await terrain.enveloppe(100)
    voisine = await terrain.action(
        (autre, 1, 2), (commune, 1, 2), mode_capacite="stock", places_ouvertes=1
    )
    action_id = await terrain.action((commune, 1, 1))
    held = (await terrain.reserver(voisine, 1, 200, duree_s=60)).json()["id"]
    assert (await terrain.reserver(action_id, montant=1)).json()["disponible_centimes"] == 0
    horloge.avancer(seconds=60)

    answer = await terrain.reserver(action_id, montant=100)

    assert answer.status_code == HTTPStatus.CREATED
    assert await terrain.places(voisine) == (1, 0, 0)
    assert await terrain.soldes(autre) == (100, 0, 0)
    entries = (await terrain.lire("/v1/ecritures"))["elements"]
    assert [entry["reservation_id"] for entry in entries[-2:]] == [held, answer.json()["id"]]
    service = services["financement"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        assert await verifier_journal(tx) == []


def test_the_worker_is_asked_to_sweep() -> None:
    assert TRAVAIL.periodiques == {"expirer_reservations": (5.0, expirer_reservations)}


async def test_reserving_needs_the_scope_to_write(connecter: Connecter, ouverte: str) -> None:
    client = connecter("financement", "financement:lire financement:administrer")

    for chemin, corps in (
        ("/v1/reservations", {"action_id": str(uuid4()), "beneficiaire_ref": str(uuid4())}),
        (f"/v1/reservations/{uuid4()}/confirmations", {}),
        (f"/v1/reservations/{uuid4()}/annulations", {"motif": "x"}),
    ):
        assert (await client.post(chemin, corps)).json()["code"] == "portee-insuffisante"


async def test_siblings_reserve_through_their_client(
    terrain: Terrain, services: Mapping[str, Service], ouverte: str
) -> None:
    action_id, etat, _ = await deux_parts(terrain)
    parcours = services["parcours"]
    client = FinancementClient(
        url=URLS["financement"],
        portees="financement:lire financement:ecrire",
        collectivite=ouverte,
        jetons=parcours.jetons,
        client=parcours.client,
    )
    demande = ReservationCreation(
        action_id=UUID(action_id), places=1, montant_centimes=11, beneficiaire_ref=uuid4()
    )

    tried = await client.creer_reservation(demande, cle=str(uuid4()), essai=True)
    assert tried.statut is StatutReservation.EN_ATTENTE
    reserved = await client.creer_reservation(demande, cle=str(uuid4()))
    engaged = await client.creer_confirmation(
        reserved.id, ConfirmationCreation(montant_centimes=10), cle=str(uuid4())
    )
    other = await client.creer_reservation(demande, cle=str(uuid4()))
    cancelled = await client.creer_annulation(
        other.id, AnnulationCreation(motif="plus besoin"), cle=str(uuid4())
    )

    assert (engaged.reservation_id, engaged.montant_centimes) == (reserved.id, 10)
    assert cancelled.statut is StatutReservation.ANNULEE
    known = await client.lire_reservation(reserved.id)
    assert known.engagement_id == engaged.id
    assert await client.lire_engagement(engaged.id) == engaged
    assert await terrain.soldes(etat) == (999_95, 0, 5)
    with pytest.raises(RefusVoisin) as refus:
        await client.creer_reservation(demande.model_copy(update={"places": 9}), cle=str(uuid4()))
    assert (refus.value.code, refus.value.members["places_disponibles"]) == (
        "disponible-insuffisant",
        1,
    )


async def test_the_feed_tells_what_became_of_it(terrain: Terrain) -> None:
    action_id, *_ = await deux_parts(terrain)
    depart = (await terrain.lire("/v1/changements"))["pagination"]["suivant"]
    reservation_id = (await terrain.reserver(action_id, 1, 10)).json()["id"]
    engagement_id = (await confirmer(terrain, reservation_id)).json()["id"]

    feed = (await terrain.client.get(depart)).json()

    assert [(one["type"], one["id"], one["version"]) for one in feed["elements"]] == [
        ("financement.reservation.creee", reservation_id, 1),
        ("financement.reservation.confirmee", reservation_id, 2),
        ("financement.engagement.cree", engagement_id, 1),
    ]
