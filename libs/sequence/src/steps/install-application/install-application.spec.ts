import { collectReferences } from '../../references.js';
import { stepDefinition } from '../registry.js';
import { validateSequence } from '../../validate.js';

const spec = (settings: object) => ({ steps: [{ step: 'S', type: 'InstallApplication', settings: { ...settings } }] });
const findings = (settings: object): string[] =>
  validateSequence(spec(settings)).map(({ code, path }) => `${code} ${path.split('/settings').at(-1)}`);

describe('Install Application', () => {
  it('takes names, or a dynamic list', () => {
    expect(findings({ applications: ['hello', '%Other%'], whenNotApplicable: 'warn', clearCache: 'false' })).toEqual(
      [],
    );
    expect(findings({ listVariable: 'APP', listApplications: ['hello'], continueOnInstallError: true })).toEqual([]);
    expect(findings({ applications: ['a'], retryOnRestart: { enabled: true, count: '5' } })).toEqual([]);
  });

  it.each([
    [{}, ['sequence.missing-field /applications']],
    [{ applications: [] }, ['sequence.out-of-range /applications']],
    [{ applications: ['a'], listVariable: 'APP' }, ['sequence.invalid-value /listVariable']],
    [{ applications: ['a'], retryOnRestart: { count: 6 } }, [expect.stringMatching(/retryOnRestart\/count$/)]],
  ])('refuses %j with one finding', (settings, expected) => {
    expect(findings(settings)).toEqual(expected);
  });

  it('refers to its applications, and to those that its list may name', () => {
    const references = (settings: object) => collectReferences(spec(settings)).map(({ reference }) => reference);
    expect(references({ applications: ['a', '%B%'] })).toEqual([{ kind: 'Application', name: 'a' }]);
    expect(references({ listVariable: 'APP', listApplications: 'a,b' })).toHaveLength(2);
  });

  it.each(['InstallApplication', 'InstallSoftwareUpdates'])(
    'and other retried steps are begun again twice after unexpected restarts, or as retryOnRestart says (%s)',
    (type) => {
      const definition = stepDefinition(type);
      const reruns = (retryOnRestart?: object) => definition?.reruns?.({ applications: ['a'], retryOnRestart });
      expect([definition?.repeatable, reruns(), definition?.reruns?.(undefined)]).toEqual([true, 2, 2]);
      expect([reruns({ count: 5 }), reruns({ count: '1' }), reruns({ count: '%N%' })]).toEqual([5, 1, 2]);
      expect([reruns({ enabled: false }), reruns({ enabled: 'false', count: 3 })]).toEqual([0, 0]);
    },
  );
});
