import type { HierarchyConflict, SiteList } from '@muster/contracts/hierarchy/site-views.js';
import { conflictLines, statusLines, verifyLines } from './hierarchy-lines.js';

const now = new Date('2026-11-26T12:00:00.000Z');
const link = {
  peer: 'PR1',
  state: 'failed' as const,
  failedAttempts: 30,
  lastError: 'Site PR1 did not \u001b[31manswer',
  succeededAt: '2026-11-26T11:00:00.000Z',
  levelAt: null,
  backlog: 7,
  clockAheadMilliseconds: 0,
  verifiedAt: null,
  differences: null,
};
const silent = { error: 'it is down', waitingCount: null, parkedCount: null, waiting: [], parked: [] };
const list: SiteList = {
  site: 'CEN',
  items: [
    {
      code: 'PR1',
      kind: 'primary',
      parent: 'CEN',
      publicKey: null,
      revoked: false,
      relation: 'child',
      link: {
        state: 'failed',
        backlog: 7,
        succeededAt: '2026-11-26T11:00:00.000Z',
        levelAt: null,
        lastError: null,
        services: [
          { service: 'catalog', link },
          { service: 'content', link: null },
        ],
      },
    },
    { code: 'CEN', kind: 'central', parent: null, publicKey: null, revoked: false, relation: 'self', link: null },
  ],
  services: [
    {
      ...silent,
      service: 'catalog',
      error: null,
      waitingCount: 1,
      parkedCount: 0,
      waiting: [{ kind: 'TaskSequence', key: 'a', code: 'x.missing', message: 'no folder\n/web', since: '' }],
    },
    { ...silent, service: 'content' },
  ],
};

it('shows the link of every service, what waits and why, and who does not say', () => {
  const text = statusLines(list, now).join('\n');
  expect(text).toContain('Site CEN, a central site with no site above it');
  expect(text).toMatch(/PR1 +primary +CEN +child +failed +7 +1h ago/);
  expect(text).toMatch(/catalog +failed +7 +1h ago +- +30/);
  expect(text).toMatch(/content +nothing yet/);
  expect(text).toMatch(/content +does not say: it is down/);
  expect(text).toContain('catalog: TaskSequence a waits: x.missing: no folder /web');
  expect(text).not.toContain('\u001b');
});

it('says of a comparison what each side has', () => {
  const differences = [{ kind: 'Collection', key: 'lab', here: 'CEN-1', there: 'missing' }];
  const compared = [{ peer: 'PR1', differences, repaired: 0, error: null }];
  const lines = verifyLines({ same: false, services: [{ service: 'deployment', error: null, compared }] });
  expect(lines).toContain('  deployment: Collection lab: here CEN-1, at PR1 missing');
  expect(lines.at(-1)).toBe('the sites do not have the same, or could not be compared');
});

it('shows what lost against what the object is now', () => {
  const conflict: HierarchyConflict = {
    name: 'Collection/lab/CEN-1',
    kind: 'Collection',
    key: 'lab',
    site: 'CEN',
    writtenAt: now.toISOString(),
    service: 'deployment',
    content: { spec: { rules: [], description: 'central says' } },
    current: { spec: { description: 'primary says', rules: [] } },
  };
  const lines = conflictLines(conflict);
  expect(lines.some((line) => /^-.*primary says/.test(line))).toBe(true);
  expect(lines.some((line) => /^\+.*central says/.test(line))).toBe(true);
  expect(lines.filter((line) => line.includes('rules'))).toEqual([expect.not.stringMatching(/^[-+]/)]);
  expect(conflictLines({ ...conflict, content: null })).toContain('It deleted the object.');
});
