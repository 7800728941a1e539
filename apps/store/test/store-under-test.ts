import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Client } from 'minio';
import { bareEnvironment } from '@muster/testing/bare-environment.js';
import { pino } from 'pino';
import { readConfig } from '../src/config.js';
import { type RunningStore, startStore } from '../src/store-process.js';
import { type TestAnswer, type TestKey, type TestRequest, send } from './signed-request.js';

export const ADMIN = { accessKeyId: 'ADMINKEY', secretAccessKey: 'admin-secret-for-tests' };
export const READER = { accessKeyId: 'READERKEY', secretAccessKey: 'reader-secret-for-tests', readOnly: true };
export const TENANT = { accessKeyId: 'TENANTKEY', secretAccessKey: 'tenant-secret-for-tests', buckets: ['tenant'] };

/** A temporary home for one store: its folder, credentials file and environment. */
export interface StoreHome {
  root: string;
  folder: string;
  environment: Record<string, string>;
}

export async function makeHome(extra: Record<string, string> = {}, below = tmpdir()): Promise<StoreHome> {
  const root = await mkdtemp(join(below, 'muster-store-'));
  const folder = join(root, 'store');
  const credentialsFile = join(root, 'credentials.json');
  await writeFile(credentialsFile, JSON.stringify([ADMIN, READER, TENANT]), { mode: 0o600 });
  const environment = {
    MUSTER_STORE_FOLDER: folder,
    MUSTER_STORE_CREDENTIALS_FILE: credentialsFile,
    MUSTER_LOG_LEVEL: 'silent',
    ...extra,
  };
  return { root, folder, environment };
}

export async function removeHome(home: StoreHome): Promise<void> {
  await rm(home.root, { recursive: true, force: true });
}

/** A store in this process. */
export async function startHere(home: StoreHome): Promise<RunningStore> {
  const config = readConfig(home.environment);
  return startStore(config, pino({ level: config.logLevel }));
}

/** A store as its own process, from the build. */
export async function startProcess(
  home: StoreHome,
  options: { maxFileKiB?: number } = {},
): Promise<{ child: ChildProcess; port: number }> {
  const child = forkStore(home, options);
  return { child, port: await listening(child) };
}

/** Waits until a store listens. @returns its port */
export function listening(child: ChildProcess): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    let stderr = '';
    child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()));
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('close', (code) => reject(new Error(`exit ${code}: ${stderr}`)));
  });
}

/** Forks the store without waiting for anything. `preload` is a built module that is loaded before it. */
export function forkStore(home: StoreHome, options: { maxFileKiB?: number; preload?: string } = {}): ChildProcess {
  const main = join(import.meta.dirname, '../../../dist/apps/store/src/main.js');
  if (!existsSync(main)) throw new Error(`${main} is missing; run "npm run build" first`);
  const env = { ...bareEnvironment(), ...home.environment };
  if (options.maxFileKiB === undefined) {
    return fork(main, { env, silent: true, execArgv: options.preload ? ['--import', options.preload] : [] });
  }
  // A shell's limit on file sizes is the one way to a full disk that needs neither root nor a second file system.
  return fork(main, {
    // Nor would the compiled code be kept in files of that size.
    env: { ...env, NODE_COMPILE_CACHE: undefined, REAL_NODE: process.execPath },
    silent: true,
    execPath: '/bin/sh',
    execArgv: ['-c', `ulimit -f ${options.maxFileKiB * 2}; exec "$REAL_NODE" "$0" "$@"`],
  });
}

export async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, signal: child.signalCode };
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

export function minioClient(port: number, key: TestKey = ADMIN, region?: string): Client {
  return new Client({
    endPoint: '127.0.0.1',
    port,
    useSSL: false,
    accessKey: key.accessKeyId,
    secretKey: key.secretAccessKey,
    ...(region === undefined ? {} : { region }),
  });
}

/** `send` bound to a port and, unless said otherwise, signed by the administrator. */
export type Sender = ReturnType<typeof sender>;
export function sender(port: number, agent?: Agent) {
  return (method: string, path: string, more: Partial<TestRequest> = {}): Promise<TestAnswer> =>
    send({ port, method, path, key: ADMIN, ...(agent && { agent }), ...more });
}

/** Multipart uploads of one key. */
export const multipart = {
  /** @returns id */
  begin: async (s3: Sender, path: string): Promise<string> =>
    /<UploadId>(\w+)</.exec((await s3('POST', `${path}?uploads`)).text)![1]!,
  put: (s3: Sender, path: string, id: string, number: number, body: Buffer): Promise<TestAnswer> =>
    s3('PUT', `${path}?partNumber=${number}&uploadId=${id}`, { body }),
  complete: (s3: Sender, path: string, id: string, etags: readonly string[]): Promise<TestAnswer> =>
    s3('POST', `${path}?uploadId=${id}`, {
      body: `<CompleteMultipartUpload>${etags
        .map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
        .join('')}</CompleteMultipartUpload>`,
    }),
};

/** Every blob that a pointer or part names and that is not on disk, and the other way round. */
export async function blobsOnDisk(folder: string): Promise<{ missing: string[]; orphans: string[] }> {
  const there = new Set((await filesBelow(join(folder, 'blobs'))).map((path) => basename(path)));
  const named = new Set<string>();
  for (const path of await filesBelow(join(folder, 'buckets'))) {
    const record = JSON.parse(await readFile(path, 'utf8')) as { blobs?: { id: string }[]; blob?: string };
    for (const { id } of record.blobs ?? []) named.add(id);
    if (record.blob !== undefined) named.add(record.blob);
  }
  const missing = [...named].filter((id) => !there.has(id));
  return { missing, orphans: [...there].filter((id) => !named.has(id)) };
}

/** Every regular file below a folder, relative. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export async function readAll(stream: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
