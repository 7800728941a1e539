import { spawn } from 'node:child_process';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

const statusSchema = z.object({
  enrolled: z.boolean(),
  identity: z.object({ name: z.string(), deviceUid: z.string(), server: z.string() }).optional(),
});

/** Who the agent of a state folder is. */
export interface AgentIdentity {
  readonly name: string;
  readonly deviceUid: string;
  readonly server: string;
}

/** The agent's program and its state folder. */
export interface AgentProgram {
  readonly script: string;
  readonly state: string;
}

/** Who the agent is, undefined when it is not enrolled. Throws CliError `up.agent-failed`. */
export async function readAgentIdentity(agent: AgentProgram): Promise<AgentIdentity | undefined> {
  const { exitCode, output, errors } = await runAgent(agent, ['status', '-o', 'json']);
  const status = exitCode === 0 || exitCode === 3 ? statusSchema.safeParse(parseJson(output)) : undefined;
  if (!status?.success) throw agentFailed('said nothing of its state', errors);
  return status.data.enrolled ? status.data.identity : undefined;
}

/** Enrols the agent, replacing an identity when `force`. Throws CliError `up.agent-failed`. */
export async function enrolAgent(
  agent: AgentProgram,
  { server, token, force }: { server: string; token: string; force: boolean },
): Promise<void> {
  const args = ['enrol', '--server', server, ...(force ? ['--force'] : [])];
  // Not as an argument: everybody on the computer can read command lines.
  const { exitCode, errors } = await runAgent(agent, args, { MUSTER_ENROLMENT_TOKEN: token });
  if (exitCode !== 0) throw agentFailed('could not enrol', errors);
}

function runAgent(
  { script, state }: AgentProgram,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: number; output: string; errors: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MUSTER_'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args, '--state', state], {
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, output, errors }));
  });
}

function agentFailed(what: string, errors: string): CliError {
  return new CliError(
    'up.agent-failed',
    `the agent on this computer ${what}: ${errors.trim() || 'no reason given'}`,
    EXIT_CODES.failed,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
