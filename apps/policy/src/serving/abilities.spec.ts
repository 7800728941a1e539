import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { isFor, parseAbilities } from './abilities.js';

const assignment: Assignment = {
  deployment: { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'd', generation: 1 },
  purpose: 'Required',
  body: digestOf('body'),
};

describe('what an agent can do', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['flying', []],
    ['flying , start-permits,start-permits', ['start-permits']],
    [['a', 'start-permits'], ['start-permits']],
  ])('is read from the header %j as %j', (header, abilities) => {
    expect(parseAbilities(header)).toEqual(abilities);
  });

  it('keeps a deployment that has a rollout from agents that know no permits', () => {
    expect(isFor(assignment, [])).toBe(true);
    expect(isFor({ ...assignment, rollout: { change: 0 } }, [])).toBe(false);
    expect(isFor({ ...assignment, rollout: { change: 0 } }, ['start-permits'])).toBe(true);
  });

  it('keeps a deployment that says which points may serve it from agents that would not know what that means', () => {
    for (const points of [{ neighbourPoints: false }, { defaultGroupPoints: true }]) {
      expect(isFor({ ...assignment, ...points }, ['start-permits'])).toBe(false);
      expect(isFor({ ...assignment, ...points }, ['content-reach'])).toBe(true);
    }
  });

  it('keeps a deployment whose content is not kept from agents that keep everything', () => {
    expect(isFor({ ...assignment, content: 'FromPoint' }, ['start-permits'])).toBe(false);
    expect(isFor({ ...assignment, content: 'FromPoint' }, ['content-from-point'])).toBe(true);
    expect(isFor({ ...assignment, content: 'BeforeStart' }, [])).toBe(true);
  });

  it('keeps a deployment whose programs say where they can run from agents that would run them anywhere', () => {
    expect(isFor({ ...assignment, programSettings: true }, ['start-places'])).toBe(false);
    expect(isFor({ ...assignment, programSettings: true }, ['program-settings'])).toBe(true);
  });

  it('keeps a deployment that says where it must not run from agents that would not know what that means', () => {
    for (const places of [{ onInternet: false }, { onWriteFilter: false }]) {
      expect(isFor({ ...assignment, ...places }, ['content-reach', 'start-permits'])).toBe(false);
      expect(isFor({ ...assignment, ...places }, ['start-places'])).toBe(true);
    }
  });
});
