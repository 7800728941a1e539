import { AgentError, describeError } from '../identity/agent-error.js';
import { type AgentIdentity, readIdentity } from '../identity/agent-identity.js';
import type { StateFolder } from '../identity/state-folder.js';
import { type PolicyInForce, readStoredPolicy } from '../policy/policy-store.js';

/** Who this computer is. @throws AgentError `agent.not-enrolled` */
export function enrolledIdentity(folder: StateFolder): AgentIdentity {
  const identity = readIdentity(folder);
  if (identity) return identity;
  const message = `${folder.root} holds no identity: enrol first, muster-agent enrol --server URL --token TOKEN`;
  throw new AgentError('agent.not-enrolled', message);
}

/**
 * The policy that the daemon last stored; undefined: none has come yet.
 * @throws AgentError `agent.no-policy` when it does not count, with the reason
 */
export async function readPolicyFor(folder: StateFolder, identity: AgentIdentity): Promise<PolicyInForce | undefined> {
  try {
    return await readStoredPolicy(folder.policy, identity);
  } catch (error) {
    const { code, message } = describeError(error);
    throw new AgentError('agent.no-policy', `the stored policy does not count, ${code}: ${message}`, { cause: error });
  }
}
