import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { parseXml } from './parse-xml.js';
import { newElement, writeXml } from './write-xml.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
/** What XML cannot have, as the writer says it. */
const possible = (value: string): string =>
  // oxlint-disable-next-line no-control-regex
  value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').toWellFormed();

describe('writing XML', () => {
  it('is read back by our reader as it was, whatever characters there are', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom(undefined, '  '), (value, inside, indent) => {
        const xml = writeXml(newElement('a', { b: value, C: 'x' }, [newElement('d', {}, [], inside)]), indent);
        const read = parseXml(xml);
        expect(read.attributes.get('b')).toEqual({ name: 'b', value: possible(value) });
        expect(read.children.map((one) => one.text)).toEqual([possible(inside)]);
      }),
      { numRuns: 500 },
    );
  });

  it('is read by another reader too, which makes blanks of line breaks in attributes unless they are references', () => {
    const xml = writeXml(newElement('a', { b: '1\n2\t3\r"<&>' }, [], ' x\r\n<&>"\' '));
    expect(xml).toBe('<a b="1&#10;2&#9;3&#13;&quot;&lt;&amp;&gt;"> x&#13;\n&lt;&amp;&gt;&quot;\' </a>');
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      trimValues: false,
      htmlEntities: true,
    });
    expect(parser.parse(xml)).toEqual({ a: { '@b': '1\n2\t3\r"<&>', '#text': ' x\r\n<&>"\' ' } });
  });

  it('leaves out attributes without a value and indents what has no text', () => {
    const tree = newElement('a', { b: undefined, c: '' }, [newElement('d'), newElement('e', {}, [], 'x')]);
    expect(writeXml(tree, ' ')).toBe('<a c="">\n <d />\n <e>x</e>\n</a>');
  });
});
