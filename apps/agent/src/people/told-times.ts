import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const isUid = /^[0-9a-f-]{36}$/;

/**
 * When people at this computer were told something of a deployment, a file for each: so that a restart of the agent neither tells
 * them again nor gives them less time, and `muster-agent list` can show it.
 */
export class ToldTimes {
  constructor(private readonly folder: string) {}

  /** In milliseconds since 1970; undefined: nobody was told. */
  toldAt(deploymentUid: string): number | undefined {
    const at = Date.parse(readIfPresent(join(this.folder, deploymentUid)) ?? '');
    return Number.isNaN(at) ? undefined : at;
  }

  /** Durable on return. */
  note(deploymentUid: string, now: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(join(this.folder, deploymentUid), new Date(now).toISOString());
  }

  forget(deploymentUid: string): void {
    rmSync(join(this.folder, deploymentUid), { force: true });
  }

  /** Forgets what people were told of deployments that are not among these. */
  keepOnly(deploymentUids: ReadonlySet<string>): void {
    for (const uid of this.all) if (!deploymentUids.has(uid)) this.forget(uid);
  }

  /** Uids of deployments of which people were told. */
  get all(): readonly string[] {
    return readdirSync(this.folder).filter((name) => isUid.test(name));
  }
}
