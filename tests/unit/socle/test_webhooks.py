"""Webhooks: which address is admitted, what is signed, when it is tried again."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Reference

from shared.refus import TransitionInterdite, Validation
from shared.schemas.webhooks import (
    IssueTentative,
    MotifDesactivation,
    SignatureWebhook,
    StatutLivraison,
    StatutWebhook,
)
from shared.socle.reglages import Reglages
from shared.socle.webhooks import rules

MAINTENANT = datetime(2026, 3, 3, 11, 15, 1, tzinfo=UTC)
SECRET = "whsec_ncx1/etHqktEJPu1f6vcKNyoRigT69NP5bcJu/JdH4U="
EXEMPLE = (
    b'{"type":"orientation.decision.enregistree","timestamp":"2026-03-03T11:15:00.412Z","data":'
    b'{"collectivite":"35D","orientation_id":"019cad9d-67a0-726b-b2a7-4de452e6b438",'
    b'"decision_id":"019cb368-8f20-70c6-a6a3-a4506513270e","version":4}}'
)
ESSAIS = ("http://127.0.0.1:9001",)

INTERDITES = """
http://si.partenaire.example/reception
ftp://si.partenaire.example/
HTTPS://si.partenaire.example/
file:///etc/passwd
gopher://si.partenaire.example/
javascript:alert(1)
//si.partenaire.example/
si.partenaire.example
https:/si.partenaire.example
https:si.partenaire.example
https://
https:///reception
https://?a
https://localhost/
https://localhost:8443/
https://partenaire/
https://si.localhost/
https://imprimante.local/
https://si.internal/
https://metadata.google.internal/computeMetadata/v1/
https://si.intranet/
https://si.corp/
https://si.home.arpa/
https://si.lan/
https://si.test/
https://si.invalid/
https://si.onion/
https://1.0.0.127.in-addr.arpa/
https://127.0.0.1/
https://127.0.0.1:8443/
https://127.1/
https://2130706433/
https://0x7f000001/
https://0x7f.0.0.1/
https://0177.0.0.1/
https://127.0.0.1.:443/
https://10.0.0.1/
https://192.168.1.1/
https://169.254.169.254/latest/meta-data/
https://8.8.8.8/
https://[::1]/
https://[::ffff:127.0.0.1]/
https://[fd00:ec2::254]/
https://[2001:4860:4860::8888]/
https://si.partenaire.example:80/
https://si.partenaire.example:22/
https://si.partenaire.example:8080/
https://si.partenaire.example:0443/
https://si.partenaire.example:/
https://si.partenaire.example:443443/
https://si.partenaire.example:+443/
https://moi@si.partenaire.example/
https://moi:secret@si.partenaire.example/
https://si.partenaire.example@127.0.0.1/
https://si.partenaire.example:443@127.0.0.1/
https://127.0.0.1#@si.partenaire.example/
https://si.partenaire.example#fragment
https://si.partenaire.example/#fragment
https://si.partenaire.example\\@127.0.0.1/
https:\\\\si.partenaire.example/
https://si.partenaire.example./
https://.si.partenaire.example/
https://si..partenaire.example/
https://-si.partenaire.example/
https://si-.partenaire.example/
https://si_1.partenaire.example/
https://SI.partenaire.example/
https://sì.partenaire.example/
https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ.partenaire.example/
https://si。partenaire。example/
https://si%2epartenaire.example/
https://%31%32%37.0.0.1/
https://si.partenaire.example/é
https://si.partenaire.example/a b
https://si.partenaire.example/%zz
https://si.partenaire.example/?a=<b>
https://si.partenaire.123/
https://si.partenaire.x/
http://127.0.0.1:9001.partenaire.example/
http://127.0.0.1:9001@127.0.0.1/
http://127.0.0.1:90011/
http://127.0.0.1:9002/
""".split("\n")[1:-1]


@pytest.mark.parametrize(
    "url",
    [
        *INTERDITES,
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://si.partenaire.example/\r\nHost: 127.0.0.1",
        "https://si.partenaire.example/\x00",
        " https://si.partenaire.example/",
        "https://si.partenaire.example/ ",
        "https://si.partenaire.example/\t",
        "",
    ],
)
def test_no_address_inside_is_admitted(url: str) -> None:
    """Planted: `match` for `fullmatch`, 23 red."""
    assert len(INTERDITES) >= 60
    with pytest.raises(Validation) as refused:
        rules.verifier_url(url, ESSAIS)
    (erreur,) = refused.value.members["erreurs"]
    assert (erreur["pointeur"], erreur["code"]) == ("/url", "url-webhook-interdite")


@pytest.mark.parametrize(
    "url",
    [
        "https://si.partenaire.example",
        "https://si.partenaire.example/",
        "https://si.partenaire.example:443/reception",
        "https://si.partenaire.example:8443/v1/reception?cle=a%20b&x=1",
        "https://xn--dpartement-b4a.fr/reception",
        "https://partenaire.xn--fiqs8s/",
        "http://127.0.0.1:9001/reception",
        "http://127.0.0.1:9001",
    ],
)
def test_a_public_name_is_admitted(url: str) -> None:
    rules.verifier_url(url, ESSAIS)


def test_this_machine_is_admitted_to_tests_alone() -> None:
    with pytest.raises(Validation):
        rules.verifier_url("http://127.0.0.1:9001/reception")


@pytest.mark.parametrize(
    ("url", "essais", "admis"),
    [
        pytest.param("http://127.0.0.1:8701", ["http://127.0.0.1:8704"], True, id="cette machine"),
        pytest.param("https://o.insertion.example", ["http://127.0.0.1:9001"], True, id="exemple"),
        pytest.param("https://api.departement.fr", [], True, id="production, sans"),
        pytest.param("https://api.departement.fr", ["http://127.0.0.1:9001"], False, id="avec"),
        pytest.param("https://exemple.fr/.example", ["http://127.0.0.1:9001"], False, id="chemin"),
        pytest.param("http://127.0.0.1:8701", ["http://10.0.0.1:80"], False, id="un réseau"),
        pytest.param("http://127.0.0.1:8701", ["http://127.0.0.1"], False, id="sans port"),
        pytest.param("http://127.0.0.1:8701", ["http://127.0.0.1:80/a"], False, id="un chemin"),
    ],
)
def test_no_production_opens_this_machine(url: str, essais: list[str], admis: bool) -> None:
    """Planted: the service's own address not looked at, red."""
    kept = dict.fromkeys(("postgres", "cle", "JALONS_EMETTEUR_URL"), "")
    if admis:
        assert Reglages(url=url, JALONS_WEBHOOKS_ESSAIS=essais, **kept).webhooks_essais == essais
    else:
        with pytest.raises(ValueError, match="JALONS_WEBHOOKS_ESSAIS"):
            Reglages(url=url, JALONS_WEBHOOKS_ESSAIS=essais, **kept)


@pytest.mark.parametrize(
    "adresse",
    "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1"
    " 127.255.255.255 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9"
    " 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1"
    " 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1"
    " ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808"
    " 64:ff9b:1::7f00:1 100::1 2001::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1"
    " 2002:808:808::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1"
    " 5f00::1 si.partenaire.example 127.1 2130706433".split(),
)
def test_no_connection_goes_inside(adresse: str) -> None:
    """Planted: the networks beside `is_global` left out, 7 red."""
    assert not rules.adresse_admise(adresse)


@pytest.mark.parametrize(
    "adresse",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2001:4860:4860::8888", "2a01::1"],
)
def test_public_addresses_are_reached(adresse: str) -> None:
    assert rules.adresse_admise(adresse)


def secret(lisible: str) -> bytes:
    return Reference(lisible)._whsecret


def test_the_example_of_the_contract_is_recomputed() -> None:
    """Contract guide, 18. Planted: the body parsed and written again before it is signed, red."""
    headers = rules.entetes(
        SignatureWebhook.V1,
        [secret(SECRET)],
        "019cb368-90bc-7893-923f-0824128b2f33",
        1772536501,
        EXEMPLE,
    )
    assert headers == {
        "webhook-id": "019cb368-90bc-7893-923f-0824128b2f33",
        "webhook-timestamp": "1772536501",
        "webhook-signature": "v1,goV5sFqJc1j7cMlMHC2ec/eL64CdXpYMZhuD2+81Xdk=",
    }
    assert rules.secret_lisible(secret(SECRET)) == SECRET


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text())
def test_signatures_are_those_of_the_standards_own_library(
    cle: bytes, precedente: bytes, texte: str
) -> None:
    """During a rotation whoever holds either secret believes it."""
    corps = json.dumps({"texte": texte}).encode()
    headers = rules.entetes(
        SignatureWebhook.V1, [cle, precedente], "msg-1", int(time.time()), corps
    )
    for one in (cle, precedente):
        assert Reference(rules.secret_lisible(one)).verify(corps, headers) == {"texte": texte}


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary())
def test_what_a_key_pair_signs_is_verified_by_its_public_key_alone(
    cle: bytes, precedente: bytes, corps: bytes
) -> None:
    """Of `v1a`. Planted: the body signed without its id and its time, red."""
    headers = rules.entetes(SignatureWebhook.V1A, [cle, precedente], "msg-1", 1772536501, corps)
    signatures = headers["webhook-signature"].split(" ")
    for one, signature in zip((cle, precedente), signatures, strict=True):
        schema, _, signee = signature.partition(",")
        assert schema == "v1a"
        publique = rules.cle_publique(one)
        assert publique.startswith("whpk_")
        Ed25519PublicKey.from_public_bytes(base64.b64decode(publique.removeprefix("whpk_"))).verify(
            base64.b64decode(signee), b"msg-1.1772536501." + corps
        )


def test_the_attempts_take_three_days_and_a_half() -> None:
    """Ten in 75 h 35, each a fifth sooner or later at the most. Planted: no jitter, red."""
    instants = [MAINTENANT]
    for rang in range(1, len(rules.DELAIS)):
        suite = rules.suite(IssueTentative.STATUT_REFUSE, rang, instants[-1], 0, timedelta())
        assert suite.statut is StatutLivraison.EN_ATTENTE
        assert suite.prochaine_le is not None
        instants.append(suite.prochaine_le)
    assert len(instants) == 10
    assert instants[-1] - instants[0] == timedelta(hours=75, minutes=35, seconds=5)
    heures = [round((b - a).total_seconds()) for a, b in pairwise(instants)]
    assert heures == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    for alea, secondes in ((-1, 240), (1, 360)):
        suite = rules.suite(IssueTentative.CONNEXION, 2, MAINTENANT, alea, timedelta())
        assert suite.prochaine_le == MAINTENANT + timedelta(seconds=secondes)
    last = rules.suite(IssueTentative.CONNEXION, 10, MAINTENANT, 0, timedelta(hours=1))
    assert last == rules.Suite(StatutLivraison.ABANDONNEE, None)
    assert rules.suite(IssueTentative.RECUE, 1, MAINTENANT, 0, timedelta()) == rules.Suite(
        StatutLivraison.LIVREE, None
    )


@pytest.mark.parametrize(
    ("statut", "retry_after", "secondes"),
    [
        pytest.param(503, "3600", 3600, id="une heure"),
        pytest.param(429, "90000", 86_400, id="un jour au plus"),
        pytest.param(429, "9" * 400, 86_400, id="un nombre sans fin"),
        pytest.param(503, "Tue, 03 Mar 2026 12:15:01 GMT", 3600, id="une date"),
        pytest.param(503, "Tue, 03 Mar 2026 10:15:01 GMT", 0, id="une date passée"),
        pytest.param(503, "bientôt", 0, id="illisible"),
        pytest.param(503, "-5", 0, id="négatif"),
        pytest.param(503, None, 0, id="absent"),
        pytest.param(500, "3600", 0, id="un autre statut"),
    ],
)
def test_a_receiver_may_ask_to_be_left_alone(
    statut: int, retry_after: str | None, secondes: int
) -> None:
    """Planted: the bound of a day left out, 2 red."""
    attente = rules.attente_demandee(statut, retry_after, MAINTENANT)
    assert attente == timedelta(seconds=secondes)
    suite = rules.suite(IssueTentative.STATUT_REFUSE, 1, MAINTENANT, 0, attente)
    assert suite.prochaine_le == MAINTENANT + timedelta(seconds=max(5, secondes))


@pytest.mark.parametrize(
    ("statut", "media", "html_est_echec", "issue"),
    [
        pytest.param(200, "", True, IssueTentative.RECUE, id="200"),
        pytest.param(204, "", True, IssueTentative.RECUE, id="204"),
        pytest.param(299, "application/json", True, IssueTentative.RECUE, id="299"),
        pytest.param(301, "", True, IssueTentative.REDIRECTION, id="301"),
        pytest.param(308, "", True, IssueTentative.REDIRECTION, id="308"),
        pytest.param(410, "", True, IssueTentative.RECEPTEUR_DISPARU, id="410"),
        pytest.param(404, "", True, IssueTentative.STATUT_REFUSE, id="404"),
        pytest.param(500, "", True, IssueTentative.STATUT_REFUSE, id="500"),
        pytest.param(199, "", True, IssueTentative.STATUT_REFUSE, id="199"),
        pytest.param(200, "Text/HTML; charset=x", True, IssueTentative.PAGE_HTML, id="page"),
        pytest.param(200, "text/html", False, IssueTentative.RECUE, id="page admise"),
        pytest.param(500, "text/html", True, IssueTentative.STATUT_REFUSE, id="page d'erreur"),
    ],
)
def test_what_an_answer_says(
    statut: int, media: str, html_est_echec: bool, issue: IssueTentative
) -> None:
    assert rules.issue_de(statut, media, html_est_echec=html_est_echec) is issue


@pytest.mark.parametrize(
    ("issue", "depuis", "motif"),
    [
        pytest.param(IssueTentative.STATUT_REFUSE, None, None, id="premier échec"),
        pytest.param(
            IssueTentative.STATUT_REFUSE,
            timedelta(days=5) - timedelta(seconds=1),
            None,
            id="cinq jours moins une seconde",
        ),
        pytest.param(
            IssueTentative.CONNEXION, timedelta(days=5), MotifDesactivation.SANS_SUCCES, id="cinq"
        ),
        pytest.param(
            IssueTentative.RECEPTEUR_DISPARU, None, MotifDesactivation.RECEPTEUR_DISPARU, id="410"
        ),
    ],
)
def test_when_a_receiver_is_left_alone(
    issue: IssueTentative, depuis: timedelta | None, motif: MotifDesactivation | None
) -> None:
    echec = None if depuis is None else MAINTENANT - depuis
    assert rules.motif_de_desactivation(issue, echec, MAINTENANT) is motif


@pytest.mark.parametrize(
    ("reponse", "rendu"),
    [
        pytest.param(b'{"defi":"abc"}', True, id="rendu"),
        pytest.param(b'{"defi":"abd"}', False, id="un autre"),
        pytest.param(b'{"defi":null}', False, id="nul"),
        pytest.param('{"defi":"é"}'.encode(), False, id="non ASCII"),
        pytest.param(b'"abc"', False, id="nu"),
        pytest.param(b"abc", False, id="sans JSON"),
        pytest.param(b"[" * 60_000, False, id="profond"),
        pytest.param(b"\xff", False, id="non UTF-8"),
        pytest.param(b'{"defi":"\\ud800"}', False, id="une moitié de caractère"),
    ],
)
def test_the_challenge_comes_back_or_does_not(reponse: bytes, rendu: bool) -> None:
    assert rules.defi_rendu(reponse, "abc") is rendu


def test_commands_follow_the_state() -> None:
    rules.verifier_commande("pauses", StatutWebhook.ACTIF)
    with pytest.raises(TransitionInterdite) as refused:
        rules.verifier_commande("pauses", StatutWebhook.DESACTIVE)
    assert refused.value.members["transitions_possibles"] == ["verifications"]


def test_a_body_is_thin() -> None:
    text = rules.corps(
        "financement.reservation.creee",
        MAINTENANT,
        {
            "collectivite": "35D",
            "ressource": "reservations",
            "id": "019cb368-8f20-70c6-a6a3-a4506513270e",
            "version": 1,
            "operation": "creation",
        },
    )
    assert " " not in text
    assert len(text) < 300
    assert json.loads(text)["timestamp"] == "2026-03-03T11:15:01.000000Z"
