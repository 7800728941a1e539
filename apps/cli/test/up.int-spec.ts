import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const launcher = join(repository, 'apps', 'cli', 'muster.js');

/** How long a whole site with its sample may take on a busy machine. */
const siteSeconds = 150;

/** A `muster` process and what it said. */
class Muster {
  output = '';
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(args: readonly string[], folder: string) {
    this.child = spawn(process.execPath, [launcher, ...args], {
      env: { ...environment(), MUSTER_CONFIG: join(folder, 'config.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as a shell gives to a command.
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    // `close`, not `exit`: only then all that it said has been read.
    this.ended = new Promise((done) => this.child.once('close', (code, signal) => done({ code, signal })));
  }

  /** Ctrl-C as a terminal sends it: to the whole process group. */
  interrupt(): void {
    process.kill(-(this.child.pid ?? 0), 'SIGINT');
  }

  /** Until it has said this, or has ended. */
  async says(text: string): Promise<void> {
    const running = (): boolean => this.child.exitCode === null && this.child.signalCode === null;
    await until(() => this.output.includes(text) || !running(), siteSeconds * 1000);
    if (!this.output.includes(text)) throw new Error(`it ended and never said "${text}":\n${this.output}`);
  }
}

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MUSTER_|NODE_OPTIONS)/.test(name));
  return Object.fromEntries(inherited);
}

/** Command lines of the processes that name a folder in their arguments or environment. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const [line = '', settings = ''] = ['cmdline', 'environ'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' '),
        );
        return line.includes(folder) || settings.includes(folder) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

describe('muster up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-cli-up-'));
  const data = join(folder, 'data');
  let port: number;
  let site: Muster | undefined;

  beforeAll(async () => {
    port = await freePort();
  });

  afterEach(async () => {
    if (site?.child.exitCode === null) site.child.kill('SIGKILL');
    await site?.ended;
  }, 180_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const up = (...flags: string[]): Muster =>
    (site = new Muster(['up', '--data', data, '--port', `${port}`, ...flags], folder));
  const parts = (): string[] =>
    (JSON.parse(readFileSync(join(data, 'children.json'), 'utf8')) as { name: string }[]).map(({ name }) => name);

  it('says in one line that a data folder cannot be, with exit code 2', async () => {
    site = new Muster(['up', '--data', '/proc/muster/data', '--port', String(port)], folder);
    expect(await site.ended).toEqual({ code: 2, signal: null });
    expect(site.output).toMatch(
      /^Muster site in \/proc\/muster\/data\nerror: up\.not-writable: the data folder \/proc\/muster\/data .*\n$/,
    );
  });

  it('says the same of a folder for its contexts', async () => {
    site = new Muster(['config', 'set-context', 'x', '--server', 'http://127.0.0.1:1'], '/proc/muster');
    expect(await site.ended).toEqual({ code: 2, signal: null });
    expect(site.output).toMatch(/^error: config\.not-writable: \/proc\/muster\/config\.json .*\n$/);
  });

  it('with --sample ends by saying where everything is and how to stop, and `apply` of the example has nothing to change', async () => {
    const running = up('--sample');
    await running.says('Ctrl-C');
    expect(running.output).toContain('1 succeeded, 0 failed');
    expect(running.output.match(/muster_[\w-]{43}/g)).toHaveLength(1);
    const end = running.output.slice(running.output.indexOf('serves at'));
    for (const what of [`http://127.0.0.1:${port}\n`, '/docs/catalog/', 'npx muster', 'stop            Ctrl-C'])
      expect(end).toContain(what);
    const apply = new Muster(['apply', '-f', join(repository, 'examples/hello-site/hello-site.yaml')], folder);
    expect([await apply.ended, apply.output]).toEqual([
      { code: 0, signal: null },
      'package/hello unchanged\ncollection/hello-computers unchanged\ntaskSequence/hello-site unchanged\n',
    ]);
    running.interrupt();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    // The parts are stopped in order; none ends by itself and is started again.
    expect(running.output.split('Ctrl-C')[1]).toMatch(/^\s*stopping the site … [\d.]+ s\n$/);
  }, 180_000);

  it('without --sample starts the agent that is enrolled at the site', async () => {
    const running = up();
    await running.says('Ctrl-C');
    expect(running.output).toContain('starting agent on this computer …');
    expect(running.output).not.toContain('enrolling');
    expect(parts()).toContain('agent');
    running.child.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: 0, signal: null });
  }, 180_000);

  it('gives a new site a distribution point, and not again to one whose owner has deleted it', async () => {
    const own = join(folder, 'own');
    const start = async (): Promise<Muster> => {
      site = new Muster(['up', '--data', own, '--port', `${port}`], folder);
      await site.says('Ctrl-C');
      return site;
    };
    const muster = async (...args: string[]): Promise<string> => {
      const command = new Muster(args, folder);
      const { code } = await command.ended;
      if (code !== 0) throw new Error(command.output);
      return command.output;
    };
    const first = await start();
    expect(first.output).toContain('making distribution point "local" of site ');
    await muster('apply', '-f', join(repository, 'examples/hello-site/hello-site.yaml'));
    await muster('content', 'upload', 'hello', join(repository, 'examples/hello-site/packages/hello'));
    expect(await muster('content', 'distribute', 'hello', '--to', 'local')).toContain('is available on local');
    await muster('delete', 'distribution', 'hello');
    await muster('delete', 'distribution-point', 'local');
    first.interrupt();
    await first.ended;
    const second = await start();
    expect(second.output).not.toContain('making distribution point');
    expect(await muster('get', 'distribution-points', '-o', 'json')).not.toContain('"local"');
    second.interrupt();
    expect(await second.ended).toEqual({ code: 0, signal: null });
  }, 180_000);

  it('stops in order when nobody reads its output any more', async () => {
    const running = up();
    await running.says('Muster site in');
    running.child.stdout.destroy();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(processesOf(data)).toEqual([]);
    expect(existsSync(join(data, 'up.lock'))).toBe(false);
    expect(parts()).toEqual([]);
  }, 180_000);

  it('stops in order, too, when both of its outputs are closed', async () => {
    const running = up();
    await running.says('starting NATS');
    running.child.stdout.destroy();
    running.child.stderr.destroy();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(processesOf(data)).toEqual([]);
    expect(existsSync(join(data, 'up.lock'))).toBe(false);
  }, 180_000);

  // The last one is right before the databases are prepared, which the server's end must not turn into a crash.
  it.each(['Muster site in', 'starting NATS', 'starting Postgres', 'starting Postgres', 'starting Postgres'])(
    'ends a start that is interrupted at once, with exit code 130, when it has said "%s"',
    async (said) => {
      let running: Muster;
      do {
        running = up();
        await running.says(said);
        running.interrupt();
        await running.ended;
        // We came too late: a busy machine.
      } while (running.output.includes('is up after'));
      expect(await running.ended).toEqual({ code: 130, signal: null });
      expect(running.output).not.toMatch(/error/i);
      expect(processesOf(data)).toEqual([]);
    },
    180_000,
  );
});
