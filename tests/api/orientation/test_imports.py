"""A flux comes in, foyer by foyer: what is wrong is named, the rest goes on."""

import gzip
import hashlib
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.local.flux_synthetique import generer
from services.orientation.imports import conservation, queries, routes, travail
from shared.socle.imports import decompression
from shared.socle.service import Service
from tests.conftest import Client, Connecter

JOUR = date(2026, 10, 31)
DEPOT = "/v1/imports?type=flux_beneficiaires"
COMPTES = ("dossier", "personne", "orientation", "evenement")


def flux(foyers: int = 20, graine: int = 35, jour: date = JOUR) -> bytes:
    return b"".join(generer(foyers=foyers, graine=graine, date_reference=jour))


async def importer(
    client: Client, service: Service, collectivite: str, contenu: bytes, cle: str | None = None
) -> dict[str, Any]:
    """Send a file, run its job, read the import back."""
    received = await client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=contenu,
        headers={"Content-Type": "application/xml", "Idempotency-Key": cle or str(uuid4())},
    )
    assert received.status_code == 202, received.text
    ident = received.json()["id"]
    await travail.importer_flux(service, import_id=ident, collectivite=collectivite)
    found: dict[str, Any] = (await client.get(received.headers["Location"])).json()
    return found


async def resultats(client: Client, import_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/imports/{import_id}/resultats")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def counts(service: Service, collectivite: str) -> dict[str, int]:
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return {
            table: (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in COMPTES
        }


@pytest.fixture
def service(services: Mapping[str, Service]) -> Service:
    return services["orientation"]


async def test_people_add_up_and_only_adults_become_persons(
    client: Client, service: Service, ouverte: str
) -> None:
    done = await importer(client, service, ouverte, flux(60))

    c = done["compteurs"]
    assert (done["statut"], done["complet"], c["foyers_lus"]) == ("terminee", True, 60)
    assert c["personnes_lues"] == (
        c["personnes_a_orienter"] + c["personnes_hors_orientation"] + c["personnes_refusees"]
    )
    assert c["orientations_creees"] == c["personnes_a_orienter"] > 0
    stored = await counts(service, ouverte)
    assert stored["orientation"] == c["personnes_a_orienter"]
    assert stored["dossier"] == 60
    # Children are counted, never kept.
    assert stored["personne"] < c["personnes_lues"]
    listed = await client.get("/v1/orientations?statut=brouillon&limite=200")
    assert len(listed.json()["elements"]) == c["personnes_a_orienter"]


async def test_the_same_file_twice_changes_nothing(
    client: Client, service: Service, ouverte: str
) -> None:
    """Planted: the fingerprint left out of the comparison, every foyer modified, red."""
    await importer(client, service, ouverte, flux())
    before = await counts(service, ouverte)

    again = await importer(client, service, ouverte, flux())

    assert again["compteurs"]["foyers_identiques"] == 20
    after = await counts(service, ouverte)
    # Two facts tell of the second import itself: it was received, it ended.
    assert after == before | {"evenement": before["evenement"] + 2}
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        versions = await tx.execute(text("SELECT max(version) FROM personne"))
        assert versions.scalar_one() == 1


async def test_an_invalid_foyer_is_named_with_its_line_and_the_rest_goes_on(
    client: Client, service: Service, ouverte: str
) -> None:
    """Whole or not at all, and the others are written."""
    lines = flux(5).split(b"\n")
    starts = [n for n, line in enumerate(lines, start=1) if b"<InfosFoyerRSA>" in line]
    state = next(n for n, line in enumerate(lines) if n > starts[2] and b"<ETATDOSRSA>" in line)
    lines[state] = lines[state].split(b">")[0] + b">9</ETATDOSRSA>"

    done = await importer(client, service, ouverte, b"\n".join(lines))

    assert done["compteurs"]["foyers_refuses"] == 1
    assert done["compteurs"]["foyers_crees"] == 4
    lus = await resultats(client, done["id"])
    assert [one["statut"] for one in lus] == ["creee", "creee", "refusee", "creee", "creee"]
    assert [one["rang"] for one in lus] == [1, 2, 3, 4, 5]
    assert lus[2]["probleme"] == {
        "code": "etat_dossier_inconnu",
        "ligne": starts[2],
        "champ": "ETATDOSRSA",
    }
    assert (await counts(service, ouverte))["dossier"] == 4


@pytest.mark.parametrize(
    ("avant", "code"),
    [
        pytest.param(b"<!DOCTYPE Racine>", "doctype_interdit", id="doctype"),
        pytest.param(
            b'<!DOCTYPE Racine [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            "doctype_interdit",
            id="entité externe",
        ),
    ],
)
async def test_a_dtd_is_refused_and_nothing_is_written(
    client: Client, service: Service, ouverte: str, avant: bytes, code: str
) -> None:
    head, _, rest = flux(3).partition(b"?>")

    done = await importer(client, service, ouverte, head + b"?>" + avant + rest)

    assert (done["statut"], done["probleme"]["code"]) == ("echouee", code)
    assert (await counts(service, ouverte))["dossier"] == 0


async def test_a_truncated_file_says_so_and_keeps_what_was_whole(
    client: Client, service: Service, ouverte: str
) -> None:
    whole = flux(10)

    done = await importer(client, service, ouverte, whole[: len(whole) * 2 // 3])

    assert (done["statut"], done["complet"]) == ("echouee", False)
    assert done["probleme"]["code"] == "xml_invalide"
    assert 0 < done["compteurs"]["foyers_crees"] < 10


async def test_an_interrupted_import_resumes_where_it_was(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exact counts after a crash. Planted: the position not moved with the batch, red."""
    monkeypatch.setattr(travail, "LOT", 7)
    write = travail._write
    calls = 0

    async def die(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionError
        await write(*arguments)

    monkeypatch.setattr(travail, "_write", die)
    with pytest.raises(ConnectionError):
        await importer(client, service, ouverte, flux(30))
    (pending,) = (await client.get("/v1/imports")).json()["elements"]
    assert (pending["statut"], pending["compteurs"]["foyers_lus"]) == ("en_cours", 14)

    await travail.importer_flux(service, import_id=pending["id"], collectivite=ouverte)

    done = (await client.get(f"/v1/imports/{pending['id']}")).json()
    assert (done["statut"], done["compteurs"]["foyers_crees"]) == ("terminee", 30)
    assert [one["rang"] for one in await resultats(client, done["id"])] == list(range(1, 31))
    assert (await counts(service, ouverte))["dossier"] == 30


async def test_of_two_readers_of_one_file_the_one_overtaken_gives_up(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker thought dead comes back. Planted: the import not held first, red."""
    monkeypatch.setattr(travail, "LOT", 7)
    write = travail._write

    async def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(travail, "_write", write)
        ident = str(arguments[2].import_id)
        await travail.importer_flux(service, import_id=ident, collectivite=ouverte)
        await write(*arguments)

    monkeypatch.setattr(travail, "_write", overtaken)
    with pytest.raises(travail.AutreTravailleur):
        await importer(client, service, ouverte, flux(30))

    (done,) = (await client.get("/v1/imports")).json()["elements"]
    assert (done["statut"], done["compteurs"]["foyers_crees"]) == ("terminee", 30)
    assert (await counts(service, ouverte))["dossier"] == 30


async def test_a_decision_taken_meanwhile_is_not_closed_by_an_import(
    client: Client, service: Service, ouverte: str
) -> None:
    """The flux says that the right ended; the decision was taken while it was being read."""
    await importer(client, service, ouverte, flux(5))
    (first, *_) = (await client.get("/v1/orientations")).json()["elements"]
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await tx.execute(
            text("UPDATE orientation SET statut = 'ouverte' WHERE id = :une"), {"une": first["id"]}
        )
        closed = await queries.close_orientations(tx, [UUID(first["id"])])

    assert closed == []


async def test_an_older_flux_is_refused_whole(
    client: Client, service: Service, ouverte: str
) -> None:
    """Even of foyers that the newer one did not tell."""
    await importer(client, service, ouverte, flux(5))

    older = await importer(client, service, ouverte, flux(6, jour=date(2026, 9, 30)))

    assert (older["statut"], older["probleme"]["code"]) == ("echouee", "date_reference_anterieure")
    assert older["compteurs"]["foyers_lus"] == 0
    assert await resultats(client, older["id"]) == []
    assert (await counts(service, ouverte))["dossier"] == 5


async def test_the_same_key_with_another_file_is_refused(
    client: Client, service: Service, ouverte: str
) -> None:
    cle = str(uuid4())
    first = await importer(client, service, ouverte, flux(3), cle)
    headers = {"Content-Type": "application/xml", "Idempotency-Key": cle}
    url = "/v1/imports?type=flux_beneficiaires"

    again = await client.request("POST", url, content=flux(3), headers=headers)
    other = await client.request("POST", url, content=flux(4), headers=headers)

    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (first["id"], "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotence-cle-reutilisee")


async def test_only_xml_and_only_with_the_scope(
    client: Client, connecter: Connecter, ouverte: str
) -> None:
    url = "/v1/imports?type=flux_beneficiaires"
    headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())}

    assert (await client.request("POST", url, content=b"a", headers=headers)).status_code == 415
    weak = connecter("orientation", "orientation:lire orientation:ecrire")
    refused = await weak.request("POST", url, content=b"a", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "portee-insuffisante")


async def test_the_file_is_not_kept_once_read(
    client: Client, service: Service, ouverte: str
) -> None:
    """Nor readable before: it waits sealed."""
    received = await client.request(
        "POST",
        "/v1/imports?type=flux_beneficiaires",
        content=flux(3),
        headers={"Content-Type": "application/xml", "Idempotency-Key": str(uuid4())},
    )
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        octets = (await tx.execute(text("SELECT octets FROM import_morceau"))).scalars().all()
    assert octets
    assert b"InfosFoyerRSA" not in b"".join(map(bytes, octets))

    await travail.importer_flux(service, import_id=received.json()["id"], collectivite=ouverte)

    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        left = await tx.execute(text("SELECT count(*) FROM import_morceau"))
        assert left.scalar_one() == 0


async def deposer(
    client: Client, contenu: bytes | AsyncIterator[bytes], cle: str | None = None, **entetes: str
) -> httpx.Response:
    """Send a body, said to be gzip unless another encoding is given."""
    headers = {
        "Content-Type": "application/xml",
        "Content-Encoding": "gzip",
        "Idempotency-Key": cle or str(uuid4()),
        **{nom.replace("_", "-"): valeur for nom, valeur in entetes.items()},
    }
    return await client.request("POST", DEPOT, content=contenu, headers=headers)


async def kept(service: Service, collectivite: str) -> dict[str, int]:
    """What a deposit leaves in the database."""
    tables = ("import", "import_morceau", "idempotence WHERE route = '/v1/imports'")
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        return {
            table: (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in tables
        }


async def test_a_file_is_the_same_plain_or_compressed(
    client: Client, service: Service, ouverte: str
) -> None:
    """One digest, one size, one idempotent command, whatever the encoding and its level."""
    whole = flux(60)
    cle = str(uuid4())

    received = await deposer(client, gzip.compress(whole), cle)
    again = await deposer(client, gzip.compress(whole, compresslevel=1), cle)
    plain = await deposer(client, whole, cle, Content_Encoding="identity")
    other = await deposer(client, gzip.compress(flux(61)), cle)

    found = received.json()
    assert (found["sha256"], found["taille_octets"]) == (
        hashlib.sha256(whole).hexdigest(),
        len(whole),
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == plain.json() == found
    assert (other.status_code, other.json()["code"]) == (422, "idempotence-cle-reutilisee")
    await travail.importer_flux(service, import_id=found["id"], collectivite=ouverte)
    done = (await client.get(received.headers["Location"])).json()
    assert (done["statut"], done["compteurs"]["foyers_crees"]) == ("terminee", 60)


async def test_members_that_follow_are_one_file(client: Client) -> None:
    whole = flux(20)
    parts = whole[:1000], b"", whole[1000:50_000], whole[50_000:]

    received = await deposer(client, b"".join(map(gzip.compress, parts)))

    assert received.json()["sha256"] == hashlib.sha256(whole).hexdigest()


ENTIER = gzip.compress(flux(3))


@pytest.mark.parametrize(
    ("contenu", "status", "code"),
    [
        pytest.param(ENTIER[:-1], 400, "entete-invalide", id="tronqué d'un octet"),
        pytest.param(ENTIER[: len(ENTIER) // 2], 400, "entete-invalide", id="tronqué"),
        pytest.param(ENTIER[:-8] + bytes(8), 400, "entete-invalide", id="somme fausse"),
        pytest.param(ENTIER + b"suite", 400, "entete-invalide", id="octets après la fin"),
        pytest.param(ENTIER + ENTIER[:30], 400, "entete-invalide", id="second membre tronqué"),
        pytest.param(flux(3), 400, "entete-invalide", id="pas du gzip"),
        pytest.param(zlib.compress(flux(3)), 400, "entete-invalide", id="zlib"),
        pytest.param(b"", 400, "entete-invalide", id="rien"),
        pytest.param(gzip.compress(b""), 400, "entete-invalide", id="membre vide"),
        pytest.param(gzip.compress(bytes(2**24)), 413, "archive-abusive", id="seize Mio de zéros"),
        pytest.param(
            ENTIER + gzip.compress(bytes(2**24)), 413, "archive-abusive", id="second membre abusif"
        ),
    ],
)
async def test_a_gzip_that_cannot_be_taken_leaves_nothing(
    client: Client, service: Service, ouverte: str, contenu: bytes, status: int, code: str
) -> None:
    """And its key serves for the whole file: none of these answers is kept."""
    cle = str(uuid4())

    refused = await deposer(client, contenu, cle)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert set((await kept(service, ouverte)).values()) == {0}
    assert (await deposer(client, ENTIER, cle)).status_code == 202


@pytest.mark.parametrize("encodage", ["br", "deflate", "gzip, gzip", "zstd", "x"])
async def test_gzip_is_the_only_encoding(client: Client, encodage: str) -> None:
    refused = await deposer(client, ENTIER, Content_Encoding=encodage)

    assert (refused.status_code, refused.json()["code"]) == (415, "type-non-admis")
    assert refused.headers["Accept-Encoding"] == "gzip"


async def test_a_second_line_of_the_header_is_a_second_encoding(client: Client) -> None:
    """Seen in the first of two lines only, the body would be taken for what it is not."""
    headers = [
        ("Content-Type", "application/xml"),
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "gzip"),
        ("Idempotency-Key", str(uuid4())),
        ("Authorization", f"Bearer {client._jeton}"),
    ]

    refused = await client._http.request("POST", DEPOT, content=ENTIER, headers=headers)

    assert refused.status_code == 415


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        pytest.param(decompression.PLANCHER, 202, id="un Mio, quel que soit le ratio"),
        pytest.param(decompression.PLANCHER + 1, 413, id="un octet de plus"),
    ],
)
async def test_a_ratio_tells_nothing_of_a_small_file(
    client: Client, octets: int, status: int
) -> None:
    """A thousand times smaller, as an honest file of a few repeated lines may be."""
    assert (await deposer(client, gzip.compress(bytes(octets)))).status_code == status


async def test_an_inflated_file_has_the_bounds_of_a_plain_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size first; then what is received, for members that hold nothing never end."""
    whole = flux(60)
    monkeypatch.setattr(routes, "TAILLE_MAX", len(whole))
    assert (await deposer(client, gzip.compress(whole))).status_code == 202
    monkeypatch.setattr(routes, "TAILLE_MAX", len(whole) - 1)

    plain = await deposer(client, whole, Content_Encoding="identity")
    inflated = await deposer(client, gzip.compress(whole))
    empty = await deposer(client, gzip.compress(b"") * (len(whole) // 20 + 1))

    assert (plain.status_code, plain.json()["code"]) == (413, "corps-trop-grand")
    for answer in (inflated, empty):
        assert (answer.status_code, answer.json()["code"]) == (413, "archive-abusive")


async def test_ten_gigabytes_of_zeros_are_refused_at_once(
    client: Client, service: Service, ouverte: str
) -> None:
    """Ten megabytes that hold ten gigabytes: refused on their first bytes, in a flat memory.

    Planted: the ratio not compared, half a gigabyte was inflated and half a megabyte read, red.
    Planted: each chunk inflated whole, a hundred and fifty megabytes in memory, red.
    """
    sent = 0

    async def bombe() -> AsyncIterator[bytes]:
        nonlocal sent
        deflate = zlib.compressobj(wbits=31)
        pending = b""
        for _ in range(10 * 1024):
            pending += deflate.compress(bytes(2**20))
            # What a socket gives at once.
            while len(pending) >= 65_536:
                sent += 65_536
                yield pending[:65_536]
                pending = pending[65_536:]
        yield pending + deflate.flush()

    tracemalloc.start()
    try:
        refused = await deposer(client, bombe())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (refused.status_code, refused.json()["code"]) == (413, "archive-abusive")
    assert refused.json()["ratio_max"] == 100
    assert sent == 65_536
    assert peak < 16 * 2**20
    assert set((await kept(service, ouverte)).values()) == {0}


async def test_results_are_kept_thirty_days_and_the_import_for_ever(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thirtieth day is included; then 410, whether the sweeper has been there or not.

    Planted: the sweeper without its date, the results gone at once, red.
    """
    done = await importer(client, service, ouverte, flux(5))
    other = await importer(client, service, ouverte, flux(6))
    url = f"/v1/imports/{done['id']}/resultats"
    fin = datetime.fromisoformat(done["termine_le"])

    async def left(instant: datetime) -> int:
        monkeypatch.setattr(service, "horloge", lambda: instant)
        await conservation.purger_imports(service, ouverte)
        async with service.base.transaction(service.acces_interne(ouverte)) as tx:
            found = await tx.execute(
                text("SELECT count(*) FROM import_resultat WHERE import_id = :un"),
                {"un": done["id"]},
            )
            return found.scalar_one()  # type: ignore[no-any-return]

    assert await left(fin + timedelta(days=30)) == 5
    assert len(await resultats(client, done["id"])) == 5
    past = fin + timedelta(days=30, microseconds=1)
    monkeypatch.setattr(service, "horloge", lambda: past)
    before = await client.get(url)
    assert await left(past) == 0
    for refused in (before, await client.get(url)):
        assert (refused.status_code, refused.json()["code"]) == (410, "fichier-expire")
    assert (await client.get(f"/v1/imports/{done['id']}")).json() == done
    # What ended later is still there.
    assert len(await resultats(client, other["id"])) == 6


async def test_results_forgotten_while_they_are_read_are_not_taken_for_whole(
    client: Client, service: Service, ouverte: str
) -> None:
    """The connection is cut. Planted: the count not compared, an empty answer of 200, red."""
    done = await importer(client, service, ouverte, flux(5))
    async with service.base.transaction(service.acces_interne(ouverte)) as tx:
        await queries.forget_resultats(tx, UUID(done["id"]))

    with pytest.raises(RuntimeError):
        await client.get(f"/v1/imports/{done['id']}/resultats")


async def test_a_file_that_nobody_could_read_is_not_kept_for_ever(
    client: Client, service: Service, ouverte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job fails at each try: after thirty days the import ends, its file goes, and so it is."""
    received = (await deposer(client, ENTIER)).json()
    recu = datetime.fromisoformat(received["recu_le"])

    monkeypatch.setattr(service, "horloge", lambda: recu + timedelta(days=30))
    await conservation.purger_imports(service, ouverte)
    assert (await kept(service, ouverte))["import_morceau"] == 1
    monkeypatch.setattr(service, "horloge", lambda: recu + timedelta(days=30, seconds=1))
    await conservation.purger_imports(service, ouverte)

    assert (await kept(service, ouverte))["import_morceau"] == 0
    ended = (await client.get(f"/v1/imports/{received['id']}")).json()
    assert (ended["statut"], ended["probleme"]["code"]) == ("echouee", "lecture_abandonnee")
    facts = (await client.get("/v1/changements")).json()["elements"]
    assert facts[-1]["type"] == "orientation.import.echouee"
    # The job, tried once more, finds it done.
    await travail.importer_flux(service, import_id=received["id"], collectivite=ouverte)
    assert (await counts(service, ouverte))["dossier"] == 0
