import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from './content-cache.js';
import { SiteContent } from './site-content.js';

const signal = new AbortController().signal;
let folder: string;
let content: SiteContent;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-site-content-'));
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody is asked'));
  const locator = { contentLocations: nobody, contentFaults: nobody };
  const cache = new ContentCache({ folder, locator, dispatcher: new Agent() });
  content = new SiteContent(cache, {}, pino({ level: 'silent' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('content of a site', () => {
  it('says what policy does not carry: applications, other kinds of content, packages it does not name', async () => {
    await expect(content.application('hello')).rejects.toMatchObject({ code: 'content.application-unsupported' });
    const image = content.fetch({ package: 'debian', kind: 'OsImage' }, signal);
    await expect(image).rejects.toMatchObject({ code: 'content.kind-unsupported' });
    await expect(content.fetch({ package: 'hello' }, signal)).rejects.toMatchObject({ code: 'content.not-in-policy' });
  });
});
