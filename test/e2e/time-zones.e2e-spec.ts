import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentDeviceList } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const HOUR = 3_600_000;
/** The same clock reading at two devices is so far apart: Kiritimati is 14 hours ahead of UTC, Kolkata five and a half. */
const KIRITIMATI_BEFORE_KOLKATA = 8.5 * HOUR;

interface Case {
  readonly device: string;
  /** What its agent has as TZ. */
  readonly zone: string;
  /** Of its one window, which lasts 180 minutes. */
  readonly start: string;
  readonly repeat?: object;
  /** When runs of 120 minutes may begin, worked out by hand from what the zones do. */
  readonly from: readonly string[];
}

const daily = { every: { days: 1 } };
const CASES: readonly Case[] = [
  { device: 'date-line', zone: 'Pacific/Kiritimati', start: '2027-02-01T01:00', from: ['2027-01-31T11:00'] },
  { device: 'date-line-utc', zone: 'Pacific/Kiritimati', start: '2027-02-01T01:00Z', from: ['2027-02-01T01:00'] },
  { device: 'half-past', zone: 'Asia/Kolkata', start: '2027-02-01T01:00', from: ['2027-01-31T19:30'] },
  { device: 'half-past-offset', zone: 'Asia/Kolkata', start: '2027-02-01T01:00-03:30', from: ['2027-02-01T04:30'] },
  // Leaves out 02:00 to 03:00 on 2027-03-14: from three and a half hours behind UTC to two and a half.
  {
    device: 'newfoundland',
    zone: 'America/St_Johns',
    start: '2027-03-13T02:30',
    repeat: daily,
    from: ['2027-03-13T06:00', '2027-03-14T06:00', '2027-03-15T05:00'],
  },
  { device: 'left-out', zone: 'America/St_Johns', start: '2027-03-14T02:30', from: ['2027-03-14T06:00'] },
  // Leaves out 02:00 to 03:00 on 2027-03-28.
  {
    device: 'berlin',
    zone: 'Europe/Berlin',
    start: '2027-03-27T02:30',
    repeat: daily,
    from: ['2027-03-27T01:30', '2027-03-28T01:30', '2027-03-29T00:30'],
  },
  { device: 'berlin-in-gap', zone: 'Europe/Berlin', start: '2027-03-28T02:30', from: ['2027-03-28T01:30'] },
  { device: 'berlin-over-gap', zone: 'Europe/Berlin', start: '2027-03-28T01:30', from: ['2027-03-28T00:30'] },
  {
    device: 'berlin-utc',
    zone: 'Europe/Berlin',
    start: '2027-03-27T02:30Z',
    repeat: daily,
    from: ['2027-03-27T02:30', '2027-03-28T02:30', '2027-03-29T02:30'],
  },
  // Shows 01:30 to 02:00 twice on 2027-04-04: from eleven hours before UTC to ten and a half.
  {
    device: 'lord-howe',
    zone: 'Australia/Lord_Howe',
    start: '2027-04-03T01:45',
    repeat: daily,
    from: ['2027-04-02T14:45', '2027-04-03T14:45', '2027-04-04T15:15'],
  },
  { device: 'lord-howe-twice', zone: 'Australia/Lord_Howe', start: '2027-04-04T01:45', from: ['2027-04-03T14:45'] },
];

const isoOf = (short: string): string => new Date(`${short}:00Z`).toISOString();

/** What the clock of a zone without summer time shows, without seconds. */
const clockAt = (instant: number, hoursFromUtc: number): string =>
  new Date(instant + hoursFromUtc * HOUR).toISOString().slice(0, 16);

describe('maintenance windows of computers in other time zones', () => {
  let site: SiteUnderTest;
  const agents: ChildProcess[] = [];
  const state = (device: string): string => join(site.folder, device);

  const windowOf = ({ device, start, repeat }: Pick<Case, 'device' | 'start' | 'repeat'>): object => ({
    apiVersion: 'muster/v1',
    kind: 'Collection',
    metadata: { name: `of-${device}` },
    spec: {
      rules: [{ device }],
      maintenanceWindows: [{ name: 'night', schedule: { start, ...(repeat ? { repeat } : {}) }, durationMinutes: 180 }],
    },
  });
  const apply = async (documents: readonly object[]): Promise<void> => {
    const path = join(site.folder, 'site.yaml');
    writeFileSync(path, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
    await site.ok('apply', '-f', path);
  };
  const startAgent = async (device: string, zone: string): Promise<void> => {
    const environment = { ...site.environment, TZ: zone };
    await run(AGENT, ['enrol', '--server', site.url, '--name', device, '--state', state(device)], {
      ...environment,
      MUSTER_ENROLMENT_TOKEN: (await site.ok('enrolment-token', 'create')).trim(),
    });
    agents.push(
      spawn(process.execPath, [AGENT, 'daemon', '--state', state(device)], { env: environment, stdio: 'ignore' }),
    );
  };

  const windows = async (device: string): Promise<DeviceWindows> =>
    JSON.parse(await site.ok('windows', device, '--count', '3', '-o', 'json')) as DeviceWindows;
  const explained = async (device: string): Promise<DeviceExplanation['deployments'][number] | undefined> =>
    (JSON.parse(await site.ok('explain', '--device', device, '-o', 'json')) as DeviceExplanation).deployments[0];
  const told = async (): Promise<Map<string, DeploymentDeviceList['items'][number]>> => {
    const text = await site.ok('deployment', 'devices', 'harden-all', '-o', 'json');
    return new Map((JSON.parse(text) as DeploymentDeviceList['items']).map((item) => [item.device, item]));
  };
  /** What `muster-agent list` says at a computer, whose clock somebody may have made show another zone in his own shell. */
  const listed = async (device: string, zone: string): Promise<{ state: string; lookAgain?: string }> => {
    const { stdout } = await run(AGENT, ['list', '--state', state(device), '-o', 'json'], {
      ...site.environment,
      TZ: zone,
    });
    return (JSON.parse(stdout) as { state: string; lookAgain?: string }[])[0]!;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    for (const { device, zone } of CASES) await startAgent(device, zone);
    await until(async () => {
      const devices = await site.ok('get', 'devices');
      return CASES.every(({ device }) => devices.includes(device));
    });
    const all = CASES.map(({ device }) => ({ device }));
    await apply([
      ...CASES.map(windowOf),
      { apiVersion: 'muster/v1', kind: 'Collection', metadata: { name: 'all' }, spec: { rules: all } },
      {
        apiVersion: 'muster/v1',
        kind: 'TaskSequence',
        metadata: { name: 'harden' },
        spec: { steps: [{ step: 'Harden', type: 'RunCommandLine', settings: { command: '/bin/true' } }] },
      },
      {
        apiVersion: 'muster/v1',
        kind: 'Deployment',
        metadata: { name: 'harden-all' },
        spec: { sequence: 'harden', collection: 'all', purpose: 'Required' },
      },
    ]);
    await until(async () => {
      const devices = await told();
      return CASES.every(({ device }) => devices.get(device)?.fate?.delivery?.reason === 'window');
    }, 120_000);
  });

  afterAll(async () => {
    for (const agent of agents) agent.kill('SIGKILL');
    await site?.remove();
  });

  it.each(CASES)('are the same instants to agent and site: $device, $start in $zone', async (one) => {
    const { device, zone, from } = one;
    const next = isoOf(from[0]!);
    const { timeZone, timeZoneKnown, starts } = await windows(device);
    expect([timeZone, timeZoneKnown]).toEqual([zone, true]);
    expect(starts.map((start) => start.from)).toEqual(from.map(isoOf));
    // They last their minutes, whatever the clocks do meanwhile.
    expect(starts.map(({ span }) => Date.parse(span.end) - Date.parse(span.start))).toEqual(from.map(() => 3 * HOUR));
    expect((await explained(device))?.start).toMatchObject({ state: 'waiting', lookAgain: next });
    expect((await told()).get(device)?.fate?.delivery).toMatchObject({ reason: 'window', until: next });
    expect(await listed(device, zone)).toMatchObject({ state: 'waiting', lookAgain: next });
  });

  it('are told on the computer by the zone in which its daemon decides, not by that of whoever asks', async () => {
    expect(await listed('date-line', 'America/St_Johns')).toMatchObject({ lookAgain: isoOf('2027-01-31T11:00') });
  });

  it('open where the clock shows their time now, and elsewhere when it will', async () => {
    const opened = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
    const start = clockAt(opened, 14);
    const later = new Date(opened + KIRITIMATI_BEFORE_KOLKATA).toISOString();
    await apply(['date-line', 'half-past'].map((device) => windowOf({ device, start })));
    await until(async () => (await told()).get('date-line')?.state === 'succeeded', 60_000);
    await until(async () => (await told()).get('half-past')?.fate?.delivery?.until === later, 60_000);
    expect((await explained('half-past'))?.start).toMatchObject({ state: 'waiting', lookAgain: later });
    expect((await windows('half-past')).starts[0]?.from).toBe(later);
    expect(await listed('half-past', 'Asia/Kolkata')).toMatchObject({ state: 'waiting', lookAgain: later });
  });
});
