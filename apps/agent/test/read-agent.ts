import { type Offer, readOffers } from '../src/daemon/offers.js';
import { AgentError } from '../src/identity/agent-error.js';
import { stateFolder } from '../src/identity/state-folder.js';

/**
 * What `muster-agent list` says of a state folder, none before there is a policy. In this process: who waits for an offer looks often,
 * and each start of a program takes from the daemon what it waits for.
 */
export async function offersOf(state: string): Promise<readonly Offer[]> {
  try {
    return await readOffers(stateFolder(state), Date.now());
  } catch (error) {
    if (error instanceof AgentError && error.code === 'agent.no-policy') return [];
    throw error;
  }
}
