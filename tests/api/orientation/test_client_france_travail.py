"""The client of France Travail, against the fake: one token for all, and every way to go wrong."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from pydantic import ValidationError
from sqlalchemy import text

from services.orientation.france_travail.jetons import MagasinJetons
from shared.clients.france_travail import client as module
from shared.clients.france_travail.acces import AccesFranceTravail, Agent
from shared.clients.france_travail.circuit import Circuit
from shared.clients.france_travail.client import FranceTravail, Identite
from shared.clients.france_travail.contrats import (
    DecisionEnvoyee,
    EvenementSanction,
    OrganismeRendezVous,
    RendezVousEnvoye,
    Sanction,
)
from shared.clients.france_travail.erreurs import CircuitOuvert, ErreurFranceTravail, lire_reponse
from shared.clients.france_travail.jetons import JetonsFranceTravail
from shared.clients.france_travail.reprises import Suite
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.socle.db import BaseDeDonnees
from shared.socle.service import Service
from tests.doubles.france_travail import Monde, Panne, Usager, app

NUMERO, NIR, NAISSANCE = "99900000001", "285019999900145", date(1985, 1, 2)
IDENTITE = Identite(NAISSANCE, numero=NUMERO)
PORTEES = "api_contrat-usagerv2 statutcontratusager profil_accedant"
STATUT = "/contrat-usager/v2/contrat"


def acces(**rest: Any) -> AccesFranceTravail:
    base = {
        "url_jetons": "https://auth.ft.example",
        "url_api": "https://api.ft.example",
        "client_id": "jalons-essai",
        "secret": "secret-essai",
        "par_seconde": 1000,
        "delai_s": 2,
        "essais": 3,
        "patience_s": 5,
    }
    return AccesFranceTravail.model_validate(base | rest)


@pytest.fixture
def monde() -> Monde:
    """A scenario with one person."""
    found = Monde(revoque_precedent=True)
    found.ajouter(Usager(NUMERO, NIR, NAISSANCE.isoformat()))
    return found


# A worker: its own pool, its own memory.
Ouvrir = Callable[..., FranceTravail]


@pytest_asyncio.fixture
async def travailleur(
    services: Mapping[str, Service], ouverte: str, monde: Monde
) -> AsyncIterator[Ouvrir]:
    """Open workers of one collectivité, on one fake."""
    service = services["orientation"]
    porte = httpx.ASGITransport(app(monde))
    bases: list[BaseDeDonnees] = []
    async with httpx.AsyncClient(transport=porte) as http:

        def ouvrir(**rest: Any) -> FranceTravail:
            base = BaseDeDonnees(service.reglages.postgres.get_secret_value(), connexions=4)
            bases.append(base)
            magasin = MagasinJetons(base, service.coffre, service.acces_interne(ouverte))
            given = acces(**rest)
            return FranceTravail(given, JetonsFranceTravail(given, magasin, http), http)

        yield ouvrir
        for base in bases:
            await base.aclose()


@pytest.fixture(autouse=True)
def sans_attente(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between attempts, unless they ask for one."""
    monkeypatch.setattr("shared.clients.france_travail.reprises._PREMIERE_S", 0)


async def test_a_hundred_callers_in_five_workers_ask_for_one_token(
    monde: Monde, travailleur: Ouvrir
) -> None:
    """The token's request is slow, so that all of them wait for it; a second kills the first.

    Planted: the lease always taken, red; the token not read again under it, red.
    """
    monde.pannes.append(Panne("access_token", genre="lent", delai_s=0.5, nombre=1000))
    workers = [travailleur() for _ in range(5)]
    await asyncio.gather(*(un.lire_statut(IDENTITE) for un in workers for _ in range(20)))
    # One by product: to find the person, and to read how she is registered.
    assert monde.appels["jeton"] == 2
    monde.revoquer()
    await asyncio.gather(*(un.lire_statut(IDENTITE) for un in workers for _ in range(20)))
    assert monde.appels["jeton"] == 3  # the persons are known: one product


async def test_a_token_is_asked_again_before_it_ends_and_not_sooner(
    services: Mapping[str, Service], ouverte: str, monde: Monde, travailleur: Ouvrir
) -> None:
    """Its life is the base's clock; ten seconds are kept for the way."""
    client = travailleur()
    for _ in range(2):
        await client.lire_statut(IDENTITE)
        assert monde.appels["jeton"] == 2
    async with services["orientation"].base.transaction(
        services["orientation"].acces_interne(ouverte)
    ) as tx:
        rows = (
            await tx.execute(
                text(
                    "SELECT jeton, EXTRACT(epoch FROM expire_le - clock_timestamp()) AS reste,"
                    " demandeur FROM jeton_france_travail WHERE collectivite = :collectivite"
                )
            )
        ).all()
        assert len(rows) == 2
        for row in rows:
            assert 1400 < row.reste <= 1489
            assert b"at-" not in row.jeton  # sealed
            assert row.demandeur is None
        await tx.execute(
            text(
                "UPDATE jeton_france_travail SET expire_le = now()"
                " WHERE collectivite = :collectivite"
            )
        )
    await client.lire_statut(IDENTITE)
    assert monde.appels["jeton"] == 3


async def test_who_dies_with_the_lease_stops_the_others_for_its_length_only(
    services: Mapping[str, Service], ouverte: str, monde: Monde, travailleur: Ouvrir
) -> None:
    client = travailleur()
    service = services["orientation"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text(
                "INSERT INTO jeton_france_travail"
                " (collectivite, cle, rang, demandeur, bail_jusqu_a)"
                " VALUES (:collectivite, :cle, 0, gen_random_uuid(),"
                " clock_timestamp() + interval '1 second')"
            ),
            {"cle": f"/agent {module.RECHERCHE.portees}"},
        )
    debut = time.monotonic()
    await client.rechercher(IDENTITE)
    assert 0.5 < time.monotonic() - debut < 15
    assert monde.appels["jeton"] == 1


@pytest.mark.parametrize(
    ("panne", "jetons"),
    [
        pytest.param(Panne("access_token", statut=429, retry_after="0"), 2, id="429"),
        pytest.param(Panne("access_token", statut=503), 2, id="503"),
        pytest.param(Panne("access_token", genre="html", statut=503), 2, id="503 HTML"),
    ],
)
async def test_a_token_that_does_not_come_is_asked_again(
    monde: Monde, travailleur: Ouvrir, panne: Panne, jetons: int
) -> None:
    monde.pannes.append(panne)
    assert (await travailleur().rechercher(IDENTITE)).certifiee
    assert monde.appels["jeton"] == jetons


async def test_a_scope_that_they_refuse_is_final(monde: Monde, travailleur: Ouvrir) -> None:
    with pytest.raises(ErreurFranceTravail) as refus:
        await travailleur(secret="autre").rechercher(IDENTITE)
    assert (refus.value.statut, refus.value.code) == (400, "invalid_client")
    assert monde.appels["jeton"] == 1


async def test_an_expired_token_is_replaced_once_and_the_call_made_again(
    monde: Monde, travailleur: Ouvrir
) -> None:
    """The fake's clock has gone past its life; the base's has not."""
    client = travailleur()
    await client.lire_statut(IDENTITE)
    monde.avancer(1500)
    assert (await client.lire_statut(IDENTITE)) is not None
    assert monde.appels["jeton"] == 3
    assert monde.appels[f"GET /partenaire{STATUT}"] == 3


async def test_a_call_that_no_token_opens_is_not_made_for_ever(
    monde: Monde, travailleur: Ouvrir
) -> None:
    client = travailleur()
    await client.lire_statut(IDENTITE)
    avant = monde.appels.copy()
    monde.pannes.append(Panne("/contrat", statut=401, nombre=100))
    with pytest.raises(ErreurFranceTravail) as refus:
        await client.lire_statut(IDENTITE)
    assert refus.value.statut == 401
    # Twice with the user token kept, twice with another.
    assert (monde.appels - avant)[f"GET /partenaire{STATUT}"] == 4


@pytest.mark.parametrize("statut", [401, 403])
async def test_a_person_s_token_is_kept_until_it_ends(
    monde: Monde, travailleur: Ouvrir, statut: int
) -> None:
    """Past its life, she is found again, whatever they answer of the old one."""
    monde.statut_jeton_usager = statut
    client = travailleur()
    for _ in range(3):
        await client.lire_statut(IDENTITE)
    recherches = "POST /partenaire/rechercher-usager/v2/usagers/par-numero-francetravail"
    assert monde.appels[recherches] == 1
    monde.avancer(86_500)
    assert await client.lire_statut(IDENTITE) is not None
    assert monde.appels[recherches] >= 2


# Each fault, and how many times the call is made: of three attempts.
FAUTES = [
    pytest.param(Panne("", statut=429, retry_after="0"), 3, None, id="429"),
    pytest.param(Panne("", statut=502), 3, None, id="502"),
    pytest.param(Panne("", statut=503), 3, None, id="503"),
    pytest.param(Panne("", statut=504), 3, None, id="504"),
    pytest.param(Panne("", statut=503, corps={"codeRetour": "R999"}), 3, "R999", id="R999"),
    pytest.param(Panne("", genre="coupe"), 3, None, id="connexion coupée"),
    pytest.param(Panne("", genre="lent", delai_s=30), 3, None, id="trente secondes"),
    pytest.param(Panne("", genre="tronque"), 3, None, id="JSON tronqué"),
    pytest.param(Panne("", genre="html", statut=200), 3, None, id="200 HTML"),
    pytest.param(Panne("", genre="html", statut=500), 1, None, id="500 HTML"),
    pytest.param(Panne("", statut=500), 1, None, id="500 vide"),
    pytest.param(Panne("", statut=302), 1, None, id="302"),
    pytest.param(Panne("", statut=404), 1, None, id="404"),
    pytest.param(Panne("", genre="latin1", statut=400), 1, None, id="400 latin-1"),
    pytest.param(
        Panne("", statut=500, corps={"codeRetour": "R998", "message": "x"}), 1, "R998", id="R998"
    ),
    pytest.param(
        Panne("", genre="corps", corps={"codeErreur": "ERT_200_FONCT_1"}),
        1,
        "ERT_200_FONCT_1",
        id="erreur dans un 200",
    ),
    pytest.param(
        Panne("", statut=400, corps={"status": 400, "error": "Bad Request", "message": "m"}),
        1,
        None,
        id="Spring",
    ),
    pytest.param(
        Panne("", statut=403, corps={"title": "HabilitationException", "status": 403}),
        1,
        "HabilitationException",
        id="RFC 9457",
    ),
    pytest.param(
        Panne("", statut=400, corps={"code": "PARAM_INCOHERENT", "message": "m"}),
        1,
        "PARAM_INCOHERENT",
        id="activités",
    ),
]


@pytest.mark.parametrize(("panne", "appels", "code"), FAUTES)
async def test_every_fault_is_one_error_repeated_where_it_may_be(
    monde: Monde, travailleur: Ouvrir, panne: Panne, appels: int, code: str | None
) -> None:
    """Planted: finals repeated, red."""
    client = travailleur(delai_s=0.3)
    await client.rechercher(IDENTITE)
    chemin = "/calculOrientation" if panne.statut == 403 else "/contrat"
    monde.pannes.append(Panne(**vars(panne) | {"chemin": chemin, "nombre": 100}))
    avant = monde.appels.copy()
    appel = (
        client.calculer_orientation(IDENTITE, {})
        if panne.statut == 403
        else client.lire_statut(IDENTITE)
    )
    with pytest.raises(ErreurFranceTravail) as refus:
        await appel
    made = sum(n for nom, n in (monde.appels - avant).items() if nom.endswith(chemin))
    # A 403 may be the user token that was kept: she is found again, and asked once more.
    assert made == (2 if panne.statut == 403 else appels)
    assert refus.value.code == code
    # It heals: what failed twice is then done.
    if appels == 3:
        monde.pannes[-1].nombre = 2
        client = travailleur(delai_s=0.3)
        assert await client.lire_statut(IDENTITE) is not None


async def test_retry_after_is_waited_for_and_one_beyond_our_patience_is_not(
    monde: Monde, travailleur: Ouvrir
) -> None:
    client = travailleur(patience_s=4)
    await client.lire_statut(IDENTITE)
    monde.pannes.append(Panne("/contrat", statut=429, retry_after="1"))
    debut = time.monotonic()
    await client.lire_statut(IDENTITE)
    assert time.monotonic() - debut > 0.9
    monde.pannes.append(Panne("/contrat", statut=429, retry_after="abc"))
    with pytest.raises(ErreurFranceTravail) as refus:
        await client.lire_statut(IDENTITE)
    assert refus.value.statut == 429


RENDEZ_VOUS = RendezVousEnvoye(
    date=datetime(2030, 1, 5, 10, tzinfo=UTC),
    motif="ACC",
    modalite_contact="PHYSIQUE",
    type_reception="IND",
    statut="PRIS",
    organisme=OrganismeRendezVous(code="CD"),
)


@pytest.mark.parametrize(
    "panne",
    [
        pytest.param(
            Panne("/rendez-vous", genre="lent", delai_s=5, apres=True), id="fait, trop lent"
        ),
        pytest.param(Panne("/rendez-vous", statut=504, apres=True), id="fait, 504"),
        pytest.param(Panne("/rendez-vous", genre="coupe", apres=True), id="fait, coupé"),
        pytest.param(Panne("/rendez-vous", statut=504), id="pas fait, 504"),
        pytest.param(Panne("/rendez-vous", statut=429, retry_after="0"), id="pas fait, 429"),
    ],
)
async def test_an_appointment_in_doubt_is_looked_for_and_never_doubled(
    monde: Monde, travailleur: Ouvrir, panne: Panne
) -> None:
    """Planted: POST of a rendez-vous said to be idempotent, red."""
    client = travailleur(delai_s=1)
    monde.pannes.append(Panne(**vars(panne) | {"nombre": 1}))
    found = await client.creer_rendez_vous(IDENTITE, RENDEZ_VOUS)
    assert list(monde.usagers[NUMERO].rendez_vous) == [found]


async def test_appointments_are_changed_and_cancelled_and_a_lost_id_is_final(
    monde: Monde, travailleur: Ouvrir
) -> None:
    client = travailleur()
    found = await client.creer_rendez_vous(IDENTITE, RENDEZ_VOUS)
    change = RENDEZ_VOUS.model_copy(update={"id": found, "statut": "EFFECTUE"})
    await client.modifier_rendez_vous(IDENTITE, change)
    assert [un.statut for un in await client.lire_rendez_vous(IDENTITE)] == ["EFFECTUE"]
    await client.annuler_rendez_vous(IDENTITE, found)
    assert [un.statut for un in await client.lire_rendez_vous(IDENTITE)] == ["ANNULE"]
    with pytest.raises(ErreurFranceTravail) as refus:
        await client.annuler_rendez_vous(IDENTITE, "inconnu")
    assert (refus.value.code, refus.value.suite) == ("ID_NON_RECONNU", Suite.FINALE)


async def test_an_orientation_is_computed_decided_read_and_modified(
    monde: Monde, travailleur: Ouvrir
) -> None:
    monde.sans_zone = True
    client = travailleur()
    criteres = {
        "origine": "INSCRIPTION_CONSEILLER_CD",
        "situation_professionnelle": "JAMAIS",
        "niveau_etude": "NV4",
        "capacite_a_travailler": True,
        "projet_pro": "SALARIAT",
    }
    calcul = await client.calculer_orientation(IDENTITE, criteres)
    taches = await client.chercher_activites("ACT382")
    decision = DecisionEnvoyee(
        etat_decision="REFUSEE",
        date_decision=date(2026, 2, 1),
        organisme_decision="CD",
        agent_decision="BATCH",
        motif_refus="APPRECIATION_DIFFERENTE",
        parcours="PSO",
        organisme="CD",
    )
    await client.decider_orientation(IDENTITE, decision)
    lue = (await client.lire_orientations(IDENTITE))[0]
    await client.modifier_parcours(IDENTITE, "PSP")
    modifiee = (await client.lire_orientations(IDENTITE))[0]
    assert (calcul.etat, calcul.type_parcours) == ("EN_ATTENTE", TypeParcours.PROFESSIONNEL)
    assert [une.usager.identifiant for une in taches.activites] == [NUMERO]
    assert lue.decision is not None
    assert (lue.etat, lue.type_parcours) == ("OUVERT", TypeParcours.SOCIAL)
    assert lue.date_modification is not None
    assert lue.date_modification.tzinfo is not None
    assert modifiee.type_parcours is TypeParcours.SOCIO_PROFESSIONNEL
    assert (await client.chercher_activites("ACT382")).activites == []


async def test_the_work_queue_is_read_to_its_end(monde: Monde, travailleur: Ouvrir) -> None:
    for _ in range(1001):
        monde.tache(NUMERO, "ACT382", "INSEA")
    lue = await travailleur().chercher_activites("ACT382")
    assert (len(lue.activites), lue.pages) == (1001, 2)


async def test_a_dossier_is_written_and_read_as_it_is(monde: Monde, travailleur: Ouvrir) -> None:
    client = travailleur()
    contrainte = {"code": "23", "valeur": "OUI", "impact": "FORT"}
    assert await client.lire_dossier(IDENTITE) is None
    await client.ecrire_dossier(
        IDENTITE,
        {
            "contraintesDossierAEnregistrer": {
                "dateExploration": "2026-02-01T10:00:00.000+0100",
                "contraintesAEnregistrer": [contrainte],
            }
        },
    )
    lu = await client.lire_dossier(IDENTITE)
    listes = await client.lire_referentiel()
    assert lu is not None
    assert lu["thematiqueContrainte"]["contraintes"][0]["impact"] == "FORT"
    assert len(listes["thematiqueContrainte"]["contraintes"]) == 8


async def test_a_sanction_bears_a_name_and_c999_is_an_error(
    monde: Monde, travailleur: Ouvrir
) -> None:
    client = travailleur()
    monde.usagers[NUMERO].manquements["C1"] = {"familleManquement": "F01", "etat": "PROPOSEE"}
    evenement = EvenementSanction(type_evenement="SAISIE_SANCTION", date_evenement=date(2026, 2, 1))
    sanction = Sanction(identifiant_consequence_sanction="C1", evenement=evenement)
    nommee = Agent(identifiant="agent-essai", nom="ESSAI", prenom="ALIX")
    assert await client.lire_manquement(IDENTITE, "C1") == {"familleManquement": "F01"}
    with pytest.raises(ValueError, match="porte le nom"):
        await client.dire_sanction(IDENTITE, sanction, Agent())
    with pytest.raises(ErreurFranceTravail) as refus:
        await client.dire_sanction(IDENTITE, sanction, nommee)
    assert refus.value.code == "C999"
    monde.sanctions_ouvertes = True
    await client.dire_sanction(IDENTITE, sanction, nommee)
    assert monde.usagers[NUMERO].manquements["C1"]["etat"] == "SAISIE"


@pytest.mark.parametrize(
    ("retour", "code"),
    [("S002", "S002"), ("S003", "S003"), ("204", "S002"), ("R001", "R001"), ("R002", "R002")],
)
async def test_a_person_who_is_not_found_is_final(
    monde: Monde, travailleur: Ouvrir, retour: str, code: str
) -> None:
    monde.usagers[NUMERO].retour = retour
    with pytest.raises(ErreurFranceTravail) as refus:
        await travailleur().rechercher(Identite(NAISSANCE, nir=NIR))
    assert (refus.value.code, refus.value.suite) == (code, Suite.FINALE)


@pytest.mark.parametrize(
    "panne",
    [
        pytest.param(None, id="S002"),
        pytest.param(Panne("/par-numero", statut=204), id="204"),
        pytest.param(Panne("/par-numero", statut=404), id="404"),
    ],
)
async def test_nobody_by_her_number_is_looked_for_by_her_nir(
    monde: Monde, travailleur: Ouvrir, panne: Panne | None
) -> None:
    """Planted: the number alone, red."""
    if panne is not None:
        monde.pannes.append(panne)
    ancien = "99900000099" if panne is None else NUMERO
    found = await travailleur().rechercher(Identite(NAISSANCE, numero=ancien, nir=NIR))
    assert found.numero_france_travail == NUMERO


@pytest.mark.parametrize(
    "panne",
    [
        pytest.param(Panne("/lecture", statut=200), id="vide"),
        pytest.param(Panne("/lecture", statut=204), id="204"),
        pytest.param(Panne("/lecture", genre="corps", corps={}), id="objet vide"),
        pytest.param(
            Panne("/lecture", genre="corps", corps=[{"parcours": "Un parcours"}]),  # type: ignore[arg-type]
            id="un parcours qui n'est pas un code",
        ),
    ],
)
async def test_only_a_list_says_that_they_hold_nothing(
    monde: Monde, travailleur: Ouvrir, panne: Panne
) -> None:
    """Else a repair would orient a second time. Planted: an empty answer read as none, red."""
    client = travailleur()
    assert await client.lire_orientations(IDENTITE) == []
    monde.pannes.append(Panne(**vars(panne) | {"nombre": 1}))
    with pytest.raises(ErreurFranceTravail) as refus:
        await client.lire_orientations(IDENTITE)
    assert (refus.value.code, refus.value.suite) == ("illisible", Suite.FINALE)


@pytest.mark.parametrize(
    ("statut", "corps", "code"),
    [
        pytest.param(404, {"status": 404, "error": "Not Found"}, None, id="phrase de Spring"),
        pytest.param(400, {"code": "MARTIN Camille, nee le"}, None, id="phrase de passerelle"),
        pytest.param(400, {"code": NIR}, None, id="NIR"),
        pytest.param(400, {"code": NUMERO}, None, id="numéro"),
        pytest.param(400, {"code": "A" * 65}, None, id="soixante-cinq caractères"),
        pytest.param(400, {"code": "x y", "title": "Exception"}, "Exception", id="le suivant"),
        pytest.param(200, {"codeErreur": "une phrase"}, None, id="phrase dans un 200"),
    ],
)
def test_a_code_is_a_word_and_quotes_nobody(
    statut: int, corps: dict[str, Any], code: str | None
) -> None:
    """It is kept, logged and published. Planted: any text kept as code, red."""
    with pytest.raises(ErreurFranceTravail) as refus:
        lire_reponse(httpx.Response(statut, json=corps), idempotent=True)
    assert refus.value.code == code


def test_patience_ends_before_the_lease() -> None:
    assert acces(patience_s=180).patience_s == 180
    with pytest.raises(ValidationError):
        acces(patience_s=181)


async def test_a_circuit_opens_and_heals_by_one_trial(
    monde: Monde, travailleur: Ouvrir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the circuit never half open, red; a refusal counted as a failure, red."""
    maintenant = [0.0]
    monkeypatch.setattr(module, "Circuit", lambda: Circuit(seuil=5, horloge=lambda: maintenant[0]))
    client = travailleur(essais=1)
    await client.rechercher(IDENTITE)
    chemin = f"GET /partenaire{STATUT}"

    async def lire() -> str | None:
        try:
            await client.lire_statut(IDENTITE)
        except ErreurFranceTravail as error:
            return error.code or str(error.statut)
        return None

    monde.pannes.append(Panne("/contrat", statut=404, nombre=6))
    assert [await lire() for _ in range(6)] == ["404"] * 6
    monde.pannes.append(Panne("/contrat", statut=503, nombre=6))
    assert [await lire() for _ in range(5)] == ["503"] * 5
    assert [await lire() for _ in range(3)] == ["circuit-ouvert"] * 3
    assert monde.appels[chemin] == 11
    maintenant[0] = 31
    assert await lire() == "503"  # the trial failed: open again
    assert await lire() == "circuit-ouvert"
    maintenant[0] = 62
    monde.pannes.append(Panne("/contrat", genre="lent", delai_s=0.2))
    assert sorted(str(one) for one in await asyncio.gather(lire(), lire())) == [
        "None",
        "circuit-ouvert",
    ]
    assert [await lire() for _ in range(3)] == [None] * 3
    # The other products were never stopped.
    assert await client.lire_orientations(IDENTITE) == []


def test_a_trial_given_up_leaves_room_for_another() -> None:
    circuit = Circuit(seuil=1, repos_s=0, horloge=lambda: 0)
    circuit.passer()
    circuit.dire(repond=False)
    circuit.passer()
    with pytest.raises(CircuitOuvert):
        circuit.passer()
    circuit.abandonner()
    circuit.passer()


async def test_calls_of_a_product_are_paced(monde: Monde, travailleur: Ouvrir) -> None:
    client = travailleur(par_seconde=20)
    await client.lire_statut(IDENTITE)
    debut = time.monotonic()
    await asyncio.gather(*(client.lire_statut(IDENTITE) for _ in range(10)))
    assert time.monotonic() - debut > 0.4


@asynccontextmanager
async def journal(caplog: pytest.LogCaptureFixture) -> AsyncIterator[list[str]]:
    """All that is logged meanwhile, by both ways."""
    said: list[str] = []
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as captured:
        yield said
    said += [repr(one) for one in captured] + [repr(vars(one)) for one in caplog.records]


async def test_no_secret_is_logged_nor_told_by_an_error(
    monde: Monde, travailleur: Ouvrir, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither token, number, NIR nor birth date. Planted: the message in the error's text, red."""
    client = travailleur()
    texte = f"usager {NUMERO} {NIR} inconnu"
    monde.pannes.append(Panne("/contrat", statut=503, corps={"codeErreur": "X", "message": texte}))
    monde.pannes.append(Panne("/lecture", statut=400, corps={"codeErreur": "X", "message": texte}))
    async with journal(caplog) as said:
        await client.lire_statut(IDENTITE)
        with pytest.raises(ErreurFranceTravail) as refus:
            await client.lire_orientations(IDENTITE)
        structlog.get_logger().warning("echec", error=repr(refus.value), qui=repr(IDENTITE))
        usager = await client.rechercher(IDENTITE)
        structlog.get_logger().warning("trouve", qui=repr(usager))
    tout = "".join(said)
    assert said
    jetons = [usager.jeton_usager, *monde.jetons]
    for secret in (NUMERO, NIR, NAISSANCE.isoformat(), "secret-essai", *jetons):
        assert secret not in tout
    assert NUMERO not in refus.value.brut
    assert NIR not in refus.value.brut
