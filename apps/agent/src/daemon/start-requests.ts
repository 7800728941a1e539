import { mkdirSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Bell } from '../http/backoff.js';
import { systemCode } from '../journal/journal-error.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const isUid = /^[0-9a-f-]{36}$/;

/** What people at this computer asked to run: a file for each deployment, left by `muster-agent start` for the daemon. */
export class StartRequests {
  constructor(private readonly folder: string) {}

  /** Asks for a run. Asking again before it has begun changes nothing. */
  ask(deploymentUid: string, now: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    if (this.askedAt(deploymentUid) === undefined) replaceFile(this.path(deploymentUid), new Date(now).toISOString());
  }

  /** In milliseconds since 1970; undefined: nobody asks. */
  askedAt(deploymentUid: string): number | undefined {
    const at = Date.parse(readIfPresent(this.path(deploymentUid)) ?? '');
    return Number.isNaN(at) ? undefined : at;
  }

  /** The run has begun, or the deployment is gone. */
  forget(deploymentUid: string): void {
    rmSync(this.path(deploymentUid), { force: true });
  }

  /** Forgets what is asked of deployments that are not among these. */
  keepOnly(deploymentUids: ReadonlySet<string>): void {
    for (const name of readdirSync(this.folder)) {
      // A file with another name is one that is being written; those of a crash go when the daemon starts.
      if (isUid.test(name) && !deploymentUids.has(name))
        rmSync(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** Rings when somebody asks, until aborted. */
  watch(bell: Bell, signal: AbortSignal): void {
    // Where nothing can be watched (no watches left on this system), a request waits for the next look.
    try {
      watch(this.folder, { signal }, () => bell.ring()).on('error', () => undefined);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  private path(deploymentUid: string): string {
    return join(this.folder, deploymentUid);
  }
}
