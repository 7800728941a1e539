import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { partsOf } from '../buckets/bucket-folders.js';
import { isBucketName } from '../buckets/bucket-name.js';
import type { Coordinator } from '../coordinator/coordinator.js';
import { S3Error } from '../errors.js';
import type { ObjectPointer } from '../objects/pointer.js';
import { pointerPath, readPointer } from '../objects/pointer-files.js';
import { systemCode } from '../start-error.js';
import { type Answer, type Call, type CoordinatorMethod, fromFailure } from './messages.js';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * The coordinator as a worker sees it. What is asked all the time, what a key points to, is read from the disk: that is the truth, and what
 * was acknowledged is there. Everything else is a call.
 */
export class CalledCoordinator implements Coordinator {
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor(
    private readonly folders: { buckets: string },
    private readonly send: (call: Call) => void,
  ) {}

  /** Takes in what the coordinator answered. */
  answered({ call, result, failure }: Answer): void {
    const waiting = this.waiting.get(call);
    this.waiting.delete(call);
    if (failure) waiting?.reject(fromFailure(failure));
    else waiting?.resolve(result);
  }

  async requireBucket(bucket: string): Promise<void> {
    if (isBucketName(bucket)) {
      const { objects } = partsOf(this.folders, bucket);
      if (await isThere(join(objects, '..', 'bucket.json'))) return;
    }
    throw new S3Error('NoSuchBucket', undefined, { BucketName: bucket });
  }

  async find(bucket: string, key: string): Promise<ObjectPointer | undefined> {
    const pointer = isBucketName(bucket)
      ? await readPointer(pointerPath(partsOf(this.folders, bucket).objects, key))
      : undefined;
    if (!pointer) await this.requireBucket(bucket);
    return pointer;
  }

  readonly listBuckets = this.calling('listBuckets');
  readonly createBucket = this.calling('createBucket');
  readonly deleteBucket = this.calling('deleteBucket');
  readonly listKeys = this.calling('listKeys');
  readonly put = this.calling('put');
  readonly copy = this.calling('copy');
  readonly delete = this.calling('delete');
  readonly hold = this.calling('hold');
  readonly release = this.calling('release');
  readonly createUpload = this.calling('createUpload');
  readonly requireUpload = this.calling('requireUpload');
  readonly listUploads = this.calling('listUploads');
  readonly listParts = this.calling('listParts');
  readonly putPart = this.calling('putPart');
  readonly completeUpload = this.calling('completeUpload');
  readonly abortUpload = this.calling('abortUpload');

  private calling<Method extends CoordinatorMethod>(method: Method): Coordinator[Method] {
    const ask = (...given: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        this.last += 1;
        this.waiting.set(this.last, { resolve, reject });
        this.send({ type: 'call', call: this.last, method, given });
      });
    return ask as Coordinator[Method];
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
