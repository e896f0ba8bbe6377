"""The fifteen scenarios of France Travail, as the fake plays them."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.doubles.france_travail import Monde, Panne, app
from tests.unit.doubles.conftest import AUTH, ENTETES, NAISSANCE, NIR, NUMERO, Appeler, usager

CLIENT = {
    "grant_type": "client_credentials",
    "client_id": "jalons-essai",
    "client_secret": "secret-essai",
    "scope": "api_contrat-usagerv2 statutcontratusager",
}


async def demander(monde: Monde, realm: str = "/agent", **form: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(monde))) as http:
        url = f"{AUTH}/connexion/oauth2/access_token"
        return await http.post(url, params={"realm": realm}, data=CLIENT | form)


async def test_a_token_is_given_for_known_scopes_and_counted(monde: Monde) -> None:
    donne = await demander(monde, scope="application_jalons-essai profil_accedant")
    refus = {
        "invalid_scope": await demander(monde, scope="inconnue"),
        "invalid_client": await demander(monde, client_secret="autre"),
        "unsupported_grant_type": await demander(monde, grant_type="password"),
        "invalid_grant": await demander(monde, realm="/inconnu"),
    }
    assert (donne.status_code, donne.json()["expires_in"]) == (200, 1499)
    assert donne.headers["Cache-Control"] == "no-store"
    assert {nom: un.json()["error"] for nom, un in refus.items()} == {nom: nom for nom in refus}
    assert {un.status_code for un in refus.values()} == {400}
    assert monde.appels["jeton"] == 5


@pytest.mark.parametrize("revoque", [False, True], ids=["les deux valent", "revoque"])
async def test_a_second_token_kills_the_first_where_the_scenario_says_so(
    monde: Monde, revoque: bool
) -> None:
    monde.revoque_precedent = revoque
    premier = (await demander(monde)).json()["access_token"]
    second = (await demander(monde)).json()["access_token"]
    assert (monde.lire_jeton(premier) is None) is revoque
    assert monde.lire_jeton(second) is not None


async def test_a_token_ends_and_belongs_to_its_realm_and_scopes(
    monde: Monde, appeler: Appeler
) -> None:
    async def lire(jeton: str) -> int:
        headers = {"Authorization": f"Bearer {jeton}"}
        return (await appeler("GET", "statut", "/contrat", headers=headers)).status_code

    bon = (await demander(monde)).json()["access_token"]
    partenaire = (await demander(monde, realm="/partenaire")).json()["access_token"]
    etroit = (await demander(monde, scope="api_contrat-usagerv2")).json()["access_token"]
    assert [await lire(un) for un in (bon, partenaire, etroit, "inconnu")] == [200, 401, 403, 401]
    monde.avancer(1500)
    assert await lire(bon) == 401


@pytest.mark.parametrize("nom", ENTETES)
@pytest.mark.parametrize(
    ("valeur", "statut"),
    [
        pytest.param(None, 302, id="absent"),
        pytest.param("", 401, id="vide"),
        pytest.param("A|B", 400, id="barre"),
    ],
)
async def test_the_agent_is_told_in_three_headers(
    appeler: Appeler, nom: str, valeur: str | None, statut: int
) -> None:
    answer = await appeler("GET", "statut", "/contrat", headers={nom: valeur})
    assert answer.status_code == statut


@pytest.mark.parametrize(
    ("retour", "statut"),
    [
        ("S001", 200),
        ("S002", 200),
        ("S003", 200),
        ("R001", 403),
        ("R002", 403),
        ("R998", 500),
        ("R999", 503),
        ("204", 204),
    ],
)
@pytest.mark.parametrize(
    ("chemin", "corps"),
    [
        pytest.param(
            "/usagers/par-datenaissance-et-nir",
            {"dateNaissance": NAISSANCE, "nir": NIR[:13]},
            id="nir",
        ),
        pytest.param(
            "/usagers/par-numero-francetravail", {"numeroFranceTravail": NUMERO}, id="numero"
        ),
    ],
)
async def test_each_person_is_found_as_the_scenario_says(
    monde: Monde, appeler: Appeler, chemin: str, corps: Any, retour: str, statut: int
) -> None:
    monde.ajouter(usager(retour=retour, certifiee="N"))
    answer = await appeler("POST", "rechercher", chemin, json=corps)
    assert answer.status_code == statut
    if retour != "204":
        assert answer.json()["codeRetour"] == retour
        assert ("jetonUsager" in answer.json()) is (retour == "S001")
        assert answer.json().get("topIdentiteCertifiee") == ("N" if retour == "S001" else None)


async def test_a_bad_body_is_r997_and_nobody_is_s002(appeler: Appeler) -> None:
    chemin = "/usagers/par-numero-francetravail"
    mauvais = await appeler("POST", "rechercher", chemin, json={"numeroFranceTravail": "12"})
    inconnu = {"numeroFranceTravail": "99900000009"}
    personne = await appeler("POST", "rechercher", chemin, json=inconnu)
    assert (mauvais.status_code, mauvais.json()["codeRetour"]) == (400, "R997")
    assert (personne.status_code, personne.json()["codeRetour"]) == (200, "S002")


@pytest.mark.parametrize("statut", [401, 403])
async def test_the_jeton_usager_ends_after_a_day(
    monde: Monde, appeler: Appeler, statut: int
) -> None:
    monde.statut_jeton_usager = statut
    headers = {"ft-jeton-usager": monde.emettre_jeton_usager(NUMERO)}
    monde.avancer(86_000)
    assert (await appeler("GET", "statut", "/contrat", headers=headers)).status_code == 200
    monde.avancer(500)
    assert (await appeler("GET", "statut", "/contrat", headers=headers)).status_code == statut


def decision(**rest: Any) -> dict[str, Any]:
    return {
        "etat_decision": "ACCEPTEE",
        "date_decision": "2026-02-01",
        "organisme_decision": "CD",
        "agent_decision": "BATCH",
        **rest,
    }


CHOIX = {"parcours": "PSO", "organisme": "CD"}
REFUSEE = {"etat_decision": "REFUSEE", "motif_refus": "APPRECIATION_DIFFERENTE"}


@pytest.mark.parametrize(
    ("preconise", "corps", "attendu"),
    [
        pytest.param("PED", decision(), (201, "PED"), id="acceptee"),
        pytest.param("PED", decision(**REFUSEE, **CHOIX), (201, "PSO"), id="refusee, choisie"),
        pytest.param("PED", decision(etat_decision="REFUSEE"), (400, None), id="sans motif"),
        pytest.param("IND", decision(), (400, None), id="indeterminee acceptee"),
        pytest.param("IND", decision(**REFUSEE), (400, None), id="indeterminee sans choix"),
        pytest.param("IND", decision(**REFUSEE, **CHOIX), (201, "PSO"), id="indeterminee choisie"),
        pytest.param("PED", decision(**REFUSEE, parcours="EO"), (400, None), id="hors liste"),
        pytest.param(None, decision(), (400, None), id="rien n'attend"),
    ],
)
async def test_a_decision_opens_the_orientation(
    monde: Monde,
    appeler: Appeler,
    preconise: str | None,
    corps: dict[str, Any],
    attendu: tuple[int, str | None],
) -> None:
    if preconise:
        monde.preconiser(NUMERO, preconise, "FT")
    answer = await appeler("POST", "orientation", "/decisionOrientation", json=corps)
    ouvertes = await appeler(
        "GET", "orientation", "/lectureOrientation", params={"etatOrientation": "OUVERT"}
    )
    found = ouvertes.json()[0] if ouvertes.json() else {}
    assert (answer.status_code, found.get("parcours")) == attendu
    if answer.status_code == 400:
        assert set(answer.json()) == {"timestamp", "status", "error", "message", "path"}
    # The task to decide is gone, the one to meet the person has come.
    codes = {une["codeActivite"] for une in monde.activites}
    assert ("ACT380" in codes, "ACT382" in codes) == (
        answer.status_code == 201,
        answer.status_code != 201 and preconise is not None,
    )


async def test_the_second_version_tells_four_responsibilities(
    monde: Monde, appeler: Appeler
) -> None:
    monde.sans_zone = True
    criteres = {
        "origine": "INSCRIPTION_AUTO_CAF",
        "situation_professionnelle": "JAMAIS",
        "niveau_etude": "NV4",
        "capacite_a_travailler": True,
        "projet_pro": "SALARIAT",
        "contrainte_logement": "SANS_LOGEMENT",
    }
    brouillon = await appeler(
        "POST", "orientation_v2", "/calculerOrientation", json={"projet_pro": "AUCUN"}
    )
    calcul = await appeler("POST", "orientation_v2", "/calculerOrientation", json=criteres)
    corps = {
        **REFUSEE,
        "date_decision": "2026-02-01",
        "parcours": "PSP",
        "referent_parcours": {"organisme": {"code": "CD"}},
    }
    decidee = await appeler("POST", "orientation_v2", "/decisionOrientation", json=corps)
    modifiee = await appeler(
        "PUT", "orientation_v2", "/modificationOrientation", json={"parcours": "PED"}
    )
    lues = (await appeler("GET", "orientation_v2", "/lectureOrientation")).json()
    assert brouillon.json()["etat"] == "BROUILLON"
    assert (calcul.json()["etat"], calcul.json()["parcours"]) == ("EN_ATTENTE", "PSO")
    assert not calcul.json()["date_creation"].endswith(("Z", "+00:00"))
    assert (decidee.status_code, decidee.content) == (201, b"")
    assert modifiee.status_code == 200
    assert [(une["parcours"], une["statut"]) for une in lues] == [("PED", "MODIFIE")]
    assert {"responsable_usager", "competent_decision", "prise_decision", "referent_parcours"} <= (
        lues[0].keys()
    )


async def test_the_first_version_modifies_by_headers(monde: Monde, appeler: Appeler) -> None:
    forcee = {"origine": "INSCRIPTION_CONSEILLER_CD", "parcours": "PED", "organisme": "FT"}
    assert (await appeler("POST", "orientation", "/orientation", json=forcee)).status_code == 201
    chemin = "/modificationOrientation"
    rien = await appeler("PUT", "orientation", chemin)
    fait = await appeler("PUT", "orientation", chemin, headers={"codeParcours": "PSO"})
    mal = await appeler("PUT", "orientation", chemin, headers={"codeParcours": "SOCIAL"})
    assert [rien.status_code, fait.status_code, mal.status_code] == [400, 200, 400]
    assert monde.usagers[NUMERO].orientations[0]["parcours"] == "PSO"


async def test_the_work_queue_is_read_by_one_filter_and_a_cursor(
    monde: Monde, appeler: Appeler
) -> None:
    async def chercher(**params: str) -> httpx.Response:
        return await appeler("GET", "activites", "/activites/chercher", params=params)

    vide = await chercher(codeActivite="ACT382")
    monde.tache(NUMERO, "ACT382", "INSEA")
    une = (await chercher(codeActivite="ACT382")).json()
    for _ in range(1000):
        monde.tache(NUMERO, "ACT382", "INSEA")
    page = (await chercher(codeFamille="INSEA")).json()
    suite = (await chercher(codeFamille="INSEA", cursor=page["cursor"])).json()
    deux = await chercher(codeFamille="INSEA", codeActivite="ACT382")
    assert vide.status_code == 204
    assert (une["size"], une["hasMore"]) == (1, False)
    assert (page["size"], page["hasMore"], suite["size"], suite["hasMore"]) == (
        1000,
        True,
        1,
        False,
    )
    assert (deux.status_code, deux.json()["code"]) == (400, "PARAM_INCOHERENT")


RENDEZ_VOUS = {
    "date": "2030-01-05T10:00:00Z",
    "motif": "ACC",
    "modaliteContact": "PHYSIQUE",
    "typeReception": "IND",
    "statut": "PRIS",
    "organisme": {"code": "CD"},
}


async def test_an_appointment_is_taken_twice_when_sent_twice(
    monde: Monde, appeler: Appeler
) -> None:
    """The slow one was stored: whoever times out and sends again doubles it."""
    monde.pannes.append(Panne("/rendez-vous", genre="statut", statut=504, apres=True))
    perdu = await appeler("POST", "rendez_vous", "/rendez-vous", json=RENDEZ_VOUS)
    repris = await appeler("POST", "rendez_vous", "/rendez-vous", json=RENDEZ_VOUS)
    identifiant = repris.json()["id"]
    change = {**RENDEZ_VOUS, "id": identifiant, "statut": "EFFECTUE"}
    modifie = await appeler("PUT", "rendez_vous", "/rendez-vous", json=change)
    fusionne = await appeler("PUT", "rendez_vous", "/rendez-vous", json={**change, "id": "0"})
    annule = await appeler("DELETE", "rendez_vous", f"/rendez-vous/{identifiant}")
    lus = (await appeler("GET", "rendez_vous", "/rendez-vous-usager")).json()
    ailleurs = {"date-debut": "01-01-2020", "date-fin": "01-01-2021"}
    vide = await appeler("GET", "rendez_vous", "/rendez-vous-usager", params=ailleurs)
    assert [perdu.status_code, repris.status_code, modifie.status_code] == [504, 202, 202]
    assert fusionne.json()["codeErreur"] == "ID_NON_RECONNU"
    assert annule.status_code == 202
    assert sorted(un["statut"] for un in lus) == ["ANNULE", "PRIS"]
    assert vide.status_code == 204


async def test_the_diagnostic_is_explored_versioned_and_read_by_a_changing_list(
    monde: Monde, appeler: Appeler
) -> None:
    async def ecrire(**corps: Any) -> int:
        base = {"dateExploration": "2026-02-01T10:00:00.000+0100"}
        answer = await appeler("POST", "diagnostic", "/contraintes", json=base | corps)
        return answer.status_code

    mobilite = {"code": "23", "valeur": "OUI", "estPrioritaire": True, "impact": "FORT"}
    sante = {"code": "25", "valeur": "OUI", "estPrioritaire": True, "impact": "FAIBLE"}
    situation = {"code": "6", "valeur": "OUI"}
    assert (await appeler("GET", "diagnostic", "/dossiers")).status_code == 204
    assert await ecrire(situationsAEnregistrer=[situation]) == 400
    assert await ecrire(contraintesAEnregistrer=[mobilite, sante]) == 400
    assert (
        await ecrire(contraintesAEnregistrer=[mobilite], situationsAEnregistrer=[situation]) == 200
    )
    for _ in range(11):
        assert await ecrire(contraintesAEnregistrer=[mobilite]) == 200
    lu = (await appeler("GET", "diagnostic", "/contraintes")).json()["contraintes"]
    page = (
        await appeler(
            "GET", "diagnostic", "/historisation/contraintes", params={"pageActuelle": "2"}
        )
    ).json()
    assert [(une["code"], une["situations"][0]["valeur"]) for une in lu] == [("23", "OUI")]
    assert (page["totalDonnees"], len(page["donneesParVersionExploration"])) == (12, 2)

    async def objectif() -> str:
        listes = (await appeler("GET", "diagnostic", "/referentiel/contrainte")).json()
        code: str = listes["thematiqueContrainte"]["contraintes"][0]["objectifs"][0]["code"]
        return code

    avant = await objectif()
    monde.referentiel_rang += 1
    assert await objectif() != avant


async def test_a_contrat_is_signed_then_refused_and_a_suspended_one_breaks(
    monde: Monde, appeler: Appeler
) -> None:
    async def ecrire(methode: str, chemin: str, champ: str) -> httpx.Response:
        return await appeler(methode, "contrat", chemin, json={champ: "2026-02-01"})

    vide = await appeler("GET", "contrat", "/lecture")
    tot = await ecrire("PATCH", "/signer", "dateSignature")
    signe = await ecrire("POST", "/signer", "dateSignature")
    refuse = await ecrire("PATCH", "/refuser", "dateRefus")
    lu = await appeler("GET", "contrat", "/lecture")
    monde.usagers[NUMERO].contrat = {"etat": "SUSPENDU"}
    suspendu = await ecrire("PATCH", "/signer", "dateSignature")
    assert [vide.status_code, tot.status_code, signe.status_code, refuse.status_code] == [
        204,
        400,
        200,
        200,
    ]
    assert lu.json()["etat"] == "REFUSE"
    assert (suspendu.status_code, suspendu.json()["title"]) == (500, "Exception")


async def test_sanctions_are_read_and_written_only_where_opened(
    monde: Monde, appeler: Appeler
) -> None:
    monde.usagers[NUMERO].manquements["C1"] = {"familleManquement": "F01", "etat": "PROPOSEE"}
    corps = {
        "identifiantConsequenceSanction": "C1",
        "evenement": {"typeEvenement": "SAISIE_SANCTION", "dateEvenement": "2026-02-01"},
    }

    async def dire(corps: Any) -> Any:
        return (await appeler("POST", "sanctions", "/evenementSanctionRSA", json=corps)).json()

    params = {"identifiantSanction": "C1"}
    lu = await appeler("GET", "sanctions", "/detailManquement", params=params)
    ferme = await dire(corps)
    monde.sanctions_ouvertes = True
    valide = await dire(corps)
    encore = await dire(corps)
    sans = await dire({**corps, "evenement": {"typeEvenement": "INCONNU"}})
    assert lu.json() == {"familleManquement": "F01"}
    assert [ferme, valide, encore] == [{"codeSortie": c} for c in ("C999", "C001", "C999")]
    assert sans["codeErreur"] == "R021"


async def test_offers_say_the_range_they_gave(monde: Monde, appeler: Appeler) -> None:
    async def chercher(plage: str) -> tuple[int, str | None]:
        answer = await appeler("GET", "offres", "/offres/search", params={"range": plage})
        return answer.status_code, answer.headers.get("Content-Range")

    assert await chercher("0-9") == (204, "offres */0")
    monde.offres = 400
    assert await chercher("0-149") == (206, "offres 0-149/400")
    assert await chercher("3001-3010") == (400, None)
    monde.offres = 5
    assert await chercher("0-149") == (200, "offres 0-4/5")


@pytest.mark.parametrize("valeur", ["2", "Wed, 21 Oct 2026 07:28:00 GMT", None, "abc"])
async def test_a_throttled_call_says_when_to_come_back_or_does_not(
    monde: Monde, appeler: Appeler, valeur: str | None
) -> None:
    monde.pannes.append(Panne("/contrat", statut=429, retry_after=valeur))
    answer = await appeler("GET", "statut", "/contrat")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, valeur)
    assert (await appeler("GET", "statut", "/contrat")).status_code == 200


async def test_what_comes_by_the_wire_may_be_anything(monde: Monde, appeler: Appeler) -> None:
    async def recevoir(genre: str, **rest: Any) -> httpx.Response:
        monde.pannes.append(Panne("/contrat", genre=genre, **rest))
        return await appeler("GET", "statut", "/contrat")

    html = await recevoir("html", statut=500)
    assert (html.status_code, html.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert (await recevoir("statut", statut=302)).status_code == 302
    tronque = await recevoir("tronque")
    with pytest.raises(ValueError, match="Unterminated"):
        tronque.json()
    with pytest.raises(UnicodeDecodeError):
        (await recevoir("latin1", statut=400)).content.decode()
    erreur = await recevoir("corps", corps={"codeErreur": "ERT_200_FONCT_1"})
    assert (erreur.status_code, erreur.json()["codeErreur"]) == (200, "ERT_200_FONCT_1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await recevoir("lent", delai_s=30)


async def test_an_immersion_is_told_and_refused_in_two_shapes(
    monde: Monde, appeler: Appeler
) -> None:
    async def dire(**corps: Any) -> httpx.Response:
        return await appeler("POST", "immersion", "/demandes-immersion", json=corps)

    bon = {"eventType": "CONVENTION_UPDATED", "convention": {"id": "1"}}
    statuts = [(await dire(**bon)).status_code for _ in range(3)]
    mauvais, absent = await dire(eventType="AUTRE"), await dire(eventType="CONVENTION_UPDATED")
    assert statuts == [201, 200, 204]
    assert (mauvais.status_code, mauvais.json()["codeHttp"]) == (400, 400)
    assert (absent.status_code, absent.text[:6]) == (404, "<html>")


async def test_the_side_door_writes_the_scenario(monde: Monde, appeler: Appeler) -> None:
    autre = {"numero": "99900000002", "nir": "185019999900297", "date_naissance": NAISSANCE}
    porte = httpx.ASGITransport(app(monde))
    async with httpx.AsyncClient(transport=porte, base_url=f"{AUTH}/_scenario") as http:
        faits = [
            await http.post("/usagers", json=autre),
            await http.post(
                "/preconisations",
                json={"numero": autre["numero"], "parcours": "PSP", "organisme": "CD"},
            ),
            await http.post("/pannes", json={"chemin": "/contrat", "statut": 429}),
            await http.post("/horloge", json={"avancer_s": 60}),
            await http.post("/reglages", json={"revoque_precedent": True}),
        ]
        interdit = await http.post("/reglages", json={"clients": {}})
        await appeler("GET", "statut", "/contrat", numero=autre["numero"])
        appels = (await http.get("/appels")).json()
    assert [un.status_code for un in faits] == [204, 201, 204, 200, 204]
    assert interdit.status_code == 400
    assert appels == {"GET /partenaire/contrat-usager/v2/contrat": 1}
    assert monde.usagers[autre["numero"]].orientations[0]["parcours"] == "PSP"
    assert monde.revoque_precedent
