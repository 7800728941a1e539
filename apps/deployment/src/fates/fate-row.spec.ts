import { type ToldFate, toldFateSchema } from '@muster/contracts/agent/fates.js';
import { rowOfFate } from './fate-row.js';

const uid = '11111111-1111-4111-8111-111111111111';

function told(at: string, until?: string): ToldFate {
  const delivery = { state: 'waiting', reason: 'window', at, until };
  // It is what a device can send.
  return toldFateSchema.parse({ deploymentUid: uid, number: 1, acceptance: { state: 'accepted', at }, delivery });
}

describe('the times of a fate', () => {
  it('are kept in UTC, whatever zone the device wrote them in', () => {
    expect(rowOfFate({ ...told('2026-01-01T00:30:00+16:30', '2026-01-02T00:00:00Z'), deviceUid: uid })).toMatchObject({
      acceptance_at: '2025-12-31T08:00:00.000Z',
      delivery_at: '2025-12-31T08:00:00.000Z',
      until_at: '2026-01-02T00:00:00.000Z',
    });
  });

  it('of a clock that says nonsense are long ago, or none', () => {
    expect(rowOfFate({ ...told('0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'), deviceUid: uid })).toMatchObject({
      acceptance_at: '1970-01-01T00:00:00.000Z',
      delivery_at: '1970-01-01T00:00:00.000Z',
      until_at: undefined,
    });
  });
});
