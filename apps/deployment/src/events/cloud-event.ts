import type { Event } from '@muster/contracts/kinds/event.js';
import type { EventRow } from './event.repository.js';

/** Digits that hold any position, so that sequences sort as text. */
const DIGITS = 16;

/** An event as clients see it, everywhere. Pure. */
export function toCloudEvent({ id, position, type, subject, data, occurred_at }: EventRow, site: string): Event {
  return {
    specversion: '1.0',
    id,
    source: `/sites/${site}`,
    type,
    subject,
    time: occurred_at.toISOString(),
    datacontenttype: 'application/json',
    sequence: String(position).padStart(DIGITS, '0'),
    data,
  };
}
