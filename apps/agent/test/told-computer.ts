import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder that stands for a computer: with its agent's state, a program that tells people, and one that restarts. */
export class ToldComputer {
  readonly folder: string;
  /** Of its agent. */
  readonly state: string;

  constructor(name: string) {
    // Not in a folder that may lie in memory: a restart would be refused there.
    this.folder = mkdtempSync(`/var/tmp/muster-${name}-`);
    this.state = join(this.folder, 'state');
    this.script('tell', `echo "$1" >> ${this.folder}/told`);
    this.script('restart', `echo asked >> ${this.folder}/asked`);
  }

  /** How its agent is started. */
  get environment(): NodeJS.ProcessEnv {
    return {
      MUSTER_AGENT_TELL_COMMAND: join(this.folder, 'tell'),
      MUSTER_AGENT_SESSIONS: join(this.folder, 'sessions'),
      MUSTER_AGENT_RESTART: 'allow',
      MUSTER_AGENT_RESTART_COMMAND: join(this.folder, 'restart'),
    };
  }

  script(name: string, text: string): void {
    writeFileSync(join(this.folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** Of a file in its folder; none: it is not there. */
  lines(file: string): string[] {
    const path = join(this.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
