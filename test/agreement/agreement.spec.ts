import { countVerdicts, findDisagreement } from './compare.js';
import { findContentDisagreement } from './content-order.js';
import { findStepDisagreement } from './step-fates.js';

it('the agent, the explanation of the site and the specification agree on when deployments start', () => {
  expect(findDisagreement(1, 500)).toBeUndefined();
});

it('the cases reach every verdict', () => {
  const counts = countVerdicts(1, 2000);
  const seldom = [
    'running',
    'refused',
    'no-secrets',
    'no-permit',
    'rejected',
    'disabled',
    'expired',
    'held',
    'waiting availability',
    'waiting trigger',
    'waiting window',
  ]
    .concat([
      'tells waiting no-window',
      'tells waiting people',
      'tells waiting snoozed',
      'tells waiting secrets',
      'tells waiting permit',
    ])
    .concat(['start asked', 'start trigger', 'offered', 'not-rerun'])
    .filter((verdict) => (counts.get(verdict) ?? 0) < 10);
  expect(seldom).toEqual([]);
});

it('they agree on what becomes of each step, and the sequences reach every fate', () => {
  const reached = new Map<string, number>();
  expect(findStepDisagreement(1, 300, reached)).toBeUndefined();
  const seldom = ['will-run', 'skipped', 'blocked', 'not-reached'].filter((fate) => (reached.get(fate) ?? 0) < 20);
  expect(seldom).toEqual([]);
});

it('they agree on where content comes from, in which order, and the places have none to all points', async () => {
  const reached = new Map<string, number>();
  expect(await findContentDisagreement(1, 2000, reached)).toBeUndefined();
  const seldom = [0, 1, 2, 3, 4].filter((points) => (reached.get(`${points} points`) ?? 0) < 20);
  expect(seldom).toEqual([]);
});
