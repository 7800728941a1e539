import { generateKeyPairSync } from 'node:crypto';
import type { PolicyVariables } from '@muster/contracts/agent/policy.js';
import { SEALING } from '@muster/contracts/sealing.js';
import { CompactEncrypt } from 'jose';
import { openVariables } from './open-variables.js';

const { privateKey, publicKey } = generateKeyPairSync('x25519');

const sealTo = (value: unknown, key = publicKey): Promise<string> =>
  new CompactEncrypt(Buffer.from(JSON.stringify(value))).setProtectedHeader(SEALING).encrypt(key);

const told: PolicyVariables = {
  device: [
    { name: 'Ring', value: 'own' },
    { name: 'Token', hidden: true },
  ],
  collections: [{ name: 'lab', priority: 9, variables: [{ name: 'Token', hidden: true }] }],
};
const values = { device: { Token: 'geheim-1' }, collections: { lab: { Token: 'geheim-2' } } };

describe('the variables of a run', () => {
  it('are opened with the key of this computer, hidden ones as secrets, each where it was set', async () => {
    expect(await openVariables({ ...told, sealed: await sealTo(values) }, privateKey)).toEqual({
      device: { Ring: 'own', Token: { value: 'geheim-1', secret: true } },
      collections: [{ id: 'lab', priority: 9, variables: { Token: { value: 'geheim-2', secret: true } } }],
    });
  });

  it('bring the secrets of steps by the names that stand for them, and are refused without one', async () => {
    const name = '_Secret-abcdefghijklmnop';
    const steps: PolicyVariables = { device: [], collections: [], secrets: [name] };
    const sealed = await sealTo({ device: {}, collections: {}, secrets: { [name]: 'geheim-3' } });
    expect(await openVariables({ ...steps, sealed }, privateKey)).toEqual({
      device: {},
      collections: [],
      secrets: { [name]: 'geheim-3' },
    });
    await expect(openVariables({ ...steps, sealed: await sealTo(values) }, privateKey)).rejects.toMatchObject({
      code: 'policy.secrets-missing',
    });
  });

  it('need no key where nothing is hidden', async () => {
    const open: PolicyVariables = { device: [{ name: 'Ring', value: 'own' }], collections: [] };
    expect(await openVariables(open, privateKey)).toEqual({ device: { Ring: 'own' }, collections: [] });
  });

  it('are refused without a value of a hidden one: a run must not go on as if it were empty', async () => {
    await expect(openVariables(told, privateKey)).rejects.toMatchObject({ code: 'policy.secrets-missing' });
    const sealed = await sealTo({ ...values, collections: {} });
    await expect(openVariables({ ...told, sealed }, privateKey)).rejects.toMatchObject({
      code: 'policy.secrets-missing',
      message: expect.stringContaining('"Token" of the collection "lab"'),
    });
  });

  it('are refused when they are sealed to another computer, without a word of what is inside', async () => {
    const sealed = await sealTo(values, generateKeyPairSync('x25519').publicKey);
    const error: unknown = await openVariables({ ...told, sealed }, privateKey).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'policy.secrets-unreadable' });
    const odd = await openVariables({ ...told, sealed: await sealTo('geheim-1') }, privateKey).catch(
      (caught: unknown) => caught,
    );
    expect(odd).toMatchObject({ code: 'policy.secrets-unreadable' });
    expect(String(odd)).not.toContain('geheim');
  });
});
