import { parseTolerant } from '../tolerant.js';
import { inventoryRequestSchema } from './inventory.js';
import { AGENT_REQUESTS } from './requests.js';

describe('the inventory that an agent tells', () => {
  it('is taken by a site that is older than the agent, without the facts that it does not know', () => {
    const told = {
      gatheredAt: '2026-01-31T08:00:00Z',
      facts: { hostname: 'a', smell: 'of roses', tpm: { present: true, colour: 'red' }, partitions: [] },
    };
    expect(AGENT_REQUESTS.has(inventoryRequestSchema)).toBe(true);
    expect(parseTolerant(inventoryRequestSchema, told).facts).toEqual({
      hostname: 'a',
      tpm: { present: true },
      partitions: [],
    });
  });
});
