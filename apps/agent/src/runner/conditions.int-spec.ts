import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { arch, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareDebianVersions } from '@muster/sequence/conditions/debian-version.js';
import type { Condition } from '@muster/sequence/conditions/model.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { parseOsRelease } from '../facts/os-release.js';
import { Journal } from '../journal/journal.js';
import { LocalContent } from './local-content.js';
import { runSequence } from './run-sequence.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-conditions-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Which steps ran on this very computer, in words: `ran`, `skipped`, or the code of what went wrong. */
async function outcomes(
  conditions: Readonly<Record<string, Condition>>,
  more: Partial<SequenceSpec> = {},
): Promise<Record<string, string>> {
  const steps = Object.entries(conditions).map(([step, condition]): SequenceNode => ({
    step,
    condition,
    continueOnError: true,
    type: 'SetTaskSequenceVariable',
    settings: { name: 'Last', value: 'x' },
  }));
  const reports: StepReport[] = [];
  const result = await runSequence({
    runId: 'run-1',
    sequence: { name: 'demo', spec: { ...more, steps } },
    variables: { device: { Folder: folder } },
    facts: { phase: 'FullOS' },
    folder: join(folder, 'run'),
    content: new LocalContent(undefined),
    signal: new AbortController().signal,
    onReport: (report) => void reports.push(report),
  });
  expect(result.result).toBe('succeeded');
  return Object.fromEntries(
    reports.flatMap(({ event, path, outcome, code }) =>
      event === 'step-finished' ? [[path, outcome === 'succeeded' ? 'ran' : (code ?? outcome)]] : [],
    ),
  );
}
const ran = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'ran']));
const skipped = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'skipped']));

const release = parseOsRelease(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
const hasDpkg = existsSync('/var/lib/dpkg/status');
const onLinux = process.platform === 'linux' ? describe : describe.skip;
const onDebian = hasDpkg ? describe : describe.skip;

onLinux('conditions of a real run', () => {
  it('look at real files, folders, facts and the real system', async () => {
    writeFileSync(join(folder, 'marker'), '');
    utimesSync(join(folder, 'marker'), new Date('2026-01-31T12:00:00Z'), new Date('2026-01-31T12:00:00Z'));
    const os = release['ID'] ?? '';
    const modified = { operator: 'equals', value: '2026-01-31T13:00:00+01:00' } as const;
    const met: Record<string, Condition> = {
      'file of a variable': { file: '%Folder%/marker' },
      'file of that time': { file: '%Folder%/marker', modified },
      'no such file': { none: [{ file: '%Folder%/nothing' }] },
      folder: { folder: '%Folder%' },
      'os and architecture': { os, architecture: arch() === 'ia32' ? 'x86' : (arch() as 'x64') },
      'facts of this computer': { facts: `os.id == "${os}" && hostname == "${hostname()}" && cpu.cores >= 1` },
      'facts with a loop': { facts: 'filesystems.exists(f, f.mount == "/" && f.sizeMegabytes > 0)' },
      'language or not': { any: [{ osLanguage: 'de' }, { none: [{ osLanguage: 'de' }] }] },
    };
    expect(await outcomes(met)).toEqual(ran(Object.keys(met)));
  });

  it('are false where the computer is otherwise', async () => {
    const unmet: Record<string, Condition> = {
      file: { file: '%Folder%/nothing' },
      'a folder is no file': { file: '%Folder%' },
      folder: { folder: '%Folder%/nothing' },
      os: { os: 'plan9' },
      facts: { facts: 'memoryMegabytes > 1000000000' },
      language: { osLanguage: 'tlh' },
    };
    expect(await outcomes(unmet)).toEqual(skipped(Object.keys(unmet)));
  });

  it('that cannot be answered here skip the step and say so, or fail it where the sequence wants that', async () => {
    const open: Record<string, Condition> = {
      registry: { registry: 'HKLM\\SOFTWARE\\Example', operator: 'notExists' },
      wmi: { wmi: 'SELECT * FROM Win32_Battery' },
      facts: { facts: 'machine.colour == "red"' },
      path: { file: 'relative' },
    };
    const undecided = Object.fromEntries(Object.keys(open).map((name) => [name, 'condition.not-decidable']));
    expect(await outcomes(open)).toEqual(undecided);
    rmSync(join(folder, 'run'), { recursive: true });
    expect(await outcomes(open, { onConditionError: 'fail' })).toEqual(undecided);
    const codes = Journal.read(join(folder, 'run')).flatMap(({ event }) =>
      event.type === 'probe-answered'
        ? event.answers.flatMap((answer) => ('error' in answer ? [answer.error.code] : []))
        : [],
    );
    expect(codes).toEqual([
      'condition.kind-unsupported',
      'condition.kind-unsupported',
      'condition.query-failed',
      'condition.invalid-path',
    ]);
  });
});

onDebian('conditions about packages, with the real dpkg', () => {
  const dpkgVersion = (): string =>
    spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'dpkg'], { encoding: 'utf8' }).stdout;

  it('find what is installed, by name and version, and whose file a file is', async () => {
    const value = dpkgVersion();
    const met: Record<string, Condition> = {
      installed: { software: 'dpkg' },
      'this version': { software: 'dpkg', version: { operator: 'equals', value } },
      'newer than its own candidate': { software: 'dpkg', version: { operator: 'greater', value: `${value}~rc1` } },
      'not there': { none: [{ software: 'muster-no-such-package' }] },
      'file of a package': { file: '/usr/bin/dpkg', version: { operator: 'equals', value } },
    };
    expect(await outcomes(met)).toEqual(ran(Object.keys(met)));
  });

  it('cannot tell the version of a file that no package owns', async () => {
    writeFileSync(join(folder, 'own'), '');
    const version = { operator: 'greater', value: '1' } as const;
    expect(await outcomes({ own: { file: '%Folder%/own', version } })).toEqual({ own: 'condition.not-decidable' });
  });

  it('agree with dpkg itself on the order of versions', () => {
    const versions = [
      '1.0',
      '1.0-1',
      '1.0~rc1',
      '1:0.9',
      '1.0+b1',
      '1.0a',
      '1.10',
      '1.9',
      '2.36-9+deb12u4',
      '0',
      '1.0-1~bpo1',
    ];
    const disagreements = versions.flatMap((left) =>
      versions.flatMap((right) => {
        const ours = compareDebianVersions(left, right);
        const operator = ours < 0 ? 'lt' : ours > 0 ? 'gt' : 'eq';
        return spawnSync('dpkg', ['--compare-versions', left, operator, right]).status === 0 ? [] : [[left, right]];
      }),
    );
    expect(disagreements).toEqual([]);
  });
});
