import { join, resolve } from 'node:path';

/** Where the agent keeps what. All paths are absolute. */
export interface StateFolder {
  readonly root: string;
  /** Layout version, server, device, site and its pinned key. Exists once the computer is enrolled. */
  readonly agent: string;
  /** The device's private key (0600). */
  readonly key: string;
  /** The private key to which the site seals secrets (0600). */
  readonly sealingKey: string;
  /** The identity that `enrol --force` puts in the place of that one, while that goes on. */
  readonly nextAgent: string;
  /** A new key while `enrol --force` waits for its answer. */
  readonly newKey: string;
  /** The keys that replace those two, while that goes on. */
  readonly nextKey: string;
  readonly nextSealingKey: string;
  /** Exists while somebody at this computer wants its key replaced. */
  readonly rotationWish: string;
  /** The last policy that was verified. */
  readonly policy: string;
  /** Policy bodies, each named by its digest. */
  readonly bodies: string;
  /** Content: manifests, blobs, partial downloads, packages. */
  readonly cache: string;
  /** One folder per run: its record and its journal. */
  readonly runs: string;
  /** Reports that the site has not acknowledged, one file per run. */
  readonly reports: string;
  /** What the site was told, or is to be told, of what becomes of deployments. */
  readonly fates: string;
  /** What the site has acknowledged of the facts of this computer. */
  readonly inventory: string;
  /** What it has acknowledged of the software that is installed. */
  readonly software: string;
  /** What people at this computer asked to run. */
  readonly requests: string;
  /** Runs whose content is fetched or waited for. */
  readonly preparations: string;
  /** What the site said of runs that need a start permit. */
  readonly permits: string;
  /** When people were told that a run begins. */
  readonly warnings: string;
  /** When people were last reminded of a run that begins later. */
  readonly reminders: string;
  /** When people were told that a deployment is new here. */
  readonly announcements: string;
  /** What people at this computer put off. */
  readonly snoozes: string;
  /** Programs that ran before a sequence and succeeded. */
  readonly firstPrograms: string;
  /** When people last logged on and off. */
  readonly logOns: string;
  /** Since when the clock is behind the newest run. */
  readonly clock: string;
  /** The time zone in which the daemon decides. */
  readonly timeZone: string;
  /** What is known of where this computer is, and of its connection. */
  readonly whereabouts: string;
  /** Exists while the site refuses this computer. */
  readonly access: string;
  /** What came of asking the site for policy. */
  readonly contact: string;
  /** When this boot was first seen. */
  readonly boot: string;
  /** The runs that have ended. */
  readonly history: string;
  /** What belonged to identities that `enrol --force` replaced. */
  readonly former: string;
}

/** Names the parts of a state folder; touches nothing. */
export function stateFolder(path: string): StateFolder {
  const root = resolve(path);
  return {
    root,
    agent: join(root, 'agent.json'),
    nextAgent: join(root, 'agent.next.json'),
    key: join(root, 'key.pem'),
    sealingKey: join(root, 'sealing-key.pem'),
    newKey: join(root, 'key.new.pem'),
    nextKey: join(root, 'key.next.pem'),
    nextSealingKey: join(root, 'sealing-key.next.pem'),
    // Beside the wishes for runs, where the daemon watches.
    rotationWish: join(root, 'requests', 'rotate-key'),
    policy: join(root, 'policy.json'),
    bodies: join(root, 'bodies'),
    cache: join(root, 'cache'),
    runs: join(root, 'runs'),
    reports: join(root, 'reports'),
    fates: join(root, 'fates.json'),
    inventory: join(root, 'inventory.json'),
    software: join(root, 'software.json'),
    requests: join(root, 'requests'),
    preparations: join(root, 'preparations'),
    permits: join(root, 'permits'),
    warnings: join(root, 'warnings'),
    reminders: join(root, 'reminders'),
    announcements: join(root, 'announcements'),
    snoozes: join(root, 'snoozes'),
    firstPrograms: join(root, 'first-programs.json'),
    logOns: join(root, 'log-ons.json'),
    clock: join(root, 'clock.json'),
    timeZone: join(root, 'time-zone.json'),
    whereabouts: join(root, 'whereabouts.json'),
    access: join(root, 'access.json'),
    contact: join(root, 'contact.json'),
    boot: join(root, 'boot.json'),
    history: join(root, 'history.json'),
    former: join(root, 'former'),
  };
}
