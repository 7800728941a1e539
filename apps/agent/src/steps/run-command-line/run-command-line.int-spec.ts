import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { SoftwareRun } from '../../../test/software-run.js';
import { stepContext } from '../../../test/step-context.js';
import { StepVariables } from '../step-variables.js';
import { createStore } from '@muster/sequence/variables.js';
import { findAccount, runAsUser } from './run-as.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
});
afterEach(() => at.remove());

const asRoot = process.geteuid?.() === 0 ? describe : describe.skip;
const step = (settings: object): { type: string; settings: Record<string, unknown> } => ({
  type: 'RunCommandLine',
  settings: { ...settings },
});
const nobody = { user: 'nobody' };
const out = 'Out';

asRoot('Run Command Line as another user', () => {
  it('has the user, the groups and the home of that user', async () => {
    const command = 'id -un; id -G; echo $HOME $USER $LOGNAME; pwd';
    const result = await at.step(step({ command, shell: true, runAs: nobody, outputVariable: out }));
    const groups = execFileSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).trim();
    expect(result.report?.outcome).toBe('succeeded');
    expect(result.variable(out)?.split('\n')).toEqual(['nobody', groups, '/nonexistent nobody nobody', '/']);
  });

  it('does not keep the rights of the agent', async () => {
    const secret = at.write('secret', 'x');
    chmodSync(secret, 0o600);
    const { report } = await at.step(step({ command: `cat ${secret}`, runAs: nobody }));
    expect(report).toMatchObject({ outcome: 'failed', code: 'step.exit-code' });
    const { report: raise } = await at.step(step({ command: 'chown nobody /etc/passwd', runAs: nobody }));
    expect(raise?.outcome).toBe('failed');
  });

  it('reaches the content of its package, which lies in a folder that only the agent may pass', async () => {
    at.write('packages/tools/hello', '#!/bin/sh\nid -un; cat data/text');
    at.write('packages/tools/data/text', 'inside');
    const result = await at.step(step({ command: 'hello', package: 'tools', runAs: nobody, outputVariable: out }));
    expect(result.variable(out)).toBe('nobody\ninside');
    const below = { command: 'hello', workingDirectory: 'data', package: 'tools', runAs: nobody, outputVariable: out };
    const { report } = await at.step(step({ ...below, command: 'cat text' }));
    expect(report?.outcome).toBe('succeeded');
  });

  it('may use the socket of the step, by which tsenv reads and writes variables', async () => {
    const command = '[ -S "$TSENV_SOCKET" ] && [ -w "$TSENV_SOCKET" ] && ! ls "$(dirname "$TSENV_SOCKET")"';
    const { report } = await at.step(step({ command, shell: true, runAs: nobody }));
    expect(report?.outcome).toBe('succeeded');
  });

  it('is killed with all its processes when its time is over', async () => {
    const { report } = await at.step({ ...step({ command: 'sleep 600', runAs: nobody }), timeoutSeconds: 1 });
    expect(report).toMatchObject({ outcome: 'failed', code: 'step.timeout', exitCode: 124 });
  });

  it.each([
    ['no-such-program', 'step.command-not-found', 127],
    ['/etc/passwd', 'step.command-not-executable', 126],
  ])('says that %s cannot be started', async (command, code, exitCode) => {
    const { report } = await at.step(step({ command, runAs: nobody }));
    expect(report).toMatchObject({ outcome: 'failed', code, exitCode, message: expect.stringContaining(command) });
  });

  it('says that there is no such user', async () => {
    const { report } = await at.step(step({ command: 'id', runAs: { user: 'no-such-user' } }));
    expect(report).toMatchObject({
      code: 'step.run-as-unknown-user',
      message: expect.stringContaining('no-such-user'),
    });
    const { report: option } = await at.step(step({ command: 'id', runAs: { user: '--help' } }));
    expect(option?.code).toBe('step.run-as-unknown-user');
  });

  it('takes a user of this computer as Windows writes it, and by number', async () => {
    for (const user of ['.\\nobody', '65534']) {
      const result = await at.step(step({ command: 'id -un', runAs: { user }, outputVariable: out }));
      expect(result.variable(out)).toBe('nobody');
    }
  });

  it('runs every later step as a user while the variable says so, then as each step says', async () => {
    const set = (name: string, value: string) => ({
      step: `set ${name}`,
      type: 'SetTaskSequenceVariable',
      settings: { name, value },
    });
    const who = (name: string, more: object = {}) => ({
      step: name,
      ...step({ command: 'id -un', outputVariable: name, ...more }),
    });
    const result = await at.steps([
      who('Before'),
      set('SMSTSRunCommandLineUserName', 'nobody'),
      set('SMSTSRunCommandLineAsUser', 'true'),
      who('During'),
      set('SMSTSRunCommandLineAsUser', 'false'),
      who('After'),
      who('Own', { runAs: { user: 'root' } }),
      set('SMSTSRunCommandLineUserName', ''),
      who('OwnName', { runAs: { user: 'root' } }),
    ]);
    expect(['Before', 'During', 'After', 'Own', 'OwnName'].map(result.variable)).toEqual([
      'root',
      'nobody',
      'root',
      'nobody',
      'root',
    ]);
  });

  it('fails in the preinstallation environment with a code of its own', async () => {
    const { report } = await at.step(step({ command: 'id', runAs: nobody }), {}, { facts: { phase: 'PE' } });
    expect(report?.code).toBe('step.run-as-not-in-pe');
  });

  it('needs an agent that is root', async () => {
    process.seteuid?.('nobody');
    try {
      const asked = findAccount('nobody', stepContext('/'));
      await expect(asked).rejects.toMatchObject({ code: 'step.run-as-needs-root' });
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('the user of a step', () => {
  const names = { asUser: 'As', userName: 'Name' };
  const user = (setting: { user: string } | undefined, variables: Record<string, string>): string | undefined => {
    const store = new StepVariables(createStore({}), {});
    for (const [name, value] of Object.entries(variables)) store.set(name, value);
    return runAsUser(setting, names, store);
  };
  it('is that of the agent unless the step or the variable says otherwise', () => {
    expect(user(undefined, { Name: 'alice' })).toBeUndefined();
    expect(user(undefined, { As: 'no', Name: 'alice' })).toBeUndefined();
    expect(user({ user: 'bob' }, {})).toBe('bob');
    expect(user({ user: 'bob' }, { As: 'TRUE', Name: 'alice' })).toBe('alice');
    expect(user({ user: 'bob' }, { As: 'true' })).toBe('bob');
    expect(user(undefined, { As: 'true', Name: ' alice ' })).toBe('alice');
  });
  it('must be named when the variable asks for one', () => {
    expect(() => user(undefined, { As: 'true' })).toThrow(
      expect.objectContaining({ code: 'step.run-as-user-missing' }),
    );
  });
});

describe('Run Command Line', () => {
  it('keeps the command out of messages when it is told to', async () => {
    const hidden = { OSDDoNotLogCommand: 'TRUE' };
    const { report } = await at.step(step({ command: 'secret-tool --password x' }), hidden);
    expect(report).toMatchObject({ code: 'step.command-not-found', exitCode: 127 });
    expect(JSON.stringify(report)).not.toContain('secret-tool');
    const { report: shown } = await at.step(step({ command: 'secret-tool' }), { OSDDoNotLogCommand: 'no' });
    expect(shown?.message).toContain('secret-tool');
  });

  it('keeps output that holds a password of the step as a secret, and masks it in reports', async () => {
    const settings = { command: 'echo x-pw-of-user', outputVariable: out, runAs: undefined };
    const runAs = process.geteuid?.() === 0 ? { user: 'root', password: 'pw-of-user' } : undefined;
    const result = await at.step(step({ ...settings, ...(runAs ? { runAs } : {}) }));
    if (runAs) expect(result.report?.output).toBe('x-********');
  });
});
