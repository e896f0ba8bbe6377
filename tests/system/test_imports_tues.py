"""A file of lines whose worker is killed again and again: each line is applied exactly once.

By default two thousand lines and three kills, which prove the mechanism; with `--complet`, the
fifty thousand lines, 137 of them bad, and the twenty kills that the contract is held to.
"""

import asyncio
import json
import random
import time
from collections import Counter
from typing import Any

import httpx
import psycopg

from deploy.local.partenaire import Json, Partenaire, une_fois
from deploy.local.services import Installation

NDJSON = "application/x-ndjson"
_LETTRES = "abcdefghij"
_FAUTIVES = ("import_lignes_resultat", "export_fichier")


def _ligne(rang: int) -> dict[str, Any]:
    """A person of nobody, whose name is their rank."""
    nom = "".join(_LETTRES[int(chiffre)] for chiffre in f"{rang:06}")
    return {
        "ligne_cle": str(rang),
        "reference_externe": f"stock:{rang}",
        "nom": f"Essai {nom}",
        "prenoms": "Camille",
        "date_naissance": f"{1960 + rang % 40}-{rang % 12 + 1:02}-{rang % 28 + 1:02}",
        "beneficiaire_rsa": True,
        "source": "agent",
    }


def _mauvaise(rang: int) -> bytes:
    """A line that cannot be applied, each in its own way."""
    ligne = _ligne(rang)
    match rang % 4:
        case 0:
            ligne["date_naissance"] = "demain"
        case 1:
            del ligne["nom"]
        case 2:
            ligne["version"] = 1
        case _:
            return b'{"ligne_cle":"' + str(rang).encode() + b'",'
    return json.dumps(ligne).encode()


def _fichier(lignes: int, mauvaises: set[int]) -> bytes:
    return b"".join(
        (_mauvaise(rang) if rang in mauvaises else json.dumps(_ligne(rang)).encode()) + b"\n"
        for rang in range(1, lignes + 1)
    )


async def _resultats(
    installation: Installation, http: httpx.AsyncClient, si: Partenaire, import_id: str
) -> list[Json]:
    url = f"{installation.adresses.service('orientation')}/v1/imports/{import_id}/resultats"
    jeton = await si.jeton("orientation")
    answer = await http.get(url, headers={"Authorization": f"Bearer {jeton}"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_killed_again_and_again_each_line_is_applied_once(
    installation: Installation, si: Partenaire, complet: bool
) -> None:
    """Results in the order of the file, one a line; the same file again changes nothing.

    Planted: what a line became written in another transaction, after its effect: a line between
    the two was applied by one worker and told `identique` by the next, red.
    """
    lignes, fautes, morts = (50_000, 137, 20) if complet else (2_000, 137, 3)
    hasard = random.Random(999)
    mauvaises = set(hasard.sample(range(1, lignes + 1), fautes))
    contenu = _fichier(lignes, mauvaises)
    await si.ecrire(
        "orientation",
        "/v1/collectivites",
        {
            "code": "35D",
            "libelle": "Ille-et-Vilaine",
            "ideparte": "035",
            "fuseau": "Europe/Paris",
        },
        cle="collectivite",
    )
    debut = time.perf_counter()
    depot = await si.deposer("/v1/imports?type=personnes", contenu, cle="stock-1", media=NDJSON)
    import_id = depot["id"]

    async def lire() -> Json:
        return await si.lire("orientation", f"/v1/imports/{import_id}")

    for mort in range(1, morts + 1):
        while (found := await lire())["lignes"]["lues"] < lignes * mort // (morts + 1):
            assert found["statut"] in ("en_attente", "en_cours")
            await asyncio.sleep(0.05)
        await asyncio.sleep(hasard.random() * 0.1)
        installation.tuer("travailleur")
        await asyncio.to_thread(installation.relancer, "travailleur", attendre=False)
    while (found := await lire())["statut"] in ("en_attente", "en_cours"):
        await asyncio.sleep(0.2)
    duree = time.perf_counter() - debut

    assert found["statut"] == "terminee"
    assert found["lignes"] == {
        "lues": lignes,
        "creees": lignes - fautes,
        "modifiees": 0,
        "identiques": 0,
        "refusees": fautes,
    }
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        lus = await _resultats(installation, http, si, import_id)
        assert [un["ligne"] for un in lus] == list(range(1, lignes + 1))
        assert {un["ligne"] for un in lus if un["statut"] == "refusee"} == mauvaises
        assert all(
            un["ligne_cle"] in (str(un["ligne"]), None if un["statut"] == "refusee" else "")
            for un in lus
        )
        with psycopg.connect(installation._serveur.url("jalons_orientation")) as base:
            personnes = dict(
                base.execute("SELECT reference_externe, id::text FROM personne").fetchall()
            )
            (nombre,) = base.execute("SELECT count(*) FROM personne").fetchone() or (0,)
            faits = Counter(
                un
                for (un,) in base.execute(
                    "SELECT id::text FROM evenement WHERE type = 'orientation.personne.enregistree'"
                )
            )
        assert nombre == len(personnes) == lignes - fautes
        assert faits == Counter(personnes.values())
        assert {un["ligne"]: un["id"] for un in lus if un["id"]} == {
            int(reference.partition(":")[2]): un for reference, un in personnes.items()
        }

        milieu = time.perf_counter()
        encore = await si.deposer(
            "/v1/imports?type=personnes", contenu, cle="stock-2", media=NDJSON
        )
        import_id = encore["id"]
        while (found := await lire())["statut"] in ("en_attente", "en_cours"):
            await asyncio.sleep(0.2)
        relecture = time.perf_counter() - milieu
        sorts = Counter(un["statut"] for un in await _resultats(installation, http, si, import_id))
    assert sorts == {"identique": lignes - fautes, "refusee": fautes}
    print(f"\n{lignes} lignes, {morts} morts : {duree:.0f} s ; de nouveau : {relecture:.0f} s")


async def test_what_always_fails_is_given_up_and_holds_nothing_back(
    installation: Installation, si: Partenaire
) -> None:
    """Past so many tries it says so, and the file behind it is applied.

    Planted: tried for ever, the next file never begins, red.
    """
    corps = {"code": "35D", "libelle": "Essai", "ideparte": "035", "fuseau": "Europe/Paris"}
    await une_fois(si.ecrire("orientation", "/v1/collectivites", corps, cle="ouverte-ou-non"))
    ici = await si.lire("orientation", "/v1/changements", depuis="maintenant")
    url = installation._bases["orientation"].proprietaire
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as base:
        await base.execute(
            "CREATE FUNCTION faute() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'une faute' USING ERRCODE = 'XX000'; END $$"
        )
        for table in _FAUTIVES:
            await base.execute(
                f"CREATE TRIGGER faute BEFORE INSERT ON {table} EXECUTE FUNCTION faute()"  # type: ignore[arg-type]
            )
        organisme = {
            "reference": "a-exporter",
            "type": "autre_organisme",
            "nom": "Essai",
            "clients": [],
        }
        await si.ecrire("orientation", "/v1/organismes-referents", organisme, cle="a-exporter")
        fautif, suivant = [
            await si.deposer(
                "/v1/imports?type=personnes",
                _fichier(rang, set()),
                cle=f"abandon-{rang}-00000000",
                media=NDJSON,
            )
            for rang in (2, 3)
        ]
        export = await si.ecrire(
            "orientation", "/v1/exports", {"type": "organismes_referents"}, cle="export-fautif"
        )
        vains = [f"/v1/imports/{fautif['id']}", f"/v1/exports/{export['id']}"]
        async with asyncio.timeout(60):
            while {(await si.lire("orientation", un))["statut"] for un in vains} != {"echouee"}:
                # Forty minutes, in a moment.
                await base.execute(
                    "UPDATE procrastinate_jobs SET attempts = 30, scheduled_at = now()"
                    " WHERE status = 'todo' AND attempts > 0"
                )
                await asyncio.sleep(0.3)
            for table in _FAUTIVES:
                await base.execute(f"DROP TRIGGER faute ON {table}")  # type: ignore[arg-type]
            while (lu := await si.lire("orientation", f"/v1/imports/{suivant['id']}"))[
                "statut"
            ] != "terminee":
                await asyncio.sleep(0.3)
    assert lu["lignes"]["lues"] == 3
    perdu = await si.lire("orientation", vains[0])
    assert perdu["probleme"]["code"] == "lecture_abandonnee"
    assert (await si.lire("orientation", vains[1]))["erreurs"][0]["code"] == "interne"
    voulus = {
        ("orientation.import.echouee", fautif["id"]),
        ("orientation.export.echouee", export["id"]),
    }
    async with asyncio.timeout(10):
        while voulus:
            ici = await si.lire("orientation", ici["pagination"]["suivant"])
            voulus -= {(un["type"], un["id"]) for un in ici["elements"]}
