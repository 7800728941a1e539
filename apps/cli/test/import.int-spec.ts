import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { ApiClient } from '../src/api/api-client.js';
import { runCli } from '../src/program.js';
import { captureTerminal } from './capture-terminal.js';
import { SiteOnPaper, TOKEN } from './site-on-paper.js';

let site: SiteOnPaper;
let folder: string;

beforeEach(async () => {
  site = await SiteOnPaper.start();
  folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
});

afterEach(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function muster(...argv: string[]) {
  const environment = { MUSTER_CONFIG: join(folder, 'config.json'), MUSTER_SERVER: site.url, MUSTER_TOKEN: TOKEN };
  const terminal = captureTerminal(environment);
  const exitCode = await runCli(['import', ...argv], terminal);
  return { exitCode, out: terminal.stdout(), error: terminal.stderr() };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const step = '<step type="SMS_TaskSequence_RunCommandLineAction" name="S"><action>smsswd.exe /run: x</action></step>';

describe('muster import', () => {
  it('applies the sequences to the site, and applying again changes nothing', async () => {
    const path = file('My sequence.xml', `<sequence>${step}</sequence>`);
    const first = await muster(path);
    expect([first.exitCode, first.out.split('\n').at(-1)]).toEqual([0, 'taskSequence/my-sequence created']);
    expect((await muster(path)).out.split('\n').at(-1)).toBe('taskSequence/my-sequence unchanged');
    const client = new ApiClient({ server: site.url, token: TOKEN });
    const kept = await client.get(taskSequence, 'my-sequence');
    await client.close();
    expect(kept.spec).toMatchObject({ displayName: 'My sequence', steps: [{ step: 'S', type: 'RunCommandLine' }] });
  });

  it('makes first, where it is asked to, the packages that are not here, once', async () => {
    const install =
      '<step type="SMS_TaskSequence_DownloadPackageContentAction" name="P"><defaultVarList><variable name="OSDDownloadDownloadPackages" property="DownloadPackages">ABC00001</variable></defaultVarList></step>';
    const path = file('Tools.xml', `<sequence>${install}</sequence>`);
    const first = await muster(path, '--make-missing');
    expect([first.exitCode, first.error]).toEqual([0, '']);
    expect(first.out.split('\n').slice(-2)).toEqual(['package/package-abc00001 created', 'taskSequence/tools created']);
    const again = await muster(path, '--make-missing');
    expect(again.out).toContain('taskSequence/tools unchanged');
    expect(again.out).not.toContain('package/package-abc00001');
    const refused = await muster(path, '--make-missing', '--out', join(folder, 'out'));
    expect([refused.exitCode, refused.out]).toEqual([0, expect.not.stringContaining('package/')]);
  });

  it('is undone by an export out of the site: the same nodes come back', async () => {
    const path = file('My sequence.xml', `<sequence version="3.10"><group name="G">${step}</group></sequence>`);
    await muster(path);
    const terminal = captureTerminal({
      MUSTER_CONFIG: join(folder, 'config.json'),
      MUSTER_SERVER: site.url,
      MUSTER_TOKEN: TOKEN,
    });
    const exitCode = await runCli(
      ['export', 'taskSequence/my-sequence', '--format', 'configmgr', '--strict'],
      terminal,
    );
    expect([exitCode, terminal.stderr()]).toEqual([
      0,
      'my-sequence: 1 groups, 1 steps, 0 findings, 0 secrets left out',
    ]);
    expect(terminal.stdout()).toMatch(
      /<group name="G"[^>]*>\s*<step type="SMS_TaskSequence_RunCommandLineAction" name="S"/,
    );
    expect(terminal.stdout()).toContain('<action>smsswd.exe /run: x</action>');
  });

  it('sends nothing with --dry-run', async () => {
    expect((await muster(file('a.xml', `<sequence>${step}</sequence>`), '--dry-run')).exitCode).toBe(0);
    expect(site.requests).toEqual([]);
  });

  it('keeps standard output for the report with -o json, and ends with the code of the refusal', async () => {
    site.mishaps.push({
      match: /^PUT/,
      status: 409,
      body: { code: 'task-sequence.conflict', title: 'no', status: 409 },
    });
    const { exitCode, out, error } = await muster(file('a.xml', `<sequence>${step}</sequence>`), '-o', 'json');
    expect([exitCode, JSON.parse(out)]).toEqual([5, expect.objectContaining({ sequences: 1 })]);
    expect(error).toContain('taskSequence/a');
  });
});
