"""The bench runs, and its generator tells the truth. What it measures is not judged here."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.postgres import ErreurLocale
from deploy.local.services import RACINE
from tests.bench.charge import mettre_en_charge

_REQUETE = b"GET /nue HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_REPONSE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def test_the_whole_bench_runs_and_says_its_ratios(tmp_path: Path) -> None:
    """A command and a run of its pgbench script leave the same rows.

    Planted: the observation left out of niveau.sql, red.
    """
    # Elsewhere than `ports_libres` looks: they are taken seconds later, once the server is up.
    port = 15_000 + 10 * (os.getpid() % 490)
    options = ["--dossier", str(tmp_path), "--port", str(port)]
    done = subprocess.run(
        [RACINE / "jalons", "bench", "--court", "--json", *options],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bilan = json.loads(done.stdout.splitlines()[-1])
    assert len(bilan["budgets"]) == 7
    for budget in bilan["budgets"]:
        assert 0 < budget["rapport_min"] <= budget["rapport"] <= budget["rapport_max"], budget
    assert bilan["commande"]["lignes_ecrites"] == dict.fromkeys(
        ("idempotence", "observation", "frein", "evenement", "reponse gardee"), 1
    )
    assert bilan["reservation"]["lignes_ecrites"] == {
        **dict.fromkeys(
            ("idempotence", "reservation", "reservation_ligne", "evenement", "ecriture"), 1
        ),
        "ligne_ecriture": 2,
        **dict.fromkeys(("tete", "reserve", "jours", "part", "reponse gardee"), 1),
    }
    assert list(tmp_path.iterdir()) == []


def test_growth_is_measured_for_each_list_read_search_and_command(tmp_path: Path) -> None:
    attendues = {
        "orientation": {"commande", "recherche", "lecture", "liste"},
        "parcours": {"commande", "lecture", "liste"},
        "financement": {"commande", "lecture", "liste"},
    }
    port = 10_000 + 10 * (os.getpid() % 490)
    options = ["--croissance", "--court", "--json", "--port", str(port)]
    options += [mot for service in attendues for mot in ("--service", service)]
    options += ["--dossier", str(tmp_path)]
    done = subprocess.run(
        [RACINE / "jalons", "bench", *options],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bilans = [json.loads(ligne) for ligne in done.stdout.splitlines()[-len(attendues) :]]
    assert [bilan["service"] for bilan in bilans] == list(attendues)
    for bilan in bilans:
        assert {one["sorte"] for one in bilan["genres"]} == attendues[bilan["service"]]
        for one in bilan["genres"]:
            assert min(one["p95_petit_ms"], one["p95_grand_ms"]) > 0, one
        petit, grand = bilan["octets"]
        assert petit < grand
    assert list(tmp_path.iterdir()) == []


def test_a_stall_is_paid_by_all_that_was_due_meanwhile() -> None:
    """Most requests fell due during the stall: the median says it.

    Planted: latency counted from the sending, red (0.1 ms).
    """
    with serveur([0.7]) as port:
        passe = mettre_en_charge(port, [lambda: _REQUETE], duree_s=1, attendu=b"200", cadence=100)
    assert passe.mediane_ms > 100
    assert passe.p99_ms > 600


def test_at_full_speed_each_answer_counts_once() -> None:
    with serveur([0.01] * 1000) as port:
        passe = mettre_en_charge(port, [lambda: _REQUETE], duree_s=0.5, attendu=b"200")
    assert 20 < passe.debit <= 100


def test_another_status_is_not_a_measure() -> None:
    with serveur([]) as port, pytest.raises(ErreurLocale, match="200 au lieu de 201"):
        mettre_en_charge(port, [lambda: _REQUETE], duree_s=0.1, attendu=b"201")


@contextmanager
def serveur(attentes_s: list[float]) -> Iterator[int]:
    """One connection, answered after these waits, then at once; each answer comes in two pieces."""

    def servir() -> None:
        connexion, _ = ecoute.accept()
        attentes = iter(attentes_s)
        with connexion:
            connexion.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connexion.recv(4096):
                time.sleep(next(attentes, 0))
                try:
                    connexion.sendall(_REPONSE[:-1])
                    connexion.sendall(_REPONSE[-1:])
                except OSError:  # the client, refusing, went away
                    return

    with socket.create_server(("127.0.0.1", 0)) as ecoute:
        fil = threading.Thread(target=servir)
        fil.start()
        yield ecoute.getsockname()[1]
        fil.join(5)
