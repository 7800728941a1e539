import { existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../journal/make-folder.js';
import { type AgentIdentity, identityText } from './agent-identity.js';
import { readIfPresent, replaceFile, syncFolder } from './durable-files.js';
import type { StateFolder } from './state-folder.js';

/** Beside the new identity, until it is in its place: the folder in `former` for what belonged to the old one. */
const replacingSchema = z.object({ replaces: z.string().regex(/^[A-Za-z0-9-]+$/) });

/**
 * Replaces the identity of this computer, whole or not at all: from the moment when the new one is durable beside the old one it is the
 * identity, and whoever next has the state folder for itself takes what is left to its end (`finishReplacement`).
 *
 * @param former uid of the device that this computer was
 */
export function replaceIdentity(
  folder: StateFolder,
  identity: Omit<AgentIdentity, 'layoutVersion'>,
  former: string,
  now: number,
): void {
  replaceFile(folder.nextAgent, identityText({ ...identity, replaces: `${former}-${now}` }));
  finishReplacement(folder);
}

/** Takes a replacement to its end that a crash cut short at any step; does nothing when there is none. The caller has the folder for itself. */
export function finishReplacement(folder: StateFolder): void {
  const text = readIfPresent(folder.nextAgent);
  if (text === undefined) return;
  const { replaces } = replacingSchema.parse(JSON.parse(text));
  // The new key is put in its place behind all that was moved: without it here, the key in place is the new one.
  if (existsSync(folder.newKey)) {
    const aside = join(folder.former, replaces);
    makeFolder(aside);
    for (const path of belongingToIdentity(folder)) if (existsSync(path)) renameSync(path, join(aside, basename(path)));
    syncFolder(aside);
    syncFolder(folder.root);
    renameSync(folder.newKey, folder.key);
    syncFolder(folder.root);
  }
  renameSync(folder.nextAgent, folder.agent);
  syncFolder(folder.root);
}

/**
 * What the site said to this identity, what it told the site, and what people here asked of what it was to run: kept, but out of the way.
 * Content and bodies have digests for names and stay, as does what is known of the computer itself.
 */
function belongingToIdentity(folder: StateFolder): string[] {
  const { policy, permits, access, contact } = folder;
  const { runs, reports, history, fates, inventory, software, preparations, firstPrograms } = folder;
  const { requests, warnings, reminders, announcements, snoozes } = folder;
  const { key, sealingKey, nextKey, nextSealingKey } = folder;
  return [
    policy,
    permits,
    access,
    contact,
    runs,
    reports,
    history,
    fates,
    inventory,
    software,
    preparations,
    firstPrograms,
    requests,
    warnings,
    reminders,
    announcements,
    snoozes,
    key,
    sealingKey,
    nextKey,
    nextSealingKey,
  ];
}
