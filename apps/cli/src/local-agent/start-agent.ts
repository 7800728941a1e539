import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { device } from '@muster/contracts/kinds/device.js';
import { builtApp } from '@muster/localsite/repository.js';
import type { RunningSite } from '@muster/localsite/start-site.js';
import type { ApiClient } from '../api/api-client.js';
import { createEnrolmentToken } from '../commands/devices/enrolment-token.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { Terminal } from '../terminal.js';
import { phase } from '../up-command/phases.js';
import { type AgentIdentity, type AgentProgram, enrolAgent, readAgentIdentity } from './agent-program.js';

const deviceSeconds = 60;

/**
 * Enrols this computer unless it is, starts its agent, and waits for its device.
 * Throws CliError `up.agent-failed`, `up.no-device`.
 *
 * @returns the device's name
 */
export async function startAgent(
  site: RunningSite,
  client: ApiClient,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  const agent = agentOf(site);
  const known = await readAgentIdentity(agent);
  const identity = known !== undefined && isAt(known, site) ? known : await enrol(agent, known, site, client, terminal);
  await superviseAgent(site, agent);
  return phase(terminal, 'waiting for the device', () => untilDevice(client, identity, signal));
}

/**
 * Starts the agent of a site that goes on, where this computer was enrolled: it is a part of the site. A problem with it is
 * a note, because the site works without it.
 *
 * @param client undefined when no token of the site is known: an agent that has to enrol again is then left alone
 */
export async function resumeAgent(site: RunningSite, client: ApiClient | undefined, terminal: Terminal): Promise<void> {
  const agent = agentOf(site);
  if (readdirSync(agent.state).length === 0) return;
  try {
    const known = await readAgentIdentity(agent);
    if (known === undefined) return;
    if (!isAt(known, site)) {
      if (client === undefined) {
        terminal.out(
          `note: the agent on this computer is enrolled at ${known.server}; without a token it is not started`,
        );
        return;
      }
      await enrol(agent, known, site, client, terminal);
    }
    await superviseAgent(site, agent);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    terminal.error(`note: ${error.message}`);
  }
}

function agentOf(site: RunningSite): AgentProgram {
  return { script: builtApp('agent'), state: site.layout.agent };
}

function isAt(identity: AgentIdentity, site: RunningSite): boolean {
  return new URL(identity.server).origin === new URL(site.url).origin;
}

async function enrol(
  agent: AgentProgram,
  former: AgentIdentity | undefined,
  site: RunningSite,
  client: ApiClient,
  terminal: Terminal,
): Promise<AgentIdentity> {
  if (former) terminal.out(`note: the agent was enrolled at ${former.server}; it enrols again at ${site.url}`);
  const identity = await phase(terminal, 'enrolling this computer', async () => {
    const { token } = await createEnrolmentToken(client, { description: 'muster up', validMinutes: 15 });
    await enrolAgent(agent, { server: site.url, token, force: former !== undefined });
    return readAgentIdentity(agent);
  });
  if (identity === undefined)
    throw new CliError('up.agent-failed', 'the agent is not enrolled after enrolling', EXIT_CODES.failed);
  return identity;
}

async function superviseAgent(site: RunningSite, { script, state }: AgentProgram): Promise<void> {
  await site.supervisor.start({ name: 'agent', script, args: ['daemon', '--state', state], tier: 3 });
}

/** The site may have given the device another name than it asked for; its uid is certain. */
async function untilDevice(
  client: ApiClient,
  { deviceUid, name }: AgentIdentity,
  signal: AbortSignal,
): Promise<string> {
  const deadline = performance.now() + deviceSeconds * 1000;
  for (;;) {
    for await (const found of client.list(device)) if (found.metadata.uid === deviceUid) return found.metadata.name;
    if (performance.now() > deadline) {
      throw new CliError(
        'up.no-device',
        `device "${name}" (${deviceUid}) did not appear within ${deviceSeconds} s`,
        EXIT_CODES.failed,
      );
    }
    await delay(100, undefined, { signal });
  }
}
