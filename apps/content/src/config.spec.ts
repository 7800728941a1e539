import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@muster/platform/config.js';
import { contentConfigSchema, pointCredentials } from './config.js';

const BASE = {
  MUSTER_SITE: 'S01',
  MUSTER_HTTP_PORT: '0',
  MUSTER_GRPC_PORT: '0',
  MUSTER_DATABASE_URL: 'postgres://127.0.0.1/x',
  MUSTER_NATS_URL: 'nats://127.0.0.1',
  MUSTER_LIBRARY_ENDPOINT: 'http://127.0.0.1:9000',
  MUSTER_LIBRARY_BUCKET: 'library',
  MUSTER_LIBRARY_ACCESS_KEY: 'key',
  MUSTER_LIBRARY_SECRET_KEY: 'secret',
};
const POINT = {
  MUSTER_DP_ENDPOINT: 'http://127.0.0.1:9000',
  MUSTER_DP_BUCKET: 'dp-local',
  MUSTER_DP_ACCESS_KEY: 'dp-key',
  MUSTER_DP_SECRET_KEY: 'dp-secret',
};

describe("the content service's settings", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-content-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function credentialsIn(text: string) {
    const path = join(folder, 'credentials.json');
    writeFileSync(path, text);
    const environment = { ...BASE, ...POINT, MUSTER_POINT_CREDENTIALS_FILE: path };
    return pointCredentials(loadConfig(contentConfigSchema, environment));
  }

  it('know the keys of the own point as "local", and more from a file', () => {
    const keys = credentialsIn('{"branch": {"accessKeyId": "a", "secretAccessKey": "b"}}');
    expect([...keys.keys()]).toEqual(['local', 'branch']);
    expect(keys.get('local')).toEqual({ accessKeyId: 'dp-key', secretAccessKey: 'dp-secret' });
  });

  it('can do without a point of their own', () => {
    expect(pointCredentials(loadConfig(contentConfigSchema, BASE)).size).toBe(0);
  });

  it('take secrets from files', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 'from a file\n');
    const { MUSTER_LIBRARY_SECRET_KEY: _, ...rest } = BASE;
    const config = loadConfig(contentConfigSchema, { ...rest, MUSTER_LIBRARY_SECRET_KEY_FILE: path });
    expect(config.MUSTER_LIBRARY_SECRET_KEY).toBe('from a file');
  });

  it('refuse half a point, and a credentials file that is none, without repeating secrets', () => {
    const { MUSTER_DP_SECRET_KEY: _, ...half } = { ...BASE, ...POINT };
    expect(() => loadConfig(contentConfigSchema, half)).toThrow(/MUSTER_DP_ENDPOINT.*belong together/);
    expect(() => credentialsIn('not JSON: hush')).toThrow(/cannot be read as JSON/);
    expect(() => credentialsIn('{"branch": {"accessKeyId": "hush"}}')).toThrow(/wrong at "branch.secretAccessKey"/);
    expect(() => credentialsIn('{"branch": {"accessKeyId": "hush"}}')).not.toThrow(/hush/);
  });

  it('say when and how fast bytes come from other sites', () => {
    const read = (text?: string) =>
      loadConfig(contentConfigSchema, { ...BASE, ...(text === undefined ? {} : { MUSTER_SITE_TRANSFERS: text }) })
        .MUSTER_SITE_TRANSFERS;
    expect(read()).toEqual({});
    expect(read('{"bytesPerSecond":2000000,"timeZone":"Europe/Berlin"}')).toEqual({
      bytesPerSecond: 2_000_000,
      timeZone: 'Europe/Berlin',
    });
    expect(() => read('fast')).toThrow('MUSTER_SITE_TRANSFERS: must be JSON');
    expect(() => read('{"concurrency":3}')).toThrow('MUSTER_SITE_TRANSFERS');
  });
});
