import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRefusal, SiteAccess, type Refusal } from './site-access.js';

describe('the word of the site about this computer', () => {
  let folder: string;
  let path: string;
  const heard: (string | undefined)[] = [];
  const open = () => new SiteAccess(path, (refusal?: Refusal) => void heard.push(refusal?.code));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-access-'));
    path = join(folder, 'access.json');
    heard.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is told once, and lasts over a restart until the site lets it in again', () => {
    const access = open();
    access.refused('session.device-blocked');
    access.refused('session.device-blocked');
    expect(heard).toEqual(['session.device-blocked']);
    const later = open();
    expect(later.refusal?.code).toBe('session.device-blocked');
    later.admitted();
    later.admitted();
    expect(heard).toEqual(['session.device-blocked', undefined]);
    expect(open().refusal).toBeUndefined();
  });

  it('is no other refusal, and nothing that a damaged file says', () => {
    open().refused('policy.content-not-assigned');
    expect(heard).toEqual([]);
    writeFileSync(path, '{"code":"session.dev');
    expect(readRefusal(path)).toBeUndefined();
  });
});
