import type { StoreConfig } from '../config.js';
import type { Coordinator } from '../coordinator/coordinator.js';
import type { Credential } from '../credentials.js';
import { S3Error, type S3ErrorCode } from '../errors.js';
import { systemCode } from '../start-error.js';

/** What a worker is told before anything else: all workers are alike, whatever became of files since the start. */
export interface Orders {
  type: 'orders';
  config: StoreConfig;
  credentials: Credential[];
  /** Where blobs and buckets are, to be read. */
  folders: { blobs: string; buckets: string };
  /** The worker's own folder for what it receives. */
  unfinished: string;
}

/** One question to the coordinator. */
export interface Call {
  type: 'call';
  /** Number of this call in this worker. */
  call: number;
  method: CoordinatorMethod;
  given: unknown[];
}

/** Its answer. A method that answers nothing has no `result`. */
export interface Answer {
  type: 'answer';
  call: number;
  result?: unknown;
  failure?: Failure;
}

/** What a worker sends; `taken` before it reads anything from that connection. */
export type FromWorker = { type: 'hello' } | { type: 'ready' } | { type: 'taken'; connection: number } | Call;

/** What a worker gets. With `connection` comes the socket. */
export type ToWorker = Orders | Answer | { type: 'connection'; connection: number } | { type: 'stop' };

/** Everything a worker may ask but what it reads from disk by itself. */
export const CALLED = [
  'listBuckets',
  'createBucket',
  'deleteBucket',
  'listKeys',
  'put',
  'copy',
  'delete',
  'hold',
  'release',
  'createUpload',
  'requireUpload',
  'listUploads',
  'listParts',
  'putPart',
  'completeUpload',
  'abortUpload',
] as const satisfies readonly (keyof Coordinator)[];
export type CoordinatorMethod = (typeof CALLED)[number];

/** An error as it crosses the border: a refusal with all it says, else what the log and the client need to know. */
type Failure =
  | { kind: 'refused'; code: S3ErrorCode; message: string; details: Readonly<Record<string, string>> }
  | { kind: 'failed'; code?: string | undefined; message: string; stack?: string | undefined };

export function toFailure(error: unknown): Failure {
  if (error instanceof S3Error) {
    return { kind: 'refused', code: error.code, message: error.message, details: error.details };
  }
  const code = systemCode(error);
  return error instanceof Error
    ? { kind: 'failed', code, message: error.message, stack: error.stack }
    : { kind: 'failed', code, message: String(error) };
}

export function fromFailure(failure: Failure): Error {
  if (failure.kind === 'refused') return new S3Error(failure.code, failure.message, failure.details);
  const error = new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return failure.code === undefined ? error : Object.assign(error, { code: failure.code });
}
