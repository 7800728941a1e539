import { XMLParser } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { ImportRefusal } from '../refusal.js';
import { decodeText } from './decode-text.js';
import { parseXml } from './parse-xml.js';
import { attribute, type XmlElement } from './xml-element.js';

/** The code and the message of a refusal. */
function refusal(work: () => unknown): [string, string] {
  try {
    work();
  } catch (error) {
    if (error instanceof ImportRefusal) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

describe('reading XML', () => {
  it('keeps elements in their order, with attributes, text, CDATA, entities and lines', () => {
    const root = parseXml(
      '\ufeff<!-- first --><?xml version="1.0"?>\n<a x="1 &lt; 2" Y=\'"\'>\n <b/>t&#65;&#x42;<![CDATA[<c>&amp;]]><x:B>2</x:B>\n</a>\n<!-- end -->',
    );
    expect([root.name, attribute(root, 'x'), attribute(root, 'y'), root.text.trim(), root.line]).toEqual([
      'a',
      '1 < 2',
      '"',
      'tAB<c>&amp;',
      2,
    ]);
    expect(root.children.map(({ name, writtenName, text, line }) => [name, writtenName, text, line])).toEqual([
      ['b', 'b', '', 3],
      ['b', 'x:B', '2', 3],
    ]);
  });

  it('forgives attributes without quotes', () => {
    expect(attribute(parseXml('<a x=true y = "2"/>'), 'x')).toBe('true');
  });

  it.each([
    ['', 'import.not-xml', 'line 1, column 1'],
    ['text', 'import.not-xml', 'line 1, column 1'],
    ['<a>', 'import.truncated', 'line 1, column 4'],
    ['<a>\n<b', 'import.truncated', 'line 2, column 3'],
    ['<a x="', 'import.truncated', 'line 1, column 7'],
    ['<a><!-- ', 'import.truncated', 'line 1, column 4'],
    ['<a><![CDATA[ ]]', 'import.truncated', 'line 1, column 4'],
    ['<a></b>', 'import.malformed-xml', 'line 1, column 4'],
    ['<a/></a>', 'import.malformed-xml', 'line 1, column 5'],
    ['<a/><b/>', 'import.malformed-xml', 'line 1, column 5'],
    ['<a/>text', 'import.malformed-xml', 'line 1, column 5'],
    ['<a x="1" X="2"/>', 'import.malformed-xml', 'line 1, column 10'],
    ['<a x="1"y="2"/>', 'import.malformed-xml', 'line 1, column 9'],
    ['<a x/>', 'import.malformed-xml', 'line 1, column 5'],
    ['<a>\n &nbsp;</a>', 'import.unknown-entity', 'line 2, column 2'],
    ['<a>& b</a>', 'import.unknown-entity', 'line 1, column 4'],
    ['<a>&#0;</a>', 'import.unknown-entity', 'line 1, column 4'],
    ['<a>&#xD800;</a>', 'import.unknown-entity', 'line 1, column 4'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'import.doctype', 'line 1, column 1'],
    ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'import.doctype', 'line 1, column 1'],
  ])('refuses %j with %s at %s', (text, code, place) => {
    const [found, message] = refusal(() => parseXml(text));
    expect([found, message.split(':')[0]]).toEqual([code, place]);
  });

  it('stops at its limits instead of using up the machine', () => {
    expect(refusal(() => parseXml('<a>'.repeat(1_000_000)))[0]).toBe('import.too-deep');
    expect(refusal(() => parseXml(`<a>${'<b/>'.repeat(600_000)}</a>`))[0]).toBe('import.too-large');
    expect(refusal(() => parseXml(`<a x="${'y'.repeat(9_000_000)}"/>`))[0]).toBe('import.too-large');
    expect(refusal(() => parseXml(`<a>${'y'.repeat(34_000_000)}</a>`))[0]).toBe('import.too-large');
    const attributes = Array.from({ length: 200 }, (_, index) => `a${index}="1"`).join(' ');
    expect(refusal(() => parseXml(`<a ${attributes}/>`))[0]).toBe('import.too-large');
  });

  it('finds in any XML the elements, attributes and texts that another parser finds', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const text = fc.string({ maxLength: 8 }).map((raw) => raw.replace(/[^ -~äß€]/g, ''));
    const attributes = fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true });
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.record({ name, attributes, text, children: fc.constant<Tree[]>([]) }),
        fc.record({ name, attributes, text, children: fc.array(tie('tree'), { maxLength: 3 }) }),
      ),
    }));
    const other = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: '',
      trimValues: false,
      parseTagValue: false,
      parseAttributeValue: false,
    });
    fc.assert(
      fc.property(tree, (one) => {
        const xml = write(one);
        expect(plain(parseXml(xml))).toEqual(plainOther((other.parse(xml) as Other[])[0] ?? {}));
      }),
      { numRuns: 300 },
    );
  });
});

interface Tree {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Tree[];
}

type Other = Record<string, unknown>;

function write({ name, attributes, text, children }: Tree): string {
  const escape = (raw: string): string =>
    raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('>', '&gt;');
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
  return `<${name}${pairs.join('')}>${escape(text)}${children.map(write).join('')}</${name}>`;
}

function plain({ name, attributes, text, children }: XmlElement): unknown {
  return [name, Object.fromEntries([...attributes].map(([key, { value }]) => [key, value])), text, children.map(plain)];
}

function plainOther(node: Other): unknown {
  const name = Object.keys(node).find((key) => key !== ':@') ?? '';
  const inside = node[name] as Other[];
  const text = inside.flatMap((one) => ('#text' in one ? [String(one['#text'])] : [])).join('');
  const elements = inside.filter((one) => !('#text' in one));
  return [name, { ...(node[':@'] as object | undefined) }, text, elements.map(plainOther)];
}

describe('decoding bytes', () => {
  const xml = '<?xml version="1.0"?><a>Bücher</a>';

  it.each([
    ['UTF-8', Buffer.from(xml)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${xml}`)],
    ['UTF-16LE with a byte order mark', Buffer.from(`\ufeff${xml}`, 'utf16le')],
    ['UTF-16LE without one', Buffer.from(xml, 'utf16le')],
    ['UTF-16BE with one', Buffer.from(`\ufeff${xml}`, 'utf16le').swap16()],
    ['UTF-8 that says UTF-16', Buffer.from(xml.replace('?>', ' encoding="utf-16"?>'))],
    ['Latin 1 that says so', Buffer.from(xml.replace('?>', ' encoding="ISO-8859-1"?>'), 'latin1')],
  ])('knows %s', (_, bytes) => {
    expect(parseXml(decodeText(bytes)).text).toBe('Bücher');
  });

  it.each([
    ['Latin 1 that says nothing', Buffer.from(xml, 'latin1'), 'import.wrong-encoding'],
    ['an encoding that nobody uses', Buffer.from(xml.replace('?>', ' encoding="EBCDIC"?>')), 'import.wrong-encoding'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), 'import.wrong-encoding'],
    ['half a character of UTF-16', Buffer.from([0xff, 0xfe, 0x3c]), 'import.wrong-encoding'],
    ['nothing', Buffer.alloc(0), 'import.empty'],
    ['noughts', Buffer.alloc(100), 'import.empty'],
  ])('refuses %s', (_, bytes, code) => {
    expect(refusal(() => decodeText(bytes))[0]).toBe(code);
  });
});
