import { both, coe, executed, group, ran, reasons, set, step } from './both.js';
import { simulateScenario } from './engine-answer.js';

/** What docs/where-sources-are-silent.md decides; every answer is that of the engine and of the reference. */
describe('steps', () => {
  it('are tried again and reported once', () => {
    const answer = both([step('a', { retry: { attempts: 3, backoffSeconds: 5 } })], {
      a: [{ exitCode: 1 }, { exitCode: 1 }, { exitCode: 0 }],
    });
    expect(ran(answer)).toBe('a a a');
    expect(answer.facts.at(-1)).toMatchObject({ outcome: 'succeeded', attempt: 3 });
  });

  it('fail after the last try', () => {
    const answer = both([step('a', { retry: { attempts: 2 } })], { a: 3 });
    expect([ran(answer), answer.exitCode]).toEqual(['a a', 3]);
  });

  it('fail when interrupted and not repeatable, with a code that continue on error absorbs', () => {
    const answer = both([step('a', coe), step('b')], { a: ['interrupted'] });
    expect([ran(answer), reasons(answer)['a']]).toEqual(['a b', 'interrupted']);
    expect(answer.facts.find((fact) => 'path' in fact)).toMatchObject({ code: 'step.interrupted' });
  });

  it('run again when interrupted and repeatable, but not for ever', () => {
    expect(ran(both([step('a', { repeatable: true })], { a: ['interrupted', { exitCode: 0 }] }))).toBe('a a');
    const always = Array.from({ length: 20 }, () => 'interrupted' as const);
    const endless = both([step('a', { repeatable: true })], { a: always });
    expect([ran(endless), endless.code]).toEqual(['a a a a a a', 'step.interrupted']);
  });

  it('fail in the wrong environment without being executed', () => {
    const answer = both([step('a', { runIn: 'PE', ...coe }), step('b')]);
    expect([ran(answer), reasons(answer)['a']]).toEqual(['b', 'wrong-environment']);
  });

  it('cannot write a read-only name that only shows after replacing variables', () => {
    const answer = both([set('%TARGET%', 'x')], {}, { device: { TARGET: '_SMSTSInWinPE' } });
    expect(answer.code).toBe('variable.read-only');
  });

  it('keep a value secret that was made from a secret', () => {
    const device = { Password: { value: 'hunter2', secret: true } };
    const steps = [set('Derived', 'pw=%Password%'), step('a', { settings: { command: 'login %Derived%' } })];
    const answer = both(steps, {}, { device });
    expect(executed(answer)).toEqual([{ command: 'login', arguments: ['pw=hunter2'] }]);
    expect(answer.variables).toMatchObject({ derived: 'pw=hunter2 *', password: 'hunter2 *' });
  });

  it('never show a secret in a report', () => {
    const error = { code: 'x.y', message: 'hunter2 refused' };
    const { reports, finished } = simulateScenario({
      spec: { steps: [set('Derived', 'pw=%Password%'), step('a', { settings: { command: 'login %Derived%' } })] },
      children: {},
      device: { Password: { value: 'hunter2', secret: true } },
      phase: 'FullOS',
      readOnly: {},
      environment: {},
      outcomes: { a: [{ exitCode: 1, output: 'bad pw=hunter2 or hunter2', error }] },
    });
    expect(finished?.result).toBe('failed');
    expect(JSON.stringify([reports, finished])).not.toContain('hunter2');
  });

  it('of the same name have paths of their own', () => {
    const answer = both([group('G', {}, step('a'), step('a')), group('G', {}, step('a')), step('G/a')]);
    expect(Object.keys(reasons(answer))).toEqual(['G/a', 'G/a (2)', 'G (2)/a', 'G/a (3)']);
  });

  it('end the run with failures that are marked so, in spite of continue on error', () => {
    const error = { code: 'x.fatal', message: 'nothing can go on', ignoreContinueOnError: true };
    const answer = both([group('G', coe, step('a', coe)), step('b')], { a: [{ error }] });
    expect([ran(answer), answer.code]).toEqual(['a', 'x.fatal']);
  });

  it('that failed and were absorbed may still ask for a restart; the run goes on behind what absorbed', () => {
    const assignments = [{ name: 'SMSTSRebootRequested', value: 'WinPE' }];
    const steps = [group('G', coe, step('a'), step('b')), step('c')];
    expect(ran(both(steps, { a: [{ exitCode: 1, assignments }] }))).toBe('a ^PE c');
  });
});

describe('sequences that cannot start', () => {
  it.each([
    ['sequence.disabled', { enabled: false }, [step('a')], {}],
    ['sequence.child-missing', {}, [{ sequence: 'x' }], {}],
    ['sequence.cycle', {}, [{ sequence: 'x' }], { x: { steps: [{ sequence: 'main' }] } }],
  ])('%s: fail before the first step', (code, spec, steps, children) => {
    const answer = both(steps, {}, { children, spec: { ...spec, steps } });
    expect([ran(answer), answer.result, answer.code]).toEqual(['', 'failed', code]);
  });

  it('do not include those with a missing child behind a disabled pointer, or in a disabled group', () => {
    expect(both([{ sequence: 'x', disabled: true }, step('a')]).result).toBe('succeeded');
    expect(both([group('G', { disabled: true }, { sequence: 'x' }), step('a')]).result).toBe('succeeded');
  });
});
