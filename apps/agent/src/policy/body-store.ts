import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import { replaceFile } from '../identity/durable-files.js';
import { systemCode } from '../journal/journal-error.js';
import { verifyBody } from './verify-policy.js';

/** Policy bodies on disk, `<hex>.json`. Verified whenever they are read: a disk can change what was once right. */
export class BodyStore {
  constructor(private readonly folder: string) {}

  /** The body; undefined when it is not here or no longer what it was. */
  read(digest: Digest): PolicyBody | undefined {
    try {
      return verifyBody(readFileSync(this.path(digest)), digest);
    } catch {
      return undefined;
    }
  }

  /**
   * Verifies and stores a body.
   * @throws AgentError as `verifyBody`; nothing is stored then
   */
  store(digest: Digest, bytes: Buffer): PolicyBody {
    const body = verifyBody(bytes, digest);
    replaceFile(this.path(digest), bytes.toString('utf8'));
    return body;
  }

  /** Removes all bodies but these. */
  keepOnly(digests: ReadonlySet<Digest>): void {
    const names = new Set([...digests].map(nameOf));
    for (const name of readdirSync(this.folder)) {
      try {
        if (!names.has(name)) rmSync(join(this.folder, name), { recursive: true, force: true });
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
      }
    }
  }

  private path(digest: Digest): string {
    return join(this.folder, nameOf(digest));
  }
}

function nameOf(digest: Digest): string {
  return `${digest.slice('sha256:'.length)}.json`;
}
