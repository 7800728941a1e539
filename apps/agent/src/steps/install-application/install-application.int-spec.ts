import { existsSync, readdirSync, rmSync } from 'node:fs';
import { ContentError } from '../../runner/content-provider.js';
import { LocalContent } from '../../runner/local-content.js';
import { SoftwareRun, until } from '../../../test/software-run.js';
import { findMarked } from '../process-tree.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
});
afterEach(() => at.remove());

/** An application that installs a file and is detected by it. `script` runs instead of that. */
function app(name: string, type: object = {}, whole: object = {}, script?: string): void {
  const file = at.path(`${name}.installed`);
  at.package(name, {
    install: script ?? `echo ${name} >> $LOG; touch ${file}`,
    uninstall: `echo no ${name} >> $LOG; rm ${file}`,
  });
  const deploymentType = {
    name: 'script',
    install: { program: 'install' },
    uninstall: { program: 'uninstall' },
    detection: { file },
    ...type,
  };
  at.application(name, { deploymentTypes: [deploymentType], ...whole });
}
const install = (applications: string[], more: object = {}) => ({
  type: 'InstallApplication',
  settings: { applications, ...more },
});
const list = (more: object = {}) => ({ type: 'InstallApplication', settings: { listVariable: 'APP', ...more } });
const needs = (...names: string[]) => ({ dependencies: names.map((name) => ({ anyOf: [name] })) });
const status = '_TSAppInstallStatus';

describe('Install Application', () => {
  it('installs what is not detected, and runs nothing where it is', async () => {
    app('hello');
    const first = await at.step(install(['hello']));
    const second = await at.step(install(['hello']));
    expect([first, second].map(({ report, variable }) => [report?.outcome, report?.output, variable(status)])).toEqual([
      ['succeeded', 'hello: install (script) exit code 0', 'Success'],
      ['succeeded', 'hello: AlreadyInstalled (script)', 'Success'],
    ]);
    expect(at.read('log')).toBe('hello\n');
  });

  it('installs dependencies first, and not again what is there by then', async () => {
    app('d');
    app('c', needs('d'));
    // b brings c's file along.
    app('b', {}, {}, `echo b >> $LOG; touch ${at.path('b.installed')} ${at.path('c.installed')}`);
    app('a', needs('b', 'c'));
    const { report } = await at.step(install(['a', 'd']));
    expect([report?.outcome, at.read('log')]).toEqual(['succeeded', 'b\nd\na\n']);
    expect(report?.output).toContain('c: AlreadyInstalled');
  });

  it('uses the first deployment type whose requirements hold, with variables in paths and a command of its own', async () => {
    const file = at.write('here', '');
    at.application('x', {
      deploymentTypes: [
        { name: 'never', install: { program: 'p' }, detection: { file: '/' }, requirements: { file: `${file}/not` } },
        {
          name: 'fits',
          install: { command: 'sh', arguments: ['-c', 'touch "$1"; pwd', 'sh', '%Mark%'] },
          detection: { file: '%Mark%' },
          requirements: { all: [{ file: '%Folder%/here' }, { variable: 'Folder', operator: 'exists' }] },
        },
      ],
    });
    const { report } = await at.step(install(['x']), { Folder: at.folder, Mark: at.path('mark') });
    expect([report?.outcome, report?.output, existsSync(at.path('mark'))]).toEqual([
      'succeeded',
      'x: install (fits) exit code 0',
      true,
    ]);
  });

  it('fails with the requirement that does not hold, or warns where that is wanted', async () => {
    app('x', { requirements: { all: [{ folder: '/' }, { folder: '/no/such/folder' }] } });
    app('y');
    const strict = await at.step(install(['x', 'y']));
    expect(strict.report).toMatchObject({
      code: 'application.requirements-not-met',
      message: expect.stringContaining('"script" needs folder /no/such/folder'),
    });
    expect([strict.variable(status), at.read('log')]).toEqual(['Error', '']);
    const lenient = await at.step(install(['x', 'y'], { whenNotApplicable: 'warn' }));
    expect([lenient.report?.outcome, lenient.variable(status), at.read('log')]).toEqual([
      'succeeded',
      'Warning',
      'y\n',
    ]);
    expect(lenient.report?.warnings).toEqual([expect.stringMatching(/^application.requirements-not-met: /)]);
    const onWarning = await at.step(install(['x'], { whenNotApplicable: 'warn' }), { TSErrorOnWarning: 'True' });
    expect([onWarning.report?.code, onWarning.variable(status)]).toEqual(['application.requirements-not-met', 'Error']);
  });

  it('fails when a success leaves nothing that is detected, unless it asks for a restart', async () => {
    app('liar', {}, {}, 'exit 0');
    app('later', {}, {}, 'exit 194');
    const { report, variable } = await at.step(install(['liar']));
    expect([report?.code, variable(status)]).toEqual(['application.not-detected', 'Error']);
    const pending = await at.step(install(['later']));
    expect(pending.report).toMatchObject({
      outcome: 'succeeded',
      exitCode: 3010,
      warnings: [expect.stringContaining('restart')],
    });
    expect(pending.end.result).toBe('restart-pending');
    // An imported step whose success codes are those of the vendor's own tool.
    const imported = await at.step({ ...install(['later']), successCodes: [0] });
    expect([imported.report?.exitCode, imported.end.result]).toEqual([0, 'restart-pending']);
  });

  it.each([
    ['exit 0 and a word: installed', 'echo yes', 'succeeded', undefined],
    ['exit 0 in silence: not installed', 'true', 'failed', 'application.not-detected'],
    ['another exit code: unknown', 'echo yes; exit 1', 'failed', 'application.detection-unknown'],
    ['anything on standard error: unknown', 'echo yes; echo oh >&2', 'failed', 'application.detection-unknown'],
  ])('asks a script: %s', async (_, script, outcome, code) => {
    app('x', { detection: { script } }, {}, 'exit 0');
    const { report, work } = await at.step(install(['x']));
    expect([report?.outcome, report?.code]).toEqual([outcome, code]);
    expect(readdirSync(work)).toEqual([]);
  });

  it('refuses circles, chains too deep and dependencies that nobody has', async () => {
    app('a', needs('b'));
    app('b', needs('a'));
    app('c', needs('nobody'));
    const codes = await Promise.all(
      ['a', 'c', 'nobody', '../a'].map(async (name) => (await at.step(install([name]))).report?.code),
    );
    expect(codes).toEqual([
      'application.dependency-cycle',
      'content.application-not-found',
      'content.application-not-found',
      'content.invalid-name',
    ]);
    expect(at.read('log')).toBe('');
  });

  it('conformance vector 21: APP01 and APP03 set, only APP01 is installed', async () => {
    for (const name of ['one', 'two', 'three']) app(name);
    const { report } = await at.step(list(), { APP01: 'one', APP03: 'three' });
    expect([report?.outcome, at.read('log')]).toEqual(['succeeded', 'one\n']);
    const none = await at.step(list(), { APP02: 'two' });
    expect([none.report?.outcome, none.report?.output, at.read('log')]).toEqual([
      'succeeded',
      'APP01 is not set: nothing to install',
      'one\n',
    ]);
  });

  it('leaves names of a dynamic list out that nobody knows, with their case', async () => {
    app('hello');
    app('needy', needs('nobody'));
    const { report, variable } = await at.step(list(), { APP01: 'Hello', APP02: 'a/../b', APP03: 'hello' });
    expect([report?.outcome, variable(status), at.read('log')]).toEqual(['succeeded', 'Warning', 'hello\n']);
    expect(report?.warnings).toEqual([expect.stringMatching(/APP01/), expect.stringMatching(/APP02/)]);
    const needy = await at.step(list(), { APP01: 'needy' });
    expect(needy.report?.code).toBe('content.application-not-found');
  });

  it('stops at the first failure, or goes on and succeeds with warnings', async () => {
    app('bad', {}, {}, 'echo why; exit 5');
    app('good');
    const strict = await at.step(install(['bad', 'good']));
    expect([strict.report?.code, strict.report?.exitCode, at.read('log')]).toEqual(['step.exit-code', 5, '']);
    expect(strict.report?.output).toBe('bad: install (script) exit code 5\nwhy');
    const lenient = await at.step(install(['bad', 'good'], { continueOnInstallError: true }));
    expect([lenient.report?.outcome, lenient.variable(status), at.read('log')]).toEqual([
      'succeeded',
      'Error',
      'good\n',
    ]);
  });

  it('tries again as OSDAppInstallRetries says, while it is not to go on with the others', async () => {
    const script = `echo try >> $LOG; [ $(wc -l < $LOG) -ge 3 ] && touch ${at.path('x.installed')}`;
    app('x', {}, {}, script);
    const variables = { OSDAppInstallRetries: '2', OSDAppInstallRetryTimeout: '10' };
    const once = await at.step(install(['x'], { continueOnInstallError: true }), variables);
    expect([once.variable(status), at.read('log')]).toEqual(['Error', 'try\n']);
    const { report, variable } = await at.step(install(['x']), variables);
    expect([report?.outcome, at.read('log'), variable('_SMSTSAppInstallNeedsRetry')]).toEqual([
      'succeeded',
      'try\ntry\ntry\n',
      'false',
    ]);
  });

  it('takes away what it supersedes, and fails when that is still there', async () => {
    app('old');
    app('new', {}, { supersedes: [{ application: 'old', uninstall: true }] });
    await at.step(install(['old']));
    const { report } = await at.step(install(['new']));
    expect([report?.outcome, at.read('log')]).toEqual(['succeeded', 'old\nno old\nnew\n']);
    app('stuck', { uninstall: { command: 'true' }, detection: { folder: '/' } });
    app('newer', {}, { supersedes: [{ application: 'stuck', uninstall: true }] });
    expect((await at.step(install(['newer']))).report?.code).toBe('application.still-detected');
  });

  it('remembers a restart that a dependency asked for when what comes behind fails', async () => {
    app('d', {}, {}, `touch ${at.path('d.installed')}; exit 194`);
    app('x', { ...needs('d'), package: 'nowhere' });
    const { report, end } = await at.step({ ...install(['x']), continueOnError: true });
    expect([report?.code, end.result]).toEqual(['content.package-not-found', 'restart-pending']);
  });

  it('ends when the run is stopped, in an installation, a detection and a pause', async () => {
    app('installing', {}, {}, 'touch $LOG; exec sleep 600');
    app('detecting', { detection: { script: 'exec sleep 600' } });
    app('pausing', {}, {}, 'touch $LOG; exit 5');
    const variables = { OSDAppInstallRetries: '1', OSDAppInstallRetryTimeout: '600000' };
    for (const [index, name] of ['installing', 'detecting', 'pausing'].entries()) {
      const stop = new AbortController();
      const marker = `run-${process.pid}-${index + 1}:0`;
      const running = at.step(install([name, 'x']), variables, { stop: stop.signal });
      if (name === 'pausing') await until(() => existsSync(at.path('log')));
      else await until(() => findMarked(marker).length > 0);
      stop.abort('enough');
      const { end, report } = await running;
      expect([name, end.code, report?.reason, findMarked(marker)]).toEqual([name, 'run.stopped', 'stopped', []]);
      rmSync(at.path('log'), { force: true });
    }
  });
});

describe('Install Application after an unexpected end of the agent', () => {
  it.each([
    ['is begun again, and installs only what is missing', {}, 'succeeded', undefined, 'a\nb\n'],
    ['fails where retryOnRestart is off', { enabled: false }, 'failed', 'step.interrupted', 'a\n'],
  ])('%s', async (_, retryOnRestart, outcome, code, log) => {
    app('a');
    app(
      'b',
      {},
      {},
      `[ -e ${at.path('go')} ] || { touch ${at.path('ready')}; exec sleep 600; }; echo b >> $LOG; touch ${at.path('b.installed')}`,
    );
    const letGo = new AbortController();
    const folder = at.path('interrupted');
    const step = install(['a', 'b'], { retryOnRestart });
    const first = at.step(step, {}, { folder, signal: letGo.signal });
    await until(() => existsSync(at.path('ready')));
    letGo.abort();
    expect((await first).end.result).toBe('interrupted');
    at.write('go', '');
    const { report } = await at.step(step, {}, { folder });
    expect([report?.outcome, report?.code, at.read('log')]).toEqual([outcome, code, log]);
  });
});

describe('applications in a folder', () => {
  it('have their content beside them, and say what is wrong with their document', async () => {
    app('x');
    const content = new LocalContent(at.path('packages'));
    expect((await content.application('x')).deploymentTypes[0]?.package).toBe('x');
    at.write('packages/broken/application.yaml', 'deploymentTypes: []');
    const codes = await Promise.all(
      ['broken', 'nobody', '..', 'a/b', ''].map((name) =>
        content.application(name).catch((error: unknown) => (error as ContentError).code),
      ),
    );
    expect(codes).toEqual([
      'content.invalid-application-file',
      'content.application-not-found',
      'content.invalid-name',
      'content.invalid-name',
      'content.invalid-name',
    ]);
  });
});
