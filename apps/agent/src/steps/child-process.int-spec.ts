import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessRequest, runProcess } from './child-process.js';
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

describe('running a process', () => {
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
});
