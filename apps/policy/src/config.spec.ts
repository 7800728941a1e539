import { generateKeyPairSync } from 'node:crypto';
import { loadConfig } from '@muster/platform/config.js';
import { policyConfigSchema } from './config.js';

const needed = {
  MUSTER_SITE: 'S01',
  MUSTER_HTTP_PORT: '1',
  MUSTER_GRPC_PORT: '2',
  MUSTER_DATABASE_URL: 'postgres://x@127.0.0.1/x',
  MUSTER_NATS_URL: 'nats://127.0.0.1:4222',
};

it('has defaults for all but the key', () => {
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(loadConfig(policyConfigSchema, { ...needed, MUSTER_SITE_KEY: key })).toMatchObject({
    MUSTER_POLL_SECONDS: 3600,
    MUSTER_SESSION_MINUTES: 10,
  });
});

it('refuses a key that is missing, unreadable, or not Ed25519, and does not repeat it', () => {
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  for (const key of [undefined, 'secret text', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()]) {
    const load = () => loadConfig(policyConfigSchema, { ...needed, MUSTER_SITE_KEY: key });
    expect(load).toThrow(/^MUSTER_SITE_KEY: /);
    expect(load).not.toThrow(/secret text/);
  }
});
