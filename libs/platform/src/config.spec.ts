import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, serviceConfigSchema } from './config.js';

describe('the settings of a service', () => {
  const good = {
    MUSTER_SITE: 'S01',
    MUSTER_HTTP_PORT: '1',
    MUSTER_GRPC_PORT: '2',
    MUSTER_DATABASE_URL: 'postgres://u:p@h/d',
    MUSTER_NATS_URL: 'nats://h',
  };

  it('have defaults, and numbers are numbers', () => {
    expect(loadConfig(serviceConfigSchema, good)).toMatchObject({
      MUSTER_HTTP_PORT: 1,
      MUSTER_MIGRATE: false,
      MUSTER_HOST: '127.0.0.1',
    });
  });

  it('that are wrong are all named, with what they should be and without their values', () => {
    const bad = { ...good, MUSTER_SITE: 'secret-value', MUSTER_HTTP_PORT: '99999', MUSTER_NATS_URL: undefined };
    const read = () => loadConfig(serviceConfigSchema, bad);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/MUSTER_SITE: a site code[\s\S]*MUSTER_HTTP_PORT:[\s\S]*MUSTER_NATS_URL: is missing/);
    expect(read).not.toThrow(/secret-value/);
  });

  it('may come from files, for mounted secrets; a file that cannot be read is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-config-'));
    try {
      writeFileSync(join(folder, 'url'), 'postgres://from:file@h/d\n');
      const { MUSTER_DATABASE_URL: _plain, ...rest } = good;
      expect(
        loadConfig(serviceConfigSchema, { ...rest, MUSTER_DATABASE_URL_FILE: join(folder, 'url') }).MUSTER_DATABASE_URL,
      ).toBe('postgres://from:file@h/d');
      expect(() =>
        loadConfig(serviceConfigSchema, { ...rest, MUSTER_DATABASE_URL_FILE: join(folder, 'none') }),
      ).toThrow(/MUSTER_DATABASE_URL_FILE: the file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
