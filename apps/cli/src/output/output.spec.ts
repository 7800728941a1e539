import { KINDS } from '@muster/contracts/kinds/all.js';
import { collection } from '@muster/contracts/kinds/collection.js';
import { device } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import { age, byteSize, duration } from './age.js';
import { columnsOf, rowOf } from './columns.js';
import { formatResources } from './formats.js';
import { safeLine } from './safe-text.js';
import { formatTable } from './table.js';

const now = new Date('2026-01-02T00:00:00Z');
const web: Resource = {
  apiVersion: 'muster/v1',
  kind: 'Device',
  metadata: {
    name: 'web-01',
    uid: '00000000-0000-4000-8000-000000000001',
    resourceVersion: '1',
    generation: 1,
    createdAt: '2026-01-01T21:00:00Z',
    updatedAt: '2026-01-01T21:00:00Z',
    labels: { team: 'infra' },
  },
  spec: {},
  status: { enrolled: true, facts: { os: { name: 'Debian', versionId: '12' }, agent: { version: '0.1.0' } } },
};

describe('tables', () => {
  it('align columns and pad nothing at the end of lines', () => {
    expect(
      formatTable(
        ['NAME', 'AGE'],
        [
          ['a-long-name', '1s'],
          ['b', '10m'],
        ],
      ),
    ).toEqual(['NAME          AGE', 'a-long-name   1s', 'b             10m']);
  });

  it('show what matters of a device, and more when wide', () => {
    expect(formatResources(device, [web], 'table', false, now)).toEqual([
      'NAME     STATE      PRESENCE   LAST SEEN   OS          AGENT   AGE',
      'web-01   approved                          Debian 12   0.1.0   3h',
    ]);
    const presence = (online: boolean, active: boolean) => {
      const told = { online, active, since: '2026-01-01T22:00:00Z' };
      return formatResources(device, [{ ...web, status: { enrolled: true, presence: told } }], 'table', false, now)[1];
    };
    expect([presence(true, true), presence(false, true), presence(false, false)]).toEqual([
      expect.stringContaining(' online 2h '),
      expect.stringContaining(' offline 2h '),
      expect.stringContaining(' inactive 2h '),
    ]);
    expect(formatResources(device, [web], 'wide', false, now)[1]).toMatch(/team=infra$/);
  });

  it('add what sites below have told to what is so here', () => {
    const sites = [
      { site: 'PR1', members: 3 },
      { site: 'PR2', members: 9 },
    ];
    const of = (status: object) => {
      const lab = {
        ...web,
        kind: 'Collection',
        metadata: { ...web.metadata, name: 'lab' },
        spec: { rules: [] },
        status,
      };
      return formatResources(collection, [lab], 'table', false, now)[1];
    };
    expect(of({ members: 1, sites })).toMatch(/^lab +1 \(\+12 below\) +0 /);
    expect(of({ members: 1 })).toMatch(/^lab +1 +0 /);
  });

  it('have columns of their own for every kind', () => {
    for (const { kind } of KINDS) expect([kind, columnsOf(kind, false).length]).not.toEqual([kind, 2]);
  });

  it('stay whole when the server leaves something out', () => {
    for (const { kind } of KINDS) {
      const row = rowOf({ ...web, spec: {}, status: {} }, columnsOf(kind, true), now);
      expect(row[0]).toBe('web-01');
      expect(row.every((cell) => typeof cell === 'string')).toBe(true);
    }
  });
});

describe('other formats', () => {
  it('write one object as itself and several as a list', () => {
    expect(JSON.parse(formatResources(device, [web], 'json', true, now).join('\n'))).toEqual(web);
    const list: unknown = JSON.parse(formatResources(device, [web], 'json', false, now).join('\n'));
    expect(list).toEqual({ apiVersion: 'muster/v1', kind: 'DeviceList', metadata: {}, items: [web] });
    expect(formatResources(device, [web], 'name', false, now)).toEqual(['device/web-01']);
    expect(formatResources(device, [web], 'yaml', true, now)[0]).toContain('name: web-01');
  });
});

describe('texts', () => {
  it('from elsewhere cannot steer the terminal', () => {
    expect(safeLine('a\u001b[31mred\u0007\r\nb\u202ec')).toBe('a\ufffd[31mred\ufffd b\ufffdc');
  });

  it.each([
    ['2026-01-01T23:59:18Z', '42s'],
    ['2026-01-01T23:50:00Z', '10m'],
    ['2025-12-20T00:00:00Z', '13d'],
    ['2026-01-03T00:00:00Z', '0s'],
  ])('say the age since %s as %s', (since, text) => {
    expect(age(since, now)).toBe(text);
  });

  it('say durations and sizes in readable units', () => {
    expect([duration(1234), duration(250_000)]).toEqual(['1.2 s', '4 min 10 s']);
    expect([byteSize(0), byteSize(1023), byteSize(1536), byteSize(3 * 1024 ** 3)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '3.0 GiB',
    ]);
  });
});
