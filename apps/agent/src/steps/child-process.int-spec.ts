import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { byFork } from '../launch/by-fork.js';
import { bySpawn } from '../launch/by-spawn.js';
import { launcher } from '../launch/launcher.js';
import { loadPosixSpawn } from '../launch/posix-spawn.js';
import type { Launcher } from '../launch/launched-program.js';
import { type ProcessOutcome, type ProcessRequest, runProcess as run } from './child-process.js';
import { findMarked } from './process-tree.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function request(command: string, parameters: string[], more: Partial<ProcessRequest> = {}): ProcessRequest {
  return {
    command,
    arguments: parameters,
    workingDirectory: folder,
    environment: {},
    marker: randomUUID(),
    secrets: () => [],
    signal: new AbortController().signal,
    ...more,
  };
}
const shell = (script: string, more: Partial<ProcessRequest> = {}): ProcessRequest =>
  request('/bin/sh', ['-c', script], more);
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const ways: Record<string, () => Promise<Launcher>> = {
  'as this computer does it': launcher,
  'by a fork of Node': () => Promise.resolve(byFork),
};

describe.each(Object.keys(ways))('running a process, %s', (way) => {
  const runProcess = async (asked: ProcessRequest): Promise<ProcessOutcome> => run(asked, await ways[way]?.());

  it('hands over words as they are, without a shell', async () => {
    const outcome = await runProcess(request('echo', ['$HOME', '*', 'a b', '|']));
    expect(outcome).toMatchObject({ exitCode: 0, standardOutput: { text: '$HOME * a b |' } });
  });
  it('keeps the end of both outputs, masks secrets, and gives the plain standard output apart', async () => {
    const outcome = await runProcess(shell('echo secret1; echo warn >&2; exit 4', { secrets: () => ['secret1'] }));
    expect(outcome.exitCode).toBe(4);
    expect(outcome.output?.split('\n').sort()).toEqual(['********', 'warn']);
    expect(outcome.standardOutput).toEqual({ text: 'secret1', secret: true });
  });
  it('hands over its input, and does not mind a program that reads none of it', async () => {
    expect((await runProcess(request('cat', [], { input: 'a\nb' }))).standardOutput.text).toBe('a\nb');
    expect((await runProcess(request('true', [], { input: 'x'.repeat(1_000_000) }))).exitCode).toBe(0);
    expect((await runProcess(request('cat', []))).standardOutput.text).toBe('');
  });
  it('bounds what a talkative program says', async () => {
    const outcome = await runProcess(shell('yes | head -c 5000000; echo end'));
    expect(outcome.output).toHaveLength(1000);
    expect(outcome.output?.endsWith('end')).toBe(true);
  });
  it('reads 194, which is what POSIX leaves of 3010, as 3010', async () => {
    expect((await runProcess(shell('exit 194'))).exitCode).toBe(3010);
  });
  it('says what is missing instead of crashing', async () => {
    writeFileSync(join(folder, 'text'), 'no program');
    const results = await Promise.all([
      runProcess(request('nosuchprogram', [])),
      runProcess(request('./text', [])),
      runProcess(request('true', [], { workingDirectory: join(folder, 'absent') })),
      runProcess(request('bad\0name', [])),
      runProcess(shell('kill -9 $$')),
    ]);
    expect(results.map((outcome) => [outcome.error?.code, outcome.exitCode])).toEqual([
      ['step.command-not-found', 127],
      ['step.command-not-executable', 126],
      ['step.working-directory-missing', undefined],
      ['step.command-failed-to-start', 126],
      ['step.killed', 137],
    ]);
  });
  it('finds a bare name in the content folder first', async () => {
    writeFileSync(join(folder, 'true'), '#!/bin/sh\necho mine\n');
    chmodSync(join(folder, 'true'), 0o755);
    expect((await runProcess(request('true', [], { contentFolder: folder }))).standardOutput.text).toBe('mine');
  });
  it('kills the whole tree on timeout, also a grandchild in a session of its own', async () => {
    const script = `setsid sh -c 'echo $$ > ${folder}/grandchild; exec sleep 600' & sleep 600`;
    const asked = shell(script, { timeoutSeconds: 5 });
    const running = runProcess(asked);
    await until(
      () => existsSync(join(folder, 'grandchild')) && readFileSync(join(folder, 'grandchild'), 'utf8') !== '',
    );
    expect(findMarked(asked.marker)).toContain(Number(readFileSync(join(folder, 'grandchild'), 'utf8')));
    expect((await running).error?.code).toBe('step.timeout');
    expect(findMarked(asked.marker)).toEqual([]);
  });
  it('kills the whole tree when it is aborted', async () => {
    const stop = new AbortController();
    const asked = shell(`touch ${folder}/ready; sleep 600`, { signal: stop.signal });
    const running = runProcess(asked);
    await until(() => existsSync(join(folder, 'ready')));
    stop.abort();
    expect((await running).error?.code).toBe('step.stopped');
    expect(findMarked(asked.marker)).toEqual([]);
  });
  it('does not wait for a process that was left in the background', async () => {
    const asked = shell('sleep 600 & exit 0');
    expect((await runProcess(asked)).exitCode).toBe(0);
    const [left] = findMarked(asked.marker);
    expect(left).toBeDefined();
    process.kill(left ?? 0, 'SIGKILL');
  });
  it('gives a program a session of its own, and no signal that is ignored or blocked', async () => {
    const script = `ps -o sid= -o pid= -p $$; grep -E '^Sig(Blk|Ign)' /proc/self/status`;
    const { standardOutput } = await runProcess(request('/bin/bash', ['-c', script]));
    const [ids = '', ...masks] = standardOutput.text.split('\n');
    const [session, pid] = ids.trim().split(/\s+/);
    expect(session).toBe(pid);
    // 32 and 33 are the C library's own: it sets them itself where they are used.
    const own = 0b11n << 31n;
    const others = masks.map((line) => BigInt(`0x${line.split('\t')[1] ?? ''}`) & ~own);
    expect(others).toEqual([0n, 0n]);
  });
  it('lets the shell read a text that is executable and says no interpreter', async () => {
    writeFileSync(join(folder, 'plain'), 'echo "$1 by a shell"\n');
    chmodSync(join(folder, 'plain'), 0o755);
    expect((await runProcess(request('./plain', ['read']))).standardOutput.text).toBe('read by a shell');
  });
  it('looks on the PATH of the step, passes over what cannot be executed, and says so when there is nothing else', async () => {
    for (const [name, mode] of [
      ['one', 0o644],
      ['two', 0o755],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'tool'), `#!/bin/sh\necho ${name}\n`);
      chmodSync(join(folder, name, 'tool'), mode);
    }
    const along = (...folders: string[]) => request('tool', [], { environment: { PATH: folders.join(':') } });
    expect((await runProcess(along('one', join(folder, 'two')))).standardOutput.text).toBe('two');
    expect((await runProcess(along('one'))).error?.code).toBe('step.command-not-executable');
    expect((await runProcess(along('/nowhere'))).error?.code).toBe('step.command-not-found');
  });
  it('hands over an environment of half a megabyte, and says when the system takes no more', async () => {
    const texts = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`LONG_${index}`, 'ä'.repeat(5000)]));
    const asked = request('/bin/sh', ['-c', 'echo ${#LONG_49} $LAST'], { environment: { ...texts(50), LAST: 'ö' } });
    expect((await runProcess(asked)).standardOutput.text).toMatch(/^(5000|10000) ö$/);
    const tooMuch = request('true', [], { environment: { LONG: 'x'.repeat(200_000) } });
    expect((await runProcess(tooMuch)).error).toMatchObject({ code: 'step.command-failed-to-start' });
  });
  it('refuses a null byte in any text instead of losing what is behind it', async () => {
    for (const asked of [request('true', ['a\0b']), request('true', [], { environment: { A: 'a\0b' } })])
      expect((await runProcess(asked)).error?.code).toBe('step.command-failed-to-start');
  });
  it('tells many programs that run at once apart', async () => {
    const codes = Array.from({ length: 30 }, (_, index) => index);
    const outcomes = await Promise.all(codes.map((code) => runProcess(shell(`exit ${code}`))));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(codes);
  });
  it('leaves no file open, whether a program starts or not', async () => {
    await runProcess(request('true', []));
    const open = readdirSync('/proc/self/fd').length;
    for (let time = 0; time < 5; time++) {
      await runProcess(request('cat', [], { input: 'x' }));
      await runProcess(request('nosuchprogram', [], { input: 'x' }));
    }
    await until(() => readdirSync('/proc/self/fd').length <= open);
  });
});

it('starts programs without a fork of Node where the C library can', async () => {
  const system = await loadPosixSpawn();
  expect(system).toBeDefined();
  if (!system) return;
  // Ends before anybody waits for it: found all the same.
  const child = bySpawn(system)({
    command: 'true',
    arguments: [],
    workingDirectory: '/',
    environment: process.env,
    withInput: false,
  });
  expect(await child.ended).toEqual({ kind: 'exit', code: 0 });
});
