import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { makeZip, type MadeMember } from '../../../test/make-zip.js';
import { runCli } from '../../program.js';

/*
 * Files that were made to do harm, through the command as a user has it: each is refused with a code and the file's name, in
 * seconds and in little memory, and a good file beside it is imported all the same.
 */

const mebibyte = 1024 * 1024;
const step = (inside = '', attributes = ''): string =>
  `<step type="SMS_TaskSequence_RunCommandLineAction" name="S" ${attributes}><action>smsswd.exe /run: x</action>${inside}</step>`;
const call = (id: string): string =>
  `<subtasksequence name="C"><defaultVarList><variable name="x" property="TsPackageID">${id}</variable></defaultVarList></subtasksequence>`;
const escaped = (xml: string): string => xml.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function object(id: string, nodes: string): MadeMember {
  const properties = Object.entries({
    PackageID: id,
    Name: `Sequence ${id}`,
    Sequence: `<sequence>${nodes}</sequence>`,
  });
  const content = properties.map(
    ([name, value]) => `<PROPERTY NAME="${name}"><VALUE>${escaped(value)}</VALUE></PROPERTY>`,
  );
  return {
    name: `SMS_TaskSequencePackage/${id}/object.xml`,
    content: `<INSTANCE CLASSNAME="X">${content.join('')}</INSTANCE>`,
  };
}

const sequence = (content: string): Buffer => Buffer.from(`<sequence>${content}</sequence>`);
const lol = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join('');
const good = { name: 'good.xml', content: sequence(step()) };

const hostile: [what: string, name: string, content: () => Buffer, code: string][] = [
  [
    'a member of 20 MB of noughts',
    'x.zip',
    () => makeZip([{ name: 'a.xml', content: Buffer.alloc(20 * mebibyte), deflated: true }]),
    'import.zip-bomb',
  ],
  [
    'a member that grows a thousandfold',
    'x.zip',
    () => makeZip([{ name: 'a.xml', content: Buffer.alloc(15 * mebibyte, 'a'), deflated: true }]),
    'import.zip-bomb',
  ],
  [
    'many members that are large together',
    'x.zip',
    () =>
      makeZip(
        Array.from({ length: 20 }, (_, index) => ({
          name: `${index}.xml`,
          content: Buffer.from(`<x><!--${'a'.repeat(8 * mebibyte - 14)}--></x>`),
          size: 8 * mebibyte,
        })),
      ),
    'import.zip-bomb',
  ],
  [
    'members that share bytes',
    'x.zip',
    () => makeZip([good, { ...good, name: 'b.xml', offset: 0 }]),
    'import.zip-bomb',
  ],
  [
    'an archive in an archive',
    'x.zip',
    () => makeZip([{ name: 'inner.zip', content: makeZip([good]) }]),
    'import.nested-zip',
  ],
  [
    'a name that climbs',
    'x.zip',
    () => makeZip([{ ...good, name: '../../../../etc/cron.d/x.xml' }]),
    'import.zip-unsafe-name',
  ],
  [
    'a name that climbs as Windows does',
    'x.zip',
    () => makeZip([{ ...good, name: 'a\\..\\..\\b.xml' }]),
    'import.zip-unsafe-name',
  ],
  ['an absolute name', 'x.zip', () => makeZip([{ ...good, name: '/etc/x.xml' }]), 'import.zip-unsafe-name'],
  ['a link', 'x.zip', () => makeZip([{ ...good, unixMode: 0o120777 }]), 'import.zip-unsafe-name'],
  ['half an archive', 'x.zip', () => makeZip([good]).subarray(0, 40), 'import.zip-corrupt'],
  [
    'entities that expand to gigabytes',
    'x.xml',
    () => Buffer.from(`<!DOCTYPE x [<!ENTITY l0 "lol">${lol}]><sequence>&l9;</sequence>`),
    'import.doctype',
  ],
  [
    'an external entity',
    'x.xml',
    () => Buffer.from('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sequence>&e;</sequence>'),
    'import.doctype',
  ],
  [
    'an external entity of parameters',
    'x.xml',
    () => Buffer.from('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/x"> %e;]><sequence/>'),
    'import.doctype',
  ],
  [
    'an external document type',
    'x.xml',
    () => Buffer.from('<!DOCTYPE sequence SYSTEM "http://127.0.0.1:1/x.dtd"><sequence/>'),
    'import.doctype',
  ],
  [
    'an entity that nobody declared',
    'x.xml',
    () => sequence(step('', 'description="&bomb;"')),
    'import.unknown-entity',
  ],
  [
    'the same inside the text of an object',
    'x.zip',
    () =>
      makeZip([
        {
          name: 'object.xml',
          content: `<INSTANCE><PROPERTY NAME="Sequence"><VALUE>${escaped('<!DOCTYPE x [<!ENTITY a "b">]><sequence/>')}</VALUE></PROPERTY></INSTANCE>`,
        },
      ]),
    'import.doctype',
  ],
  [
    'an attribute of 100 MB',
    'x.xml',
    () => sequence(step('', `description="${'A'.repeat(100 * mebibyte)}"`)),
    'import.too-large',
  ],
  [
    'an attribute of 10 MB',
    'x.xml',
    () => sequence(step('', `description="${'A'.repeat(10 * mebibyte)}"`)),
    'import.too-large',
  ],
  [
    'an attribute of 100 MB in an archive',
    'x.zip',
    () =>
      makeZip([
        { name: 'a.xml', content: sequence(step('', `description="${'A'.repeat(100 * mebibyte)}"`)), deflated: true },
      ]),
    'import.zip-bomb',
  ],
  ['a million elements', 'x.xml', () => sequence('<group/>'.repeat(1_000_000)), 'import.too-large'],
  ['too many steps', 'x.xml', () => sequence('<group/>'.repeat(30_000)), 'import.too-large'],
  ['groups in groups without an end', 'x.xml', () => sequence('<group name="g">'.repeat(100_000)), 'import.too-deep'],
  [
    'more groups in groups than may be',
    'x.xml',
    () => sequence(`${'<group name="g">'.repeat(200)}${'</group>'.repeat(200)}`),
    'import.sequence-invalid',
  ],
  [
    'a thousand attributes',
    'x.xml',
    () => sequence(step('', Array.from({ length: 1000 }, (_, index) => `a${index}="x"`).join(' '))),
    'import.too-large',
  ],
  [
    'an attribute that is there twice',
    'x.xml',
    () => sequence(step('', 'runIn="WinPE" runIn="FullOS"')),
    'import.malformed-xml',
  ],
  [
    'two sequences of one id',
    'x.zip',
    () => makeZip([object('ABC00001', step()), { ...object('ABC00001', ''), name: 'b/object.xml' }]),
    'import.duplicate-id',
  ],
  ['a sequence that calls itself', 'x.zip', () => makeZip([object('ABC00001', call('abc00001'))]), 'import.cycle'],
  [
    'sequences that call each other',
    'x.zip',
    () => makeZip([object('ABC00001', call('ABC00002')), object('ABC00002', call('ABC00001'))]),
    'import.cycle',
  ],
  [
    'Latin 1 that says it is UTF-8',
    'x.xml',
    () => Buffer.from('<?xml version="1.0" encoding="utf-8"?><sequence name="Bücher"/>', 'latin1'),
    'import.wrong-encoding',
  ],
  [
    'an encoding that nobody uses',
    'x.xml',
    () => Buffer.from('<?xml version="1.0" encoding="EBCDIC-CP-US"?><sequence/>'),
    'import.wrong-encoding',
  ],
  ['UTF-32', 'x.xml', () => Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), 'import.wrong-encoding'],
  ['half a character of UTF-16', 'x.xml', () => Buffer.from([0xff, 0xfe, 0x3c]), 'import.wrong-encoding'],
  ['noughts', 'x.xml', () => Buffer.alloc(mebibyte), 'import.empty'],
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-hostile-'));
  writeFileSync(join(folder, 'good.xml'), sequence(step()));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that was made to do harm', () => {
  it.each(hostile)('with %s is refused, and the others are imported', async (_, name, content, code) => {
    writeFileSync(join(folder, name), content());
    const terminal = captureTerminal();
    const before = { time: performance.now(), memory: process.memoryUsage().rss };
    const exitCode = await runCli(['import', folder, '--dry-run', '-o', 'json'], terminal);
    const seconds = (performance.now() - before.time) / 1000;
    const grown = (process.memoryUsage().rss - before.memory) / mebibyte;
    const report = JSON.parse(terminal.stdout().split('\n').at(-1) ?? '') as {
      files: number;
      parsed: number;
      refused: number;
      results: { file: string; outcome: string; code?: string; message?: string }[];
    };
    expect([exitCode, report.files, report.parsed, report.refused]).toEqual([1, 2, 1, 1]);
    const [bad] = report.results.filter(({ file }) => file.endsWith(name));
    expect([bad?.outcome, bad?.code]).toEqual(['refused', code]);
    expect(bad?.message?.length).toBeGreaterThan(10);
    expect(bad?.message?.length).toBeLessThan(500);
    // What it takes at most by far: 16 MB of XML as text and as elements. A bomb that went off would take gigabytes.
    expect(grown).toBeLessThan(400);
    expect(seconds).toBeLessThan(20);
  });
});
