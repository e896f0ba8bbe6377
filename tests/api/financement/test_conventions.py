"""Acts of a convention, its versions, and what it was on a day, through the door."""

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import errors

from deploy.local.bases import Adresses
from tests.api.financement.conftest import CONVENTION, Horloge, Terrain
from tests.conftest import Connecter

ETAT, DEPARTEMENT = "État", "Département de l'Ain"
CLS = {
    **CONVENTION,
    "reference": "35-CLS-2024-2027",
    "type": "contrat_local_solidarites",
    "intitule": "Contrat local des solidarités",
    "annee_fin": 2027,
    "statut": "projet",
    "signataires": [{"organisme": ETAT}, {"organisme": DEPARTEMENT}],
}


async def convention(terrain: Terrain, **values: Any) -> dict[str, Any]:
    """A convention of its own reference."""
    corps = {**CLS, "reference": f"c-{uuid4()}", **values}
    return await terrain.creer("/v1/conventions", corps)


async def acte(
    terrain: Terrain, objet: dict[str, Any], type_acte: str, jour: str, **values: Any
) -> httpx.Response:
    """Try an act on a convention, an avenant or an action, at the version it has now."""
    collection = "avenants" if "contenu_sha256" in objet else "conventions"
    chemin = f"/v1/{collection}/{objet['id']}"
    version = (await terrain.lire(chemin))["version"]
    corps = {"type": type_acte, "date_acte": jour, **values}
    return await terrain.client.post(f"{chemin}/actes", corps, version=version)


async def faire(
    terrain: Terrain, objet: dict[str, Any], type_acte: str, jour: str, **values: Any
) -> dict[str, Any]:
    """The same, that must succeed."""
    answer = await acte(terrain, objet, type_acte, jour, **values)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def en_vigueur(terrain: Terrain, **values: Any) -> dict[str, Any]:
    """A convention deliberated, signed by both, and in force from the first day of 2024."""
    one = await convention(terrain, **values)
    await faire(terrain, one, "deliberation", "2023-12-15", reference="Session de décembre")
    await faire(terrain, one, "signature", "2023-12-18", organisme=ETAT)
    await faire(terrain, one, "signature", "2023-12-20", organisme=DEPARTEMENT)
    return await faire(terrain, one, "entree_en_vigueur", "2024-01-01")


async def avenant(terrain: Terrain, convention_id: str, **values: Any) -> httpx.Response:
    """Try to record an avenant."""
    corps = {
        "reference": f"av-{uuid4()}",
        "type": "general",
        "motif": "Un essai",
        "changements": {},
        **values,
    }
    return await terrain.client.post(f"/v1/conventions/{convention_id}/avenants", corps)


async def appliquer(terrain: Terrain, one: dict[str, Any], jour: str) -> dict[str, Any]:
    """Deliberate, sign and apply an avenant on a day."""
    await faire(terrain, one, "deliberation", jour)
    for partie in one["signataires"]:
        if partie["requis"]:
            await faire(terrain, one, "signature", jour, organisme=partie["organisme"])
    return await faire(terrain, one, "application", jour)


async def test_a_convention_lives_by_its_acts(terrain: Terrain) -> None:
    one = await convention(terrain)
    seen = [one["statut"]]
    for type_acte, jour, values in (
        ("deliberation", "2024-04-05", {"reference": "Session du 5 avril"}),
        ("signature", "2024-05-02", {"organisme": ETAT, "qualite": "Le préfet"}),
        ("signature", "2024-05-15", {"organisme": DEPARTEMENT}),
        ("entree_en_vigueur", "2024-01-01", {}),
        ("fin", "2026-01-31", {}),
        ("solde", "2026-03-01", {}),
    ):
        seen.append((await faire(terrain, one, type_acte, jour, **values))["statut"])

    assert seen == [
        "projet",
        "deliberee",
        "signee_partiellement",
        "signee",
        "en_vigueur",
        "terminee",
        "soldee",
    ]
    found = await terrain.lire(f"/v1/conventions/{one['id']}")
    assert (found["date_deliberation"], found["reference_deliberation"]) == (
        "2024-04-05",
        "Session du 5 avril",
    )
    assert (found["date_signature"], found["date_effet"], found["date_cloture"]) == (
        "2024-05-15",
        "2024-01-01",
        "2026-01-31",
    )
    # It took effect before it was signed: allowed, and told (I-34).
    assert found["retroactif"] is True
    assert found["signataires"][0]["qualite"] == "Le préfet"
    actes = (await terrain.lire(f"/v1/conventions/{one['id']}/actes"))["elements"]
    assert [(kept["type"], kept["numero_version"]) for kept in actes][:2] == [
        ("solde", 0),
        ("fin", 0),
    ]
    assert len(actes) == 6
    versions = (await terrain.lire(f"/v1/conventions/{one['id']}/versions"))["elements"]
    assert [(kept["numero"], kept["statut"], kept["date_effet"]) for kept in versions] == [
        (0, "applicable", "2024-01-01")
    ]


@pytest.mark.parametrize(
    ("statut", "type_acte", "values", "possibles"),
    [
        pytest.param("projet", "entree_en_vigueur", {}, ["deliberee", "abandonnee"], id="projet"),
        pytest.param("projet", "signature", {"organisme": ETAT}, None, id="sans délibération"),
        pytest.param("deliberee", "abandon", {"motif": "Non"}, None, id="abandon trop tard"),
        pytest.param("en_vigueur", "deliberation", {}, None, id="retour"),
        pytest.param("terminee", "resiliation", {"motif": "Non"}, ["soldee"], id="déjà finie"),
        pytest.param("soldee", "fin", {}, [], id="soldée"),
    ],
)
async def test_another_transition_is_refused(
    terrain: Terrain,
    statut: str,
    type_acte: str,
    values: dict[str, Any],
    possibles: list[str] | None,
) -> None:
    one = await convention(terrain, statut=statut)

    answer = await acte(terrain, one, type_acte, "2024-05-15", **values)

    assert (answer.status_code, answer.json()["code"]) == (409, "transition-interdite")
    assert answer.json()["statut_actuel"] == statut
    if possibles is not None:
        assert answer.json()["transitions_possibles"] == possibles


@pytest.mark.parametrize(
    ("type_acte", "jour", "values", "pointeur"),
    [
        pytest.param("signature", "2024-05-15", {}, "/organisme", id="sans organisme"),
        pytest.param("signature", "2024-05-15", {"organisme": "Caf"}, "/organisme", id="inconnu"),
        pytest.param("signature", "2024-04-04", {"organisme": ETAT}, "/date_acte", id="avant"),
        pytest.param("signature", "2026-03-03", {"organisme": ETAT}, "/date_acte", id="demain"),
        pytest.param("abandon", "2024-05-15", {}, "/motif", id="sans motif"),
        pytest.param("fin", "2024-05-15", {"organisme": ETAT}, "/organisme", id="fin signée"),
    ],
)
async def test_an_act_is_refused(
    terrain: Terrain, type_acte: str, jour: str, values: dict[str, Any], pointeur: str
) -> None:
    one = await convention(terrain)
    await faire(terrain, one, "deliberation", "2024-04-05")

    answer = await acte(terrain, one, type_acte, jour, **values)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur


async def test_a_pti_is_signed_by_those_required_and_the_others_stay_invited(
    terrain: Terrain,
) -> None:
    """No money, eight invited: the two required make it signed, and one more may join later."""
    invites = ["Région", "Pôle emploi", "ARS", "Caf", "CPAM", "MSA", "CA3B", "Ville"]
    one = await convention(
        terrain,
        type="pacte_territorial_insertion",
        signataires=[
            {"organisme": ETAT},
            {"organisme": DEPARTEMENT},
            *({"organisme": nom, "statut": "invite"} for nom in invites),
        ],
        comite_pilotage=[ETAT, DEPARTEMENT, "Caf"],
    )
    await faire(terrain, one, "deliberation", "2024-04-05")
    partial = await faire(terrain, one, "signature", "2024-05-02", organisme="Région")
    await faire(terrain, one, "signature", "2024-05-03", organisme=ETAT)

    signed = await faire(terrain, one, "signature", "2024-05-04", organisme=DEPARTEMENT)
    entered = await faire(terrain, one, "entree_en_vigueur", "2024-06-01")
    joined = await faire(terrain, one, "signature", "2024-09-01", organisme="Caf")

    assert (partial["statut"], signed["statut"], entered["statut"]) == (
        "signee_partiellement",
        "signee",
        "en_vigueur",
    )
    assert (joined["statut"], joined["date_signature"]) == ("en_vigueur", "2024-05-04")
    statuts = {kept["organisme"]: kept["statut"] for kept in joined["signataires"]}
    assert statuts == {
        **dict.fromkeys(invites, "invite"),
        **dict.fromkeys((ETAT, DEPARTEMENT, "Région", "Caf"), "signe"),
    }
    assert joined["comite_pilotage"] == [ETAT, DEPARTEMENT, "Caf"]
    parite = await terrain.lire(f"/v1/conventions/{one['id']}/parite")
    assert (parite["regle"], parite["exercices"]) == (None, [])


async def test_nothing_enters_into_force_without_its_signatures(terrain: Terrain) -> None:
    """I-33, for a convention that was recorded as signed and is not. Planted: no check, red."""
    one = await convention(
        terrain,
        statut="signee",
        signataires=[
            {"organisme": ETAT, "statut": "signe"},
            {"organisme": DEPARTEMENT, "statut": "a_signer"},
            {"organisme": "Caf", "statut": "refuse", "requis": False},
        ],
    )

    refused = await acte(terrain, one, "entree_en_vigueur", "2024-01-01")
    await faire(terrain, one, "signature", "2024-05-15", organisme=DEPARTEMENT)
    entered = await faire(terrain, one, "entree_en_vigueur", "2024-01-01")

    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    assert refused.json()["signataires_manquants"] == [DEPARTEMENT]
    assert entered["statut"] == "en_vigueur"


@pytest.mark.parametrize(
    ("type_convention", "parts", "statut"),
    [
        pytest.param(
            "contrat_local_solidarites", (62_085_000, 62_085_000), 201, id="CLS à parts égales"
        ),
        pytest.param(
            "contrat_local_solidarites", (62_085_000, 62_084_999), 409, id="CLS, un centime"
        ),
        pytest.param(
            "convention_departementale_insertion_emploi",
            (73_067_000, 62_467_000),
            201,
            id="CDIE, jamais vérifiée",
        ),
        pytest.param(
            "convention_appui_lutte_pauvrete_acces_emploi",
            (62_085_001, 62_085_000),
            201,
            id="CALPAE, règle qui ne lie pas",
        ),
    ],
)
async def test_parity_binds_where_the_type_says_so(
    terrain: Terrain, type_convention: str, parts: tuple[int, int], statut: int
) -> None:
    """I-33. Planted: a rule given to the CDIE, red; a broken parity let through, red."""
    one = await convention(terrain, type=type_convention)
    for financeur, montant in zip(("etat", "departement"), parts, strict=True):
        await terrain.enveloppe(
            montant, financeur=financeur, exercice=2024, convention_id=one["id"]
        )
    await faire(terrain, one, "deliberation", "2023-12-15")
    await faire(terrain, one, "signature", "2023-12-18", organisme=ETAT)
    await faire(terrain, one, "signature", "2023-12-18", organisme=DEPARTEMENT)

    answer = await acte(terrain, one, "entree_en_vigueur", "2024-01-01")

    assert answer.status_code == statut, answer.text
    parite = await terrain.lire(f"/v1/conventions/{one['id']}/parite")
    (exercice,) = parite["exercices"]
    assert exercice["total_centimes"] == sum(parts)
    assert [part["montant_centimes"] for part in exercice["parts"]] == list(parts)
    if statut == HTTPStatus.CONFLICT:
        assert answer.json()["exercices_rompus"] == [2024]
        assert exercice["constat"] == "rompue"
        assert [part["ecart_centimes"] for part in exercice["parts"]] == [0, -1]
    if "departementale" in type_convention:
        assert (parite["regle"], exercice["constat"]) == (None, "sans_regle")
    if "appui" in type_convention:
        assert (parite["regle"]["contraignante"], exercice["constat"]) == (False, "rompue")


async def test_parity_is_read_as_of_a_day(terrain: Terrain) -> None:
    await terrain.enveloppe(
        1_000, financeur="etat", exercice=2024, convention_id=terrain.convention_id
    )
    chemin = f"/v1/conventions/{terrain.convention_id}/parite"

    assert (await terrain.lire(chemin))["exercices"][0]["total_centimes"] == 1_000
    assert (await terrain.lire(f"{chemin}?au=2023-12-31"))["exercices"] == []
    assert (await terrain.lire(f"{chemin}?connu_au=2024-06-30"))["exercices"] == []


async def test_one_avenant_is_open_at_a_time(terrain: Terrain) -> None:
    one = await en_vigueur(terrain)
    first = (await avenant(terrain, one["id"])).json()

    refused = await avenant(terrain, one["id"])
    await faire(terrain, first, "abandon", "2026-01-01", motif="Sans objet")
    second = await avenant(terrain, one["id"])

    assert (refused.status_code, refused.json()["code"]) == (409, "transition-interdite")
    assert refused.json()["statut_actuel"] == "projet"
    assert (second.status_code, second.json()["numero"]) == (201, 2)


async def test_a_draft_has_no_avenant(terrain: Terrain) -> None:
    one = await convention(terrain)

    answer = await avenant(terrain, one["id"])

    assert (answer.status_code, answer.json()["statut_actuel"]) == (409, "projet")


async def test_an_avenant_states_what_it_changes_and_replaces_the_version_in_force(
    terrain: Terrain,
) -> None:
    one = await en_vigueur(terrain, axes=[{"ordre": 1, "libelle": "Un"}])
    enveloppe_id = await terrain.enveloppe(None, convention_id=one["id"])
    changements = {
        "annee_fin": 2028,
        "axes": [{"ordre": 1, "libelle": "Un"}, {"ordre": 2, "libelle": "Deux"}],
        "publics": [],
        "enveloppes": [{"enveloppe_id": enveloppe_id, "fenetre_fin": "2027-06-30"}],
    }

    made = await avenant(terrain, one["id"], changements=changements)
    recorded = made.json()
    before = await terrain.lire(f"/v1/conventions/{one['id']}")
    applied = await appliquer(terrain, recorded, "2025-01-01")

    assert made.headers["Location"] == f"/v1/avenants/{recorded['id']}"
    assert (recorded["statut"], recorded["nature"], recorded["numero"]) == ("projet", "avenant", 1)
    # What is said again without change is no change.
    assert sorted(recorded["champs"]) == ["annee_fin", "axes", "enveloppes"]
    (annee_fin,) = [two for two in recorded["differences"] if two["champ"] == "annee_fin"]
    assert (annee_fin["avant"], annee_fin["apres"]) == ("2027", "2028")
    canonique = json.dumps(
        recorded["contenu"], sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    assert recorded["contenu_sha256"] == hashlib.sha256(canonique.encode()).hexdigest()
    assert (before["annee_fin"], before["numero_version"]) == (2027, 0)
    assert (applied["statut"], applied["date_effet"]) == ("applicable", "2025-01-01")
    after = await terrain.lire(f"/v1/conventions/{one['id']}")
    assert (after["annee_fin"], after["numero_version"]) == (2028, 1)
    assert [axe["ordre"] for axe in after["axes"]] == [1, 2]
    assert after["version"] == before["version"] + 1
    found = await terrain.lire(f"/v1/enveloppes/{enveloppe_id}")
    assert (found["fenetre_fin"], found["version"]) == ("2027-06-30", 2)
    nouvelle = {"code": "a2", "libelle": "Dans le nouvel axe", "axe": 2}
    await terrain.creer(f"/v1/conventions/{one['id']}/actions", nouvelle)


async def test_versions_have_no_overlap_and_no_hole(terrain: Terrain) -> None:
    """I-30. Planted: an effect on the same day as the version in force let through, red."""
    one = await en_vigueur(terrain)
    for jour in ("2024-07-01", "2025-01-01"):
        await appliquer(terrain, (await avenant(terrain, one["id"])).json(), jour)

    versions = (await terrain.lire(f"/v1/conventions/{one['id']}/versions"))["elements"][::-1]
    late = await avenant(terrain, one["id"], date_effet="2025-01-01")

    assert [(two["statut"], two["date_effet"], two["date_fin_effet"]) for two in versions] == [
        ("remplace", "2024-01-01", "2024-06-30"),
        ("remplace", "2024-07-01", "2024-12-31"),
        ("applicable", "2025-01-01", None),
    ]
    assert [two["remplace_id"] for two in versions] == [None, versions[0]["id"], versions[1]["id"]]
    assert late.json()["erreurs"][0]["pointeur"] == "/date_effet"


async def test_what_the_convention_was_on_a_day_and_what_was_known_of_it(
    terrain: Terrain, horloge: Horloge
) -> None:
    """A back-dated avenant changes the past as known now, never as known then (I-31)."""
    one = await en_vigueur(terrain)
    chemin = f"/v1/conventions/{one['id']}"
    horloge.avancer(days=10)  # 12 March 2026
    made = await avenant(terrain, one["id"], changements={"annee_fin": 2029})
    applied = await appliquer(terrain, made.json(), "2025-01-01")
    horloge.avancer(days=10)
    ended = await faire(terrain, one, "resiliation", "2026-03-20", motif="Accord")

    async def lue(query: str) -> tuple[Any, ...]:
        found = await terrain.lire(f"{chemin}?{query}")
        return found["annee_fin"], found["numero_version"], found["statut"]

    assert applied["retroactif"] is False
    assert ended["statut"] == "resiliee"
    assert await lue("au=2024-12-31") == (2027, 0, "en_vigueur")
    assert await lue("au=2025-01-01") == (2029, 1, "en_vigueur")
    assert await lue("au=2025-01-01&connu_au=2026-03-11") == (2027, 0, "en_vigueur")
    assert await lue("au=2025-01-01&connu_au=2026-03-12") == (2029, 1, "en_vigueur")
    assert await lue("connu_au=2026-03-21") == (2029, 1, "en_vigueur")
    assert await lue("au=2026-03-20") == (2029, 1, "resiliee")
    assert await lue("au=2023-12-16") == (2027, 0, "deliberee")
    assert await lue("au=2023-01-01") == (2027, 0, "projet")
    # It was not recorded before.
    answer = await terrain.client.get(f"{chemin}?connu_au=2026-03-01")
    assert (answer.status_code, answer.json()["code"]) == (404, "introuvable")
    now, replayed = await terrain.lire(chemin), await terrain.lire(f"{chemin}?au=2026-12-31")
    assert now == replayed


async def test_a_party_that_an_avenant_brings_signs_with_it(terrain: Terrain) -> None:
    one = await en_vigueur(terrain)
    parties = [{"organisme": nom} for nom in (DEPARTEMENT, ETAT, "France Travail")]
    made = (
        await avenant(terrain, one["id"], type="parties", changements={"parties": parties})
    ).json()
    await appliquer(terrain, made, "2025-01-01")

    found = await terrain.lire(f"/v1/conventions/{one['id']}")

    assert [(two["organisme"], two["date_signature"]) for two in found["signataires"]] == [
        (DEPARTEMENT, "2023-12-20"),
        (ETAT, "2023-12-18"),
        ("France Travail", "2025-01-01"),
    ]
    assert found == await terrain.lire(f"/v1/conventions/{one['id']}?au=2026-12-31")
    then = await terrain.lire(f"/v1/conventions/{one['id']}?au=2024-12-31")
    assert len(then["signataires"]) == 2


async def test_a_replaced_version_keeps_its_parties(terrain: Terrain) -> None:
    """An act of the convention after an avenant. Planted: written into version 0 too, red."""
    one = await en_vigueur(terrain)
    parties = [{"organisme": nom} for nom in (DEPARTEMENT, "France Travail")]
    made = await avenant(terrain, one["id"], type="parties", changements={"parties": parties})
    await appliquer(terrain, made.json(), "2025-01-01")
    await faire(terrain, one, "fin", "2026-01-31")

    versions = (await terrain.lire(f"/v1/conventions/{one['id']}/versions"))["elements"]

    assert [[two["organisme"] for two in kept["signataires"]] for kept in versions] == [
        [DEPARTEMENT, "France Travail"],
        [ETAT, DEPARTEMENT],
    ]


async def test_an_avenant_applies_signed_and_not_before_its_day(
    terrain: Terrain, horloge: Horloge
) -> None:
    one = await en_vigueur(terrain)
    made = (await avenant(terrain, one["id"], date_effet="2026-03-05")).json()
    await faire(terrain, made, "deliberation", "2026-03-01")
    await faire(terrain, made, "signature", "2026-03-02", organisme=ETAT)

    unsigned = await acte(terrain, made, "application", "2026-03-02")
    await faire(terrain, made, "signature", "2026-03-02", organisme=DEPARTEMENT)
    early = await acte(terrain, made, "application", "2026-03-02")
    horloge.avancer(days=3)
    applied = await faire(terrain, made, "application", "2026-03-05")

    assert unsigned.json()["code"] == "transition-interdite"
    assert early.json()["erreurs"][0]["pointeur"] == "/date_acte"
    assert (applied["statut"], applied["date_effet"]) == ("applicable", "2026-03-05")


async def test_an_avenant_that_breaks_the_parity_is_warned_then_barred(terrain: Terrain) -> None:
    """The draft is recorded with its warning; a CLS refuses to apply it (I-33).

    Planted: a broken parity let through, red.
    """
    one = await convention(terrain)
    etat, departement = [
        await terrain.enveloppe(
            62_085_000, financeur=financeur, exercice=2024, convention_id=one["id"]
        )
        for financeur in ("etat", "departement")
    ]
    await faire(terrain, one, "deliberation", "2023-12-15")
    for partie in (ETAT, DEPARTEMENT):
        await faire(terrain, one, "signature", "2023-12-18", organisme=partie)
    await faire(terrain, one, "entree_en_vigueur", "2024-01-01")

    async def financier(**montants: int) -> dict[str, Any]:
        convenus = [
            {"enveloppe_id": enveloppe_id, "montant_centimes": montants[nom]}
            for nom, enveloppe_id in (("etat", etat), ("departement", departement))
            if nom in montants
        ]
        answer = await avenant(
            terrain,
            one["id"],
            type="financier",
            date_effet="2024-07-01",
            changements={"enveloppes": convenus},
        )
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        found: dict[str, Any] = answer.json()
        return found

    seul = await financier(etat=70_000_000)
    await faire(terrain, seul, "deliberation", "2024-06-01")
    for partie in (ETAT, DEPARTEMENT):
        await faire(terrain, seul, "signature", "2024-06-02", organisme=partie)
    barred = await acte(terrain, seul, "application", "2024-07-01")

    parite, retroactif = seul["avertissements"]
    assert parite == {
        "code": "parite_rompue",
        "exercice": 2024,
        "ecart_centimes": 70_000_000 - 66_042_500,
        "bloquant": True,
    }
    assert (retroactif["code"], retroactif["bloquant"]) == ("effet_retroactif", False)
    assert (barred.status_code, barred.json()["exercices_rompus"]) == (409, [2024])
    assert (await terrain.lire(f"/v1/conventions/{one['id']}"))["numero_version"] == 0
    # Its amounts move by the acts of the envelopes, and by nothing else.
    assert (await terrain.lire(f"/v1/enveloppes/{etat}"))["ouvert_centimes"] == 62_085_000


@pytest.mark.parametrize(
    ("type_avenant", "changements", "pointeur"),
    [
        pytest.param("financier", {"intitule": "Autre"}, "/changements/intitule", id="financier"),
        pytest.param("general", {"axes": []}, "/changements/axes", id="axe utilisé"),
        pytest.param("general", {"annee_fin": 2000}, "/changements/annee_fin", id="fin avant"),
        pytest.param(
            "general",
            {"enveloppes": [{"enveloppe_id": str(uuid4())}]},
            "/changements/enveloppes/0",
            id="enveloppe inconnue",
        ),
        pytest.param(
            "general",
            {"parties": [{"organisme": "A"}, {"organisme": "A"}]},
            "/changements/parties/1",
            id="partie deux fois",
        ),
        pytest.param(
            "execution",
            {"enveloppes": [{"enveloppe_id": "ENVELOPPE", "fenetre_fin": "2025-12-31"}]},
            "/changements/enveloppes/0",
            id="fin avant le début qui reste",
        ),
        pytest.param(
            "general", {"annee_debut": 2020}, "/changements/annee_debut", id="ne change pas"
        ),
    ],
)
async def test_an_avenant_is_refused(
    terrain: Terrain, type_avenant: str, changements: dict[str, Any], pointeur: str
) -> None:
    one = await en_vigueur(terrain, axes=[{"ordre": 1, "libelle": "Un"}])
    await terrain.creer(
        f"/v1/conventions/{one['id']}/actions", {"code": "a", "libelle": "Une action", "axe": 1}
    )
    enveloppe_id = await terrain.enveloppe(
        None, convention_id=one["id"], fenetre_debut="2026-01-01"
    )
    changements = json.loads(json.dumps(changements).replace("ENVELOPPE", enveloppe_id))

    answer = await avenant(terrain, one["id"], type=type_avenant, changements=changements)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param({"type": "convention_subvention"}, "/beneficiaire", id="sans bénéficiaire"),
        pytest.param(
            {"beneficiaire": {"nom": "A", "rna": "W351000001"}}, "/beneficiaire", id="CLS"
        ),
        pytest.param(
            {
                "type": "convention_subvention",
                "beneficiaire": {"nom": "A", "siret": "10000000900018"},
            },
            "/beneficiaire/siret",
            id="clé du SIRET",
        ),
        pytest.param(
            {"type": "convention_subvention", "beneficiaire": {"nom": "A"}},
            "/beneficiaire",
            id="sans numéro",
        ),
        pytest.param(
            {
                "axes": [
                    {"ordre": 1, "libelle": "A", "taux_etat": {"numerateur": 3, "denominateur": 2}}
                ]
            },
            "/axes/0/taux_etat",
            id="taux au-delà de un",
        ),
        pytest.param(
            {"date_deliberation": "2024-05-02", "date_signature": "2024-05-01"},
            "/date_signature",
            id="signée avant délibération",
        ),
        pytest.param(
            {"signataires": [{"organisme": "A"}, {"organisme": "A"}]},
            "/signataires/1",
            id="partie deux fois",
        ),
        pytest.param({"convention_mere_id": str(uuid4())}, "/convention_mere_id", id="mère"),
    ],
)
async def test_a_convention_is_refused(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    answer = await terrain.client.post("/v1/conventions", {**CLS, **values})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["erreurs"][0]["pointeur"] == pointeur


async def test_a_subsidy_names_its_association_and_its_convention(terrain: Terrain) -> None:
    beneficiaire = {"nom": "Chantier d'exemple", "siret": "10000000900017", "rna": "W351000001"}
    one = await convention(
        terrain,
        type="convention_subvention",
        beneficiaire=beneficiaire,
        convention_mere_id=terrain.convention_id,
    )

    assert one["beneficiaire"] == beneficiaire
    assert one["convention_mere_id"] == terrain.convention_id


async def test_a_shared_diagnosis_is_a_document(terrain: Terrain) -> None:
    corps = {
        "type": "diagnostic_partage",
        "libelle": "Diagnostic partagé de la précarité",
        "source": "page publique de la Loire, ligne 16",
    }
    chemin = f"/v1/conventions/{terrain.convention_id}/documents"

    made = await terrain.client.post(chemin, corps)

    assert made.status_code == HTTPStatus.CREATED, made.text
    assert (made.json()["date_document"], made.json()["sha256"]) == (None, None)
    assert await terrain.lire(made.headers["Location"]) == made.json()
    assert (await terrain.lire(chemin))["elements"] == [made.json()]
    late = await terrain.client.post(chemin, {**corps, "date_document": "2026-03-03"})
    assert late.json()["erreurs"][0]["pointeur"] == "/date_document"


async def test_an_action_says_what_it_is_and_lives_by_its_acts(terrain: Terrain) -> None:
    corps = {
        "code": "a",
        "libelle": "Une action",
        "origine": "experimentale",
        "caractere": "renforcee",
        "porteur": {"nom": "Association", "siret": None, "rna": "W351000001"},
        "territoires": ["redon-vallons-de-vilaine"],
        "publics": ["Bénéficiaires du RSA"],
        "mode_credits": "ae_cp",
        "base_reference": {
            "montant_centimes": 1_200_000,
            "file_active": 25,
            "annee": 2023,
            "source": None,
        },
        "cofinancements": [
            {
                "financeur": "union_europeenne",
                "numerateur": None,
                "denominateur": None,
                "valable_du": None,
                "source": "page publique de l'Ain",
            }
        ],
    }
    made = await terrain.creer(f"/v1/conventions/{terrain.convention_id}/actions", corps)
    chemin = f"/v1/actions/{made['id']}"

    async def agir(type_acte: str, jour: str, version: int, **values: Any) -> httpx.Response:
        corps = {"type": type_acte, "date_acte": jour, **values}
        return await terrain.client.post(f"{chemin}/actes", corps, version=version)

    assert corps.items() <= made.items()
    assert (made["statut"], made["date_statut"]) == ("prevue", None)
    early = await agir("achevement", "2024-06-03", 1)
    begun = await agir("demarrage", "2024-06-03", 1)
    before = await agir("achevement", "2024-06-02", 2)
    ended = await agir("achevement", "2024-12-31", 2)
    assert early.json()["transitions_possibles"] == ["en_cours", "abandonnee"]
    assert (begun.json()["statut"], begun.json()["version"]) == ("en_cours", 2)
    assert before.json()["erreurs"][0]["pointeur"] == "/date_acte"
    assert (ended.json()["statut"], ended.json()["date_statut"]) == ("terminee", "2024-12-31")
    actes = (await terrain.lire(f"/v1/conventions/{terrain.convention_id}/actes"))["elements"]
    assert [(one["type"], one["action_id"], one["numero_version"]) for one in actes] == [
        ("achevement", made["id"], None),
        ("demarrage", made["id"], None),
    ]
    patched = await terrain.client.request(
        "PATCH",
        chemin,
        content=json.dumps({"publics": [], "base_reference": None, "caractere": "nouvelle"}),
        headers={"If-Match": '"3"', "Content-Type": "application/merge-patch+json"},
    )
    assert patched.status_code == HTTPStatus.OK, patched.text
    assert (patched.json()["publics"], patched.json()["base_reference"]) == ([], None)


@pytest.mark.parametrize(
    ("values", "pointeur"),
    [
        pytest.param(
            {"porteur": {"nom": "A", "siret": "12345678901234"}}, "/porteur/siret", id="SIRET"
        ),
        pytest.param(
            {"base_reference": {"montant_centimes": 1, "file_active": 1, "annee": 2023}},
            "/base_reference",
            id="base sans renforcement",
        ),
        pytest.param(
            {
                "cofinancements": [
                    {"financeur": "union_europeenne", "numerateur": 1, "source": "appel"}
                ]
            },
            "/cofinancements/0",
            id="taux à moitié",
        ),
    ],
)
async def test_a_wider_action_is_refused(
    terrain: Terrain, values: dict[str, Any], pointeur: str
) -> None:
    corps = {"code": "a", "libelle": "Une action", **values}

    answer = await terrain.client.post(f"/v1/conventions/{terrain.convention_id}/actions", corps)

    assert answer.json()["erreurs"][0]["pointeur"] == pointeur


async def test_acts_need_the_scope_to_administer_and_the_version(
    connecter: Connecter, terrain: Terrain
) -> None:
    lecteur = connecter("financement", "financement:lire financement:ecrire")
    one = await convention(terrain)
    corps = {"type": "deliberation", "date_acte": "2024-04-05"}
    chemin = f"/v1/conventions/{one['id']}/actes"

    refused = await lecteur.post(chemin, corps, version=1)
    blind = await terrain.client.post(chemin, corps)
    cle = str(uuid4())
    done = await terrain.client.post(chemin, corps, version=1, cle=cle)
    again = await terrain.client.post(chemin, corps, version=1, cle=cle)
    stale = await terrain.client.post(chemin, corps, version=1)

    assert refused.json()["code"] == "portee-insuffisante"
    assert blind.json()["code"] == "precondition-requise"
    assert (done.status_code, done.json()) == (201, again.json())
    assert (stale.status_code, stale.json()["version_courante"]) == (412, 2)


@pytest.mark.parametrize("role", ["proprietaire", "service"])
@pytest.mark.parametrize(
    "ordre", ["UPDATE acte_convention SET motif = 'x'", "DELETE FROM acte_convention"]
)
async def test_acts_never_change(
    terrain: Terrain, bases: Mapping[str, Adresses], ouverte: str, role: str, ordre: str
) -> None:
    """Whoever owns the tables is refused too: triggers, not rights."""
    one = await convention(terrain)
    await faire(terrain, one, "deliberation", "2024-04-05")

    with psycopg.connect(getattr(bases["financement"], role)) as connexion:
        connexion.execute("SELECT set_config('app.collectivite', %s, true)", [ouverte])
        with pytest.raises(errors.RestrictViolation):
            connexion.execute(ordre.encode())
