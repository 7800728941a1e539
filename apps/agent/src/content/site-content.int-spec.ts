import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfBytes } from '@muster/contracts/digest.js';
import { applicationSchema } from '@muster/sequence/applications/application.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from './content-cache.js';
import { SiteContent, type BodyNeeds } from './site-content.js';

const signal = new AbortController().signal;
const editor = applicationSchema.parse({
  deploymentTypes: [{ name: 'any', install: { command: 'true' }, detection: { file: '/opt/editor' } }],
});
const asked: string[] = [];
let folder: string;
const content = (needs: Partial<BodyNeeds>): SiteContent => {
  const nobody = (manifest: string): Promise<never> => {
    asked.push(manifest);
    return Promise.reject(new Error('nobody answers'));
  };
  const locator = { contentLocations: nobody, contentFaults: () => Promise.resolve() };
  const cache = new ContentCache({ folder, locator, dispatcher: new Agent() });
  return new SiteContent(cache, { packages: {}, ...needs }, pino({ level: 'silent' }));
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-site-content-'));
  asked.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('content of a site', () => {
  it('says what policy does not name, and what it does', async () => {
    const image = content({}).fetch({ package: 'debian', kind: 'OsImage' }, signal);
    await expect(image).rejects.toMatchObject({
      code: 'content.not-in-policy',
      message: expect.stringContaining('OsImage "debian"'),
    });
    const one = content({ packages: { tool: { version: 1, manifest: digestOfBytes('tool'), programs: {} } } });
    await expect(one.fetch({ package: 'hello' }, signal)).rejects.toMatchObject({
      code: 'content.not-in-policy',
      message: 'the policy has no package "hello"; it has: tool',
    });
    await expect(content({ applications: { editor } }).application('constructor')).rejects.toMatchObject({
      code: 'content.application-not-in-policy',
      message: expect.stringContaining('it has: editor'),
    });
  });

  it('has applications as the policy has them', async () => {
    expect(await content({ applications: { editor } }).application('editor')).toEqual(editor);
  });

  it('tells kinds of the same name apart', async () => {
    const named = (text: string) => ({ version: 1, manifest: digestOfBytes(text) });
    const both = content({
      packages: { debian: { ...named('package'), programs: {} } },
      contents: { OsImage: { debian: named('image') } },
    });
    await expect(both.fetch({ package: 'debian', kind: 'OsImage' }, signal)).rejects.toThrow();
    await expect(both.fetch({ package: 'debian' }, signal)).rejects.toThrow();
    expect(asked).toEqual([digestOfBytes('image'), digestOfBytes('package')]);
  });
});
