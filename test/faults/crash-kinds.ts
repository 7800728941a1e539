import type { DiskState } from './watched-disk.js';

/** What is left when the computer or the agent died in a moment. */
export interface Remains {
  readonly disk: DiskState;
  /** The computer started anew: another boot. */
  readonly rebooted: boolean;
}

/**
 * Ways to die and what they leave of bytes that were written and not yet synced. N counts those bytes.
 *
 * | kind | leaves |
 * |---|---|
 * | killed | `kill -9`: everything written; nothing of it more durable than before |
 * | killed-torn:N | killed in the middle of the write, behind N bytes |
 * | kept | loss of power, but everything had reached the disk |
 * | lost | loss of power, nothing of it had; a file whose name was not synced is gone |
 * | cut | as lost, but the name of the file is there |
 * | torn:N | only the first N bytes |
 * | zeros:N | the first N bytes, zeros for the others |
 * | late:N | zeros for the first N bytes, then the others: a later block was written first |
 * | flip:N | all, one bit of byte N is wrong |
 */
export type CrashKind = string;

/** What is there after a loss of power is durable, names too. */
const onDisk = { named: true, durableNames: ['state', 'state/run', 'state/run/journal.jsonl'] };

/** What is left after dying in one of the ways. @throws RangeError when there is no such way */
export function die(disk: DiskState, kind: CrashKind): Remains {
  const [way = '', number = '0'] = kind.split(':');
  const bytes = Number(number);
  const { content, named } = disk;
  const others = deadLocks(disk.others);
  if (way === 'killed') return { disk: { ...disk, others }, rebooted: false };
  const durable = withoutRoom(disk.durable);
  const unsynced = withoutRoom(content).subarray(durable.length);
  /** Room that is durable stays: zeros, in the place of what is lost too. */
  const left = (tail: Buffer, size = disk.durable?.length ?? 0): Buffer => {
    const bytes = Buffer.concat([durable, tail]);
    return Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length))]);
  };
  const after = (tail: Buffer, locks: DiskState['others'] = {}): Remains => {
    const bytes = left(tail);
    return { disk: { ...onDisk, content: bytes, durable: bytes, others: locks }, rebooted: true };
  };
  switch (way) {
    case 'killed-torn':
      return {
        disk: { ...disk, content: left(unsynced.subarray(0, bytes), content?.length), others },
        rebooted: false,
      };
    case 'kept':
      if (!content) return gone(others);
      return { disk: { ...onDisk, content, durable: content, others }, rebooted: true };
    case 'lost':
      return named ? after(Buffer.alloc(0)) : gone({});
    case 'cut':
      return after(Buffer.alloc(0), emptied(others));
    case 'torn':
      return after(unsynced.subarray(0, bytes), emptied(others));
    case 'zeros':
      return after(Buffer.concat([unsynced.subarray(0, bytes), Buffer.alloc(unsynced.length - bytes)]));
    case 'late':
      return after(Buffer.concat([Buffer.alloc(bytes), unsynced.subarray(bytes)]));
    case 'flip': {
      const flipped = Buffer.from(unsynced);
      flipped[bytes] = (flipped[bytes] ?? 0) ^ 4;
      return after(flipped);
    }
    default:
      throw new RangeError(`there is no way to die called ${kind}`);
  }
}

function gone(others: DiskState['others']): Remains {
  return {
    disk: { content: undefined, durable: undefined, named: false, durableNames: [], others },
    rebooted: true,
  };
}

/** Bytes of lines written and not yet synced; 0 when the file was made shorter instead. */
export function unsyncedBytes({ content, durable }: DiskState): number {
  return Math.max(0, withoutRoom(content).length - withoutRoom(durable).length);
}

/** The lines, without the zeros behind them. */
export function withoutRoom(content: Buffer | undefined): Buffer {
  let length = content?.length ?? 0;
  while (length > 0 && content?.[length - 1] === 0) length--;
  return content?.subarray(0, length) ?? Buffer.alloc(0);
}

/** All ways to die in a moment that leave different things; those with a number only for some bytes. */
export function crashKinds(disk: DiskState): CrashKind[] {
  const kinds = ['killed', 'kept'];
  const { content, durable, named } = disk;
  if (content && (!named || !durable?.equals(content))) kinds.push('lost');
  if (content && !named) kinds.push('cut');
  const length = unsyncedBytes(disk);
  if (length === 0) return kinds;
  const places = [...new Set([1, 2, 11, 20, 30, length >> 1, length - 2, length - 1])];
  for (const place of places.filter((one) => one > 0 && one < length))
    kinds.push(`torn:${place}`, `killed-torn:${place}`);
  for (const place of [0, length >> 1, length - 1]) kinds.push(`zeros:${place}`);
  for (const place of [1, length >> 1]) if (place > 0) kinds.push(`late:${place}`);
  for (const place of [0, 12, length >> 1, length - 1]) if (place < length) kinds.push(`flip:${place}`);
  return [...new Set(kinds)];
}

/** The owner of a lock is dead in the next life: an id that no process of Linux has. */
function deadLocks(others: DiskState['others']): DiskState['others'] {
  return Object.fromEntries(
    Object.entries(others).map(([name, bytes]) => [
      name,
      Buffer.from(bytes.toString().replace(/^\d+ \d*/, '4194304 1')),
    ]),
  );
}

/** Files whose names survived a loss of power and whose bytes did not. */
function emptied(others: DiskState['others']): DiskState['others'] {
  return Object.fromEntries(Object.keys(others).map((name) => [name, Buffer.alloc(0)]));
}
