// A frein is observed, made worse and read, through the generated client.
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

import { cle, curseur, DONNE, ouvrir, refus, rendu } from "./commun.js";
import type { components, paths } from "./parcours-api.js";

const client = ouvrir<paths>();

// The feed of orientation opens the parcours, soon after the decision.
let parcours: components["schemas"]["Parcours"] | undefined;
const limite = Date.now() + 30_000;
while (parcours === undefined && Date.now() < limite) {
  const query = { personne_id: [DONNE.personne_id] };
  const page = rendu(await client.GET("/v1/parcours", { params: { query } }));
  parcours = page.elements[0] as typeof parcours;
  await setTimeout(200);
}
assert.ok(parcours);
const path = { parcours_id: parcours.id };

// A command repeated under its key has one effect.
const corps: components["schemas"]["FreinCreation"] = {
  code: "mobilite",
  niveau: "moyen",
  date_observation: parcours.date_ouverture,
  source: "referent",
};
const creer = (body: typeof corps, key: string) =>
  client.POST("/v1/parcours/{parcours_id}/freins", {
    params: { path, header: { "Idempotency-Key": key } },
    body,
  });
const premiere = cle();
const fait = await creer(corps, premiere);
const refait = await creer(corps, premiere);
const frein = rendu(fait);
assert.equal(fait.response.status, 201);
assert.equal(refait.response.headers.get("Idempotency-Replayed"), "true");
assert.equal(rendu(refait).id, frein.id);
rendu(await creer({ ...corps, code: "numerique" }, cle()));

// A version that was read guards what is written.
const empirer = () =>
  client.POST("/v1/freins/{frein_id}/niveaux", {
    params: {
      path: { frein_id: frein.id },
      header: { "Idempotency-Key": cle(), "If-Match": `"${frein.version}"` },
    },
    body: { niveau: "fort", date_observation: corps.date_observation, source: "referent" },
  });
rendu(await empirer());
refus(await empirer(), 412, "version-depassee");
const lire = (frein_id: string) =>
  client.GET("/v1/freins/{frein_id}", { params: { path: { frein_id } } });
const relu = rendu(await lire(frein.id));
assert.deepEqual([relu.niveau, relu.version], ["fort", frein.version + 1]);

// What is not there is problem+json.
refus(await lire(cle()), 404, "introuvable");

// A filtered collection is walked page by page, until there is no next one.
const codes: string[] = [];
let suivant: string | undefined;
do {
  const query = { parcours_id: [parcours.id], limite: 1, curseur: suivant };
  const page = rendu(await client.GET("/v1/freins", { params: { query } }));
  assert.ok("pagination" in page);
  codes.push(...page.elements.map((one) => String(one.code)));
  suivant = curseur(page.pagination.suivant);
} while (suivant);
assert.deepEqual(codes.sort(), ["mobilite", "numerique"]);
