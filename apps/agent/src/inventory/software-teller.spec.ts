import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { pino } from 'pino';
import { ServerError } from '../http/server-error.js';
import { SoftwareTeller } from './software-teller.js';

describe('the installed software of a computer', () => {
  let folder: string;
  let installed: SoftwareRequest | undefined | Error;
  let refusal: Error | undefined;
  let told: SoftwareRequest[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-software-'));
    installed = { software: [{ name: 'a', version: '1' }], leftOut: 0 };
    refusal = undefined;
    told = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const teller = () =>
    new SoftwareTeller({
      api: {
        software: async (software) => {
          if (refusal) throw refusal;
          told.push(software);
        },
      },
      logger: pino({ level: 'silent' }),
      path: join(folder, 'software.json'),
      gather: async () => {
        if (installed instanceof Error) throw installed;
        return installed;
      },
    });
  const look = (one = teller()) => one.look(new AbortController().signal);

  it('is told once, and again when it changed, whoever looks', async () => {
    await look();
    await look();
    expect(told).toHaveLength(1);
    installed = { software: [{ name: 'a', version: '2' }], leftOut: 0 };
    await look();
    expect(told).toHaveLength(2);
  });

  it('is told again when the site asks for it', async () => {
    await look();
    await teller().look(new AbortController().signal, true);
    expect(told).toHaveLength(2);
  });

  it('is told again when a week is over, or nobody can say when it was', async () => {
    await look();
    writeFileSync(join(folder, 'software.json'), 'torn');
    await look();
    expect(told).toHaveLength(2);
  });

  it('is told again after a failure on the way', async () => {
    refusal = new ServerError('server.unreachable', 'away', undefined, undefined);
    await expect(look()).rejects.toThrow('away');
    refusal = undefined;
    await look();
    expect(told).toHaveLength(1);
  });

  it('is kept until tomorrow from a site of a release that does not ask for it', async () => {
    const one = teller();
    refusal = new ServerError('service.unknown-route', 'no such route', 404, undefined);
    await look(one);
    refusal = undefined;
    await look(one);
    expect(told).toEqual([]);
    await look();
    expect(told).toHaveLength(1);
  });

  it('is not told where nobody can say it, or its package manager fails', async () => {
    installed = undefined;
    await look();
    installed = new Error('rpmdb is damaged');
    await look();
    expect(told).toEqual([]);
  });
});
