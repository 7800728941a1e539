import { existsSync } from 'node:fs';
import { FolderLock } from '../journal/folder-lock.js';
import { JournalError, reasonOf } from '../journal/journal-error.js';
import { makeFolder } from '../journal/make-folder.js';
import { AgentError } from './agent-error.js';
import { removeLeftovers } from './durable-files.js';
import { finishReplacement } from './replace-identity.js';
import type { StateFolder } from './state-folder.js';

/**
 * Creates what is missing in a state folder and keeps other agents out of it until the lock is released. An identity that was being
 * replaced when a crash came is replaced then.
 *
 * @throws AgentError `agent.not-writable`, `agent.in-use`
 */
export function lockStateFolder(folder: StateFolder): FolderLock {
  try {
    makeFolder(folder.root);
  } catch (error) {
    throw notWritable(folder, error);
  }
  const lock = takeLock(folder);
  try {
    finishReplacement(folder);
    makeFolders(folder);
    for (const path of [folder.root, ...notesOf(folder)]) removeLeftovers(path);
  } catch (error) {
    lock.release();
    throw notWritable(folder, error);
  }
  return lock;
}

/** Creates the folders that are missing. */
export function makeFolders(folder: StateFolder): void {
  for (const path of [folder.cache, folder.runs, ...notesOf(folder)]) makeFolder(path);
}

function notesOf(folder: StateFolder): string[] {
  const { bodies, reports, requests, preparations, permits } = folder;
  const { warnings, reminders, announcements, snoozes } = folder;
  return [bodies, reports, requests, preparations, permits, warnings, reminders, announcements, snoozes];
}

function takeLock(folder: StateFolder): FolderLock {
  try {
    return FolderLock.take(folder.root);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.code !== 'journal.in-use') throw notWritable(folder, error.cause ?? error);
    const message = `${error.message}; one agent serves one state folder, name another with --state DIR`;
    throw new AgentError('agent.in-use', message, { cause: error });
  }
}

function notWritable(folder: StateFolder, cause: unknown): AgentError {
  const what = existsSync(folder.root) ? 'cannot be written' : 'cannot be created';
  return new AgentError(
    'agent.not-writable',
    `the state folder ${folder.root} ${what} (${reasonOf(cause)}); it must be a folder of this user, see --state DIR`,
    { cause },
  );
}
