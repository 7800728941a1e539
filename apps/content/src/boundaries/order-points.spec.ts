import type { BoundaryGroupSpec } from '@muster/contracts/kinds/boundary-group.js';
import * as fc from 'fast-check';
import { currentGroups, orderPoints, ownPoints, tellingAddress, toBoundary, type Boundary } from './order-points.js';

const berlin = toBoundary('berlin', {
  addresses: ['10.1.0.0/16', '2001:db8:1::/48'],
  points: ['b1', 'b2'],
  neighbours: [
    { group: 'paris', minutes: 30 },
    { group: 'rome', minutes: 'never' },
  ],
});
const paris = toBoundary('paris', {
  addresses: ['10.2.0.0/16'],
  points: ['p1'],
  neighbours: [{ group: 'rome', minutes: 1 }],
});
const rome = toBoundary('rome', { addresses: ['10.3.0.0/16'], points: ['r1'] });
const data = toBoundary('data', { points: ['d1', 'b1'], isDefault: true });
const all = [berlin, paris, rome, data];
const has = (...names: string[]) => names.map((name) => ({ name, inMaintenance: false }));
const order = (address: string | undefined, boundaries = all, points = has('b1', 'b2', 'p1', 'r1', 'd1')) =>
  orderPoints(boundaries, { address, site: 'S01' }, points);

describe('the points that a device counts as its own', () => {
  const own = (address: string | undefined, boundaries = all, points = has('b1', 'b2', 'p1', 'r1', 'd1')) =>
    ownPoints(boundaries, { address, site: 'S01' }, points);

  it('are those of its groups, else of the default group, and all where there are no groups', () => {
    expect(own('10.1.2.3')).toEqual(['b1', 'b2']);
    expect(own('10.9.0.1')).toEqual(['b1', 'd1']);
    expect(own('10.9.0.1', [berlin])).toEqual([]);
    expect(own('10.9.0.1', [])).toEqual(['b1', 'b2', 'p1', 'r1', 'd1']);
    expect(own('10.1.2.3', all, [{ name: 'b1', inMaintenance: true }])).toEqual([]);
  });

  it('are those for the Internet when it is there', () => {
    const reach = { internet: true, neighbours: true, defaultGroup: true };
    const points = [
      { name: 'b1', inMaintenance: false },
      { name: 'p1', inMaintenance: false, forInternet: true },
    ];
    expect(ownPoints(all, { address: '10.1.2.3', site: 'S01', reach }, points)).toEqual(['p1']);
  });
});

describe('the order of points for a device', () => {
  it('begins with the current groups, then direct neighbours by minutes, then the default group', () => {
    const { groups, sources, leftOut } = order('10.1.2.3');
    expect(groups).toEqual(['berlin']);
    expect(new Set(sources.slice(0, 2).map(({ point }) => point))).toEqual(new Set(['b1', 'b2']));
    expect(sources.slice(2)).toEqual([
      { point: 'p1', reason: 'neighbour boundary group paris, 30 minutes from berlin' },
      { point: 'd1', reason: 'default boundary group data, 120 minutes from berlin' },
    ]);
    expect(leftOut).toEqual([{ point: 'r1', reason: 'neighbour boundary group rome, that berlin never uses' }]);
  });

  it('follows links one way only, and only one step', () => {
    expect(order('10.3.0.1').sources.map(({ point }) => point)).toEqual([
      'r1',
      ...order('10.3.0.1')
        .sources.slice(1)
        .map(({ point }) => point),
    ]);
    expect(order('10.3.0.1').leftOut.map(({ point }) => point)).toEqual(['b2', 'p1']);
    expect(order('10.1.2.3').sources.map(({ point }) => point)).not.toContain('r1');
  });

  it('is that of the points for the Internet for a device on the Internet, whatever the boundaries say', () => {
    const points = [{ name: 'b1', inMaintenance: false, forInternet: true }, ...has('b2', 'd1')];
    const reach = { neighbours: false, defaultGroup: false, internet: true };
    for (const boundaries of [all, []]) {
      const { sources, leftOut } = orderPoints(boundaries, { address: '10.1.2.3', site: 'S01', reach }, points);
      const reason = 'the device is on the Internet, and the point is for the Internet';
      expect(sources).toEqual([{ point: 'b1', reason }]);
      expect(leftOut.map(({ point }) => point)).toEqual(['b2', 'd1']);
      expect(leftOut[0]?.reason).toBe('the device is on the Internet, and the point is not for the Internet');
    }
    const inMaintenance = points.map((one) => ({ ...one, inMaintenance: true }));
    expect(orderPoints(all, { address: undefined, site: 'S01', reach }, inMaintenance).sources).toEqual([]);
  });

  it('knows IPv6, and IPv4 in IPv6 clothes', () => {
    expect(order('2001:db8:1::5').groups).toEqual(['berlin']);
    expect(order('::ffff:10.2.0.9').groups).toEqual(['paris']);
    expect(order('2001:db8:2::5').groups).toEqual([]);
  });

  it('is that of the union of all groups that contain the address', () => {
    const wide = toBoundary('wide', { addresses: ['10.0.0.0/8'], points: ['w1'] });
    const { groups, sources } = order('10.1.2.3', [...all, wide], has('w1', 'b1', 'p1'));
    expect(groups).toEqual(['berlin', 'wide']);
    expect(sources.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['current boundary group berlin', 'current boundary group wide']),
    );
    expect(sources.at(-1)?.point).toBe('p1');
  });

  it('is the default group for a device in no group, and nothing when there is none', () => {
    expect(order('192.0.2.1').sources.map(({ reason }) => reason)).toContain(
      'default boundary group data: no boundary contains 192.0.2.1',
    );
    expect(order(undefined).sources[0]?.reason).toBe('default boundary group data: the address is not known');
    expect(order('192.0.2.1').leftOut[0]).toEqual({
      point: 'b2',
      reason: 'only in berlin: no boundary contains 192.0.2.1, and default group data does not have it',
    });
    const none = order('192.0.2.1', [berlin, paris, rome]);
    expect(none.sources).toEqual([]);
    expect(none.leftOut[0]).toEqual({
      point: 'b1',
      reason: 'only in berlin: no boundary contains 192.0.2.1, and there is no default group',
    });
  });

  it('lets a group override its link to the default group', () => {
    const own = toBoundary('own', {
      addresses: ['10.9.0.0/16'],
      points: [],
      neighbours: [{ group: 'data', minutes: 'never' }],
    });
    expect(order('10.9.0.1', [...all, own]).sources).toEqual([]);
    const near = toBoundary('own', { ...own.spec, neighbours: [{ group: 'data', minutes: 5 }] });
    expect(order('10.9.0.1', [...all, near]).sources[0]?.reason).toBe(
      'neighbour boundary group data, 5 minutes from own',
    );
  });

  it('takes a group by the site of the device', () => {
    const site = toBoundary('site', { sites: ['S01'], points: ['s1'] });
    expect(order(undefined, [site], has('s1')).sources).toEqual([
      { point: 's1', reason: 'current boundary group site' },
    ]);
  });

  it('is all points where there are no boundary groups', () => {
    const { sources } = order('10.1.2.3', []);
    expect(sources.map(({ point }) => point).sort()).toEqual(['b1', 'b2', 'd1', 'p1', 'r1']);
    expect(sources[0]?.reason).toBe('this site has no boundary groups: every point serves');
  });

  it('never has a point in maintenance', () => {
    const { sources, leftOut } = order('10.1.2.3', all, [{ name: 'b1', inMaintenance: true }, ...has('b2')]);
    expect(sources.map(({ point }) => point)).toEqual(['b2']);
    expect(leftOut).toEqual([{ point: 'b1', reason: 'the point is in maintenance' }]);
  });

  it.each([
    [
      { neighbours: false, defaultGroup: true },
      ['b1', 'b2', 'd1'],
      'p1',
      'neighbour boundary group paris, 30 minutes from berlin',
    ],
    [
      { neighbours: true, defaultGroup: false },
      ['b1', 'b2', 'p1'],
      'd1',
      'default boundary group data, 120 minutes from berlin',
    ],
    [
      { neighbours: false, defaultGroup: false },
      ['b1', 'b2'],
      'p1',
      'neighbour boundary group paris, 30 minutes from berlin',
    ],
  ])('leaves out what the deployment does not allow: %j', (reach, offered, left, reason) => {
    const { sources, leftOut } = orderPoints(
      all,
      { address: '10.1.2.3', site: 'S01', reach },
      has('b1', 'b2', 'p1', 'd1'),
    );
    expect(sources.map(({ point }) => point).toSorted()).toEqual(offered);
    expect(leftOut).toContainEqual({ point: left, reason: `${reason}: not for this deployment` });
  });

  it('has the default group for what the deployment says of it, also where a group names it as its neighbour', () => {
    const near = toBoundary('own', {
      addresses: ['10.9.0.0/16'],
      points: [],
      neighbours: [{ group: 'data', minutes: 5 }],
    });
    const points = (address: string, reach: { neighbours: boolean; defaultGroup: boolean }) =>
      orderPoints([...all, near], { address, site: 'S01', reach }, has('d1')).sources;
    expect(points('10.9.0.1', { neighbours: false, defaultGroup: true })).toHaveLength(1);
    expect(points('10.9.0.1', { neighbours: true, defaultGroup: false })).toEqual([]);
    expect(points('192.0.2.1', { neighbours: true, defaultGroup: false })).toEqual([]);
  });

  it('spreads devices over equal points', () => {
    const firsts = Array.from({ length: 200 }, (_, index) => order(`10.1.7.${index}`).sources[0]?.point);
    expect(firsts.filter((point) => point === 'b1').length).toBeGreaterThan(60);
    expect(firsts.filter((point) => point === 'b2').length).toBeGreaterThan(60);
  });
});

describe('whatever the groups', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const point = fc.constantFrom('p', 'q', 'r', 's', 't');
  const range = fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(32))
    .map(([second, third, prefix]) => `10.${second}.${third}.0/${prefix}`);
  const spec: fc.Arbitrary<BoundaryGroupSpec> = fc.record({
    addresses: fc.array(range, { maxLength: 3 }),
    points: fc.array(point, { maxLength: 4 }),
    neighbours: fc.array(fc.record({ group: name, minutes: fc.oneof(fc.nat(300), fc.constant('never' as const)) }), {
      maxLength: 3,
    }),
  });
  const boundaries: fc.Arbitrary<Boundary[]> = fc
    .tuple(fc.uniqueArray(fc.tuple(name, spec), { selector: ([one]) => one, minLength: 1 }), fc.nat(4))
    .map(([groups, last]) =>
      groups.map(([one, value], index) =>
        toBoundary(one, { ...value, ...(index === last ? { isDefault: true } : {}) }),
      ),
    );
  const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => `10.${parts.join('.')}`);
  const candidates = fc.uniqueArray(fc.record({ name: point, inMaintenance: fc.boolean() }), {
    selector: (one) => one.name,
  });

  it('every point is either a source or left out, once, and the same device gets the same answer', () => {
    fc.assert(
      fc.property(boundaries, address, candidates, (groups, at, points) => {
        const { sources, leftOut } = orderPoints(groups, { address: at, site: 'S01' }, points);
        expect([...sources, ...leftOut].map((one) => one.point).sort()).toEqual(points.map((one) => one.name).sort());
        const again = orderPoints(groups.toReversed(), { address: at, site: 'S01' }, points.toReversed());
        expect(again.sources.map((one) => one.point)).toEqual(sources.map((one) => one.point));
        for (const one of points) if (one.inMaintenance) expect(sources.map((x) => x.point)).not.toContain(one.name);
      }),
    );
  });

  it('points of current groups come before all others', () => {
    fc.assert(
      fc.property(boundaries, address, candidates, (groups, at, points) => {
        const { sources, groups: current } = orderPoints(groups, { address: at, site: 'S01' }, points);
        const near = new Set(groups.filter((one) => current.includes(one.name)).flatMap((one) => one.spec.points));
        const isNear = sources.map((one) => near.has(one.point));
        expect(isNear).toEqual([...isNear].sort((a, b) => Number(b) - Number(a)));
      }),
    );
  });

  it('a group is current exactly when the leading bits of its range are those of the address', () => {
    const bits = (text: string) =>
      text
        .split('.')
        .map((part) => Number(part).toString(2).padStart(8, '0'))
        .join('');
    fc.assert(
      fc.property(address, range, (at, one) => {
        const [network = '', prefix = ''] = one.split('/');
        const expected = bits(at).slice(0, Number(prefix)) === bits(network).slice(0, Number(prefix));
        const found = currentGroups([toBoundary('x', { addresses: [one], points: [] })], { address: at, site: 'S01' });
        expect(found.length === 1).toBe(expected);
      }),
    );
  });
});

describe('the address that says where a device is', () => {
  it('is the first that some boundary contains: that of a virtual bridge says nothing', () => {
    expect(tellingAddress(all, ['172.17.0.1', '10.2.0.9', '10.1.0.9'])).toBe('10.2.0.9');
    expect(tellingAddress(all, ['::ffff:10.3.0.1'])).toBe('::ffff:10.3.0.1');
  });

  it('is the first of all when no boundary contains any, and none when there is none', () => {
    expect(tellingAddress(all, ['192.0.2.1', 'nonsense'])).toBe('192.0.2.1');
    expect(tellingAddress(all, [])).toBeUndefined();
  });
});
