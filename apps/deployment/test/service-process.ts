import { fork } from 'node:child_process';
import { builtApp } from '@muster/localsite/repository.js';
import { until } from '@muster/testing/until.js';
import type { RunningService } from './world.js';

/** The service as a process of its own. Needs a build. */
export async function startProcess(
  environment: NodeJS.ProcessEnv,
  more: NodeJS.ProcessEnv = {},
  execArgv: readonly string[] = [],
): Promise<RunningService> {
  const child = fork(builtApp('deployment'), {
    env: { PATH: process.env['PATH'], ...environment, MUSTER_LOG_LEVEL: 'info', ...more },
    execArgv: [...execArgv],
    silent: true,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
  await until(() => {
    if (child.exitCode !== null) throw new Error(output);
    return output.includes('"listening"');
  });
  return {
    url: `http://127.0.0.1:${environment['MUSTER_HTTP_PORT']}`,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
