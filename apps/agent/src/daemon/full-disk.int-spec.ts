import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { StepReport } from '@muster/sequence/report.js';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';

const itOnDisk = mayMount() ? it : it.skip;
const agent = new AgentProgram();
jest.setTimeout(120_000);

const MEGABYTE = 1024 * 1024;
const contentBytes = 3 * MEGABYTE;
const uid = '0193e7a0-0000-7000-8000-00000000000a';

let disk: SmallDisk;
/** Of the steps: on another disk. */
let marks: string;
let state: string;
let site: SiteUnderTest;

afterEach(async () => {
  await agent.killAll();
  await site.close();
  disk.unmount();
  rmSync(marks, { recursive: true });
});

/** An enrolled computer whose state folder is on a disk of its own. */
async function enrol(): Promise<void> {
  disk = SmallDisk.mount(24 * MEGABYTE);
  marks = mkdtempSync(join(tmpdir(), 'muster-marks-'));
  state = join(disk.folder, 'state');
  site = await SiteUnderTest.start();
  await site.enrolAgent(state);
}

/** More than the room that a journal makes ahead. */
const longValues = Array.from({ length: 24 }, (_, index) => ({
  step: `long ${index}`,
  type: 'SetTaskSequenceVariable',
  settings: { name: `LONG${index}`, value: 'x'.repeat(3500) },
}));

/** A step that waits to be let go, a package of 3 MiB or else long values, and steps behind them. */
function deploy({ hasContent = true, ...more }: Partial<Assignment> & { hasContent?: boolean } = {}): void {
  const data = Buffer.alloc(contentBytes, 'x');
  const manifest = site.addContent({ install: { text: '#!/bin/sh\n', executable: true }, data: { text: data } });
  const command = (step: string, line: string) => ({
    step,
    type: 'RunCommandLine',
    settings: { command: 'sh', arguments: ['-c', line] },
  });
  const spec = {
    steps: [
      command('before', `touch ${marks}/before; while [ ! -e ${marks}/go ]; do sleep 0.05; done`),
      ...(hasContent
        ? [{ step: 'install', type: 'InstallPackage', settings: { package: 'tool', program: 'install' } }]
        : longValues),
      ...Array.from({ length: 12 }, (_, index) => command(`behind ${index}`, `echo ${index} >> ${marks}/behind`)),
    ],
  };
  const packages = { tool: { version: 1, manifest, programs: { install: { command: './install', arguments: [] } } } };
  site.deploy({ version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages }, uid, more);
}

const daemon = (): Program => agent.start(['daemon', '--state', state], { MUSTER_AGENT_CACHE_MB: '100' });
const reports = (): StepReport[] => site.received.map(({ report }) => report);
const end = (): StepReport | undefined => reports().find(({ event }) => event === 'run-finished');
const mark = (name: string): string => join(marks, name);

const linesBehind = (): string[] =>
  existsSync(mark('behind')) ? readFileSync(mark('behind'), 'utf8').split('\n').slice(0, -1) : [];

/** Each report came, in order, and none says two things. */
function expectWhole(): void {
  const byNumber = new Map<number, StepReport>();
  for (const report of reports()) {
    expect(byNumber.get(report.number) ?? report).toEqual(report);
    byNumber.set(report.number, report);
  }
  expect([...byNumber.keys()].sort((a, b) => a - b)).toEqual([...byNumber.keys()].map((_, index) => index + 1));
}

describe('an agent on a disk that fills', () => {
  itOnDisk('waits with a step of a Required run until there is room, and goes on where it was', async () => {
    await enrol();
    deploy();
    const running = daemon();
    await until(() => existsSync(mark('before')));
    disk.fill(MEGABYTE);
    writeFileSync(mark('go'), '');
    await until(() => running.log().includes('a step waits for room'));
    expect(running.log()).toContain('"code":"content.no-space"');
    disk.free();
    await until(() => end() !== undefined);
    expect(end()).toMatchObject({ result: 'succeeded' });
    expect(running.child.exitCode).toBeNull();
    expectWhole();
  });

  itOnDisk('fails a step of an Available run at once, and says why', async () => {
    await enrol();
    deploy({ purpose: 'Available' });
    const running = daemon();
    const name = site.policy.assignments[0]!.deployment.name;
    await until(() => running.log().includes('new policy is in force'));
    expect((await agent.start(['start', name, '--state', state]).exited).code).toBe(0);
    await until(() => existsSync(mark('before')));
    disk.fill(MEGABYTE);
    writeFileSync(mark('go'), '');
    await until(() => end() !== undefined);
    expect(end()).toMatchObject({ result: 'failed' });
    expect(reports().find(({ code }) => code === 'content.no-space')).toMatchObject({
      path: expect.anything() as string,
    });
    expect(existsSync(mark('behind'))).toBe(false);
    expectWhole();
  });

  itOnDisk('prepares content again once there is room, and keeps what had come', async () => {
    await enrol();
    deploy({ content: 'BeforeStart' });
    disk.fill(2 * MEGABYTE);
    const running = daemon();
    await until(() => running.log().includes('"code":"content.no-space"'));
    expect(readdirSync(join(state, 'cache/packages'))).toEqual([]);
    writeFileSync(mark('go'), '');
    disk.free();
    await until(() => end() !== undefined);
    expect(end()).toMatchObject({ result: 'succeeded' });
    const asked = site.requests.filter((request) => request.startsWith('GET /dp'));
    expect(asked.some((request) => request.includes('bytes='))).toBe(true);
    expectWhole();
  });

  itOnDisk.each([0, 1])(
    'loses no report and runs no step twice where journal and reports find no room (%s pages left)',
    async (pages) => {
      await enrol();
      deploy({ hasContent: false });
      const running = daemon();
      await until(() => existsSync(mark('before')));
      disk.fill(pages * 4096);
      writeFileSync(mark('go'), '');
      await until(() => running.log().includes('ENOSPC'));
      expect(running.child.exitCode).toBeNull();
      disk.free();
      await until(() => end() !== undefined);
      running.child.kill('SIGTERM');
      expect((await running.exited).code).toBe(0);
      // A new process reads the same files.
      const again = daemon();
      await until(() => again.log().includes('agent is at work'));
      expect(again.log()).not.toContain('reports.spool-damaged');
      expectWhole();
      // What was cut off between a step and the line that says so, is told as interrupted and not done again.
      const done = end()?.result === 'succeeded' ? 12 : linesBehind().length;
      expect(linesBehind()).toEqual(Array.from({ length: done }, (_, index) => String(index)));
    },
  );
});
