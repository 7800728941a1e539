import { publicKeySchema } from '@muster/contracts/agent/enrolment.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { z } from 'zod';
import { reasonOf } from '../journal/journal-error.js';
import { AgentError } from './agent-error.js';
import { readIfPresent, replaceFile } from './durable-files.js';
import type { StateFolder } from './state-folder.js';

/** Version of everything below the state folder. A folder of another version is never touched. */
export const LAYOUT_VERSION = 1;

const identitySchema = z.object({
  layoutVersion: z.literal(LAYOUT_VERSION),
  /** Base URL of the site. */
  server: z.url(),
  deviceUid: uidSchema,
  name: z.string(),
  site: z.string(),
  /** The site signs policy with this key: the one whose thumbprint was in the token, or one for which that vouched. */
  signingKey: publicKeySchema,
  /** Keys by which it signed before, the oldest first: they prove what was stored then, and never count again. */
  formerSigningKeys: z.array(publicKeySchema).optional(),
});

/** Who this computer is, and whom it believes. */
export type AgentIdentity = z.infer<typeof identitySchema>;

/**
 * Reads agent.json, or the identity that is just taking its place; undefined when this computer is not enrolled.
 * @throws AgentError `agent.layout-version` (written by another agent), `agent.state-corrupt`, `agent.not-readable`
 */
export function readIdentity(folder: StateFolder): AgentIdentity | undefined {
  const text = read(folder.nextAgent) ?? read(folder.agent);
  if (text === undefined) return undefined;
  const value = parseJson(text, folder.agent);
  const version = z.object({ layoutVersion: z.unknown() }).safeParse(value).data?.layoutVersion;
  if (version !== LAYOUT_VERSION) {
    throw new AgentError(
      'agent.layout-version',
      `${folder.root} has layout version ${String(version)}, this agent reads version ${LAYOUT_VERSION}: ` +
        'use the agent that wrote it, or another folder with --state DIR',
    );
  }
  const identity = identitySchema.safeParse(value);
  if (!identity.success) throw corrupt(folder.agent, z.prettifyError(identity.error));
  return identity.data;
}

/** Writes agent.json. After this the computer is enrolled. */
export function writeIdentity(folder: StateFolder, identity: Omit<AgentIdentity, 'layoutVersion'>): void {
  replaceFile(folder.agent, identityText(identity));
}

/** The text of agent.json. */
export function identityText(identity: Omit<AgentIdentity, 'layoutVersion'> & { readonly replaces?: string }): string {
  return `${JSON.stringify({ layoutVersion: LAYOUT_VERSION, ...identity }, undefined, 2)}\n`;
}

function read(path: string): string | undefined {
  try {
    return readIfPresent(path);
  } catch (error) {
    throw new AgentError('agent.not-readable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt(path, reasonOf(error));
  }
}

function corrupt(path: string, why: string): AgentError {
  return new AgentError('agent.state-corrupt', `${path} is damaged (${why}): restore it, or enrol again with --force`);
}
