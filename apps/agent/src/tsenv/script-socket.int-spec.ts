import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROTOCOL_LIMITS, type TsenvAnswer } from './protocol.js';
import { ScriptSocket, shareScriptSocket } from './script-socket.js';

let folder: string;
let socket: ScriptSocket;
let answered: number;
let clients: Socket[];

/** Answers with what was asked; `big` with a line as long as a line may be. */
function answer(line: Uint8Array): TsenvAnswer {
  answered++;
  const asked = Buffer.from(line).toString();
  return { ok: true, asked: asked === 'big' ? 'x'.repeat(60_000) : asked };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-socket-'));
  [answered, clients] = [0, []];
  const opened = ScriptSocket.open(folder, answer);
  if (!opened) throw new Error('no socket');
  socket = opened;
});
afterEach(() => {
  for (const client of clients) client.destroy();
  socket.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Client {
  readonly connection: Socket;
  readonly ended: Promise<void>;
  /** Complete ones so far. */
  lines(): string[];
}

function client(): Client {
  const connection = connect(socket.path);
  clients.push(connection);
  const lines: string[] = [];
  let rest = '';
  connection.on('data', (chunk: Buffer) => {
    const pieces = (rest + chunk.toString()).split('\n');
    rest = pieces.pop() ?? '';
    lines.push(...pieces);
  });
  connection.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  return { connection, ended, lines: () => lines };
}
/** Until the place that became free is given to somebody. */
async function untilAnswered(attempt: () => Promise<string>): Promise<void> {
  while (!(await attempt()).includes('"ok":true')) await delay(2);
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}

describe('the socket of a step', () => {
  it('belongs to this user alone', () => {
    expect(statSync(socket.path).mode & 0o777).toBe(0o600);
  });

  it('answers 1,000 requests on one connection, in order', async () => {
    const { connection, lines } = client();
    for (let index = 0; index < 1000; index++) connection.write(`${index}\n`);
    await until(() => lines().length === 1000);
    expect(lines().map((line) => (JSON.parse(line) as { asked: string }).asked)).toEqual(
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
  });

  it('answers a last line without an end to a client that closes its side, and closes', async () => {
    const { connection, ended, lines } = client();
    connection.end('a\n\nb');
    await ended;
    expect(lines()).toEqual(['{"ok":true,"asked":"a"}', '{"ok":true,"asked":"b"}']);
  });

  it('says so when a line is too long, and goes on', async () => {
    const { connection, lines } = client();
    connection.write(`${'x'.repeat(3 * PROTOCOL_LIMITS.lineBytes)}\nok\n`);
    await until(() => lines().length === 2);
    expect(lines().map((line) => (JSON.parse(line) as { code?: string }).code)).toEqual([
      'tsenv.line-too-long',
      undefined,
    ]);
    expect(answered).toBe(1);
  });

  it('reads nothing more from a client that does not read, and serves the others', async () => {
    const slow = client();
    slow.connection.pause();
    slow.connection.write('big\n'.repeat(500));
    const quick = client();
    const bursts = 20;
    for (let burst = 1; burst <= bursts; burst++) {
      quick.connection.write('quick\n');
      await until(() => quick.lines().length === burst);
    }
    // What is in the buffers of the kernel, and a little in ours: nowhere near 500 answers of 60 KB.
    expect(answered - bursts).toBeLessThan(50);
    slow.connection.resume();
    await until(() => slow.lines().length === 500);
  });

  it('takes a bounded number of connections and tells the next one', async () => {
    const all = Array.from({ length: PROTOCOL_LIMITS.connections }, client);
    for (const { connection } of all) connection.write('here\n');
    await until(() => all.every(({ lines }) => lines().length === 1));
    const late = client();
    await late.ended;
    expect(late.lines()).toEqual([expect.stringContaining('"code":"tsenv.too-many-connections"')]);
    all[0]?.connection.destroy();
    await untilAnswered(async () => {
      const next = client();
      next.connection.write('next\n');
      await Promise.race([next.ended, until(() => next.lines().length > 0)]);
      return next.lines()[0] ?? '';
    });
  });

  it('is gone with the step: no file, and nobody is answered who still has a connection', async () => {
    const held = client();
    held.connection.write('before\n');
    await until(() => held.lines().length === 1);
    socket.close();
    held.connection.write('after\n');
    await held.ended;
    expect([held.lines().length, answered, existsSync(socket.path)]).toEqual([1, 1, false]);
  });

  const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
  itAsRoot('can be shared with the one user that a process runs as', async () => {
    // Others may not pass the folder of this checkout, perhaps: they get a program that they can reach.
    const place = mkdtempSync(join(tmpdir(), 'muster-node-'));
    chmodSync(place, 0o755);
    const node = join(place, 'node');
    copyFileSync(process.execPath, node);
    const [nobody, other] = [65534, 12345];
    const script = `require('net').connect(${JSON.stringify(socket.path)}).on('connect', () => process.exit(0)).on('error', () => process.exit(9))`;
    const tryAs = (id: number): Promise<number | null> =>
      new Promise((resolve, reject) => {
        const child = spawn(node, ['-e', script], { uid: id, gid: id, env: {}, cwd: '/', stdio: 'ignore' });
        child.once('exit', resolve).once('error', reject);
      });
    try {
      expect(await tryAs(nobody)).toBe(9);
      shareScriptSocket(socket.path, { uid: nobody, gid: nobody });
      expect([await tryAs(nobody), await tryAs(other)]).toEqual([0, 9]);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
});
