import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { SiteUnderTest } from '../../test/site-under-test.js';

jest.setTimeout(120_000);
const agent = new AgentProgram();
let folder: string;
let site: SiteUnderTest;

beforeEach(async () => {
  // Not in a folder that may lie in memory: a restart would be refused there.
  folder = mkdtempSync('/var/tmp/muster-restart-');
  writeFileSync(join(folder, 'restart'), `#!/bin/sh\necho asked >> ${folder}/asked\n`);
  chmodSync(join(folder, 'restart'), 0o755);
  site = await SiteUnderTest.start();
});
afterEach(async () => {
  await agent.killAll();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The agent as its service starts it, on a computer that is in a certain boot: only its view of the boot id is another one. */
function service(boot: string): Program {
  writeFileSync(join(folder, boot), `${boot}\n`);
  const inBoot = `mount --bind ${join(folder, boot)} /proc/sys/kernel/random/boot_id && exec "$@"`;
  return agent.start(
    ['daemon', '--state', join(folder, 'state')],
    { MUSTER_AGENT_RESTART: 'allow', MUSTER_AGENT_RESTART_COMMAND: join(folder, 'restart') },
    ['unshare', '-m', '/bin/sh', '-c', inBoot, 'sh'],
  );
}
const lines = (file: string): string[] =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim().split('\n') : [];
const shell = (step: string, command: string): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `echo ${step} >> ${folder}/ran; ${command}`, shell: true },
});

function body(steps: SequenceNode[]): PolicyBody {
  const spec = { steps };
  return { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} };
}

async function powerOff(program: Program): Promise<void> {
  program.child.kill('SIGKILL');
  await program.exited;
}

/** Another boot id needs a mount namespace, which not every account may make. */
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;

describe('a run that restarts the computer', () => {
  (mayMount ? it : it.skip)(
    'asks for each restart once a boot, goes on behind the step in the next boot, and reports one run',
    async () => {
      const enrolled = await agent.start([
        'enrol',
        '--server',
        site.url,
        '--token',
        site.token,
        '--state',
        join(folder, 'state'),
      ]).exited;
      expect([enrolled.code, enrolled.error]).toEqual([0, '']);
      const restart: SequenceNode = {
        step: 'restart',
        type: 'RestartComputer',
        settings: { delaySeconds: 0, notify: false },
      };
      const steps = [
        shell('one', 'exit 194'),
        { group: 'G', steps: [shell('two', ':'), restart] },
        shell('three', ':'),
      ];
      site.deploy(body(steps), '0193e7a0-0000-7000-8000-00000000000a');

      const first = service('boot-1');
      await until(() => lines('asked').length === 1);
      await powerOff(first);
      // The service was killed, but the computer was not restarted: the run waits, and asks again.
      const again = service('boot-1');
      await until(() => lines('asked').length === 2);
      expect(lines('ran')).toEqual(['one']);
      await powerOff(again);

      const second = service('boot-2');
      await until(() => lines('asked').length === 3);
      expect(lines('ran')).toEqual(['one', 'two']);
      await powerOff(second);

      service('boot-3');
      await until(() => site.received.some(({ report }) => report.result === 'succeeded'));
      expect(lines('ran')).toEqual(['one', 'two', 'three']);
      expect(lines('asked')).toHaveLength(3);
      const reports = new Map(site.received.map(({ report }) => [report.number, report]));
      expect([...reports.keys()].sort((a, b) => a - b)).toEqual([...reports].map((_, index) => index + 1));
      expect(new Set([...reports.values()].map(({ runId }) => runId)).size).toBe(1);
      expect([...reports.values()].filter(({ result }) => result === 'restart-pending')).toHaveLength(2);
    },
  );
});
