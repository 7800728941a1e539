import { paced, type Pace } from '../distributions/pace.js';
import { verifyBytes, verifiedBytes, WrongBytesError } from '../stores/verified-bytes.js';
import { StoreError, type ExpectedBytes, type ObjectStore } from '../stores/object-store.js';

/** Somewhere the right bytes may be had from. */
export interface RepairSource {
  /** For people: `library`, or the name of a point. */
  name: string;
  read(): Promise<AsyncIterable<Uint8Array>>;
  /** Told that what it has is wrong or gone. */
  onWrong?(found: string): Promise<void>;
}

/** What became of checking one copy. */
export type CopyOutcome =
  | { state: 'good'; etag: string }
  | { state: 'repaired'; etag: string; found: string; source: string }
  /** Wrong, and no source has the right bytes. */
  | { state: 'bad'; found: string; reason: string }
  /** The store does not answer: nothing is known. */
  | { state: 'unknown'; reason: string };

/** One copy, and what may be done about it. */
export interface CopyCheck {
  store: ObjectStore;
  key: string;
  expected: ExpectedBytes;
  /** Do not look: write it again. */
  rewrite: boolean;
  /** Asked for only when the copy is bad, nearest first. */
  sources(): Promise<RepairSource[]>;
  /** How fast bytes may go to and from the store. */
  pace: Pace;
  /** Told of a bad copy before it is repaired, so that nobody is sent there meanwhile. */
  onBad(found: string): Promise<void>;
  signal: AbortSignal;
}

/**
 * Reads a copy byte for byte and writes it again when it is wrong or gone. What the store says of itself does not
 * count: a checksum that was true on arrival says nothing of a bit that flipped since. What was written is read back.
 *
 * @throws what is neither the store's failure nor wrong bytes
 */
export async function checkCopy(check: CopyCheck): Promise<CopyOutcome> {
  try {
    const found = check.rewrite ? undefined : await lookAt(check);
    if (found?.etag !== undefined) return { state: 'good', etag: found.etag };
    if (found) await check.onBad(found.wrong);
    return await repair(check, found?.wrong ?? 'rewritten as asked');
  } catch (error) {
    if (error instanceof StoreError) return { state: 'unknown', reason: error.message };
    throw error;
  }
}

type Look = { etag: string; wrong?: never } | { etag?: never; wrong: string };

async function lookAt({ store, key, expected, pace, signal }: CopyCheck): Promise<Look> {
  const stat = await store.stat(key, signal);
  if (!stat) return { wrong: 'missing' };
  if (stat.size !== expected.size) return { wrong: `${stat.size} bytes instead of ${expected.size}` };
  try {
    await verifyBytes(paced(await store.read(key, signal), pace, signal), expected);
  } catch (error) {
    if (error instanceof WrongBytesError) return { wrong: error.found };
    // A store that knows the object and cannot give it does not have it; one that does not answer at all says nothing.
    if (error instanceof StoreError && (await store.stat(key, signal)))
      return { wrong: `unreadable (${error.message})` };
    throw error;
  }
  return { etag: stat.etag };
}

async function repair(check: CopyCheck, found: string): Promise<CopyOutcome> {
  const { store, key, expected, pace, signal } = check;
  const failures: string[] = [];
  for (const source of await check.sources()) {
    signal.throwIfAborted();
    const failure = await bring(source, expected, (bytes) =>
      store.write(key, paced(bytes, pace, signal), expected, signal),
    );
    if (failure) {
      failures.push(`${source.name}: ${failure.text}`);
      if (failure.isWrong) await source.onWrong?.(failure.text);
      continue;
    }
    const look = await lookAt(check);
    if (look.etag !== undefined) return { state: 'repaired', etag: look.etag, found, source: source.name };
    failures.push(`from ${source.name}, and then it was ${look.wrong}`);
  }
  return { state: 'bad', found, reason: failures.join('; ') || 'no other store has it' };
}

/** Why a source is no good: what it has is wrong or gone, or it cannot be read now. */
interface SourceFailure {
  text: string;
  isWrong: boolean;
}

/** Undefined when the bytes arrived. What fails at the target is thrown. */
async function bring(
  source: RepairSource,
  expected: ExpectedBytes,
  write: (bytes: AsyncIterable<Uint8Array>) => Promise<unknown>,
): Promise<SourceFailure | undefined> {
  let failed: unknown;
  const note = (error: unknown) => (failed = error);
  try {
    const bytes = await source.read().catch((error: unknown) => {
      note(error);
      throw error;
    });
    await write(noting(verifiedBytes(bytes, expected), note));
    return undefined;
  } catch (error) {
    if (failed instanceof WrongBytesError) return { text: failed.found, isWrong: true };
    if (failed instanceof StoreError) return { text: failed.message, isWrong: failed.kind === 'missing' };
    throw error;
  }
}

/** A source in memory. */
export function bytesSource(name: string, bytes: Uint8Array): RepairSource {
  return { name, read: () => Promise.resolve(once(bytes)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The same bytes; what fails while they are read is noted, so that it can be told from a failing write. */
async function* noting(source: AsyncIterable<Uint8Array>, note: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    note(error);
    throw error;
  }
}
