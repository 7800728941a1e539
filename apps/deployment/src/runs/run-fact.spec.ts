import { run, type RunStatus, type RunStep } from '@muster/contracts/kinds/run.js';
import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import { fitForFact, MOST_FACT_CHARACTERS } from './run-fact.js';

const UID = '0198a000-0000-7000-8000-000000000001';

function runWith(count: number, output: string): Resource<Parameters<typeof fitForFact>[0]['spec'], RunStatus> {
  const steps: RunStep[] = Array.from({ length: count }, (_, index) => ({
    number: index + 2,
    path: `Step ${index}`,
    state: 'succeeded',
    output,
  }));
  return {
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata: {
      name: 'run-1',
      uid: UID,
      resourceVersion: '1',
      generation: 1,
      createdAt: '2026-11-21T00:00:00.000Z',
      updatedAt: '2026-11-21T00:00:00.000Z',
    },
    spec: {
      device: 'd',
      deviceUid: UID,
      deployment: 'd',
      deploymentUid: UID,
      sequence: 's',
      sequenceDigest: `sha256:${'a'.repeat(64)}`,
    },
    status: { state: 'running', steps },
  };
}

describe('the fact of a run', () => {
  it('has everything while that is short enough', () => {
    const whole = runWith(50, 'ok');
    expect(fitForFact(whole)).toBe(whole);
  });

  it('loses old outputs first, and no step', () => {
    const fitted = fitForFact(runWith(300, 'x'.repeat(1000)));
    expect(fitted.status.steps).toHaveLength(300);
    expect(fitted.status.steps.filter(({ output }) => output !== undefined).map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_, index) => 282 + index),
    );
    expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(MOST_FACT_CHARACTERS);
  });

  it('keeps the newest steps when even their names are too long together', () => {
    const fitted = fitForFact(runWith(20_000, ''));
    expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(MOST_FACT_CHARACTERS);
    expect(fitted.status.steps.length).toBeGreaterThan(1000);
    expect(fitted.status.steps.at(-1)?.path).toBe('Step 19999');
    expect(run.resource.safeParse(fitted).success).toBe(true);
  });
});
