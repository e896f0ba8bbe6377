// A convention has two actions, one is amended and its places are taken, by the generated client.
import assert from "node:assert/strict";

import { cle, curseur, ouvrir, refus, rendu } from "./commun.js";
import type { components, paths } from "./financement-api.js";

const client = ouvrir<paths>();

// A command repeated under its key has one effect.
const demande: components["schemas"]["ConventionCreation"] = {
  reference: "client-typescript",
  type: "contrat_local_solidarites",
  intitule: "Convention d'essai",
  annee_debut: 2026,
};
const premiere = cle();
const conclure = () =>
  client.POST("/v1/conventions", {
    params: { header: { "Idempotency-Key": premiere } },
    body: demande,
  });
const faite = await conclure();
const refaite = await conclure();
const convention = rendu(faite);
assert.equal(faite.response.status, 201);
assert.equal(refaite.response.headers.get("Idempotency-Replayed"), "true");
assert.equal(rendu(refaite).id, convention.id);

const creer = async (code: string) =>
  rendu(
    await client.POST("/v1/conventions/{convention_id}/actions", {
      params: {
        path: { convention_id: convention.id },
        header: { "Idempotency-Key": cle() },
      },
      body: {
        code,
        libelle: "Action d'essai",
        caractere: "nouvelle",
        mode_capacite: "stock",
        places_ouvertes: 10,
        source: "Page d'essai",
      },
    }),
  );
const action = await creer("typescript-1");
await creer("typescript-2");

// A merge patch: null clears, what is absent stays; the version that was read guards it.
const modifier = (body: components["schemas"]["ActionModification"]) =>
  client.PATCH("/v1/actions/{action_id}", {
    params: {
      path: { action_id: action.id },
      header: { "If-Match": `"${action.version}"` },
    },
    headers: { "Content-Type": "application/merge-patch+json" },
    body,
  });
const modifiee = await modifier({ libelle: "Autre libellé", source: null });
const apres = rendu(modifiee);
assert.deepEqual([apres.libelle, apres.source, apres.code], ["Autre libellé", null, "typescript-1"]);
assert.equal(modifiee.response.headers.get("ETag"), `"${apres.version}"`);
refus(await modifier({ libelle: "Trop tard" }), 412, "version-depassee");

// Ten places: eight are given, three more are refused, in problem+json and with the facts.
const reserver = (places: number) =>
  client.POST("/v1/reservations", {
    params: { header: { "Idempotency-Key": cle() } },
    body: { action_id: action.id, beneficiaire_ref: cle(), places },
  });
const prise = rendu(await reserver(8));
const relue = await client.GET("/v1/reservations/{reservation_id}", {
  params: { path: { reservation_id: prise.id } },
});
assert.equal(rendu(relue).places, 8);
refus(await reserver(3), 409, "disponible-insuffisant");

// A filtered collection is walked page by page, until there is no next one.
const vues: string[] = [];
let suivant: string | undefined;
do {
  const query = { convention_id: [convention.id], limite: 1, curseur: suivant };
  const page = rendu(await client.GET("/v1/actions", { params: { query } }));
  assert.ok("pagination" in page);
  vues.push(...page.elements.map((one) => String(one.id)));
  suivant = curseur(page.pagination.suivant);
} while (suivant);
assert.equal(new Set(vues).size, 2);
assert.ok(vues.length === 2 && vues.includes(action.id));
