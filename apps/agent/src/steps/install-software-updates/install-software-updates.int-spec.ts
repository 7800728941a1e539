import { existsSync } from 'node:fs';
import { SoftwareRun, until } from '../../../test/software-run.js';
import { StepVariables } from '../step-variables.js';
import { createStore } from '@muster/sequence/variables.js';
import { LocalContent } from '../../runner/local-content.js';
import type { StepContext } from '../executor.js';
import { findMarked } from '../process-tree.js';
import { apt, listUpdates } from './apt.js';
import { installUpdates } from './execute.js';
import { UpdateCommands } from './package-manager.js';

/*
 * Package managers that only write down how they are called stand first in PATH. Nothing here changes this computer: the one test with
 * the real apt-get simulates.
 */
let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun().putProgramsFirst();
});
afterEach(() => at.remove());

/** A program that writes its words down, one line per call, and then does what the script says. */
function fake(name: string, script: string): void {
  at.write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >> ${at.path('calls')}\n${script}\n`);
}
const simulation = [
  'Inst bash [1] (2 Debian:12/stable [amd64])',
  'Inst libssl3 [3.0] (3.1 Debian-Security:12/stable-security [amd64])',
].join('\\n');
function fakeApt(script = ''): void {
  fake('dpkg', '');
  fake('apt-get', `${script}\ncase "$*" in *"-s "*) printf '${simulation}\\n';; esac`);
}
const updates = (settings: object = {}, more: object = {}) => ({
  type: 'InstallSoftwareUpdates',
  settings: { packageManager: 'apt', ...settings },
  ...more,
});
const calls = (): string[] => at.read('calls').trim().split('\n');

describe('Install Software Updates with apt', () => {
  const configure = 'dpkg --force-confdef --force-confold --configure -a';
  const refresh = 'apt-get -q -o DPkg::Lock::Timeout=300 update';
  const simulate = 'apt-get -q -s -o Debug::NoLocking=true --with-new-pkgs upgrade';
  const change =
    'apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';

  it('installs all updates, keeps configuration files and asks nothing', async () => {
    fakeApt(`[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 99`);
    const { report } = await at.step(updates({ target: 'All' }));
    expect(report).toMatchObject({ outcome: 'succeeded', output: 'updates: 2\nbash 1 -> 2\nlibssl3 3.0 -> 3.1' });
    expect(calls()).toEqual([configure, refresh, simulate, `${change} --with-new-pkgs upgrade`]);
  });

  it.each([
    ['security updates alone by default', {}, {}, 'libssl3'],
    [
      'as the variable says, whatever the setting',
      { target: 'Mandatory' },
      { SMSInstallUpdateTarget: 'All' },
      undefined,
    ],
    ['named packages alone', { target: 'All', packages: ['bash', 'nothing'] }, {}, 'bash'],
  ])('installs %s', async (_, settings, variables, names) => {
    fakeApt();
    await at.step(updates(settings), variables);
    const wanted = names === undefined ? '--with-new-pkgs upgrade' : `--only-upgrade install -- ${names}`;
    expect(calls().at(-1)).toBe(`${change} ${wanted}`);
  });

  it('installs nothing when nothing fits, and looks at the lists that are here when it is told to', async () => {
    fakeApt();
    const { report } = await at.step(updates({ packages: ['bash'], useCachedScan: true }));
    expect([report?.outcome, report?.output, calls()]).toEqual([
      'succeeded',
      'no updates to install',
      [configure, simulate],
    ]);
  });

  it('fails with a code of its own when the scan fails, and when the installation does', async () => {
    fakeApt(`case "$*" in *update) echo 'E: no network' >&2; exit 100;; esac`);
    const scan = await at.step(updates());
    expect(scan.report).toMatchObject({ code: 'updates.scan-failed', exitCode: 100, output: 'E: no network' });
    fakeApt(`case "$*" in *"-y "*) echo broken >&2; exit 100;; esac`);
    const installation = await at.step(updates());
    expect(installation.report).toMatchObject({ code: 'updates.install-failed', exitCode: 100, output: 'broken' });
  });

  it('limits the scan by SMSTSSoftwareUpdateScanTimeout, and leaves no process behind', async () => {
    fakeApt(`case "$*" in *update) exec sleep 600;; esac`);
    const { report } = await at.step(updates(), { SMSTSSoftwareUpdateScanTimeout: '1' });
    expect([report?.code, report?.reason, findMarked(`run-${process.pid}-1:0`)]).toEqual([
      'step.timeout',
      'timeout',
      [],
    ]);
  });

  it('ends when the run is stopped', async () => {
    fakeApt(`case "$*" in *update) exec sleep 600;; esac`);
    const stop = new AbortController();
    const running = at.step(updates(), {}, { stop: stop.signal });
    await until(() => at.read('calls').includes(' update'));
    stop.abort('enough');
    const { end, report } = await running;
    expect([end.code, report?.reason, findMarked(`run-${process.pid}-1:0`)]).toEqual(['run.stopped', 'stopped', []]);
  });

  it('ends with 3010 when the system wants a restart', async () => {
    fakeApt();
    const context = contextIn(at.path());
    const request = { target: 'All', useCachedScan: true, scanTimeoutSeconds: 60 } as const;
    const run = (restart: boolean) =>
      installUpdates(
        apt(() => restart),
        request,
        new UpdateCommands(context),
        context,
      );
    expect([(await run(true)).exitCode, (await run(false)).exitCode]).toEqual([3010, 0]);
  });
});

describe('Install Software Updates with other package managers', () => {
  it('uses dnf: security advisories, and needs-restarting says whether to restart', async () => {
    fake(
      'dnf',
      `case "$*" in *check-update*) echo 'bash.x86_64 5.2 updates'; exit 100;; *needs-restarting*) exit 1;; esac`,
    );
    const { report, end } = await at.step(updates({ packageManager: 'dnf' }));
    expect(calls()).toEqual([
      'dnf -q --refresh check-update --security',
      'dnf -q -y upgrade --security',
      'dnf -q needs-restarting -r',
    ]);
    expect([report?.exitCode, report?.output, end.result]).toEqual([
      3010,
      'updates: 1\nbash.x86_64 -> 5.2',
      'restart-pending',
    ]);
  });

  it('does not take a missing dnf plugin for a wish to restart, nor an error for updates', async () => {
    fake('dnf', `case "$*" in *needs-restarting*) echo 'No such command: needs-restarting.' >&2; exit 1;; esac`);
    const none = await at.step(
      updates({ packageManager: 'dnf', target: 'All', packages: 'bash', useCachedScan: true }),
    );
    expect(none.report).toMatchObject({
      exitCode: 0,
      output: 'no updates to install',
      warnings: [expect.stringContaining('dnf')],
    });
    expect(calls()).toEqual(['dnf -q -C check-update bash', 'dnf -q needs-restarting -r']);
    fake('dnf', 'exit 1');
    expect((await at.step(updates({ packageManager: 'dnf' }))).report?.code).toBe('updates.scan-failed');
  });

  it('uses zypper: patches, once more when zypper itself was updated, and restarts for 102', async () => {
    fake(
      'zypper',
      `case "$*" in *patch*) [ -e ${at.path('second')} ] && exit 102; touch ${at.path('second')}; exit 103;; esac`,
    );
    const { report } = await at.step(updates({ packageManager: 'zypper' }));
    const patch = 'zypper --non-interactive --quiet patch --auto-agree-with-licenses --category security';
    expect(calls()).toEqual(['zypper --non-interactive --quiet refresh', patch, patch]);
    expect(report?.exitCode).toBe(3010);
  });

  it('updates packages with zypper for the target All, and fails with its exit code', async () => {
    fake('zypper', 'case "$*" in *needs-rebooting*) exit 102;; *refresh*) exit 106;; esac');
    const { report } = await at.step(updates({ packageManager: 'zypper', target: 'All' }));
    expect(calls()[1]).toBe('zypper --non-interactive --quiet update --auto-agree-with-licenses');
    expect(report).toMatchObject({ exitCode: 3010, warnings: [expect.stringContaining('repositories')] });
    fake('zypper', 'case "$*" in *update*) exit 4;; esac');
    const failed = await at.step(updates({ packageManager: 'zypper', target: 'All' }));
    expect(failed.report).toMatchObject({ code: 'updates.install-failed', exitCode: 4 });
  });

  it('says so when the package manager is not there', async () => {
    process.env['PATH'] = at.path('bin');
    for (const packageManager of ['zypper', undefined]) {
      const { report } = await at.step(updates({ packageManager }));
      expect(report?.code).toBe('updates.no-package-manager');
    }
  });
});

const realApt = existsSync('/usr/bin/apt-get') ? it : it.skip;
realApt('reads what the real apt-get would do, and changes nothing', async () => {
  const context = contextIn(at.path());
  const found = await listUpdates(new UpdateCommands(context), 120);
  for (const { name, from, to } of found) {
    expect(name).toMatch(/^[a-z0-9]/);
    expect(from).not.toBe(to);
  }
  // The real program takes the words that an installation is made of.
  const words = [
    '-q',
    '-s',
    '-o',
    'Debug::NoLocking=true',
    '--only-upgrade',
    'install',
    '--',
    found[0]?.name ?? 'bash',
  ];
  const simulated = await new UpdateCommands(context).scan(['apt-get', ...words], 120);
  expect(simulated.stdout.includes(`Inst ${found[0]?.name} `)).toBe(found.length > 0);
});

function contextIn(folder: string): StepContext {
  return {
    content: new LocalContent(undefined),
    variables: new StepVariables(createStore({}), {}),
    exportedVariables: {},
    expand: (text) => text,
    decide: async () => false,
    phase: 'FullOS',
    secrets: [],
    marker: `updates-${process.pid}`,
    folder,
    signal: new AbortController().signal,
  };
}
