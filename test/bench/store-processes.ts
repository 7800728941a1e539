/**
 * `npm run bench:store-processes -- [--processes N] [--rounds R] [--baseline MAIN.JS]`: signed PUTs and GETs of small and of large objects
 * against our store of N processes (default 2), beside one process in the same round; with `--baseline` that one is of another build.
 * The client is on the same machine, and its work is a part of every figure.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtApp } from '@muster/localsite/repository.js';
import { presign } from '../../apps/store/test/signed-request.js';
import { memoryOf } from './process-figures.js';
import { line, ratios, report, shown, spread } from './spread.js';

const KEY = { accessKeyId: 'BENCHKEY', secretAccessKey: 'secret-of-the-bench' };
const KIB = 1024;
const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    baseline: { type: 'string' },
  },
});
const processes = Number(values.processes);

/** Requests of one size. */
const LOADS = [
  { name: '4 KiB', bytes: 4 * KIB, count: 1500, connections: 16 },
  { name: '8 MiB', bytes: 8 * KIB * KIB, count: 40, connections: 8 },
] as const;
const METHODS = ['PUT', 'GET'] as const;

interface Round {
  /** By load and method: requests a second. */
  perSecond: Record<string, number>;
  memoryMebibytes: number;
}

const home = await mkdtemp(join(tmpdir(), 'muster-bench-'));
try {
  const credentials = join(home, 'keys.json');
  await writeFile(credentials, JSON.stringify([KEY]), { mode: 0o600 });
  const one: Round[] = [];
  const several: Round[] = [];
  // The first round warms up the disk and is thrown away.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    const first = await measure(values.baseline ?? builtApp('store'), 1, credentials);
    const second = await measure(builtApp('store'), processes, credentials);
    if (round === 0) continue;
    one.push(first);
    several.push(second);
  }
  console.log(
    `${processes} processes beside 1, ${availableParallelism()} cores, median (lowest … highest) of ${one.length} rounds`,
  );
  const figures: Record<string, object> = {};
  for (const { name } of LOADS) {
    for (const method of METHODS) {
      const what = `${method} of ${name}`;
      const [ours, theirs] = [several, one].map((rounds) => rounds.map(({ perSecond }) => perSecond[what]!));
      const [one_, several_, ratio] = [spread(theirs!), spread(ours!), ratios(ours!, theirs!)];
      figures[what] = { one: one_, several: several_, ratio };
      line(`${what}, requests/s: ${shown(one_)} →`, shown(several_), `ratio ${shown(ratio)}`);
    }
  }
  const memory = [one, several].map((rounds) => spread(rounds.map(({ memoryMebibytes }) => memoryMebibytes)));
  line(`memory afterwards, MiB: ${shown(memory[0]!)} →`, shown(memory[1]!));
  report('store-processes', { processes, figures, memory }, {});
} finally {
  await rm(home, { recursive: true, force: true });
}

async function measure(program: string, count: number, credentials: string): Promise<Round> {
  const folder = await mkdtemp(join(home, 'store-'));
  const child = fork(program, {
    env: {
      PATH: process.env['PATH'],
      MUSTER_STORE_FOLDER: folder,
      MUSTER_STORE_CREDENTIALS_FILE: credentials,
      MUSTER_STORE_PROCESSES: String(count),
      MUSTER_LOG_LEVEL: 'error',
    },
    execArgv: [],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`the store ended with ${code}`)));
  });
  try {
    await ask(port, 'PUT', '/content', undefined, undefined);
    const perSecond: Record<string, number> = {};
    for (const load of LOADS) {
      for (const method of METHODS) perSecond[`${method} of ${load.name}`] = await run(port, method, load);
    }
    return { perSecond, memoryMebibytes: memoryOf(child.pid!) };
  } finally {
    await end(child);
    await rm(folder, { recursive: true });
  }
}

/** @returns requests a second */
async function run(port: number, method: 'PUT' | 'GET', load: (typeof LOADS)[number]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const body = randomBytes(load.bytes);
  const targets = Array.from({ length: load.count }, (_, n) => signed(port, method, `/content/${load.bytes}/${n}`));
  // Connections are made before, a few at once, as those of any client that goes on for a while.
  await Promise.all(
    Array.from({ length: load.connections }, () => ask(port, 'GET', signed(port, 'GET', '/'), agent, undefined)),
  );
  const from = performance.now();
  const lanes = Array.from({ length: load.connections }, async () => {
    for (let target = targets.pop(); target !== undefined; target = targets.pop()) {
      await ask(port, method, target, agent, method === 'PUT' ? body : undefined, load.bytes);
    }
  });
  await Promise.all(lanes);
  const seconds = (performance.now() - from) / 1000;
  agent.destroy();
  return load.count / seconds;
}

function signed(port: number, method: string, path: string): string {
  return presign({ port, method, path, key: KEY, expiresSeconds: 3600 });
}

/** One request to a signed target, or to a path that is signed first. @throws Error for anything but 200 and the bytes that were asked for */
function ask(
  port: number,
  method: string,
  target: string,
  agent: Agent | undefined,
  body: Buffer | undefined,
  bytes?: number,
): Promise<void> {
  const path = target.includes('X-Amz-Signature') ? target : signed(port, method, target);
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body?.length ?? 0 };
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent, headers }, (incoming) => {
      let received = 0;
      incoming.on('data', (piece: Buffer) => (received += piece.length));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const isWhole = method === 'PUT' || bytes === undefined || received === bytes;
        if (incoming.statusCode === 200 && isWhole) resolve();
        else reject(new Error(`${method}: ${incoming.statusCode}, ${received} bytes`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function end(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await exit;
}
