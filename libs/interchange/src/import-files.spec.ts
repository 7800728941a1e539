import { importFiles, type ImportedFile, type SourceFile } from './import-files.js';
import { ImportRefusal } from './refusal.js';
import { importTotals } from './totals.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (label: string, text: string): SourceFile => ({
  label,
  archive: false,
  members: [{ path: label, bytes: bytes(text) }],
});
const archive = (label: string, members: Record<string, string>): SourceFile => ({
  label,
  archive: true,
  members: Object.entries(members).map(([path, text]) => ({ path, bytes: bytes(text) })),
});

const step = '<step type="SMS_TaskSequence_RunCommandLineAction" name="S"><action>smsswd.exe /run: x</action></step>';
const group = `<group name="G">${step}</group>`;
const sequence = `<sequence version="3.10">${group}</sequence>`;
const escaped = sequence.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const object = (id: string, name: string, text: string): string =>
  `<INSTANCE CLASSNAME="SMS_TaskSequencePackage"><PROPERTY NAME="PackageID"><VALUE>${id}</VALUE></PROPERTY><PROPERTY NAME="Name"><QUALIFIER NAME="x"><VALUE>no</VALUE></QUALIFIER><VALUE>${name}</VALUE></PROPERTY><PROPERTY NAME="Duration"><VALUE>90</VALUE></PROPERTY><PROPERTY NAME="BootImageID"><VALUE>ABC00001</VALUE></PROPERTY><PROPERTY NAME="Sequence"><VALUE>${text}</VALUE></PROPERTY></INSTANCE>`;

function one(source: SourceFile): ImportedFile {
  const [result] = importFiles([source]).files;
  if (!result) throw new Error('no result');
  return result;
}

describe('the shapes in which sequences come', () => {
  it.each([
    ['bare', sequence],
    ['bare, in other letters', sequence.replaceAll('sequence', 'SEQUENCE').replaceAll('step', 'Step')],
    ['escaped as a whole', escaped],
    ['behind a comment and a declaration', `<!-- c -->\n<?xml version="1.0"?>${sequence}`],
    ['a group alone', group],
    ['an object with escaped text', object('ABC00012', 'N', escaped)],
    ['an object with CDATA', object('ABC00012', 'N', `<![CDATA[${sequence}]]>`)],
    [
      'the envelope of 2007',
      `<SmsTaskSequencePackage><Name>N</Name><SequenceData>${sequence}</SequenceData></SmsTaskSequencePackage>`,
    ],
    [
      'the envelope of 2007, escaped',
      `<SmsTaskSequencePackage><Name>N</Name><SequenceData>${escaped}</SequenceData></SmsTaskSequencePackage>`,
    ],
    ['inside something unknown', `<Whatever><x>${sequence}</x></Whatever>`],
  ])('%s', (_, text) => {
    const { outcome, sequences } = one(file('a/My Sequence.xml', text));
    expect([outcome, sequences.length]).toEqual(['imported', 1]);
    expect(sequences[0]?.document.spec.steps).toEqual([
      { group: 'G', steps: [{ step: 'S', type: 'RunCommandLine', settings: { command: 'x' } }] },
    ]);
  });

  it('a step alone, and a sequence without anything', () => {
    expect(one(file('x.xml', step)).sequences[0]?.document.spec.steps).toHaveLength(1);
    expect(one(file('x.xml', '<sequence version="3.10" />')).sequences[0]?.document.spec.steps).toEqual([]);
  });

  it('takes name, description, run time and id from the object around it', () => {
    const [imported] = one(file('x.xml', object('ABC00012', 'Größe &amp; Co', escaped))).sequences;
    expect(imported?.document.metadata).toEqual({
      name: 'gro-e-co',
      displayName: 'Größe & Co',
      labels: { 'import/origin': 'configmgr', 'import/id': 'ABC00012' },
    });
    expect(imported?.document.spec.maximumRunTimeMinutes).toBe(90);
    expect(imported?.findings.map(({ code }) => code)).toEqual(['import.fact-left-out']);
  });

  it('takes global variables, and their secrets not', () => {
    const list =
      '<globalVarList><variable name="A">1</variable><variable name="_B">2</variable><variable name="a">3</variable><variable name="AdminPassword">x9</variable></globalVarList>';
    const [imported] = one(file('x.xml', `<sequence>${list}</sequence>`)).sequences;
    expect(imported?.document.spec.variables).toEqual({ a: '3' });
    expect(imported?.findings.map(({ code }) => code)).toEqual([
      'import.variable-left-out',
      'import.variable-twice',
      'import.secret-removed',
    ]);
  });
});

describe('archives', () => {
  it('name ids, link child sequences of the same import, and list what is no sequence', () => {
    const call =
      '&lt;sequence&gt;&lt;subtasksequence name="C"&gt;&lt;defaultVarList&gt;&lt;variable name="x" property="TsPackageID"&gt;ABC00013&lt;/variable&gt;&lt;/defaultVarList&gt;&lt;/subtasksequence&gt;&lt;/sequence&gt;';
    const { outcome, sequences, others } = one(
      archive('x.zip', {
        'Manifest.xml': '<LibraryDocument/>',
        'SMS_TaskSequencePackage/ABC00012/object.xml': object('ABC00012', 'Parent', call),
        'SMS_TaskSequencePackage/ABC00013/object.xml': object('ABC00013', 'Child', escaped),
      }),
    );
    expect(outcome).toBe('imported');
    expect(sequences.map(({ document }) => document.metadata.name)).toEqual(['parent', 'child']);
    expect(sequences[0]?.document.spec.steps).toMatchObject([{ sequence: 'child' }]);
    expect(sequences[0]?.references).toMatchObject([{ id: 'ABC00013', name: 'child', bound: true }]);
    expect(others).toEqual([{ path: 'Manifest.xml', what: 'the manifest of a ConfigMgr export' }]);
  });

  it('of MDT shares call sequences as the share does', () => {
    const list = '<tss><ts guid="{1}"><Name>Deploy Windows</Name><ID>W1</ID></ts></tss>';
    const { sequences } = one(archive('c.zip', { 'Control/W1/ts.xml': sequence, 'Control/TaskSequences.xml': list }));
    expect(sequences[0]?.document.metadata).toMatchObject({ name: 'deploy-windows', displayName: 'Deploy Windows' });
  });

  it('give equal names a number', () => {
    const names = importFiles([file('a/x.xml', sequence), file('b/x.xml', sequence)]).files;
    expect(names.flatMap(({ sequences }) => sequences.map(({ document }) => document.metadata.name))).toEqual([
      'x',
      'x-2',
    ]);
  });
});

describe('findings', () => {
  it('are kept up to a number, and the last one says so', () => {
    const [imported] = one(
      file('x.xml', `<sequence>${'<step name="a" type="B_C"/>'.repeat(5100)}</sequence>`),
    ).sequences;
    expect([imported?.findings.length, imported?.findings.at(-1)?.code]).toEqual([5001, 'import.findings-cut']);
    expect(imported?.counts).toMatchObject({ steps: 5100, unmapped: 5100, dropped: 0 });
  });
});

describe('what is refused', () => {
  it.each([
    ['x.ini', '[Settings]\nPriority=Default', 'not-a-sequence', 'import.not-a-sequence', /rules file/],
    ['x.txt', '; a comment\n[Settings]', 'not-a-sequence', 'import.not-a-sequence', /rules file/],
    ['x.xml', '<unattend/>', 'not-a-sequence', 'import.not-a-sequence', /answer file/],
    ['x.xml', '<constructor/>', 'not-a-sequence', 'import.not-a-sequence', /another kind/],
    ['x.xml', '<INSTANCE CLASSNAME="SMS_Package"/>', 'not-a-sequence', 'import.not-a-sequence', /SMS_Package/],
    ['x.xml', 'hello', 'refused', 'import.not-xml', /element/],
    ['x.xml', '', 'refused', 'import.empty', /empty/],
    ['x.xml', ' \n ', 'refused', 'import.empty', /blanks/],
    ['x.xml', sequence.slice(0, 90), 'refused', 'import.truncated', /line 1/],
    ['x.xml', object('A', 'N', '&lt;sequence&gt;'), 'refused', 'import.truncated', /line 1/],
    ['x.xml', object('A', 'N', '&lt;other/&gt;'), 'refused', 'import.not-a-sequence', /no sequence/],
    ['x.xml', '<SmsTaskSequencePackage/>', 'refused', 'import.not-a-sequence', /SequenceData/],
    [
      'x.xml',
      '<sequence>'.concat('<group name="g">'.repeat(200), '</group>'.repeat(200), '</sequence>'),
      'refused',
      'import.sequence-invalid',
      /too-deep/,
    ],
    [
      'x.xml',
      `<sequence><step name="a" type="B_C"><action>${'x'.repeat(2_200_000)}</action></step></sequence>`,
      'refused',
      'import.sequence-invalid',
      /too-large/,
    ],
    ['x.xml', `<sequence>${'<step/>'.repeat(20_001)}</sequence>`, 'refused', 'import.too-large', /20001/],
    ['x.xml', '&lt;sequence&gt;&bad;', 'refused', 'import.unknown-entity', /bad/],
  ])('%s %#: %s', (label, text, outcome, code, message) => {
    expect(one(file(label, text))).toMatchObject({
      outcome,
      code,
      message: expect.stringMatching(message),
      sequences: [],
    });
  });

  it('does not stop the others', () => {
    const { files } = importFiles([
      file('bad.xml', '<'),
      { label: 'gone.xml', archive: false, members: new ImportRefusal('import.not-readable', 'gone') },
      file('good.xml', sequence),
      archive('half.zip', { 'a.xml': '<a', 'ts.xml': sequence }),
    ]);
    expect(files.map(({ file: label, outcome, code, sequences }) => [label, outcome, code, sequences.length])).toEqual([
      ['bad.xml', 'refused', 'import.malformed-xml', 0],
      ['gone.xml', 'refused', 'import.not-readable', 0],
      ['good.xml', 'imported', undefined, 1],
      ['half.zip', 'refused', 'import.truncated', 1],
    ]);
    expect(importTotals({ files, unusedBindings: [] })).toMatchObject({
      files: 4,
      parsed: 1,
      refused: 3,
      sequences: 2,
      groups: 2,
      steps: 2,
      dropped: 0,
    });
  });

  it('says which elements have no place, and every node that is lost with them', () => {
    const inside = `<group name="G"><extra>${step}</extra><step name="T" type="A_B"><action>${group}</action></step></group><more/>`;
    const [imported] = one(file('x.xml', `<sequence>${inside}</sequence>`)).sequences;
    const left = imported?.findings
      .filter(({ code }) => code === 'import.element-left-out')
      .map(({ message }) => message);
    expect(imported?.counts.dropped).toBe(3);
    expect(left).toEqual([
      '<extra> of line 1 has no place here and is left out',
      '<more> has no place here',
      '<step> S stands inside <extra>, where no step can; it is left out',
      '<group> G stands inside <action>, where no step can; it is left out',
      '<step> S stands inside <group>, where no step can; it is left out',
    ]);
  });
});
