"""One invitation per decision, against the fake rdv-insertion; and its client, call by call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from starlette.responses import HTMLResponse, JSONResponse, Response

from services.orientation.france_travail.jetons import MagasinJetons
from services.orientation.invitations import queries, travail
from shared.clients.partenaires import ErreurPartenaire
from shared.clients.rdv_insertion.acces import AccesRdvInsertion
from shared.clients.rdv_insertion.client import (
    JetonsRdvInsertion,
    RdvInsertion,
    RefusRdvInsertion,
    UsagerEnvoye,
)
from shared.socle.service import Service
from tests.api.orientation.conftest import Dossier
from tests.api.orientation.test_annulations import MOTIF as ANNULATION
from tests.api.orientation.test_places import decider, ouvrir_et_proposer
from tests.api.orientation.test_rdv_insertion import SECRET, corps, signer, usager
from tests.api.test_listes import suivre
from tests.conftest import URLS, Client, Reseau
from tests.doubles.rdv_insertion import (
    EMAIL,
    MOT_DE_PASSE,
    ORGANISATION,
    Monde,
    Panne,
    app,
)

LISTE = "/v1/invitations"
CATEGORIE = "rsa_accompagnement"
SIGN_IN = "/api/v1/auth/sign_in"
Tour = Callable[[], Awaitable[None]]


@pytest.fixture
def monde() -> Monde:
    """rdv-insertion, empty."""
    return Monde()


@pytest_asyncio.fixture
async def service(
    services: Mapping[str, Service],
    reseau: Reseau,
    ouverte: str,
    monde: Monde,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Service]:
    """Orientation, whose collectivité has an agent there."""
    found = services["orientation"]
    hote = f"rdvi-{ouverte.lower()}.example"
    reseau.apps[hote] = app(monde)  # type: ignore[assignment]
    api = {
        "url_api": f"https://{hote}/api/v1",
        "url_connexion": f"https://{hote}/api/v1/",
        "email": EMAIL,
        "mot_de_passe": MOT_DE_PASSE,
        "organisations": {"ft": ORGANISATION, "cd": ORGANISATION},
        "delai_s": 2,
    }
    found.reglages.rdv_insertion[ouverte] = AccesRdvInsertion.model_validate(  # type: ignore[attr-defined]
        {"secrets": [SECRET], "api": api}
    )
    # Nothing waits between two attempts: a test makes each of them.
    monkeypatch.setattr(
        "services.orientation.invitations.rules._PLUS_LONGUE", -timedelta(seconds=10)
    )
    yield found
    del found.reglages.rdv_insertion[ouverte], reseau.apps[hote]  # type: ignore[attr-defined]


@pytest.fixture
def tour(service: Service, ouverte: str) -> Tour:
    """A turn of the worker."""

    async def run() -> None:
        await travail.inviter_personnes(service, ouverte)

    return run


@pytest.fixture
def rdvi(service: Service, ouverte: str) -> RdvInsertion:
    """A client, as a worker's process makes one."""
    return client_de(service, ouverte)


def client_de(service: Service, collectivite: str) -> RdvInsertion:
    acces = service.reglages.rdv_insertion[collectivite].api  # type: ignore[attr-defined]
    magasin = MagasinJetons(service.base, service.coffre, service.acces_interne(collectivite))
    jetons = JetonsRdvInsertion(acces, magasin, service.client)
    return RdvInsertion(acces, jetons, service.client)


async def regler(client: Client, *, envoi: bool = True, categorie: str = CATEGORIE) -> None:
    done = await client.post("/v1/reglages-invitations", {"envoi": envoi, "categorie": categorie})
    assert done.status_code == 201, done.text


async def decidee(client: Client, ouvrir: Dossier, **rest: Any) -> dict[str, Any]:
    """A decision, for a new person."""

    async def de(**changes: Any) -> dict[str, Any]:
        return await ouvrir(**rest, **changes)

    orientation = await ouvrir_et_proposer(client, de)
    await decider(client, orientation)
    return orientation


def envoye(**rest: Any) -> UsagerEnvoye:
    return UsagerEnvoye(
        **{
            "first_name": "Zoé",
            "last_name": "Essai",
            "birth_date": "1991-01-31",
            "birth_name": None,
            "role": None,
            "affiliation_number": None,
            "france_travail_id": None,
            "department_internal_id": "7",
            "nir": None,
        }
        | rest
    )


async def annoncer(
    service: Service,
    collectivite: str,
    data: dict[str, Any],
    *,
    fait: str = "created",
    il_y_a: timedelta = timedelta(0),
) -> None:
    """What they tell of an invitation."""
    contenu = corps(data, modele="Invitation", fait=fait, il_y_a=il_y_a)
    answer = await service.client.post(
        f"{URLS['orientation']}/v1/receptions/rdv-insertion/{collectivite}",
        content=contenu,
        headers={"X-RDVI-SIGNATURE": signer(contenu)},
    )
    assert answer.status_code == 204


async def organisme(client: Client, reference: str) -> str:
    """Its id here."""
    found = await suivre(client, "/v1/organismes-referents")
    return str(next(un["id"] for un in found if un["reference"] == reference))


async def en_doute(service: Service, collectivite: str) -> int:
    """How many may have left, for all that is known."""
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        found = await tx.execute(text("SELECT count(incertaine_le) FROM invitation_rdv_insertion"))
        return int(found.scalar_one())


async def statuts(client: Client) -> list[str]:
    return [une["statut"] for une in await suivre(client, f"{LISTE}?tri=cree_le")]


async def test_nobody_is_invited_before_a_person_has_opened_it(
    client: Client, ouvrir: Dossier, monde: Monde, tour: Tour
) -> None:
    """Nor for what was decided before. Planted: decisions of before the opening sent, red."""
    await decidee(client, ouvrir)
    await tour()
    assert not monde.appels
    await regler(client)
    apres = await decidee(client, ouvrir, prenoms="Lou")
    for _ in range(3):
        await tour()
    assert [(qui, quoi) for qui, quoi, _ in monde.messages] == [(apres["personne_id"], CATEGORIE)]
    (une,) = await suivre(client, LISTE)
    assert (une["statut"], une["formats"], une["essais"]) == ("envoyee", ["sms"], 1)
    assert (une["orientation_id"], une["personne_id"]) == (apres["id"], apres["personne_id"])
    assert (await client.get(f"{LISTE}/{une['id']}")).json() == une
    await regler(client, envoi=False)
    await decidee(client, ouvrir, prenoms="Ana")
    await tour()
    assert len(monde.messages) == 1
    page = await suivre(client, "/v1/reglages-invitations")
    assert [un["envoi"] for un in page] == [False, True]
    lu = await client.get(f"/v1/reglages-invitations/{page[0]['id']}")
    assert (lu.status_code, lu.json()) == (200, page[0])


async def test_what_leaves_of_a_person_is_who_they_are_and_no_nir_unless_it_is_set(
    client: Client, ouvrir: Dossier, monde: Monde, tour: Tour
) -> None:
    await regler(client)
    await decidee(client, ouvrir, numero_france_travail="99900000017")
    await tour()
    (known,) = monde.usagers.values()
    assert known["france_travail_id"] == "99900000017"
    assert set(known) == {
        "id",
        "first_name",
        "last_name",
        "birth_date",
        "department_internal_id",
        "france_travail_id",
    }


@pytest.mark.parametrize(
    ("panne", "essais"),
    [
        pytest.param(Panne("create_and_invite", JSONResponse({}, 429)), 2, id="trop d'appels"),
        pytest.param(Panne("create_and_invite", JSONResponse({}, 503)), 2, id="pas faite, 503"),
        pytest.param(Panne("create_and_invite", HTMLResponse("<p>")), 2, id="page d'un pare-feu"),
        pytest.param(Panne("sign_in", JSONResponse({}, 503)), 2, id="pas de jeton"),
        pytest.param(Panne("sign_in", JSONResponse({}, 401)), 2, id="mot de passe refusé"),
        pytest.param(Panne("sign_in", JSONResponse({}, 400)), 2, id="jeton mal demandé"),
        pytest.param(Panne("sign_in", JSONResponse({}, 200)), 2, id="jeton illisible"),
    ],
)
async def test_what_fails_before_it_is_done_is_done_once_later(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    panne: Panne,
    essais: int,
) -> None:
    """Without a token nothing has left, and nothing is in doubt.

    Planted: what the sign-in answers taken for the answer to the invitation, red.
    """
    await regler(client)
    await decidee(client, ouvrir)
    monde.pannes.append(Panne(panne.chemin, panne.reponse))
    await tour()
    (une,) = await suivre(client, LISTE)
    assert une["statut"] == "a_faire"
    assert une["code"] is not None
    if panne.chemin == "sign_in":
        assert await en_doute(service, ouverte) == 0
    await tour()
    (une,) = await suivre(client, LISTE)
    assert (une["statut"], une["essais"]) == ("envoyee", essais)
    assert len(monde.messages) == 1


async def test_done_and_not_answered_it_is_not_done_twice(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    tour: Tour,
    reseau: Reseau,
    ouverte: str,
) -> None:
    """They refuse the second, so nobody knows; then their webhook tells.

    Planted: a refusal after an unknown attempt taken for a refusal, red; what a webhook dates from
    before the attempt taken for it, red; an older invitation that is changed taken for it, red.
    """
    await regler(client)
    orientation = await decidee(client, ouvrir)
    monde.pannes.append(Panne("create_and_invite", JSONResponse({}, 504), apres=True))
    await tour()
    await tour()
    await tour()
    assert await statuts(client) == ["incertaine"]
    assert len(monde.messages) == 1
    qui = usager(1, department_internal_id=orientation["personne_id"])
    await asyncio.sleep(1)  # their dates are to the second
    for numero, fait, il_y_a, attendu in (
        (1, "created", 3600, "incertaine"),
        (2, "updated", 0, "incertaine"),
        (3, "created", 0, "envoyee"),
    ):
        dite = {"id": numero, "user": qui}
        await annoncer(service, ouverte, dite, fait=fait, il_y_a=timedelta(seconds=il_y_a))
        assert await statuts(client) == [attendu]
    assert (await suivre(client, LISTE))[0]["code"] is None


async def test_in_doubt_it_is_tried_again_for_the_same_category(
    client: Client, ouvrir: Dossier, monde: Monde, tour: Tour
) -> None:
    """Of another they would send again. Planted: the category in force at each attempt, red."""
    await regler(client)
    await decidee(client, ouvrir)
    monde.pannes.append(Panne("create_and_invite", JSONResponse({}, 504), apres=True))
    await tour()
    await regler(client, categorie="rsa_orientation")
    await tour()
    assert [quoi for _, quoi, _ in monde.messages] == [CATEGORIE]
    assert await statuts(client) == ["incertaine"]
    await decidee(client, ouvrir, prenoms="Lou")
    await tour()
    assert [quoi for _, quoi, _ in monde.messages] == [CATEGORIE, "rsa_orientation"]


@pytest.mark.parametrize("pourquoi", ["annulee", "sans organisation", "fermé puis rouvert"])
async def test_what_may_have_left_is_never_said_unsent(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    pourquoi: str,
) -> None:
    """Whatever stops the next attempt. Planted: each state written as if nothing had left, red."""
    await regler(client)
    orientation = await decidee(client, ouvrir)
    monde.pannes.append(Panne("create_and_invite", JSONResponse({}, 504), apres=True))
    await tour()
    match pourquoi:
        case "annulee":
            chemin = f"/v1/orientations/{orientation['id']}"
            version = (await client.get(chemin)).json()["version"]
            done = await client.post(f"{chemin}/annulations", ANNULATION, version=version)
            assert done.status_code == 201, done.text
        case "sans organisation":
            service.reglages.rdv_insertion[ouverte].api.organisations.clear()  # type: ignore[attr-defined]
        case _:
            await regler(client, envoi=False)
            await regler(client)
    await tour()
    assert await statuts(client) == ["incertaine"]
    assert len(monde.messages) == 1


@pytest.mark.parametrize("statut", [403, 404])
async def test_one_organisation_that_refuses_us_stops_no_other(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
    statut: int,
) -> None:
    """It is asked once a turn, and takes nothing of what the others may send.

    Planted: the whole turn given up for one, red; it asked again for each of its persons, red.
    """
    monkeypatch.setattr("services.orientation.invitations.rules._PLUS_LONGUE", timedelta(hours=6))
    monkeypatch.setattr(travail, "PAR_MINUTE", 2)
    service.reglages.rdv_insertion[ouverte].api.organisations["ft"] = 7  # type: ignore[attr-defined]
    await regler(client)
    for prenoms in ("Lou", "Ana", "Zoé"):
        await decidee(client, ouvrir, prenoms=prenoms)
    social = await ouvrir_et_proposer(client, ouvrir)
    autre = {
        "etat_decision": "refusee",
        "motif_refus": "appreciation_differente",
        "type_parcours": "social",
        "organisme_referent_id": await organisme(client, "cd"),
    }
    await decider(client, social, **autre)
    monde.pannes.append(Panne("create_and_invite", JSONResponse({}, statut)))
    await tour()
    assert await statuts(client) == [*["a_faire"] * 3, "envoyee"]
    assert [qui for qui, _, _ in monde.messages] == [social["personne_id"]]
    assert await en_doute(service, ouverte) == 0


async def test_what_they_tell_before_they_answer_is_not_lost_nor_their_answer(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    tour: Tour,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their webhook may come first. Planted: the lease proved by the version, red."""
    await regler(client)
    orientation = await decidee(client, ouvrir)
    appeler = RdvInsertion.enregistrer_et_inviter

    async def dire_puis_repondre(self: RdvInsertion, *args: Any, **rest: Any) -> Any:
        invites = await appeler(self, *args, **rest)
        qui = usager(invites.user.id, department_internal_id=orientation["personne_id"])
        await annoncer(service, ouverte, {"id": 1, "user": qui})
        assert await statuts(client) == ["envoyee"]
        return invites

    monkeypatch.setattr(RdvInsertion, "enregistrer_et_inviter", dire_puis_repondre)
    await tour()
    (une,) = await suivre(client, LISTE)
    assert (une["statut"], une["formats"]) == ("envoyee", ["sms"])
    assert await en_doute(service, ouverte) == 0


async def test_what_their_webhook_says_of_an_invitation_is_compared_and_kept(
    client: Client, ouvrir: Dossier, service: Service, monde: Monde, tour: Tour, ouverte: str
) -> None:
    """Of another category it is another's; a message each. Planted: any category, red."""
    await regler(client)
    orientation = await decidee(client, ouvrir)
    monde.pannes.append(Panne("create_and_invite", JSONResponse({}, 504), apres=True))
    await tour()
    qui = usager(1, department_internal_id=orientation["personne_id"])
    for numero, (categorie, format_, attendu) in enumerate(
        [
            ("rsa_orientation", "sms", ("a_faire", [])),
            (CATEGORIE, "sms", ("envoyee", ["sms"])),
            (CATEGORIE, "email", ("envoyee", ["sms", "email"])),
            (CATEGORIE, "email", ("envoyee", ["sms", "email"])),
        ]
    ):
        dite = {"id": numero, "user": qui, "format": format_}
        await annoncer(
            service, ouverte, dite | {"motif_category": {"id": 1, "short_name": categorie}}
        )
        (une,) = await suivre(client, LISTE)
        assert (une["statut"], une["formats"]) == attendu


async def test_all_workers_together_keep_their_limit(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So many a minute, whoever sends. Planted: each worker counting its own, red."""
    monkeypatch.setattr(travail, "PAR_MINUTE", 3)
    await regler(client)
    for prenoms in ("Lou", "Ana", "Zoé", "Léa", "Noé"):
        await decidee(client, ouvrir, prenoms=prenoms)

    async def tous() -> None:
        await asyncio.gather(*(travail.inviter_personnes(service, ouverte) for _ in range(4)))

    await tous()
    await tous()
    assert len(monde.messages) == 3
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        passee = "UPDATE invitation_rdv_insertion SET tentee_le = now() - interval '61 seconds'"
        await tx.execute(text(f"{passee} WHERE collectivite = :collectivite"))
    await tous()
    assert await statuts(client) == ["envoyee"] * 5


async def test_killed_between_the_sending_and_the_record_nothing_leaves_twice(
    client: Client,
    ouvrir: Dossier,
    service: Service,
    monde: Monde,
    tour: Tour,
    ouverte: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken up a day later, it is not tried at all. Planted: no bound to the trials, red."""
    await regler(client)
    await decidee(client, ouvrir)

    async def mourir(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(queries, "finir", mourir)
        with pytest.raises(KeyboardInterrupt):
            await tour()
    assert len(monde.messages) == 1
    await tour()  # its lease is not over
    assert await statuts(client) == ["a_faire"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text(
                "UPDATE invitation_rdv_insertion SET reprendre_le = now() - interval '1 second',"
                " incertaine_le = now() - interval '25 hours' WHERE collectivite = :collectivite"
            )
        )
    monde.invites_le.clear()  # a day has passed: they would send again
    await tour()
    assert await statuts(client) == ["incertaine"]
    assert len(monde.messages) == 1


async def test_two_workers_at_once_invite_once(
    client: Client, ouvrir: Dossier, service: Service, monde: Monde, ouverte: str
) -> None:
    await regler(client)
    for prenoms in ("Lou", "Ana", "Zoé"):
        await decidee(client, ouvrir, prenoms=prenoms)
    await asyncio.gather(*(travail.inviter_personnes(service, ouverte) for _ in range(4)))
    assert await statuts(client) == ["envoyee"] * 3
    assert len(monde.messages) == 3
    assert len({qui for qui, _, _ in monde.messages}) == 3


async def test_what_cannot_be_sent_says_why_and_stops_no_other(
    client: Client, ouvrir: Dossier, monde: Monde, service: Service, tour: Tour, ouverte: str
) -> None:
    """Without contact there, refused there, or annulled meanwhile."""
    await regler(client)
    muette = await decidee(client, ouvrir)
    monde.contacts[muette["personne_id"]] = []
    refusee = await decidee(client, ouvrir, prenoms="Lou")
    connue = monde.enregistrer({"department_internal_id": refusee["personne_id"]})
    monde.inviter(connue, CATEGORIE)
    annulee = await decidee(client, ouvrir, prenoms="Ana")
    lue = (await client.get(f"/v1/orientations/{annulee['id']}")).json()
    done = await client.post(
        f"/v1/orientations/{annulee['id']}/annulations", ANNULATION, version=lue["version"]
    )
    assert done.status_code == 201, done.text
    await decidee(client, ouvrir, prenoms="Zoé")
    await tour()
    assert await statuts(client) == ["sans_contact", "refusee", "depassee", "envoyee"]
    assert [une["code"] for une in await suivre(client, f"{LISTE}?statut=refusee")] == ["refusee"]


async def test_an_organisme_that_has_no_organisation_there_is_told(
    client: Client, ouvrir: Dossier, service: Service, monde: Monde, tour: Tour, ouverte: str
) -> None:
    service.reglages.rdv_insertion[ouverte].api.organisations.clear()  # type: ignore[attr-defined]
    await regler(client)
    await decidee(client, ouvrir)
    await tour()
    assert await statuts(client) == ["sans_organisation"]
    assert not monde.appels


async def test_their_headers_are_asked_for_once_by_all(
    service: Service, monde: Monde, ouverte: str
) -> None:
    """Each sign-in ends the one before: two processes that signed in would undo each other.

    Planted: each client with its own, red.
    """
    clients = [client_de(service, ouverte) for _ in range(4)]
    await asyncio.gather(*(un.lire_departement("35") for un in clients for _ in range(3)))
    assert monde.appels[SIGN_IN] == 1
    monde.jeton = {**monde.jeton, "access-token": "renouvelé par un autre"}
    await asyncio.gather(*(un.lire_departement("35") for un in clients))
    assert monde.appels[SIGN_IN] == 2


async def test_the_client_says_what_they_say(rdvi: RdvInsertion, monde: Monde) -> None:
    departement = await rdvi.lire_departement("35")
    (organisation,) = departement.organisations
    assert organisation.rdv_solidarites_organisation_id == ORGANISATION
    assert [une.short_name for une in organisation.motif_categories] == [CATEGORIE]
    cree = await rdvi.enregistrer(ORGANISATION, envoye())
    assert (await rdvi.enregistrer(ORGANISATION, envoye(last_name="Essai-Durand"))).id == cree.id
    invites = await rdvi.enregistrer_et_inviter(ORGANISATION, envoye(), categorie=CATEGORIE)
    assert invites.user.id == cree.id
    assert [une.format for une in invites.invitations] == ["sms"]
    with pytest.raises(RefusRdvInsertion) as refus:
        await rdvi.enregistrer_et_inviter(ORGANISATION, envoye(), categorie=CATEGORIE)
    assert len(refus.value.erreurs) == 1
    # What may be logged of it quotes nobody.
    assert str(refus.value) == "(422, 'refusee')"
    for rang in range(30):
        await rdvi.enregistrer(ORGANISATION, envoye(department_internal_id=f"p{rang}"))
    premiere = await rdvi.chercher_usagers(ORGANISATION, "essai")
    assert (len(premiere.users), premiere.pagination.next_page) == (25, 2)
    seconde = await rdvi.chercher_usagers(ORGANISATION, "essai", page=2)
    assert (len(seconde.users), seconde.pagination.next_page) == (6, None)
    with pytest.raises(ErreurPartenaire, match="404"):
        await rdvi.chercher_usagers(1, "essai")


@pytest.mark.parametrize(
    ("reponse", "attente_s"),
    [
        pytest.param(JSONResponse({}, 429, headers={"Retry-After": "17"}), 17, id="429"),
        pytest.param(Response(status_code=302, headers={"Location": "/ailleurs"}), 0, id="renvoi"),
        pytest.param(Response(b"x" * (16 * 1024 * 1024 + 1)), 0, id="sans fin"),
    ],
)
async def test_what_they_answer_is_bounded_and_obeyed(
    rdvi: RdvInsertion, monde: Monde, reponse: Response, attente_s: float
) -> None:
    monde.pannes.append(Panne("departments", reponse))
    with pytest.raises(ErreurPartenaire) as error:
        await rdvi.lire_departement("35")
    assert error.value.attente_s == pytest.approx(attente_s)


async def test_a_setting_is_asked_of_who_administers(connecter: Any, ouverte: str) -> None:
    client = connecter("orientation", "orientation:lire orientation:ecrire")
    refused = await client.post("/v1/reglages-invitations", {"envoi": True, "categorie": CATEGORIE})
    assert refused.status_code == 403
    admin = connecter("orientation")
    for categorie in ("siae_interview", "RSA", ""):
        refused = await admin.post(
            "/v1/reglages-invitations", {"envoi": True, "categorie": categorie}
        )
        assert refused.status_code == 422
