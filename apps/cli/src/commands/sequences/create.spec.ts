import { parse } from 'yaml';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { runCli } from '../../program.js';

async function muster(...argv: string[]): Promise<{ code: number; out: string; error: string }> {
  const terminal = captureTerminal();
  const code = await runCli(argv, terminal);
  return { code, out: terminal.stdout(), error: terminal.stderr() };
}

const create = (...rest: string[]) => muster('create', 'sequence', 'lab-pc', '--template', 'install-image', ...rest);
const needed = ['-p', 'image=windows-11', '-p', 'clientPackage=client', '-p', 'workgroup=LAB'];

describe('muster create sequence', () => {
  it('prints the document of a template without any site', async () => {
    const { code, out } = await create(...needed, '--folder', '/lab', '--label', 'team=lab', '-o', 'yaml');
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      apiVersion: 'muster/v1',
      kind: 'TaskSequence',
      metadata: { name: 'lab-pc', folder: '/lab', labels: { team: 'lab' } },
      spec: { steps: [{ group: 'Capture Files and Settings' }, { group: 'Install Operating System' }, {}, {}] },
    });
  });

  it('asks for everything that is missing at once, in its own words', async () => {
    const { code, error, out } = await create('-p', 'image=windows-11');
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain('error: template.parameters: the template install-image cannot be filled');
    expect(error).toContain('add -p clientPackage=…');
    expect(error).toContain('add one of: domain, workgroup');
  });

  it.each([
    [['-p', 'image'], 'cli.name-and-value'],
    [['-p', 'image=a', '-p', 'image=b'], 'cli.name-and-value'],
    [[...needed, '-p', 'colour=blue'], 'template.parameters'],
    [[...needed, '--folder', 'no-slash', '-o', 'yaml'], 'document.invalid'],
  ])('refuses %j with a code', async (rest, expected) => {
    const { code, error } = await create(...rest);
    expect([code, error]).toEqual([2, expect.stringContaining(`error: ${expected}: `)]);
  });

  it('knows its templates', async () => {
    const { code, error } = await muster('create', 'sequence', 'x', '--template', 'nothing');
    expect([code, error]).toEqual([2, expect.stringContaining('install-image, build-and-capture, upgrade')]);
  });
});
