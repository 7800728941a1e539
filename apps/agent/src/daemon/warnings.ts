import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const isUid = /^[0-9a-f-]{36}$/;

/**
 * When people at this computer were told that a run begins, a file for each deployment: so that a restart of the agent neither tells
 * them again nor gives them less time, and `muster-agent list` can show it.
 */
export class Warnings {
  constructor(private readonly folder: string) {}

  /** In milliseconds since 1970; undefined: nobody was told. */
  warnedAt(deploymentUid: string): number | undefined {
    const at = Date.parse(readIfPresent(join(this.folder, deploymentUid)) ?? '');
    return Number.isNaN(at) ? undefined : at;
  }

  /** Durable on return. */
  note(deploymentUid: string, now: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(join(this.folder, deploymentUid), new Date(now).toISOString());
  }

  /** The run has begun, or does not begin. */
  forget(deploymentUid: string): void {
    rmSync(join(this.folder, deploymentUid), { force: true });
  }

  /** Uids of deployments of which people were told. */
  get all(): readonly string[] {
    return readdirSync(this.folder).filter((name) => isUid.test(name));
  }
}
