import { type devicesSeen, SEEN_AT_ONCE } from '@muster/contracts/events/devices-seen.js';
import type { z } from 'zod';

type Fact = z.infer<typeof devicesSeen.payload>;

/** What one process noted of devices since it last told of it. Pure but for itself: time and process are told to it. */
export class NotedSightings {
  private seen = new Set<string>();
  private readonly open = new Set<string>();
  /** Devices whose connection began or ended, and the last of it. */
  private changed = new Map<string, 'opened' | 'closed'>();

  noteSeen(deviceUid: string): void {
    this.seen.add(deviceUid);
  }

  noteOpened(deviceUid: string): void {
    this.open.add(deviceUid);
    this.changed.set(deviceUid, 'opened');
  }

  noteClosed(deviceUid: string): void {
    this.open.delete(deviceUid);
    this.changed.set(deviceUid, 'closed');
  }

  /**
   * Takes what is to be told, in facts of at most SEEN_AT_ONCE devices in each list. None when nothing happened and no connection is open:
   * while one is, there is always one, for by it the devices that stay connected are known to be there.
   */
  take(process: string, at: string): { facts: Fact[]; putBack(): void } {
    const { seen, changed } = this;
    this.seen = new Set();
    this.changed = new Map();
    const which = (what: 'opened' | 'closed') => [...changed].flatMap(([uid, now]) => (now === what ? [uid] : []));
    const lists = { devices: [...seen], opened: which('opened'), closed: which('closed') };
    const longest = Math.max(...Object.values(lists).map(({ length }) => length), this.open.size > 0 ? 1 : 0);
    const facts = Array.from({ length: Math.ceil(longest / SEEN_AT_ONCE) }, (_, index) => {
      const part = (uids: readonly string[]) => uids.slice(index * SEEN_AT_ONCE, (index + 1) * SEEN_AT_ONCE);
      return { at, process, devices: part(lists.devices), opened: part(lists.opened), closed: part(lists.closed) };
    });
    return {
      facts,
      putBack: () => {
        for (const uid of seen) this.seen.add(uid);
        // What happened meanwhile is newer.
        this.changed = new Map([...changed, ...this.changed]);
      },
    };
  }
}
