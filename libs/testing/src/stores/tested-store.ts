import type { PackagedProgram } from './debian-packages.js';

/** What a client signs with. */
export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** An S3 server that runs for a test, on 127.0.0.1. */
export interface RunningS3 {
  endpoint: string;
  region: string;
  /** Of a user who may make buckets, and do everything in them. */
  keys: S3Keys;
  /** Of a user who may do nothing in the buckets of the other one. */
  stranger: S3Keys;
  /** Ends every process and returns when they have ended; their folder is gone then. */
  stop(): Promise<void>;
}

/** A kind of S3 server that Muster is held to. */
export interface TestedStore {
  /** As it is called in MUSTER_TEST_STORES and docs/stores.md. */
  name: 'muster' | 'muster-processes' | 'ceph' | 'swift';
  /** Whose ways it has: what it cannot do, and how it says so. */
  kind: 'muster' | 'ceph' | 'swift';
  /** What it needs on this computer; nothing for ours. */
  programs: readonly PackagedProgram[];
  /** @throws Error with how to install what is missing, or with the log of what did not start */
  start(): Promise<RunningS3>;
}
