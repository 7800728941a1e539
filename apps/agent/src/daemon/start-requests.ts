import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const isUid = /^[0-9a-f-]{36}$/;
/** The file of whoever wants the policy of the site now. */
const POLICY = 'policy';

/** What people at this computer ask of the daemon: a file for each deployment to run (`muster-agent start`), and one for policy. */
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

  /** Asks for the policy of the site, now. */
  askForPolicy(now: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(join(this.folder, POLICY), new Date(now).toISOString());
  }

  /** True when somebody asked for policy since the last look. */
  takePolicyWish(): boolean {
    const path = join(this.folder, POLICY);
    if (readIfPresent(path) === undefined) return false;
    rmSync(path, { force: true });
    return true;
  }

  private path(deploymentUid: string): string {
    return join(this.folder, deploymentUid);
  }
}
