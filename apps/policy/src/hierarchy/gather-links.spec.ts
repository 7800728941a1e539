import type { ServiceLink } from '@muster/contracts/requests/replication.js';
import { linkTo, viewSites } from './gather-links.js';

const link = (peer: string, changes: Partial<ServiceLink> = {}): ServiceLink => ({
  peer,
  state: 'active',
  failedAttempts: 0,
  lastError: null,
  succeededAt: '2026-11-26T12:00:00.000Z',
  levelAt: '2026-11-26T12:00:00.000Z',
  backlog: 1,
  clockAheadMilliseconds: 0,
  verifiedAt: null,
  differences: null,
  ...changes,
});

const all = (peer: string, ...of: (Partial<ServiceLink> | null)[]) =>
  new Map(
    (['catalog', 'deployment', 'content', 'policy'] as const).map((service, at) => [
      service,
      of[at] === null ? null : [link(peer, of[at])],
    ]),
  );

const place = (code: string, parent: string | null, revoked = false) => ({
  code,
  kind: parent ? ('primary' as const) : ('central' as const),
  parent,
  publicKey: null,
  revoked,
});

describe('the link to a site', () => {
  it('is as good as in the service where it is worst, with the oldest success and all that waits', () => {
    const since = '2026-11-26T11:00:00.000Z';
    const found = linkTo('PR1', all('PR1', {}, { state: 'degraded', succeededAt: since, lastError: 'away' }));
    expect(found).toMatchObject({ state: 'degraded', succeededAt: since, backlog: 4, lastError: 'away' });
    expect(linkTo('PR1', all('PR1')).state).toBe('active');
  });

  it('is not called good when a service does not say, or has read nothing from there yet', () => {
    expect(linkTo('PR1', all('PR1', {}, null))).toMatchObject({ state: 'unanswered', succeededAt: null });
    expect(linkTo('PR1', all('PR2'))).toMatchObject({ state: 'starting', levelAt: null });
    expect(linkTo('PR1', all('PR1', { state: 'failed' }, null)).state).toBe('failed');
    expect(linkTo('PR1', all('PR1', { levelAt: null })).levelAt).toBeNull();
  });
});

it('lists neighbours with the worst link first; a site that was revoked has none', () => {
  const answers = new Map(all('PR1').entries());
  for (const [service, links] of all('PR2', { state: 'failed' }))
    answers.set(service, [...(answers.get(service) ?? []), ...(links ?? [])]);
  const sites = [
    place('CEN', null),
    place('PR1', 'CEN'),
    place('PR2', 'CEN'),
    place('PR3', 'CEN', true),
    place('SE1', 'PR1'),
  ];
  expect(
    viewSites('CEN', sites, answers).map(({ code, relation, link: found }) => [code, relation, found?.state]),
  ).toEqual([
    ['PR2', 'child', 'failed'],
    ['PR1', 'child', 'active'],
    ['CEN', 'self', undefined],
    ['PR3', 'child', undefined],
    ['SE1', 'other', undefined],
  ]);
});
