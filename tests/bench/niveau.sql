-- What `POST /v1/freins/{{id}}/niveaux` says to PostgreSQL, in its order (see tests/bench/pgbench.py,
-- which fills what stands between braces). Each client observes a frein of its own.
\set cle random(1, 9000000000000000000)
BEGIN;
SELECT set_config('app.collectivite', '{collectivite}', true), set_config('lock_timeout', '300ms', true);
WITH prise AS (INSERT INTO idempotence (collectivite, client_id, methode, route, cle, empreinte) VALUES ('{collectivite}', '{client}', 'POST', '/v1/freins/{{frein_id}}/niveaux', 'pgbench-' || cast(:cle AS text), decode('{empreinte}', 'hex')) ON CONFLICT DO NOTHING RETURNING cle) SELECT set_config('lock_timeout', '5s', true) FROM prise;
SAVEPOINT acte;
SELECT f.*, p.statut AS statut_parcours, false AS sante FROM frein f JOIN parcours p ON p.collectivite = f.collectivite AND p.id = f.parcours_id WHERE f.collectivite = '{collectivite}' AND f.id = ('{{{freins}}}'::uuid[])[cast(:client_id AS int) + 1] FOR UPDATE OF p, f;
INSERT INTO observation (collectivite, id, frein_id, niveau, date_observation, source, commentaire, client_id) VALUES ('{collectivite}', {uuid}, ('{{{freins}}}'::uuid[])[cast(:client_id AS int) + 1], 'moyen', '{jour}', 'referent', decode('{commentaire}', 'hex'), '{client}');
UPDATE frein SET version = version + 1, modifie_le = now(), niveau = 'moyen', date_observation = '{jour}' WHERE collectivite = '{collectivite}' AND id = ('{{{freins}}}'::uuid[])[cast(:client_id AS int) + 1] RETURNING *;
INSERT INTO evenement (collectivite, evenement_id, type, ressource, id, version, operation, client_id, trace) VALUES ('{collectivite}', {uuid}, 'parcours.frein.observe', 'freins', ('{{{freins}}}'::uuid[])[cast(:client_id AS int) + 1], 1, 'modification', '{client}', '{trace}');
UPDATE idempotence SET statut = 201, entetes = '{entetes}', corps = decode('{corps}', 'hex') WHERE collectivite = '{collectivite}' AND client_id = '{client}' AND methode = 'POST' AND route = '/v1/freins/{{frein_id}}/niveaux' AND cle = 'pgbench-' || cast(:cle AS text);
COMMIT;
