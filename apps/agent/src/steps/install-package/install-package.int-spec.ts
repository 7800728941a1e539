import { SoftwareRun, until } from '../../../test/software-run.js';
import { findMarked } from '../process-tree.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
  at.package(
    'one',
    { install: 'echo one:$1 >> $LOG', Fail: 'echo because; exit 7', Restart: 'echo restart >> $LOG; exit 194' },
    { install: { arguments: ['%Who%'] } },
  );
  at.package(
    'two',
    { install: 'echo two >> $LOG', odd: 'exit 9', hang: 'touch $LOG; exec sleep 600' },
    { odd: { successCodes: [9] } },
  );
});
afterEach(() => at.remove());

const install = (settings: object, more: object = {}) => ({
  type: 'InstallPackage',
  settings: { ...settings },
  ...more,
});
const list = (more: object = {}) => install({ listVariable: 'PKG', ...more });

describe('Install Package', () => {
  it('runs one program with variables replaced, and looks for its name with its case', async () => {
    const ok = await at.step(install({ package: 'one', program: 'install' }), { Who: 'a b' });
    const wrong = await at.step(install({ package: 'one', program: 'Install' }));
    expect([ok.report?.outcome, at.read('log'), wrong.report?.code]).toEqual([
      'succeeded',
      'one:a b\n',
      'content.program-not-found',
    ]);
  });

  it('installs what a dynamic list names, in order, up to the first missing number', async () => {
    const variables = { PKG001: 'two:install', PKG002: 'one:install', PKG004: 'two:install', Who: 'x' };
    const { report } = await at.step(list(), variables);
    expect([report?.outcome, report?.exitCode, at.read('log')]).toEqual(['succeeded', 0, 'two\none:x\n']);
    expect(report?.output).toBe('PKG001 two:install: exit code 0\nPKG002 one:install: exit code 0');
  });

  describe('what a program asks of the computer', () => {
    const run = async (more: object) => {
      at.package('asking', { install: 'pwd >> $LOG' }, { install: more });
      at.write('packages/asking/inner/part.txt', 'here');
      const { report } = await at.step(install({ package: 'asking', program: 'install' }));
      return { outcome: report?.outcome, code: report?.code, message: report?.message };
    };

    it('is the folder of its content in which it begins', async () => {
      expect((await run({ startFolder: 'inner' })).outcome).toBe('succeeded');
      expect(at.read('log').trim()).toBe(at.path('packages/asking/inner'));
      expect((await run({ startFolder: 'elsewhere' })).code).toBe('step.working-directory-missing');
      expect((await run({ startFolder: '../one' })).code).toBe('content.invalid-package-file');
    });

    it('is room on the disk, without which it is not run', async () => {
      expect((await run({ freeDiskMegabytes: 1 })).outcome).toBe('succeeded');
      const refused = await run({ freeDiskMegabytes: 900_000_000 });
      expect([refused.outcome, refused.code]).toEqual(['failed', 'step.no-disk-space']);
      expect(refused.message).toMatch(/program "install" of "asking" needs 900000000 MB on the disk; \d+ MB are free/);
      expect(at.read('log').trim().split('\n')).toHaveLength(1);
    });

    it('is that it is of a kind for which the program is meant', async () => {
      const variable = (value: string) => ({ requirements: { variable: '_SMSTSInWinPE', operator: 'equals', value } });
      expect((await run(variable('false'))).outcome).toBe('succeeded');
      const refused = await run(variable('true'));
      expect([refused.outcome, refused.code]).toEqual(['failed', 'step.requirements-not-met']);
      expect(refused.message).toContain('needs variable _SMSTSInWinPE equals "true"');
      expect(at.read('log').trim().split('\n')).toHaveLength(1);
    });
  });

  it('conformance vector 22: a package list of which none is set is a success, nothing installed', async () => {
    const { end, report } = await at.step(list(), { PKG002: 'one:install' });
    expect([end.result, report?.exitCode, at.read('log')]).toEqual(['succeeded', 0, '']);
    expect(report?.output).toBe('PKG001 is not set: nothing to install');
  });

  it.each([
    [
      'a program that fails',
      'one:Fail',
      'step.exit-code',
      7,
      /^PKG001, program "Fail" of "one": exit code 7; success is 0, 3010$/,
    ],
    ['a value without colon', 'one', 'step.list-value-invalid', undefined, /PKG001 is "one": write PACKAGE:Program/],
    ['a package in another case', 'ONE:install', 'content.package-not-found', undefined, /PKG001/],
    ['a program in another case', 'one:INSTALL', 'content.program-not-found', undefined, /PKG001/],
    ['a name that climbs', '../one:install', 'content.invalid-name', undefined, /PKG001/],
  ])('fails at once at %s, or goes on with warnings when it is told to', async (_, bad, code, exitCode, message) => {
    const variables = { PKG001: bad, PKG002: 'two:install' };
    const strict = await at.step(list(), variables);
    expect(strict.report).toMatchObject({ outcome: 'failed', code, message: expect.stringMatching(message) });
    expect([strict.report?.exitCode, at.read('log')]).toEqual([exitCode, '']);
    const lenient = await at.step(list({ continueOnInstallError: true }), variables);
    expect([lenient.report?.outcome, at.read('log')]).toEqual(['succeeded', 'two\n']);
    expect(lenient.report?.warnings).toEqual([expect.stringContaining(`${code}: `)]);
  });

  it('restarts once, when the list is done', async () => {
    const variables = { PKG001: 'one:Restart', PKG002: 'two:install' };
    const { end, report } = await at.step(list(), variables);
    expect([end.result, report?.exitCode, at.read('log')]).toEqual(['restart-pending', 3010, 'restart\ntwo\n']);
  });

  it('still restarts for what succeeded when the list failed and a node absorbs that', async () => {
    const variables = { PKG001: 'one:Restart', PKG002: 'one:Fail' };
    const absorbed = await at.step({ ...list(), continueOnError: true }, variables);
    expect([absorbed.report?.code, absorbed.end.result]).toEqual(['step.exit-code', 'restart-pending']);
    expect((await at.step(list(), variables)).end.result).toBe('failed');
  });

  it('judges each program by its own success codes, and by those of the step where it has some', async () => {
    const variables = { PKG001: 'two:odd', PKG002: 'two:install' };
    expect((await at.step(list(), variables)).report).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    const all = await at.step({ ...list(), successCodes: [7] }, { PKG001: 'one:Fail' });
    expect(all.report).toMatchObject({ outcome: 'succeeded', exitCode: 7 });
    expect((await at.step({ ...list(), successCodes: [0] }, variables)).report?.exitCode).toBe(9);
  });

  it('counts the timeout for each program', async () => {
    const variables = { PKG001: 'two:hang', PKG002: 'two:install' };
    const { report } = await at.step({ ...list({ continueOnInstallError: true }), timeoutSeconds: 1 }, variables);
    expect(report).toMatchObject({ outcome: 'succeeded', warnings: [expect.stringMatching(/^step.timeout: /)] });
    expect(at.read('log')).toBe('two\n');
  });

  it('ends with all its processes when the run is stopped, and begins nothing more', async () => {
    const stop = new AbortController();
    const variables = { PKG001: 'two:hang', PKG002: 'one:install' };
    const running = at.step(list({ continueOnInstallError: true }), variables, { stop: stop.signal });
    await until(() => findMarked(`run-${process.pid}-1:0`).length > 0);
    stop.abort('enough');
    const { end, report } = await running;
    expect([end.code, report?.reason, at.read('log')]).toEqual(['run.stopped', 'stopped', '']);
    expect(findMarked(`run-${process.pid}-1:0`)).toEqual([]);
  });
});
