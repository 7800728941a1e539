import type { PolicyDocument } from '@muster/contracts/agent/policy.js';
import { z } from 'zod';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { names } from '../identity/site-key.js';
import { type PolicyTrust, verifyPolicy } from './verify-policy.js';

const storedSchema = z.object({ policy: z.string(), etag: z.string().optional(), receivedAt: z.string() });

/** A verified policy and where it came from. */
export interface PolicyInForce {
  readonly document: PolicyDocument;
  /** For If-None-Match. */
  readonly etag: string | undefined;
  readonly receivedAt: string;
}

/**
 * Reads the last policy, signed text and all, and verifies it again. Undefined when there is none.
 * @throws AgentError as `verifyPolicy`, or SyntaxError / ZodError, when the file is no longer what was stored
 */
export async function readStoredPolicy(path: string, trust: PolicyTrust): Promise<PolicyInForce | undefined> {
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  const { policy, etag, receivedAt } = storedSchema.parse(JSON.parse(text));
  // What the site signed before it got another key was verified then: this computer alone can have put it here.
  const { formerSigningKeys = [] } = trust;
  const former = await Promise.all(formerSigningKeys.map(async (key) => ((await names(policy, key)) ? [key] : [])));
  const [signingKey = trust.signingKey] = former.flat();
  return { document: await verifyPolicy(policy, { ...trust, signingKey }, undefined), etag, receivedAt };
}

/** Stores the signed text of a policy that was verified. */
export function storePolicy(path: string, jws: string, { etag, receivedAt }: PolicyInForce): void {
  replaceFile(path, `${JSON.stringify({ policy: jws, ...(etag ? { etag } : {}), receivedAt })}\n`);
}
