import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = join(import.meta.dirname, '../../dist/test/agreement/main.js');

// As a process of its own, as people call it: inside Jest the same takes several times as long.
it('the agent, the explanation of the site and the specification agree on 10,000 cases', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--cases', '10000', '--seed', '1']);
  expect(stdout).toContain('agent, explain and reference agree on 10000 cases (seed 1)');
});
