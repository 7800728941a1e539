import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { AgentProgram } from '../../test/agent-program.js';
import { LocalContent } from '../runner/local-content.js';
import { type RunSequenceOptions, type SequenceResult, runSequence } from '../runner/run-sequence.js';
import type { StepProgress } from './step-progress.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-tsenv-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shell = (name: string, command: string, more: Partial<SequenceNode> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  // Percent signs are for the script.
  settings: { command: command.replaceAll('%', '%%'), shell: true },
  ...more,
});

interface Ran extends SequenceResult {
  /** Last output of each step, by path. */
  readonly outputs: Record<string, string | undefined>;
  readonly reports: StepReport[];
  readonly progress: StepProgress[];
}

async function run(steps: SequenceNode[], more: Partial<RunSequenceOptions> = {}): Promise<Ran> {
  const reports: StepReport[] = [];
  const progress: StepProgress[] = [];
  const result = await runSequence({
    runId: 'run-1',
    sequence: { name: 'demo', spec: { steps } },
    variables: { device: { Colour: 'blue', Pass: { value: 'hunter22', secret: true } } },
    facts: { phase: 'FullOS' },
    folder: join(folder, 'run'),
    content: new LocalContent(undefined),
    signal: new AbortController().signal,
    onReport: (report) => void reports.push(report),
    onProgress: (said) => void progress.push(said),
    ...more,
  });
  const finished = reports.filter((report) => report.event === 'step-finished');
  return { ...result, reports, progress, outputs: Object.fromEntries(finished.map((one) => [one.path, one.output])) };
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** The example of a language in the documentation, as a file. */
function example(language: string): string {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/tsenv.md'), 'utf8');
  const [, code = ''] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page) ?? [];
  const path = join(folder, `example.${language === 'js' ? 'cjs' : 'py'}`);
  writeFileSync(path, code);
  return path;
}

describe('tsenv in a shell script', () => {
  it('reads, writes, lists and deletes; a later step sees it', async () => {
    const { result, outputs } = await run([
      shell('write', 'tsenv set Size=big && tsenv set Note "two words" && tsenv unset Colour && tsenv get sIzE'),
      shell(
        'read',
        'echo "$TS_Note"; tsenv get Colour --default none; tsenv list | grep -v ^_; tsenv expand "%Size% %Nope% 5%"; printf "a\\nb\\n" | tsenv set Lines --stdin; tsenv list --json | grep -o \'{"name":"Lines[^}]*}\'',
      ),
      shell('condition', 'echo ran', {
        condition: { all: [{ variable: 'Size', operator: 'equals', value: 'big' }] },
      }),
    ]);
    expect(result).toBe('succeeded');
    expect(outputs['write']).toBe('big');
    expect(outputs['read']?.split('\n')).toEqual([
      'two words',
      'none',
      'Note=two words',
      'Pass=********',
      'Size=big',
      'big %Nope% 5%',
      '{"name":"Lines","value":"a\\nb"}',
    ]);
    expect(outputs['condition']).toBe('ran');
  });

  it('fails with the exit code and the stable code of what is wrong, and the step goes on', async () => {
    const calls = [
      'get Nope',
      'get',
      'set X',
      'set X=1 --hidden',
      'nonsense',
      'reboot moon',
      'set _SMSTSInWinPE=true',
      'set 1X=1',
      'set X=$(head -c 4001 /dev/zero | tr "\\0" x)',
      'expand $(head -c 70000 /dev/zero | tr "\\0" x)',
    ];
    const { outputs } = await run([shell('all', calls.map((call) => `tsenv ${call}; echo "exit $?"`).join('\n'))], {});
    const lines = outputs['all']?.split('\n') ?? [];
    const ends = lines.flatMap((line, index) =>
      line.startsWith('exit ') ? [`${lines[index - 1]?.split(':')[0]} ${line}`] : [],
    );
    expect(ends.slice(-8)).toEqual([
      'tsenv.usage exit 2',
      'tsenv.usage exit 2',
      'tsenv.usage exit 2',
      'tsenv.usage exit 2',
      'variable.read-only exit 3',
      'variable.invalid-name exit 4',
      'variable.value-too-long exit 4',
      'tsenv.line-too-long exit 4',
    ]);
    const [absent] = Object.values((await run([shell('get', 'tsenv get Nope; echo $?')], other('b'))).outputs);
    expect(absent).toBe('tsenv.not-found: there is no variable "Nope"\n1');
  });

  it('is masked in the output, also with what became secret during the step, where it was cut, and within others', async () => {
    const { outputs, reports } = await run([
      shell(
        'make',
        'tsenv set Part=hunter --secret; echo "hunter22xyz" | tsenv set Whole --stdin --secret; tsenv get Whole; tsenv get Pass',
      ),
      shell('long', 'tsenv set Long=$(seq -s, 200) --secret; tsenv get Long; printf "%0800d" 0'),
      shell('later', 'echo hunter22xyz-hunter'),
    ]);
    expect(outputs['make']).toBe('********\n********');
    expect(outputs['long']).toBe(`********\n${'0'.repeat(800)}`);
    expect(outputs['later']).toBe('********-********');
    expect(JSON.stringify(reports)).not.toContain('hunter');
  });

  it('tells progress to who watches, with the place of the step', async () => {
    const { progress } = await run([
      {
        group: 'G',
        steps: [shell('work', 'tsenv progress "one of Pass: hunter22" --step 1 --of 2; tsenv progress two')],
      },
    ]);
    expect(progress).toEqual([
      { position: 1, path: 'G/work', message: 'one of Pass: ********', step: 1, of: 2 },
      { position: 1, path: 'G/work', message: 'two', step: undefined, of: undefined },
    ]);
  });

  it('asks for a restart and another run of the step; what it wrote is there then', async () => {
    const steps = [
      shell('twice', 'tsenv get Round && exit 0; tsenv set Round=first && tsenv reboot os && tsenv retry'),
      shell('after', 'tsenv get Round'),
    ];
    expect((await run(steps)).result).toBe('restart-pending');
    const { result, outputs } = await run(steps);
    expect([result, outputs]).toEqual(['succeeded', { twice: 'first', after: 'first' }]);
  });

  it('says outside of a run that it is outside', () => {
    const environment = { ...process.env, TSENV_NODE: process.execPath, TSENV_SOCKET: undefined };
    const tsenv = join(import.meta.dirname, 'bin/tsenv');
    const outside = spawnSync(tsenv, ['get', 'X'], { env: environment, encoding: 'utf8' });
    // All of it: when it is not so, what came instead says why.
    const ended = ({ status, signal, error, stderr }: typeof outside) => ({ status, signal, error, stderr });
    const failed = (code: string) => ({
      status: 5,
      signal: null,
      error: undefined,
      stderr: expect.stringMatching(code),
    });
    expect(ended(outside)).toEqual(failed('^tsenv[.]outside-run: '));
    const over = spawnSync(tsenv, ['get', 'X'], {
      env: { ...environment, TSENV_SOCKET: join(folder, 'gone') },
      encoding: 'utf8',
    });
    expect(ended(over)).toEqual(failed('^tsenv[.]not-reachable: '));
    const help = spawnSync(tsenv, ['--help'], { env: environment, encoding: 'utf8' });
    expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('Exit codes:')]);
  });
});

describe('other languages', () => {
  const python = spawnSync('python3', ['--version']).status === 0;

  it('speak the protocol as the documentation shows', async () => {
    const { result, progress, outputs } = await run([
      ...(python ? [shell('python', `python3 ${example('python')}`)] : []),
      shell('node', `${process.execPath} ${example('js')}`),
      shell('show', 'tsenv get Colour'),
    ]);
    expect(result).toBe('succeeded');
    expect(outputs['show']).toBe(python ? 'blue from python and node' : 'blue and node');
    expect(progress.map(({ message, step, of }) => [message, step, of])).toEqual(python ? [['painting', 1, 2]] : []);
  });
});

describe('the socket of a step', () => {
  it('is gone after the step, and with the run its folder', async () => {
    const { outputs } = await run([
      shell('a', 'test -S $TSENV_SOCKET && echo $TSENV_SOCKET'),
      shell('b', 'echo $TSENV_SOCKET'),
    ]);
    const [a = '', b = ''] = [outputs['a'], outputs['b']];
    expect([dirname(a) === dirname(b), a === b]).toEqual([true, false]);
    expect([a, b, dirname(a)].map((path) => existsSync(path))).toEqual([false, false, false]);
    expect(Buffer.byteLength(a)).toBeLessThan(100);
  });

  it('is not there for what a step left in the background', async () => {
    const left = `(while [ ! -e ${folder}/go ]; do sleep 0.02; done; tsenv set Left=1; echo $? > ${folder}/left.new; mv ${folder}/left.new ${folder}/left) >/dev/null 2>&1 &`;
    const { outputs } = await run([
      shell('leave', left),
      shell(
        'next',
        `touch ${folder}/go; while [ ! -e ${folder}/left ]; do sleep 0.02; done; cat ${folder}/left; tsenv get Left`,
      ),
    ]);
    expect(outputs['next']).toBe('5\ntsenv.not-found: there is no variable "Left"');
  });

  /** Needs root, setpriv, and sources that others may read. */
  const nobody = { uid: 65534, gid: 65534, env: { TSENV_NODE: process.execPath }, cwd: '/' };
  const otherUsers =
    process.getuid?.() === 0 &&
    spawnSync('setpriv', ['--version']).status === 0 &&
    spawnSync(join(import.meta.dirname, 'bin/tsenv'), ['--help'], nobody).status === 0;
  (otherUsers ? it : it.skip)('is there for the user that the step runs as', async () => {
    const settings = {
      command: 'id -u && cd / && tsenv set Who=nobody && tsenv get Who',
      shell: true,
      runAs: { user: 'nobody' },
    };
    const { outputs } = await run([{ step: 'as', type: 'RunCommandLine', settings }, shell('me', 'tsenv get Who')], {
      dataFolder: '/',
    });
    expect(outputs).toEqual({ as: '65534\nnobody', me: 'nobody' });
  });

  it('is another one for a run within a step', async () => {
    const before = process.env['TSENV_SOCKET'];
    process.env['TSENV_SOCKET'] = '/outer';
    try {
      const { outputs } = await run([shell('a', 'tsenv set X=1 && tsenv get X')]);
      expect(outputs['a']).toBe('1');
    } finally {
      if (before === undefined) delete process.env['TSENV_SOCKET'];
      else process.env['TSENV_SOCKET'] = before;
    }
  });
});

describe('a step that is killed with its agent', () => {
  const agent = new AgentProgram();
  afterEach(() => agent.killAll());

  it('wrote nothing, and the next run removes what is left of its socket', async () => {
    const steps = [
      { step: 'first', type: 'RunCommandLine', settings: { command: 'tsenv set Kept=yes' } },
      {
        step: 'killed',
        type: 'RunCommandLine',
        continueOnError: true,
        settings: {
          shell: true,
          command: `tsenv set Lost=yes; echo $TSENV_SOCKET > ${folder}/path; touch ${folder}/ready; sleep 600`,
        },
      },
      {
        step: 'last',
        type: 'RunCommandLine',
        settings: { shell: true, command: 'tsenv get Kept; tsenv get Lost --default none' },
      },
    ];
    const file = join(folder, 'sequence.yaml');
    writeFileSync(
      file,
      JSON.stringify({ apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: { name: 'demo' }, spec: { steps } }),
    );
    const argv = ['run', file, '--state', join(folder, 'state'), '-o', 'json'];
    const first = agent.start(argv);
    await until(() => existsSync(join(folder, 'ready')));
    first.child.kill('SIGKILL');
    await first.exited;
    const path = readFileSync(join(folder, 'path'), 'utf8').trim();
    expect(existsSync(path)).toBe(true);

    const { code, out } = await agent.start([...argv, '--resume']).exited;
    const outputs = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as StepReport]));
    expect(code).toBe(0);
    expect(outputs.find((report) => report.path === 'last' && report.event === 'step-finished')?.output).toBe(
      'yes\nnone',
    );
    expect(existsSync(dirname(path))).toBe(false);
  });
});

/** Another run in the same test. */
function other(name: string): Partial<RunSequenceOptions> {
  return { folder: join(folder, name) };
}
