import { uidSchema } from '@muster/contracts/resource.js';
import { newRunId } from './run-id.js';

describe('a run id', () => {
  it('is a UUID version 7 that sorts by time', () => {
    const [earlier, later] = [
      newRunId(Date.parse('2026-11-21T12:00:00Z')),
      newRunId(Date.parse('2026-11-21T12:00:01Z')),
    ];
    expect(earlier).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uidSchema.safeParse(earlier).success).toBe(true);
    expect([later, earlier].sort()).toEqual([earlier, later]);
  });
});
