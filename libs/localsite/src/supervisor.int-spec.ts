import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildEvent } from './child.js';
import { RotatingLog } from './rotating-log.js';
import { Supervisor } from './supervisor.js';

describe('the supervisor', () => {
  let folder: string;
  let supervisor: Supervisor;
  let events: ChildEvent[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-supervisor-'));
    supervisor = new Supervisor(folder, join(folder, 'children.json'));
    events = [];
    supervisor.on('child', (event) => events.push(event));
  });

  afterEach(async () => {
    await supervisor.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const script = (name: string, text: string): string => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    return file;
  };
  const seen = (name: string, state: ChildEvent['state']): Promise<ChildEvent> =>
    new Promise((resolve) => {
      supervisor.on('child', (event) => {
        if (event.name === name && event.state === state) resolve(event);
      });
    });
  const forever = `process.on('disconnect', () => process.exit()); console.log('hello'); setInterval(() => {}, 1000);`;

  it('stops the highest tier first', async () => {
    const program = script('forever', forever);
    for (const [name, tier] of [
      ['base', 0],
      ['top', 2],
      ['middle', 1],
    ] as const) {
      await supervisor.start({ name, script: program, tier });
    }
    await supervisor.stopAll();
    expect(events.filter((event) => event.state === 'stopped').map((event) => event.name)).toEqual([
      'top',
      'middle',
      'base',
    ]);
    expect(supervisor.pids()).toEqual({});
  });

  it('gives up on a child that never starts, and says what it said', async () => {
    const program = script('broken', `console.error('MUSTER_X: is missing'); process.exit(3);`);
    await expect(
      supervisor.start({ name: 'broken', script: program, ready: { probe: () => Promise.resolve(false) } }),
    ).rejects.toMatchObject({
      code: 'up.child-failed',
      message: expect.stringMatching(/broken did not start: it ended with exit code 3.*MUSTER_X: is missing/s),
    });
    expect(events.filter((event) => event.state === 'crashed')).toHaveLength(3);
  });

  it('names a program that does not exist', async () => {
    await expect(
      supervisor.start({
        name: 'ghost',
        command: join(folder, 'nothing'),
        ready: { probe: () => Promise.resolve(false) },
      }),
    ).rejects.toMatchObject({ code: 'up.child-failed', message: expect.stringContaining('ENOENT') });
  });

  it('restarts a child that ends by itself, waiting longer each time', async () => {
    const program = script('short', `process.exit(0)`);
    await supervisor.start({ name: 'short', script: program });
    await new Promise<void>((resolve) => {
      supervisor.on('child', (event) => {
        if (event.state === 'restarting' && event.detail === 'in 0.4 s') resolve();
      });
    });
    expect(events.map((event) => event.detail).filter((detail) => detail?.startsWith('in '))).toEqual([
      'in 0.2 s',
      'in 0.4 s',
    ]);
  });

  it('kills a child that ignores its stop signal', async () => {
    const program = script(
      'deaf',
      `process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000);`,
    );
    const ready = { probe: () => Promise.resolve(readFileSync(join(folder, 'deaf.log'), 'utf8').includes('deaf')) };
    await supervisor.start({ name: 'deaf', script: program, graceSeconds: 0.2, ready });
    await supervisor.stop('deaf');
    expect(supervisor.pids()).toEqual({});
  });

  it('keeps what a child prints, and stops a child that is waiting to be restarted', async () => {
    const program = script('talk', `console.log('out'); console.error('err'); setTimeout(() => process.exit(1), 50);`);
    const restarting = seen('talk', 'restarting');
    await supervisor.start({ name: 'talk', script: program });
    await restarting;
    await supervisor.stop('talk');
    expect(readFileSync(join(folder, 'talk.log'), 'utf8')).toContain('out\n');
    expect(readFileSync(join(folder, 'talk.log'), 'utf8')).toContain('err\n');
    expect(events.at(-1)).toMatchObject({ name: 'talk', state: 'stopped' });
  });

  it("does not hand down muster's own variables", async () => {
    process.env['MUSTER_SECRET_OF_THE_PARENT'] = 'x';
    const program = script('environment', `console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000);`);
    const ready = {
      probe: () => Promise.resolve(readFileSync(join(folder, 'environment.log'), 'utf8').includes('MUSTER_MINE')),
    };
    await supervisor.start({ name: 'environment', script: program, env: { MUSTER_MINE: '1' }, ready });
    delete process.env['MUSTER_SECRET_OF_THE_PARENT'];
    expect(readFileSync(join(folder, 'environment.log'), 'utf8')).not.toContain('MUSTER_SECRET_OF_THE_PARENT');
  });

  it('keeps a log below its limit with one older generation', () => {
    const log = new RotatingLog(join(folder, 'big.log'), 100);
    for (let line = 0; line < 30; line++) log.write(Buffer.from(`line ${String(line).padStart(2, '0')}\n`));
    log.close();
    const text = readFileSync(join(folder, 'big.log.1'), 'utf8') + readFileSync(join(folder, 'big.log'), 'utf8');
    expect(text.length).toBeLessThanOrEqual(200);
    expect(text.endsWith('line 29\n')).toBe(true);
  });
});
