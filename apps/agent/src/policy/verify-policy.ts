import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import {
  type PolicyBody,
  policyBodySchema,
  type PolicyDocument,
  policyDocumentSchema,
} from '@muster/contracts/agent/policy.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { z } from 'zod';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import { AgentError } from '../identity/agent-error.js';
import type { AgentIdentity } from '../identity/agent-identity.js';

/** Whom a policy must be from and for. */
export type PolicyTrust = Pick<AgentIdentity, 'deviceUid' | 'site' | 'signingKey' | 'formerSigningKeys'>;

/**
 * The policy inside a compact JWS, when it is the pinned site's, for this device, and not older than the last one.
 * Fields of a newer site are dropped.
 *
 * @param lastSerial of the policy in force; undefined when there is none
 * @throws AgentError `policy.signature-invalid`, `policy.invalid`, `policy.wrong-site`, `policy.wrong-device`, `policy.replayed`
 */
export async function verifyPolicy(
  jws: string,
  trust: PolicyTrust,
  lastSerial: number | undefined,
): Promise<PolicyDocument> {
  const policy = parsePolicy(await verifySignature(jws, trust));
  if (policy.site !== trust.site) {
    throw new AgentError('policy.wrong-site', `the policy is of site ${policy.site}, this device is of ${trust.site}`);
  }
  if (policy.deviceUid !== trust.deviceUid) {
    throw new AgentError('policy.wrong-device', `the policy is for device ${policy.deviceUid}, not for this one`);
  }
  if (lastSerial !== undefined && policy.serial < lastSerial) {
    throw new AgentError(
      'policy.replayed',
      `the policy has serial ${policy.serial}, one with ${lastSerial} is in force; an older policy is never taken`,
    );
  }
  return policy;
}

async function verifySignature(jws: string, { signingKey }: PolicyTrust): Promise<Uint8Array> {
  try {
    const kid = await calculateJwkThumbprint(signingKey);
    const header = decodeProtectedHeader(jws);
    if (header.kid !== kid) throw new Error(`it names the key ${String(header.kid).slice(0, 100)}, not ${kid}`);
    const key = await importJWK(signingKey, 'EdDSA');
    return (await compactVerify(jws, key, { algorithms: ['EdDSA'] })).payload;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AgentError('policy.signature-invalid', `the policy is not signed by this device's site: ${why}`, {
      cause: error,
    });
  }
}

function parsePolicy(payload: Uint8Array): PolicyDocument {
  try {
    return parseTolerant(policyDocumentSchema, JSON.parse(decodeUtf8(payload)));
  } catch (error) {
    throw new AgentError('policy.invalid', `the policy does not fit: ${reason(error)}`, { cause: error });
  }
}

/** Where the sequences and the applications of a body are. */
const STRICT = [['sequence', 'spec'], ['children', '*', 'spec'], ['applications'], ['packages', '*', 'programs']];

/**
 * The policy body whose exact bytes have the digest that the signed policy names. Fields of a newer site are dropped, but not
 * inside the sequences, applications and programs, where an ignored field could change what is done.
 * @throws AgentError `policy.body-digest-mismatch`, `policy.body-invalid`
 */
export function verifyBody(bytes: Uint8Array, digest: Digest): PolicyBody {
  const found = digestOfBytes(bytes);
  if (found !== digest) {
    throw new AgentError(
      'policy.body-digest-mismatch',
      `the policy names the body ${digest}, what came is ${found}: it was changed on the way`,
    );
  }
  try {
    return parseTolerant(policyBodySchema, JSON.parse(decodeUtf8(bytes)), STRICT);
  } catch (error) {
    throw new AgentError('policy.body-invalid', `the policy body ${digest} does not fit: ${reason(error)}`, {
      cause: error,
    });
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function reason(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ');
  return error instanceof Error ? error.message : String(error);
}
