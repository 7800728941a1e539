import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { until } from '@muster/testing/until.js';
import { AgentProgram, type Program } from '../../test/agent-program.js';
import { deviceUid, SiteUnderTest } from '../../test/site-under-test.js';
import { readDeviceKey } from '../identity/device-key.js';
import { stateFolder, type StateFolder } from '../identity/state-folder.js';

const OLD_UID = '0193e7a0-0000-7000-8000-0000000000aa';
const DEPLOYMENT = '0193e7a0-0000-7000-8000-0000000000bb';
/** More renames than an enrolment with --force makes. */
const MOST_RENAMES = 40;

describe('an agent that is enrolled again with --force', () => {
  const programs = new AgentProgram();
  let root: string;
  let folder: StateFolder;
  let site: SiteUnderTest;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'muster-enrol-again-'));
    folder = stateFolder(join(root, 'state'));
    site = await SiteUnderTest.start();
    await enrol([]).exited;
    makeOld();
  });
  afterEach(async () => {
    await programs.killAll();
    await site.close();
    rmSync(root, { recursive: true, force: true });
  });

  function enrol(more: readonly string[], killAt?: number): Program {
    const argv = ['enrol', '--server', site.url, '--token', site.token, '--name', 'pc-1', '--state', folder.root];
    const preload = join(programs.path('..'), 'test', 'kill-at-rename.js');
    const killed =
      killAt === undefined ? {} : { NODE_OPTIONS: `--import ${preload}`, MUSTER_TEST_KILL_AT: String(killAt) };
    return programs.start([...argv, ...more], killed);
  }

  /** What people here asked and were told, as another device. */
  function makeOld(): void {
    const { agent, requests, warnings, reminders, announcements, preparations, snoozes, permits, history } = folder;
    writeFileSync(agent, readFileSync(agent, 'utf8').replace(deviceUid, OLD_UID));
    for (const one of [requests, warnings, reminders, announcements, preparations, snoozes, permits])
      writeFileSync(join(one, DEPLOYMENT), '{}');
    writeFileSync(folder.rotationWish, new Date().toISOString());
    writeFileSync(history, '{"version":1,"runs":[]}');
  }

  const noted = () =>
    [
      folder.requests,
      folder.warnings,
      folder.reminders,
      folder.announcements,
      folder.preparations,
      folder.snoozes,
      folder.permits,
    ]
      .flatMap((one) => (existsSync(one) ? readdirSync(one).map((name) => `${basename(one)}/${name}`) : []))
      .toSorted();

  it('knows no wish, warning, preparation or snooze of the identity of before', async () => {
    const { code } = await enrol(['--force']).exited;
    expect(code).toBe(0);
    expect(noted()).toEqual([]);
    const [former = ''] = readdirSync(folder.former);
    expect(readdirSync(join(folder.former, former))).toEqual(
      expect.arrayContaining(['announcements', 'preparations', 'reminders', 'requests', 'snoozes', 'warnings']),
    );
    expect(readdirSync(join(folder.former, former, 'snoozes'))).toEqual([DEPLOYMENT]);
  });

  it('is one or the other after a kill -9 before any of its steps, and the next daemon works as that one', async () => {
    const oldKey = readFileSync(folder.key, 'utf8');
    const before = join(root, 'before');
    cpSync(folder.root, before, { recursive: true });
    const found: string[] = [];
    for (let killAt = 1; ; killAt += 1) {
      expect(killAt).toBeLessThan(MOST_RENAMES);
      rmSync(folder.root, { recursive: true });
      cpSync(before, folder.root, { recursive: true });
      const { code } = await enrol(['--force'], killAt).exited;
      if (code === 0) break;
      const asked = site.requests.length;
      const daemon = programs.start(['daemon', '--state', folder.root]);
      const asks = until(() => site.requests.slice(asked).includes('POST /api/v1/agent/sessions'));
      // A daemon that cannot work says why, and ends.
      expect(await Promise.race([asks, daemon.exited])).toBeUndefined();
      daemon.child.kill('SIGKILL');
      await daemon.exited;
      const { deviceUid: uid } = JSON.parse(readFileSync(folder.agent, 'utf8')) as { deviceUid: string };
      found.push(uid);
      expect(existsSync(folder.nextAgent)).toBe(false);
      if (uid === OLD_UID) {
        expect(readFileSync(folder.key, 'utf8')).toBe(oldKey);
        // The daemon itself forgets what people said of deployments that it is not told of.
        expect(noted()).toContain(`permits/${DEPLOYMENT}`);
        expect(existsSync(folder.former)).toBe(false);
      } else {
        expect((await readDeviceKey(folder.key))?.publicKey).toEqual([...site.enrolled.values()].at(-1));
        expect(noted()).toEqual([]);
      }
    }
    expect(new Set(found)).toEqual(new Set([OLD_UID, deviceUid]));
  }, 300_000);
});
