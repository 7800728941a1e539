import { runSays } from './run-says.js';

const now = Date.parse('2026-11-26T12:00:00Z');

describe('what is told of a run that has not ended', () => {
  it.each([
    [{}, 'running now'],
    [{ restartWaits: {} }, 'done, its restart waits for a maintenance window, and none comes'],
    [{ restart: { at: '2026-11-26T12:01:00.000Z' } }, 'this computer restarts in 60 s, at 2026-11-26T12:01:00.000Z'],
    [{ restart: { at: '2026-11-26T11:59:59.000Z' } }, 'this computer restarts now'],
    [{ restart: {} }, 'waits until somebody restarts this computer'],
    [{ restartWaits: {}, restart: {} }, 'waits until somebody restarts this computer'],
  ])('of %j is: %s', (record, says) => expect(runSays(record, now)).toBe(says));
});
