import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { LocalContent } from '../../apps/agent/src/runner/local-content.js';
import { runSequence } from '../../apps/agent/src/runner/run-sequence.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Alive, and not only a zombie that nobody has collected yet. */
function isAlive(pid: string): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}

/** The vectors whose answer lies in what happens to processes. */
describe('conformance vectors of the specification, with real processes', () => {
  it('23: an expired timeout kills the process with all its descendants and fails the step', async () => {
    const pids = join(folder, 'pids');
    const command = `sh -c 'echo $$ >> "${pids}"; sleep 600' & echo $$ >> "${pids}"; sleep 600`;
    const steps: SequenceNode[] = [
      { step: 'a', type: 'RunCommandLine', settings: { command, shell: true }, timeoutSeconds: 1 },
      { step: 'b', type: 'RunCommandLine', settings: { command: 'true' } },
    ];
    const reports: StepReport[] = [];
    const { result } = await runSequence({
      runId: 'run-1',
      sequence: { name: 'demo', spec: { steps } },
      variables: {},
      facts: { phase: 'FullOS' },
      folder: join(folder, 'run'),
      content: new LocalContent(undefined),
      signal: new AbortController().signal,
      onReport: (report) => void reports.push(report),
    });
    expect(result).toBe('failed');
    expect(reports.filter(({ event }) => event === 'step-finished')).toMatchObject([
      { path: 'a', outcome: 'failed', reason: 'timeout', code: 'step.timeout', exitCode: 124 },
      { path: 'b', outcome: 'skipped', reason: 'run-failed' },
    ]);
    const started = readFileSync(pids, 'utf8').trim().split('\n');
    expect([started.length, started.filter(isAlive)]).toEqual([2, []]);
  });
});
