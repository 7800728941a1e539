import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { enrolmentResponseSchema, type PublicKey } from '@muster/contracts/agent/enrolment.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { calculateJwkThumbprint, CompactSign } from 'jose';
import { gatherFacts } from '../facts/gather-facts.js';
import { backoffSeconds, pause } from '../http/backoff.js';
import { readAnswer } from '../http/read-answer.js';
import { ServerError } from '../http/server-error.js';
import { parseServerUrl, type SiteAnswer, Transport } from '../http/transport.js';
import { AgentError } from '../identity/agent-error.js';
import { type AgentIdentity, readIdentity, writeIdentity } from '../identity/agent-identity.js';
import { type DeviceKey, ensureDeviceKey } from '../identity/device-key.js';
import { replaceIdentity } from '../identity/replace-identity.js';
import { lockStateFolder, makeFolders } from '../identity/lock-state-folder.js';
import type { StateFolder } from '../identity/state-folder.js';
import { type EnrolmentToken, parseEnrolmentToken } from './enrolment-token.js';

const path = '/api/v1/agent/enrolments';
const attempts = 6;

export interface EnrolmentOptions {
  readonly server: string;
  readonly token: string;
  /** Default: made of the computer's name. */
  readonly name?: string | undefined;
  /** Replace an identity that is there. */
  readonly force?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** `already`: this computer was enrolled before, nothing was sent and nothing changed. */
export interface EnrolmentResult {
  readonly already: boolean;
  /** It gets nothing before somebody approves it. */
  readonly pending?: boolean;
  readonly identity: Omit<AgentIdentity, 'layoutVersion'>;
}

/**
 * Makes this computer a device of a site: a key pair of its own, proven to the site with a one-time token. The site's
 * signing key is believed only when its thumbprint is the one in the token.
 *
 * @throws AgentError `enrolment.token-malformed`, `enrolment.name-invalid`, `enrolment.site-key-mismatch`,
 * `agent.server-invalid`, `agent.layout-version`, `agent.not-writable`, `agent.in-use`; ServerError what the site answers
 */
export async function enrol(folder: StateFolder, options: EnrolmentOptions): Promise<EnrolmentResult> {
  const existing = readEarlier(folder, options.force === true);
  if (existing && !options.force) return { already: true, identity: existing };
  const server = parseServerUrl(options.server);
  const token = parseEnrolmentToken(options.token);
  const name = deviceName(options.name);
  const lock = lockStateFolder(folder);
  const transport = new Transport(server);
  try {
    // The key is stored before the site hears of it: an answer that is lost does not lose the key that was enrolled.
    const key = await ensureDeviceKey(existsSync(folder.agent) ? folder.newKey : folder.key);
    const answer = await send(transport, await requestOf(token, name, key), options.signal);
    const { deviceUid, site, signingKey, access } = readAnswer(enrolmentResponseSchema, answer, path);
    await checkSiteKey(signingKey, token);
    const identity = { server, deviceUid, name, site, signingKey };
    if (existsSync(folder.agent)) {
      replaceIdentity(folder, identity, existing?.deviceUid ?? 'unknown', Date.now());
      makeFolders(folder);
    } else writeIdentity(folder, identity);
    return { already: false, identity, pending: access === 'pending' };
  } finally {
    await transport.close();
    lock.release();
  }
}

function readEarlier(folder: StateFolder, force: boolean): AgentIdentity | undefined {
  try {
    return readIdentity(folder);
  } catch (error) {
    // A damaged identity is what --force is for; a folder of another agent is not.
    if (force && error instanceof AgentError && error.code === 'agent.state-corrupt') return undefined;
    throw error;
  }
}

/** The computer's name as a name of a device: lower case, without its domain, other characters as hyphens. */
export function deviceName(wanted: string | undefined, computer = hostname()): string {
  const [label = ''] = computer.toLowerCase().split('.');
  const made = label
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  const name = nameSchema.safeParse(wanted ?? made);
  if (!name.success) {
    const why = name.error.issues[0]?.message ?? '';
    throw new AgentError(
      'enrolment.name-invalid',
      `"${wanted ?? made}" is no name for a device: ${why}; say one with --name`,
    );
  }
  return name.data;
}

async function requestOf(token: EnrolmentToken, name: string, key: DeviceKey): Promise<unknown> {
  const tokenSha256 = createHash('sha256').update(token.text).digest('hex');
  const claims = JSON.stringify({ tokenSha256, name, iat: Math.floor(Date.now() / 1000) });
  const proof = await new CompactSign(Buffer.from(claims))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.thumbprint })
    .sign(key.privateKey);
  return { token: token.text, name, publicKey: key.publicKey, proof, facts: await gatherFacts() };
}

/** Repeating is safe: the site answers the same key with the same token as it did the first time. */
async function send(transport: Transport, json: unknown, signal: AbortSignal): Promise<SiteAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transport.send({ method: 'POST', path, json, signal });
    } catch (error) {
      if (!(error instanceof ServerError) || !error.retryable || attempt >= attempts) throw error;
      await pause(Math.max(backoffSeconds(attempt, 0.25, 4, Math.random()), error.retryAfterSeconds ?? 0), signal);
      signal.throwIfAborted();
    }
  }
}

async function checkSiteKey(signingKey: PublicKey, token: EnrolmentToken): Promise<void> {
  const found = await calculateJwkThumbprint(signingKey);
  if (found === token.siteThumbprint) return;
  throw new AgentError(
    'enrolment.site-key-mismatch',
    `whoever answered has the signing key ${found}, the token is for a site with ${token.siteThumbprint}: ` +
      'check the address; nothing was stored, and the token should be revoked',
  );
}

/** One line for people about what came out. */
export function describeEnrolment({ already, identity, pending = false }: EnrolmentResult): string {
  const { deviceUid, name, site, server } = identity;
  return already
    ? `already enrolled as ${name} (${deviceUid}) at site ${site}, ${server}; --force replaces this identity`
    : `enrolled as ${name} (${deviceUid}) at site ${site}, ${server}${pending ? '; it waits for its approval there' : ''}`;
}
