import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceUid, SITE, SiteUnderTest } from '../../test/site-under-test.js';
import { lockStateFolder } from '../identity/lock-state-folder.js';
import { stateFolder, type StateFolder } from '../identity/state-folder.js';
import { enrol, type EnrolmentResult } from './enrol.js';

let root: string;
let folder: StateFolder;
let site: SiteUnderTest;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'muster-enrol-'));
  folder = stateFolder(join(root, 'state'));
  site = await SiteUnderTest.start();
});
afterEach(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

const enrolHere = (more: { token?: string; force?: boolean; server?: string } = {}): Promise<EnrolmentResult> =>
  enrol(folder, { server: site.url, token: site.token, name: 'pc-1', signal: new AbortController().signal, ...more });
const stored = (): Record<string, unknown> => JSON.parse(readFileSync(folder.agent, 'utf8')) as Record<string, unknown>;

describe('enrolment', () => {
  it('stores identity, pinned site key and a private key for its owner only', async () => {
    await expect(enrolHere()).resolves.toMatchObject({ already: false });
    expect(stored()).toEqual({
      layoutVersion: 1,
      server: site.url,
      deviceUid,
      name: 'pc-1',
      site: SITE,
      signingKey: site.signingKey,
    });
    expect(statSync(folder.key).mode & 0o777).toBe(0o600);
    expect(createPrivateKey(readFileSync(folder.key)).asymmetricKeyType).toBe('ed25519');
  });

  it('does nothing the second time, without asking the site', async () => {
    await enrolHere();
    const asked = site.requests.length;
    await expect(enrolHere({ token: '' })).resolves.toMatchObject({ already: true, identity: { deviceUid } });
    expect(site.requests).toHaveLength(asked);
  });

  it('believes nobody whose key is not the one in the token', async () => {
    site.token = `${site.token.split('.')[0]}.${'x'.repeat(43)}`;
    await expect(enrolHere()).rejects.toMatchObject({ code: 'enrolment.site-key-mismatch' });
    expect(readdirSync(folder.root)).not.toContain('agent.json');
  });

  it('says what the site says of a token it does not know, and stays not enrolled', async () => {
    await expect(enrolHere({ token: `mse_${'y'.repeat(43)}.${site.thumbprint}` })).rejects.toMatchObject({
      code: 'enrolment.unknown-token',
    });
    expect(readdirSync(folder.root)).not.toContain('agent.json');
  });

  it('tries again, with the same key, after a lost answer and a 503', async () => {
    const faults = ['drop', { status: 503, headers: { 'retry-after': '0' } }, undefined] as const;
    let calls = 0;
    site.fault = () => faults[calls++];
    await enrolHere();
    expect(calls).toBe(3);
  });

  it('with --force replaces the identity and sets what belonged to it aside', async () => {
    await enrolHere();
    const oldKey = readFileSync(folder.key, 'utf8');
    writeFileSync(folder.history, '{}');
    await expect(enrolHere({ force: true })).resolves.toMatchObject({ already: false });
    expect(readFileSync(folder.key, 'utf8')).not.toBe(oldKey);
    const [former = ''] = readdirSync(folder.former);
    expect(readdirSync(join(folder.former, former)).sort()).toEqual([
      'announcements',
      'history.json',
      'key.pem',
      'permits',
      'preparations',
      'reminders',
      'reports',
      'requests',
      'runs',
      'snoozes',
      'warnings',
    ]);
    expect(readdirSync(folder.root)).not.toContain('history.json');
  });

  it('with --force that fails leaves the old identity whole', async () => {
    await enrolHere();
    const [identity, key] = [readFileSync(folder.agent, 'utf8'), readFileSync(folder.key, 'utf8')];
    site.fault = () => ({ status: 401 });
    await expect(enrolHere({ force: true })).rejects.toMatchObject({ status: 401 });
    expect([readFileSync(folder.agent, 'utf8'), readFileSync(folder.key, 'utf8')]).toEqual([identity, key]);
  });

  it('does not touch a folder of another layout version', async () => {
    await enrolHere();
    writeFileSync(folder.agent, JSON.stringify({ ...stored(), layoutVersion: 2 }));
    await expect(enrolHere({ force: true })).rejects.toMatchObject({ code: 'agent.layout-version' });
  });

  it('waits for no folder that another agent uses', async () => {
    const lock = lockStateFolder(folder);
    await expect(enrolHere()).rejects.toMatchObject({ code: 'agent.in-use' });
    lock.release();
  });

  it('says so when the folder cannot be made', async () => {
    writeFileSync(join(root, 'file'), '');
    folder = stateFolder(join(root, 'file', 'state'));
    await expect(enrolHere()).rejects.toMatchObject({ code: 'agent.not-writable' });
    expect(site.requests).toEqual([]);
  });
});
