"""Decisions of webhooks: which address is admitted, what is signed, when to try again. Pure."""

import base64
import hmac
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.refus import Erreur, TransitionInterdite, Validation
from shared.schemas.webhooks import (
    IssueTentative,
    MotifDesactivation,
    SignatureWebhook,
    StatutLivraison,
    StatutWebhook,
)

# Contract guide, 18. The ten attempts: the first at once, each other so long after the previous.
DELAIS = tuple(
    timedelta(seconds=secondes)
    for secondes in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
ALEA = 0.2
RETRY_AFTER_MAX = timedelta(hours=24)
SANS_SUCCES_MAX = timedelta(days=5)
DOUBLE_SIGNATURE = timedelta(hours=72)
DELAI_REPONSE_S = 15
REPONSE_MAX = 64 * 1024
SECRET_OCTETS = 32
CORPS_MAX = 4 * 1024
EN_VOL_MAX = 5
BAIL = timedelta(seconds=30)  # past the time of an attempt, and of noting it
REJEU_MAX = 10_000
PAGE = 500
VERIFICATION = "endpoint.verification"

# Where DNS names end that no public registry gives: of a machine, of a home, of an office.
# `.example` stays: it is of the documents, and no server will ever answer for it.
_SUFFIXES_INTERNES = frozenset(
    "localhost local localdomain internal intranet private corp home lan test invalid onion alt"
    " arpa workgroup domain".split()
)
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# A name whose last label is a word: an IPv4 address, in whatever base, ends with a number.
_URL = re.compile(
    rf"https://(?P<nom>(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}}(?<!-)))"
    r"(?::(?:443|8443))?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_NOM_MAX = 253
# Only this machine, at a port of its own: what a test and the demonstration listen on.
ORIGINE_ESSAI = re.compile(r"https?://127\.0\.0\.1:[0-9]{2,5}")
_CHEMIN_ESSAI = re.compile(r"(?:/[A-Za-z0-9._~/-]*)?")

# What `is_global` leaves open: ways into an IPv4 address, and a cloud's own address that is public.
_INTERDITS = tuple(
    ip_network(one)
    for one in (
        "100.64.0.0/10",  # carrier-grade NAT
        "168.63.129.16/32",  # Azure's host
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.175.48.0/24",
        "198.18.0.0/15",
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "2620:4f:8000::/48",
    )
)
_IPV6_PUBLIC = IPv6Network("2000::/3")  # all that is unicast and global


def verifier_url(url: str, essais: Collection[str] = ()) -> None:
    """Refuse an address that no webhook goes to; what its name leads to is checked when sending.

    Args:
        url: as the partner gives it.
        essais: origins of this machine that a test listens on; none in production.

    Raises:
        Validation: `url-webhook-interdite`.
    """
    if est_essai(url, essais):
        return
    found = _URL.fullmatch(url)
    if (
        found is None
        or len(found["nom"]) > _NOM_MAX
        or found["nom"].rpartition(".")[2] in _SUFFIXES_INTERNES
    ):
        message = "Adresse HTTPS publique attendue, port 443 ou 8443"
        raise Validation([Erreur("/url", "url-webhook-interdite", message)])


def est_essai(url: str, essais: Collection[str]) -> bool:
    """Whether the address is one of the origins of a test."""
    return any(
        url.startswith(origine) and _CHEMIN_ESSAI.fullmatch(url[len(origine) :])
        for origine in essais
    )


def adresse_admise(adresse: str) -> bool:
    """Whether a webhook may be sent to this IP address: a public one, and nothing else."""
    try:
        found = ip_address(adresse)
    except ValueError:
        return False
    if found.is_multicast or not found.is_global:
        return False
    # Mapped, translated, tunnelled: an address that is not what it seems.
    if isinstance(found, IPv6Address) and (found.scope_id or found not in _IPV6_PUBLIC):
        return False
    return not any(_dans(found, reseau) for reseau in _INTERDITS)


def _dans(adresse: IPv4Address | IPv6Address, reseau: object) -> bool:
    return adresse in reseau  # type: ignore[operator]  # false between two versions


def verifier_types(types: Sequence[str], connus: Collection[str]) -> None:
    """Refuse types of events that the service does not publish.

    Raises:
        Validation: `code-referentiel-inconnu`, for each.
    """
    faults = [
        Erreur(f"/types/{rang}", "code-referentiel-inconnu", "Type d'evenement inconnu du service")
        for rang, one in enumerate(types)
        if one not in connus
    ]
    if faults:
        raise Validation(faults)


def secret_lisible(secret: bytes) -> str:
    """The secret as partners keep it."""
    return "whsec_" + base64.b64encode(secret).decode()


def schema_de(publique: str | None) -> SignatureWebhook:
    """How a subscription is signed: whoever has a public key verifies with it."""
    return SignatureWebhook.V1 if publique is None else SignatureWebhook.V1A


def cle_publique(secret: bytes) -> str:
    """The key that verifies what a secret signs as `v1a`, as partners keep it."""
    publique = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    return "whpk_" + base64.b64encode(publique.public_bytes_raw()).decode()


def signature(
    schema: SignatureWebhook, secret: bytes, webhook_id: str, horodatage: int, corps: bytes
) -> str:
    """Sign the bytes that are sent, as Standard Webhooks 1.0 says."""
    signe = f"{webhook_id}.{horodatage}.".encode() + corps
    match schema:
        case SignatureWebhook.V1:
            signature = hmac.digest(secret, signe, "sha256")
        case SignatureWebhook.V1A:
            signature = Ed25519PrivateKey.from_private_bytes(secret).sign(signe)
    return f"{schema},{base64.b64encode(signature).decode()}"


def entetes(
    schema: SignatureWebhook,
    secrets: Sequence[bytes],
    webhook_id: str,
    horodatage: int,
    corps: bytes,
) -> dict[str, str]:
    """The three headers: one signature for each secret that still holds."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(horodatage),
        "webhook-signature": " ".join(
            signature(schema, one, webhook_id, horodatage, corps) for one in secrets
        ),
    }


def corps(type_: str, survenu_le: datetime, donnees: dict[str, object]) -> str:
    """The body, as it is signed and sent: thin, compact, the same at each attempt."""
    instant = survenu_le.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    content = {"type": type_, "timestamp": instant, "data": donnees}
    text = json.dumps(content, separators=(",", ":"))
    assert len(text) <= CORPS_MAX
    return text


def defi_de(corps: str) -> str:
    """The challenge of a verification, from its body."""
    return str(json.loads(corps)["data"]["defi"])


def defi_rendu(reponse: bytes, defi: str) -> bool:
    """Whether the receiver gave the challenge back: `{"defi": "…"}`."""
    try:
        found = json.loads(reponse)
        rendu = found.get("defi") if isinstance(found, dict) else None
        return isinstance(rendu, str) and hmac.compare_digest(rendu.encode(), defi.encode())
    except (ValueError, RecursionError):  # ValueError: a lone surrogate is JSON, and no UTF-8
        return False


def issue_de(statut: int, type_contenu: str, *, html_est_echec: bool) -> IssueTentative:
    """What an answer says: 2xx is received, a redirection is never followed."""
    if statut == 410:
        return IssueTentative.RECEPTEUR_DISPARU
    if 300 <= statut < 400:
        return IssueTentative.REDIRECTION
    if not 200 <= statut < 300:
        return IssueTentative.STATUT_REFUSE
    if html_est_echec and type_contenu.partition(";")[0].strip().lower() in _HTML:
        return IssueTentative.PAGE_HTML
    return IssueTentative.RECUE


_HTML = frozenset(("text/html", "application/xhtml+xml"))


def attente_demandee(
    statut: int | None, retry_after: str | None, maintenant: datetime
) -> timedelta:
    """How long a receiver that says 429 or 503 asks to be left alone, a day at most."""
    if statut not in (429, 503) or retry_after is None:
        return timedelta()
    try:
        if retry_after.isascii() and retry_after.isdecimal():
            asked = timedelta(seconds=min(int(retry_after[:9]), 10**9))
        else:
            asked = parsedate_to_datetime(retry_after).astimezone(UTC) - maintenant
    except (ValueError, OverflowError):
        return timedelta()
    return min(max(asked, timedelta()), RETRY_AFTER_MAX)


@dataclass(frozen=True)
class Suite:
    """What follows an attempt: the delivery's state, and when to try again."""

    statut: StatutLivraison
    prochaine_le: datetime | None


def suite(
    issue: IssueTentative, rang: int, maintenant: datetime, alea: float, demandee: timedelta
) -> Suite:
    """Decide what follows an attempt.

    Args:
        issue: how it ended.
        rang: its rank in the schedule, 1 for the first.
        maintenant: the instant of its end.
        alea: a number from -1 to 1, which spreads the attempts by a fifth.
        demandee: what the receiver asks, which the schedule does not shorten.
    """
    if issue is IssueTentative.RECUE:
        return Suite(StatutLivraison.LIVREE, None)
    if issue is IssueTentative.RECEPTEUR_DISPARU or rang >= len(DELAIS):
        return Suite(StatutLivraison.ABANDONNEE, None)
    delai = DELAIS[rang] * (1 + ALEA * alea)
    return Suite(StatutLivraison.EN_ATTENTE, maintenant + max(delai, demandee))


def motif_de_desactivation(
    issue: IssueTentative, echec_depuis_le: datetime | None, maintenant: datetime
) -> MotifDesactivation | None:
    """Why this failure is the last one; none if it is not.

    Args:
        issue: how the attempt ended.
        echec_depuis_le: the first failure since the last success.
        maintenant: five days after it, to the second, the endpoint is left alone.
    """
    if issue is IssueTentative.RECEPTEUR_DISPARU:
        return MotifDesactivation.RECEPTEUR_DISPARU
    if echec_depuis_le is not None and maintenant - echec_depuis_le >= SANS_SUCCES_MAX:
        return MotifDesactivation.SANS_SUCCES
    return None


_DEPUIS = {
    "pauses": frozenset({StatutWebhook.ACTIF}),
    "reprises": frozenset({StatutWebhook.EN_PAUSE}),
    "verifications": frozenset({StatutWebhook.A_VERIFIER, StatutWebhook.DESACTIVE}),
    "rejeux": frozenset({StatutWebhook.ACTIF, StatutWebhook.EN_PAUSE}),
}


def verifier_commande(commande: str, statut: StatutWebhook) -> None:
    """Refuse a command that the state of the subscription does not allow.

    Raises:
        TransitionInterdite: with the commands that it does.
    """
    if statut not in _DEPUIS[commande]:
        possibles = [one for one, depuis in _DEPUIS.items() if statut in depuis]
        raise TransitionInterdite(statut, possibles)
