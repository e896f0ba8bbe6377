"""Webhooks of rdv-insertion: verified, kept, applied once and in order, and linked to persons."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import ValidationError
from sqlalchemy import text

from services.orientation.rdv_insertion import queries, routes, rules, travail
from shared.clients.rdv_insertion.acces import AccesRdvInsertion
from shared.identifiants import nir_complet
from shared.socle.service import Service
from tests.api.orientation.conftest import PERSONNE
from tests.api.test_listes import suivre
from tests.conftest import URLS, Client, Connecter, Reseau

SECRET, AUTRE_SECRET = "secret-de-l-organisation", "secret-d-une-autre"
NIR = nir_complet("2910199999001")
LISTE = "/v1/participations-rdv-insertion"
NAISSANCE = PERSONNE["date_naissance"]
Envoyer = Callable[..., Awaitable[httpx.Response]]


def usager(rang: int = 3432, **rest: Any) -> dict[str, Any]:
    """Somebody of theirs, with what they never leave out."""
    return {
        "id": rang,
        "role": "demandeur",
        "first_name": "Zoé",
        "last_name": "Essai",
        "nir": None,
        "france_travail_id": None,
        "department_internal_id": None,
        "birth_date": NAISSANCE,
    } | rest


def rdv(
    *usagers: dict[str, Any],
    statut: str = "unknown",
    categorie: str = "rsa_orientation",
    debut_le: str = "2026-08-26T09:00:00.000+02:00",
) -> dict[str, Any]:
    """A rendez-vous, as they tell it."""
    return {
        "id": 1261,
        "uuid": "37141381-ac77-41a6-8a7e-748d1c9439d5",
        "motif": {"name": "Entretien", "motif_category": {"id": 1, "short_name": categorie}},
        "status": statut,
        "starts_at": debut_le,
        "duration_in_min": 45,
        "users": list(usagers),
        "participations": [{"id": 1000 + un["id"], "user": un, "status": statut} for un in usagers],
    }


def corps(
    data: Any, *, modele: str = "Rdv", fait: str = "updated", il_y_a: timedelta = timedelta(0)
) -> bytes:
    """A body; its timestamp is written as they write it, which is not ISO 8601."""
    instant = (datetime.now(UTC) - il_y_a).strftime("%Y-%m-%d %H:%M:%S +0000")
    meta = {"model": modele, "event": fait, "timestamp": instant}
    return json.dumps({"data": data, "meta": meta}, ensure_ascii=False).encode()


def signer(contenu: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), contenu, hashlib.sha256).hexdigest()


@pytest_asyncio.fixture
async def service(services: Mapping[str, Service], ouverte: str) -> AsyncIterator[Service]:
    """Orientation, whose collectivité exchanges with two organisations of rdv-insertion."""
    found = services["orientation"]
    acces = {"secrets": [AUTRE_SECRET, SECRET], "client_references": "si-essai"}
    found.reglages.rdv_insertion[ouverte] = AccesRdvInsertion.model_validate(acces)  # type: ignore[attr-defined]
    yield found
    del found.reglages.rdv_insertion[ouverte]  # type: ignore[attr-defined]


@pytest_asyncio.fixture
async def envoyer(service: Service, reseau: Reseau, ouverte: str) -> AsyncIterator[Envoyer]:
    """Send a body as they do: signed, and with no token of ours."""
    async with httpx.AsyncClient(transport=reseau, base_url=URLS["orientation"]) as http:

        async def send(
            contenu: bytes, *, signature: str | None = None, code: str = ouverte
        ) -> httpx.Response:
            headers = {"X-RDVI-SIGNATURE": (signature or signer(contenu)).encode("latin-1")}
            return await http.post(
                f"/v1/receptions/rdv-insertion/{code}", content=contenu, headers=headers
            )

        yield send


async def receptions(service: Service, collectivite: str) -> list[str]:
    """What was done of each body, in the order in which they came."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        rows = await tx.execute(text("SELECT statut FROM reception_rdv_insertion ORDER BY id"))
        return list(rows.scalars())


async def personne(client: Client, **rest: Any) -> str:
    created = await client.post("/v1/personnes", PERSONNE | rest)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(signer(b"{}"), id="d'un autre corps"),
        pytest.param(signer(corps({}), "inconnu"), id="d'un autre secret"),
        pytest.param("0" * 64, id="inventée"),
        pytest.param("zz", id="sans forme"),
        pytest.param("\u00e9" * 64, id="hors ASCII"),
    ],
)
async def test_what_is_not_signed_writes_nothing(
    service: Service, envoyer: Envoyer, ouverte: str, signature: str
) -> None:
    """Neither when the collectivité has no exchange. Planted: any signature taken, red."""
    refused = [
        await envoyer(corps(rdv(usager())), signature=signature),
        await envoyer(corps(rdv(usager())), code="44Z"),
        await envoyer(corps(rdv(usager())), code="rien"),
    ]
    assert [one.status_code for one in refused] == [401] * 3
    assert {one.json()["code"] for one in refused} == {"preuve-invalide"}
    assert all(one.headers["WWW-Authenticate"] for one in refused)
    assert await receptions(service, ouverte) == []


async def test_a_body_that_is_too_long_is_not_read(envoyer: Envoyer) -> None:
    refused = await envoyer(b" " * (256 * 1024 + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "corps-trop-grand")


async def test_a_rendez_vous_is_told_once_and_followed(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    """By its NIR, the person is known; the orientation is hers. A body sent again does nothing."""
    personne_id = await personne(client, nir=NIR)
    orientation = await client.post("/v1/orientations", {"personne_id": personne_id})
    premier = corps(rdv(usager(nir=NIR)), fait="created", il_y_a=timedelta(seconds=2))
    for _ in range(2):
        assert (await envoyer(premier)).status_code == 204
    (un,) = await suivre(client, LISTE)
    assert (un["statut"], un["version"], un["etape"]) == ("non_renseigne", 1, "orientation")
    assert (un["personne_id"], un["rattachement"]) == (personne_id, "nir")
    assert un["orientation_id"] == orientation.json()["id"]
    assert un["debut_le"] == "2026-08-26T07:00:00.000000Z"
    assert (await envoyer(corps(rdv(usager(nir=NIR), statut="seen")))).status_code == 204
    (un,) = await suivre(client, f"{LISTE}?personne_id={personne_id}&statut=honore")
    assert (un["statut"], un["version"]) == ("honore", 2)
    assert await receptions(service, ouverte) == ["appliquee", "appliquee"]
    faits = [
        fait["type"].rpartition(".")[2]
        for fait in (await client.get("/v1/changements?limite=200")).json()["elements"]
        if ".rendez_vous_rdv_insertion." in fait["type"]
    ]
    assert faits == ["recu", "modifie"]
    # Nothing that tells who it is is in what anyone reads of it.
    assert not any(secret in json.dumps(un) for secret in ("Zo", NIR))


async def test_what_comes_late_changes_nothing(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    """The last that they wrote wins, and of one second the last that came; a deletion too.

    Planted: the order of arrival followed, red.
    """
    seconde = timedelta(seconds=1)
    await envoyer(corps(rdv(usager(), statut="seen"), il_y_a=10 * seconde))
    await envoyer(corps(rdv(usager(), statut="noshow"), il_y_a=20 * seconde))
    assert [un["statut"] for un in await suivre(client, LISTE)] == ["honore"]
    await envoyer(corps(rdv(usager(), statut="excused"), il_y_a=10 * seconde))
    assert [un["statut"] for un in await suivre(client, LISTE)] == ["excuse"]
    await envoyer(corps(rdv(), fait="destroyed", il_y_a=5 * seconde))
    await envoyer(corps(rdv(usager(), statut="seen"), il_y_a=6 * seconde))
    assert [un["statut"] for un in await suivre(client, LISTE)] == ["supprime"]
    # Older than what is kept of them: nobody could tell any more what came before it.
    await envoyer(corps(rdv(usager()) | {"id": 7}, il_y_a=timedelta(days=91)))
    fates = ["appliquee", "depassee", "appliquee", "appliquee", "depassee", "depassee"]
    assert await receptions(service, ouverte) == fates


async def test_a_deletion_that_comes_first_is_not_undone_by_what_it_deleted(
    client: Client, envoyer: Envoyer
) -> None:
    await envoyer(corps({"id": 1261}, fait="destroyed"))
    await envoyer(corps(rdv(usager()), fait="created", il_y_a=timedelta(minutes=1)))
    assert await suivre(client, LISTE) == []


async def test_who_is_no_more_at_it_is_taken_out(client: Client, envoyer: Envoyer) -> None:
    await envoyer(corps(rdv(usager(1), usager(2)), il_y_a=timedelta(minutes=1)))
    await envoyer(corps(rdv(usager(2), statut="seen")))
    found = {un["reference_usager"]: un["statut"] for un in await suivre(client, LISTE)}
    assert found == {"1": "supprime", "2": "honore"}


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(b"", id="vide"),
        pytest.param(b"[]", id="une liste"),
        pytest.param(b"{", id="pas du JSON"),
        pytest.param(b'{"data":{"id":1,"id":2}}', id="clé double"),
        pytest.param(b"\xff\xfe", id="pas du texte"),
        pytest.param(corps(rdv()), id="sans participation"),
        pytest.param(corps({"id": 1261}), id="sans rien"),
        pytest.param(corps(rdv(usager()) | {"id": {"a": 1}}), id="sans numéro"),
        pytest.param(corps(rdv(usager()) | {"starts_at": "demain"}), id="sans jour"),
        pytest.param(corps(rdv(usager()), il_y_a=timedelta(days=-1)), id="de demain"),
        pytest.param(corps(rdv(usager(), categorie="a\0b")), id="octet nul"),
        pytest.param(b"[" * 50_000, id="très profond"),
    ],
)
async def test_what_cannot_be_read_is_kept_and_told(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str, contenu: bytes
) -> None:
    assert (await envoyer(contenu)).status_code == 204
    assert await receptions(service, ouverte) == ["inintelligible"]
    bilan = (await client.get(f"{LISTE}/bilan")).json()
    assert (bilan["inintelligibles"], bilan["non_rattaches"]) == (1, 0)
    assert bilan["derniere_le"] is not None


async def test_a_body_sent_in_another_alphabet_than_it_was_signed_in_is_read(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    """They do so of some: UTF-8 is signed, Latin-1 is sent. Planted: raw bytes only, 401."""
    contenu = corps(rdv(usager()))
    answer = await envoyer(contenu.decode().encode("latin-1"), signature=signer(contenu))
    assert answer.status_code == 204
    assert await receptions(service, ouverte) == ["appliquee"]
    assert len(await suivre(client, LISTE)) == 1


async def test_a_body_is_sealed_in_the_base(
    service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    contenu = corps(rdv(usager(nir=NIR)))
    await envoyer(contenu)
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        (scelle,) = (await tx.execute(text("SELECT corps FROM reception_rdv_insertion"))).scalars()
    assert NIR.encode() not in scelle
    assert service.coffre.ouvrir(scelle, queries.CORPS) == contenu


@pytest.mark.parametrize(
    ("ici", "la", "mode"),
    [
        pytest.param({"nir": NIR}, {"nir": NIR[:13]}, "nir", id="NIR sans clé"),
        pytest.param(
            {"numero_france_travail": "99900000017"},
            {"france_travail_id": "99900000017"},
            "numero_france_travail",
            id="numéro France Travail",
        ),
        pytest.param(
            {"reference_externe": "iodas:17"},
            {"department_internal_id": "iodas:17"},
            "reference",
            id="référence du département",
        ),
        pytest.param({}, {"first_name": "Maëlle", "last_name": "Essai-Rivière"}, None, id="nom"),
        pytest.param(
            {"nir": NIR}, {"nir": NIR, "birth_date": "1990-01-01"}, None, id="autre naissance"
        ),
        pytest.param({"nir": NIR}, {"nir": NIR, "birth_date": None}, None, id="sans naissance"),
        pytest.param({"nir": NIR}, {"nir": "pas un NIR"}, None, id="NIR illisible"),
    ],
)
async def test_a_person_is_known_by_a_number_and_never_by_a_name(
    client: Client, envoyer: Envoyer, ici: dict[str, Any], la: dict[str, Any], mode: str | None
) -> None:
    """Nor by a number alone. Planted: a birth date that is not told taken for the same, red."""
    personne_id = await personne(client, **ici)
    await envoyer(corps(rdv(usager(**la))))
    (un,) = await suivre(client, LISTE)
    assert un["rattachement"] == mode
    assert un["personne_id"] == (personne_id if mode else None)
    attendus = [] if mode else [un["id"]]
    found = await suivre(client, f"{LISTE}?rattache=false")
    assert [one["id"] for one in found] == attendus


async def test_an_unknown_person_is_linked_by_hand_for_good(
    client: Client, connecter: Connecter, envoyer: Envoyer
) -> None:
    """All of hers follow, those to come too, and nothing that they send undoes it."""
    autre = await personne(client, nir=NIR)
    voulue = await personne(client, prenoms="Lou")
    await envoyer(corps(rdv(usager()), il_y_a=timedelta(minutes=1)))
    (un,) = await suivre(client, f"{LISTE}?rattache=false")
    chemin = f"{LISTE}/{un['id']}/rattachements"
    lecteur = connecter("orientation", "orientation:lire")
    assert (await lecteur.post(chemin, {"personne_id": voulue}, version=1)).status_code == 403
    assert (await client.post(chemin, {"personne_id": voulue}, version=9)).status_code == 412
    linked = await client.post(chemin, {"personne_id": voulue}, version=un["version"])
    assert linked.status_code == 201, linked.text
    assert (linked.json()["personne_id"], linked.json()["rattachement"]) == (voulue, "manuel")
    await envoyer(corps(rdv(usager(nir=NIR), statut="seen")))
    await envoyer(corps(rdv(usager()) | {"id": 1262}))
    found = await suivre(client, f"{LISTE}?personne_id={voulue}")
    assert sorted(one["statut"] for one in found) == ["honore", "non_renseigne"]
    assert await suivre(client, f"{LISTE}?personne_id={autre}") == []
    assert (await client.get(f"{LISTE}/bilan")).json()["non_rattaches"] == 0


async def test_who_becomes_known_later_takes_what_was_waiting(
    client: Client, envoyer: Envoyer
) -> None:
    await envoyer(corps(rdv(usager(nir=NIR))))
    assert [un["personne_id"] for un in await suivre(client, LISTE)] == [None]
    personne_id = await personne(client, nir=NIR)
    await envoyer(corps(usager(nir=NIR), modele="User"))
    assert [un["personne_id"] for un in await suivre(client, LISTE)] == [personne_id]


async def test_a_rendez_vous_told_while_its_person_is_being_known_is_hers(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    """Two bodies of one person at once: the second waits for what the first makes of her.

    Planted: each held by its own object alone, the rendez-vous stayed nobody's, red.
    """
    personne_id = await personne(client, nir=NIR)
    dite = corps(usager(nir=NIR), modele="User")
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        lue = rules.lire(json.loads(dite), service.horloge())
        acces = service.reglages.rdv_insertion[ouverte]  # type: ignore[attr-defined]
        await routes.garder(service, tx, acces, dite, lue)
        # Without his NIR: only the link tells who it is.
        rendez_vous = asyncio.create_task(envoyer(corps(rdv(usager()))))
        await asyncio.sleep(0.2)
        assert not rendez_vous.done()
    assert (await rendez_vous).status_code == 204
    assert [un["personne_id"] for un in await suivre(client, LISTE)] == [personne_id]


async def test_who_is_deleted_there_comes_to_nothing_more(client: Client, envoyer: Envoyer) -> None:
    demain = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await envoyer(corps(rdv(usager(), statut="seen", debut_le="2026-01-05T09:00:00+01:00")))
    await envoyer(corps(rdv(usager(), debut_le=demain) | {"id": 2}))
    await envoyer(corps(usager(), modele="User", fait="destroyed"))
    found = {un["reference_rendez_vous"]: un["statut"] for un in await suivre(client, LISTE)}
    assert found == {"1261": "honore", "2": "supprime"}


async def test_the_same_rendez_vous_told_at_once_is_written_once(
    client: Client, service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    """Told ten times at once, and the last of them is what is read. Planted: no wait, red."""
    envois = [
        corps(rdv(usager(nir=NIR), statut=statut), il_y_a=timedelta(seconds=rang))
        for rang, statut in enumerate(["seen", *["unknown", "noshow", "revoked"] * 3])
    ]
    answers = await asyncio.gather(*(envoyer(un) for un in reversed(envois)))
    assert {one.status_code for one in answers} == {204}
    assert [un["statut"] for un in await suivre(client, LISTE)] == ["honore"]


async def test_what_is_past_its_time_goes_for_they_tell_nobody(
    client: Client,
    service: Service,
    envoyer: Envoyer,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await personne(client, nir=NIR)
    await envoyer(corps(rdv(usager(nir=NIR))))
    horloge = service.horloge
    for jours, restent in ((89, (1, 1, 1)), (91, (0, 1, 1)), (3 * 365, (0, 0, 0))):
        monkeypatch.setattr(service, "horloge", lambda j=jours: horloge() + timedelta(days=j))
        await travail.purger_rdv_insertion(service, ouverte)
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            found = [
                (await tx.execute(text(f"SELECT count(*) FROM {nom}_rdv_insertion"))).scalar_one()
                for nom in ("reception", "rendez_vous", "usager")
            ]
        assert tuple(found) == restent, jours


async def test_another_collectivite_sees_nothing_of_it(
    client: Client, connecter: Connecter, envoyer: Envoyer
) -> None:
    await envoyer(corps(rdv(usager())))
    (un,) = await suivre(client, LISTE)
    autre = connecter("orientation", dans="44D")
    assert (await autre.get(f"{LISTE}/{un['id']}")).status_code == 404


async def test_other_things_of_theirs_are_kept_and_left_alone(
    service: Service, envoyer: Envoyer, ouverte: str
) -> None:
    await envoyer(corps({"id": 91, "name": "Pôle d'essai"}, modele="Organisation"))
    await envoyer(corps({"id": 4806, "user": usager()}, modele="Invitation"))
    assert await receptions(service, ouverte) == ["ignoree", "appliquee"]


@pytest.mark.parametrize("secret", ["", "quinze-lettres."])
def test_a_secret_that_anybody_could_have_is_no_setting(secret: str) -> None:
    """Empty, as of a variable that nobody set, it would sign whatever is sent. Seen red."""
    with pytest.raises(ValidationError):
        AccesRdvInsertion.model_validate({"secrets": [secret]})
