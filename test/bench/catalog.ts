import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { DanglingReferenceRepository } from '../../apps/catalog/src/dangling/dangling-reference.repository.js';
import { EditLockRepository } from '../../apps/catalog/src/locks/edit-lock.repository.js';
import { Database } from '@muster/persistence/database.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import { startServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Agent, request } from 'undici';
import { longSequence } from './sample-sequences.js';

const help = `npm run bench:catalog [-- --sequences 10000 --page 100 --rounds 15 --steps 10000 --starts 5]

The catalog as a process of its own with real Postgres and NATS servers, over REST:
  first    a sequence of N steps as the first request of a process that just started, in so many starts. Goal: below 1 s each
  save     the same, saved again with one step more each time. Goal: below 1 s each
  diff     its first revision beside the newest. Goal: below 1 s each
  export   it, as other sites take it: with its digest, without its secrets. Goal: below 1 s each
  list     all sequences page by page, beside the same queries as raw SQL from this process, in turns: the page, and what
           its sequences miss and who edits them.
           Goal: 99 of 100 pages below 50 ms, and at least half as many pages per second as the raw SQL`;

const dangling = new DanglingReferenceRepository();
const locks = new EditLockRepository();
const program = join(import.meta.dirname, '../../apps/catalog/src/main.js');

/** A sequence as people write them: what is listed. */
const usual = (): SequenceNode[] => [
  { group: 'Prepare', steps: [{ step: 'Check', type: 'CheckReadiness', settings: { minimumMemoryMegabytes: 1024 } }] },
  {
    group: 'Install',
    condition: { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' },
    steps: [
      { step: 'Set ring', type: 'SetTaskSequenceVariable', settings: { name: 'Ring', value: 'pilot' } },
      {
        step: 'Run it',
        type: 'RunCommandLine',
        settings: { command: '/usr/bin/install-it --quiet' },
        retry: { attempts: 3 },
      },
      { step: 'Restart', type: 'RestartComputer', settings: { target: 'FullOS', delaySeconds: 30 } },
    ],
  },
];

interface Api {
  call(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<{ text: string; milliseconds: number }>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sequences: { type: 'string', default: '10000' },
      page: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '15' },
      steps: { type: 'string', default: '10000' },
      starts: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const servers = await startServers();
  const environment = servers.environment('catalog');
  const agent = new Agent({ connections: 1, keepAliveTimeout: 1000 });
  const database = new Database({
    url: environment['MUSTER_DATABASE_URL'] ?? '',
    schema: 'catalog',
    maximumConnections: 2,
  });
  let catalog = await startCatalog(environment);
  try {
    const token = await servers.addToken('catalog');
    const api = apiOf(`http://127.0.0.1:${environment['MUSTER_HTTP_PORT']}`, token, agent);
    const firsts: number[] = [];
    for (let start = 0; start < Number(values.starts); start++) {
      if (start > 0) {
        await catalog.stop();
        catalog = await startCatalog(environment);
      }
      firsts.push(await saveLarge(api, `large-${start}`, Number(values.steps), start));
    }
    const first = spread(firsts);
    console.log(`first save of ${values.steps} steps in ${firsts.length} starts: ${shown(first)}`);
    const large = await benchLarge(api, Number(values.steps));
    const goals = {
      firstSaveBelow1s: first.high < 1000,
      saveBelow1s: large.saves.high < 1000,
      diffBelow1s: large.differences.high < 1000,
      exportBelow1s: large.exports.high < 1000,
    };
    if (Number(values.sequences) === 0) return report({ first, ...large }, goals);
    const list = await benchList(api, database, Number(values.sequences), Number(values.page), Number(values.rounds));
    report(
      { first, ...large, list },
      { ...goals, pageP99Below50ms: list.p99 < 50, ratioAtLeastHalf: list.ratio >= 0.5 },
    );
  } finally {
    await agent.close();
    await database.close();
    await catalog.stop();
    await servers.stop();
  }
}

function report(figures: object, goals: Record<string, boolean>): void {
  console.log(JSON.stringify({ bench: 'catalog', ...figures, goals }));
  if (Object.values(goals).includes(false)) process.exitCode = 1;
}

/** The service as a process of its own, when it is ready. */
async function startCatalog(environment: NodeJS.ProcessEnv): Promise<{ stop(): Promise<void> }> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = `http://127.0.0.1:${environment['MUSTER_HTTP_PORT']}/readyz`;
  await until(async () => (await fetch(address).catch(() => undefined))?.ok === true);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function apiOf(base: string, token: string, dispatcher: Agent): Api {
  return {
    async call(method, path, body) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const started = performance.now();
      const answer = await request(`${base}${path}`, {
        method,
        dispatcher,
        headers: { authorization: `Bearer ${token}`, ...(payload ? { 'content-type': 'application/json' } : {}) },
        ...(payload ? { body: payload } : {}),
      });
      const text = await answer.body.text();
      const milliseconds = performance.now() - started;
      if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
      return { text, milliseconds };
    },
  };
}

/** Saves a sequence of so many steps, and one that tells the round. Milliseconds until the whole answer is there. */
async function saveLarge(api: Api, name: string, steps: number, round: number): Promise<number> {
  const nodes = longSequence(steps);
  nodes.splice(round, 0, { step: `Round ${round}`, type: 'RunCommandLine', settings: { command: 'true' } });
  const document = { apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: { name }, spec: { steps: nodes } };
  return (await api.call('PUT', `/api/v1/task-sequences/${name}`, document)).milliseconds;
}

async function benchLarge(api: Api, steps: number) {
  const saves: number[] = [];
  const differences: number[] = [];
  const exports: number[] = [];
  await saveLarge(api, 'large', steps, 0);
  for (let round = 1; round <= 5; round++) {
    saves.push(await saveLarge(api, 'large', steps, round));
    differences.push((await api.call('GET', '/api/v1/task-sequences/large/revisions/1/difference')).milliseconds);
    exports.push((await api.call('POST', '/api/v1/task-sequences/-/export', { names: ['large'] })).milliseconds);
  }
  const result = { steps, saves: spread(saves), differences: spread(differences), exports: spread(exports) };
  console.log(`save of ${steps} steps, later ones: ${shown(result.saves)}`);
  console.log(`difference of two revisions of it: ${shown(result.differences)}`);
  console.log(`export of it: ${shown(result.exports)}`);
  return result;
}

async function benchList(api: Api, database: Database, sequences: number, page: number, rounds: number) {
  await api.call('PUT', '/api/v1/task-sequences/usual-0', {
    apiVersion: 'muster/v1',
    kind: 'TaskSequence',
    metadata: { name: 'usual-0', displayName: 'A usual sequence', labels: { team: 'infra' } },
    spec: { steps: usual() },
  });
  await copyRows(database, sequences);
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [mine, sql] = [await listOverRest(api, page, sequences), await listInSql(database, page, sequences)];
    // The first round warms both up.
    if (round > 0) {
      ours.push(...mine);
      raw.push(...sql);
    }
  }
  const sum = (times: readonly number[]): number => times.reduce((total, one) => total + one, 0);
  const result = {
    sequences,
    page,
    pages: ours.length,
    p50: quantile(ours, 0.5),
    p99: quantile(ours, 0.99),
    rawP50: quantile(raw, 0.5),
    rawP99: quantile(raw, 0.99),
    ratio: round(sum(raw) / sum(ours)),
  };
  console.log(`page of ${page} of ${sequences} sequences over REST: median ${result.p50} ms, p99 ${result.p99} ms`);
  console.log(`the same query as raw SQL: median ${result.rawP50} ms, p99 ${result.rawP99} ms; ratio ${result.ratio}`);
  return result;
}

/** Rows as the service wrote the first one, under other names. */
async function copyRows(database: Database, sequences: number): Promise<void> {
  await database.query(
    `with copied as (
       insert into task_sequence (uid, name, display_name, folder, labels, resource_version, generation, spec, status)
       select gen_random_uuid(), 'usual-' || n, display_name, folder, labels, nextval('resource_version'), 1, spec, status
       from task_sequence, generate_series(1, $1::int - 2) as n where name = 'usual-0' returning uid
     )
     insert into task_sequence_words (task_sequence_uid, version, words)
     select copied.uid, version, words from copied, task_sequence_words
     where task_sequence_uid = (select uid from task_sequence where name = 'usual-0')`,
    [sequences],
  );
  // The large one would be most of the page that it is on, on both sides.
  await database.query(`delete from task_sequence where name like 'large%'`);
  await database.query('analyze');
}

async function listOverRest(api: Api, page: number, sequences: number): Promise<number[]> {
  const times: number[] = [];
  let count = 0;
  for (let next = ''; ;) {
    const started = performance.now();
    const { text } = await api.call('GET', `/api/v1/task-sequences?limit=${page}${next}`);
    const { items, metadata } = JSON.parse(text) as { items: unknown[]; metadata: { continue?: string } };
    times.push(performance.now() - started);
    count += items.length;
    if (metadata.continue === undefined) break;
    next = `&continue=${metadata.continue}`;
  }
  if (count !== sequences - 1) throw new Error(`${count} sequences were listed`);
  return times;
}

async function listInSql(database: Database, page: number, sequences: number): Promise<number[]> {
  const times: number[] = [];
  let count = 0;
  for (let after = ''; ;) {
    const started = performance.now();
    const rows = await database.query<{ uid: string; name: string }>(
      `select uid, name, display_name, folder, labels, resource_version, generation, spec, status, created_at, updated_at
       from task_sequence where name > $1 and labels @> $2 order by name limit $3`,
      [after, '{}', page + 1],
    );
    const uids = rows.slice(0, page).map(({ uid }) => uid);
    await Promise.all([dangling.findMany(database, uids), locks.findMany(database, uids)]);
    times.push(performance.now() - started);
    count += Math.min(rows.length, page);
    if (rows.length <= page) break;
    after = rows[page - 1]?.name ?? '';
  }
  if (count !== sequences - 1) throw new Error(`${count} sequences were read`);
  return times;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN);
}

function spread(values: readonly number[]): { median: number; low: number; high: number } {
  return { median: quantile(values, 0.5), low: quantile(values, 0), high: quantile(values, 1) };
}

function shown({ median, low, high }: { median: number; low: number; high: number }): string {
  return `${median} ms (${low} … ${high})`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

await main();
