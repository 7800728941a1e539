import { CommandSplitError, splitCommand } from '@muster/sequence/steps/run-command-line/split-command.js';
import { z } from 'zod';
import type { WhereaboutsSettings } from './daemon/whereabouts.js';
import { parseIntranet } from './facts/own-networks.js';
import { SESSIONS_FOLDER } from './facts/user-sessions.js';
import { AgentError } from './identity/agent-error.js';

export const AGENT_VERSION = '0.1.0';
export const DEFAULT_STATE_FOLDER = '/var/lib/muster-agent';

const configSchema = z.object({
  /** State folder; `--state` wins. */
  MUSTER_AGENT_STATE: z.string().min(1).default(DEFAULT_STATE_FOLDER),
  /** One-time enrolment token, so that it need not stand on a command line; `--token` wins. */
  MUSTER_ENROLMENT_TOKEN: z.string().min(1).optional(),
  /** May runs restart this computer? `never`: its owner does, and the runs wait. The service says `allow`. */
  MUSTER_AGENT_RESTART: z.enum(['allow', 'never']).default('never'),
  /** Program and arguments that restart this computer, instead of what the system has. */
  MUSTER_AGENT_RESTART_COMMAND: z.string().min(1).optional(),
  /** Program and arguments that tell people who are logged in; the text comes as one more argument. Default: wall. */
  MUSTER_AGENT_TELL_COMMAND: z.string().min(1).optional(),
  /** Where systemd-logind tells who is logged in, for systems that have it elsewhere. */
  MUSTER_AGENT_SESSIONS: z.string().min(1).default(SESSIONS_FOLDER),
  /** Is it told who logged on last? */
  MUSTER_AGENT_LAST_USER: z.enum(['yes', 'no']).default('yes'),
  /** Does the connection of this computer cost by what goes over it? auto: NetworkManager is asked. */
  MUSTER_AGENT_METERED: z.enum(['auto', 'yes', 'no']).default('auto'),
  /** The networks of the organisation, 10.0.0.0/8,2001:db8::/32: outside of them this computer is on the Internet. none: always. */
  MUSTER_AGENT_INTRANET: z.string().optional(),
  /** Is what is written to the system gone with its next restart? auto: what is mounted says it. */
  MUSTER_AGENT_WRITE_FILTER: z.enum(['auto', 'yes', 'no']).default('auto'),
  /** Most that the content cache may take, in MiB, unless the site's settings say it. Default: 5,120, or a fifth of the disk if less. */
  MUSTER_AGENT_CACHE_MB: z.coerce.number().int().min(1).max(1_048_576).optional(),
  MUSTER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** Settings of the process. Options of the command line win over them. */
export interface AgentConfig {
  readonly state: string;
  readonly enrolmentToken: string | undefined;
  readonly restart: { readonly policy: 'allow' | 'never'; readonly command: readonly string[] | undefined };
  readonly tellCommand: readonly string[] | undefined;
  readonly sessionsFolder: string;
  readonly whereabouts: WhereaboutsSettings;
  readonly cacheMegabytes: number | undefined;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/**
 * Reads and checks the environment.
 * @throws AgentError `config.invalid` naming every wrong variable and what would be right
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): AgentConfig {
  const result = configSchema.safeParse(environment);
  if (!result.success) {
    const wrong = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new AgentError('config.invalid', wrong.join('; '));
  }
  const { data } = result;
  return {
    state: data.MUSTER_AGENT_STATE,
    enrolmentToken: data.MUSTER_ENROLMENT_TOKEN,
    restart: { policy: data.MUSTER_AGENT_RESTART, command: commandOf('MUSTER_AGENT_RESTART_COMMAND', data) },
    tellCommand: commandOf('MUSTER_AGENT_TELL_COMMAND', data),
    sessionsFolder: data.MUSTER_AGENT_SESSIONS,
    whereabouts: {
      metered: data.MUSTER_AGENT_METERED,
      intranet: intranetOf(data.MUSTER_AGENT_INTRANET),
      writeFilter: data.MUSTER_AGENT_WRITE_FILTER,
    },
    cacheMegabytes: data.MUSTER_AGENT_CACHE_MB,
    logLevel: data.MUSTER_LOG_LEVEL,
  };
}

function intranetOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    parseIntranet(text);
    return text;
  } catch (error) {
    throw new AgentError('config.invalid', `MUSTER_AGENT_INTRANET: ${(error as Error).message}`);
  }
}

function commandOf(
  name: 'MUSTER_AGENT_RESTART_COMMAND' | 'MUSTER_AGENT_TELL_COMMAND',
  { [name]: text }: z.infer<typeof configSchema>,
): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    return splitCommand(text);
  } catch (error) {
    if (!(error instanceof CommandSplitError)) throw error;
    throw new AgentError('config.invalid', `${name}: ${error.message}`);
  }
}
