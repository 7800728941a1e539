import type { Command } from 'commander';
import { chooseTarget, type Target } from '../context/choose-target.js';
import { contextFilePath, readContextFile } from '../context/context-file.js';
import type { Terminal } from '../terminal.js';
import { ApiClient, type ApiClientOptions } from './api-client.js';

/** The site that a command's flags, environment and contexts file name. */
export function targetOf(command: Command, terminal: Terminal): Target {
  return chooseTarget({
    flags: command.optsWithGlobals<{ context?: string; site?: string; server?: string; token?: string }>(),
    environment: terminal.environment,
    file: readContextFile(contextFilePath(terminal.environment)),
  });
}

/** Does something with the site that the command names, and lets go of its connections. */
export async function withClient<Result>(
  command: Command,
  terminal: Terminal,
  work: (client: ApiClient) => Promise<Result>,
  options: ApiClientOptions = {},
): Promise<Result> {
  const { ignoreLock = false } = command.optsWithGlobals<{ ignoreLock?: boolean }>();
  const client = new ApiClient(targetOf(command, terminal), { ignoreLock, ...options });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
