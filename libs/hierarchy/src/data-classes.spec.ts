import { type Belonging, intakeProblem as intakeProblemOf, travels, writeProblem } from './data-classes.js';
import { nextOnTheWay, placeProblem, type Site } from './sites.js';

const CAS: Site = { code: 'CAS', kind: 'central' };
const PR1: Site = { code: 'PR1', kind: 'primary', parent: 'CAS' };
const PR2: Site = { code: 'PR2', kind: 'primary', parent: 'CAS' };
const SE1: Site = { code: 'SE1', kind: 'secondary', parent: 'PR1' };
const sites = new Map([CAS, PR1, PR2, SE1].map((site) => [site.code, site]));
const global = { dataClass: 'global' } as const;
const ofPr1 = { dataClass: 'site', owner: 'PR1' } as const;

describe('the place of a site', () => {
  it('is above nothing that it may not lead', () => {
    expect([CAS, PR1, SE1].map((site) => placeProblem(site, sites.get(site.parent ?? '')))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(placeProblem({ code: 'PR3', kind: 'primary', parent: 'PR1' }, PR1)).toBe(
      'a primary site has no site or a central site above it, not the primary site PR1',
    );
    expect(placeProblem({ code: 'SE2', kind: 'secondary', parent: 'CAS' }, CAS)).toContain('a primary site above it');
  });
});

describe('the way from one site to another', () => {
  it('goes down to the child above it, else up', () => {
    const next = (from: string, to: string) => nextOnTheWay(from, to, sites);
    expect([next('CAS', 'PR2'), next('CAS', 'SE1'), next('PR1', 'SE1')]).toEqual(['PR2', 'PR1', 'SE1']);
    expect([next('SE1', 'PR2'), next('PR1', 'PR2'), next('PR2', 'SE1')]).toEqual(['PR1', 'CAS', 'CAS']);
    expect([next('PR1', 'PR1'), next('PR1', 'XXX')]).toEqual([undefined, undefined]);
  });
});

describe('who may write', () => {
  it('is everybody but a secondary site for global data, and the owner alone for site data', () => {
    expect([CAS, PR1].map((site) => writeProblem(global, site))).toEqual([undefined, undefined]);
    expect(writeProblem(global, SE1)).toBe('site SE1 is a secondary one: write it at PR1 or above');
    expect(writeProblem(ofPr1, PR1)).toBeUndefined();
    expect(writeProblem(ofPr1, CAS)).toBe('it belongs to site PR1, not to CAS');
  });
});

describe('what goes over a link', () => {
  it('is global data between neighbours, both ways', () => {
    expect(travels(global, CAS, PR1, sites)).toBe(true);
    expect(travels(global, PR1, CAS, sites)).toBe(true);
    expect(travels(global, PR1, PR2, sites)).toBe(false);
  });

  it('is site data upwards, and down only to its owner', () => {
    expect(travels(ofPr1, PR1, CAS, sites)).toBe(true);
    expect(travels(ofPr1, CAS, PR1, sites)).toBe(true);
    expect(travels(ofPr1, CAS, PR2, sites)).toBe(false);
    expect(travels({ dataClass: 'site', owner: 'SE1' }, PR1, CAS, sites)).toBe(true);
    expect(travels({ dataClass: 'local' }, PR1, CAS, sites)).toBe(false);
  });
});

describe('what a site takes in', () => {
  /** Of an object that is named as it should be. */
  const intakeProblem = (
    kind: string,
    belonging: Belonging,
    writer: string,
    ...way: [from: Site, to: Site, sites: ReadonlyMap<string, Site>]
  ) => {
    const key = belonging.dataClass === 'site' ? `fleet/${belonging.owner}` : 'fleet';
    return intakeProblemOf({ kind, key }, belonging, writer, ...way);
  };

  it('is settings and groups of central and primary sites, and alerts of the site that they belong to alone', () => {
    for (const kind of ['ClientSettings', 'BoundaryGroup', 'DistributionPointGroup']) {
      expect(intakeProblem(kind, global, 'PR1', PR1, CAS, sites)).toBeUndefined();
      expect(intakeProblem(kind, global, 'CAS', PR1, SE1, sites)).toBeUndefined();
      expect(intakeProblem(kind, global, 'SE1', SE1, PR1, sites)).toContain('it writes no global data');
      expect(intakeProblem(kind, ofPr1, 'PR1', PR1, CAS, sites)).toBe(`${kind} is global data, it came as site data`);
    }
    expect(intakeProblem('Alert', ofPr1, 'PR1', PR1, CAS, sites)).toBeUndefined();
    expect(intakeProblem('Alert', ofPr1, 'CAS', CAS, PR1, sites)).toBe('site CAS wrote data that belongs to PR1');
    expect(intakeProblem('Alert', ofPr1, 'PR2', PR2, CAS, sites)).toContain('does not go from PR2 to CAS');
  });

  const problem = (kind: string, belonging: Belonging, writer: string, from = PR2) =>
    intakeProblem(kind, belonging, writer, from, CAS, sites);

  it('is nothing that another site says about data that is not its own', () => {
    expect(problem('CollectionSize', ofPr1, 'PR1')).toBe('site data of PR1 does not go from PR2 to CAS');
    expect(problem('CollectionSize', { dataClass: 'site', owner: 'PR2' }, 'PR1')).toBe(
      'site PR1 wrote data that belongs to PR2',
    );
    expect(problem('CollectionSize', global, 'PR2')).toBe('CollectionSize is site data, it came as global data');
  });

  it('is nothing that a site calls its own under the name of what belongs to another one', () => {
    const named = (key: string) => intakeProblemOf({ kind: 'Alert', key }, ofPr1, 'PR1', PR1, CAS, sites);
    expect(named('strict-failed/PR1')).toBeUndefined();
    for (const key of ['strict-failed/PR2', 'strict-failed', 'PR1'])
      expect(named(key)).toBe(`Alert "${key}" is not named as data of PR1, as which it came`);
  });

  it('is what sites above an owner want of its devices, not what they say of them', () => {
    const below = (kind: string, writer: string) => intakeProblem(kind, ofPr1, writer, CAS, PR1, sites);
    expect([below('Device', 'CAS'), below('Device', 'PR1'), below('DeviceState', 'PR1')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(below('DeviceState', 'CAS')).toBe('site CAS wrote data that belongs to PR1');
    expect(below('Device', 'PR2')).toBe('site PR2 wrote data that belongs to PR1');
  });

  it('is what a site above lets another one do, from nobody else', () => {
    const below = (writer: string) => intakeProblem('RolloutShare', ofPr1, writer, CAS, PR1, sites);
    expect([below('CAS'), below('PR1'), below('PR2')]).toEqual([
      undefined,
      'site PR1 wrote what only sites above it write',
      'site PR2 wrote data that belongs to PR1',
    ]);
  });

  it('is no global data that a secondary site made', () => {
    expect(problem('Collection', global, 'SE1')).toBe('site SE1 is a secondary one: it writes no global data');
    expect(problem('Collection', global, 'PR1')).toBeUndefined();
  });

  it('is also what a newer release calls by a name that this one does not know', () => {
    expect(problem('Rollout', global, 'PR2')).toBeUndefined();
  });
});
