import { IMPORT_LIMITS } from '../limits.js';
import { ImportRefusal, type TextPosition } from '../refusal.js';
import { decodeEntities } from './entities.js';
import type { XmlAttribute, XmlElement } from './xml-element.js';

/*
 * A small XML reader of our own. Sequences come from strangers, so it must stop at its limits while it reads and not
 * afterwards, know no document types at all, and say line and column of what is wrong; a general parser does neither.
 * It forgives what real files have: comments before the declaration, attributes without quotes.
 * The tests compare it with fast-xml-parser.
 */

/**
 * Reads one XML text.
 *
 * @throws ImportRefusal `import.malformed-xml`, `import.truncated`, `import.doctype`, `import.unknown-entity`,
 *   `import.too-large`, `import.too-deep`, `import.not-xml`, each with its place
 */
export function parseXml(text: string): XmlElement {
  if (text.length > IMPORT_LIMITS.xmlLength)
    throw new ImportRefusal('import.too-large', `the text has ${text.length} characters; ${limitText()} are read`);
  return new XmlReader(text).read();
}

const limitText = (): string => `${IMPORT_LIMITS.xmlLength / 1024 / 1024} MB`;
const nameAt = /[^\s<>/="'&]+/y;
const blankAt = /\s*/y;

class XmlReader {
  private at = 0;
  private elements = 0;
  private root: XmlElement | undefined;
  private readonly open: XmlElement[] = [];
  private line = 1;
  private lineStart = 0;
  private lineEnd: number | undefined;

  constructor(private readonly text: string) {}

  read(): XmlElement {
    const { text } = this;
    if (text.charCodeAt(0) === 0xfeff) this.at = 1;
    while (this.at < text.length) {
      const next = text.indexOf('<', this.at);
      const end = next < 0 ? text.length : next;
      if (end > this.at) this.takeText(end);
      if (next < 0) break;
      this.takeMarkup();
    }
    const inner = this.open.at(-1);
    if (inner)
      this.fail('import.truncated', `the file ends inside <${inner.writtenName}> of line ${inner.line}`, text.length);
    if (!this.root) this.fail('import.not-xml', 'there is no element in the file', 0);
    return this.root;
  }

  private takeText(end: number): void {
    const raw = this.text.slice(this.at, end);
    const inside = this.open.at(-1);
    if (inside) inside.text += this.decode(raw, this.at);
    else if (raw.trim() !== '') {
      const code = this.root ? 'import.malformed-xml' : 'import.not-xml';
      this.fail(code, `text stands outside of all elements: "${raw.trim().slice(0, 40)}"`, this.at);
    }
    this.at = end;
  }

  private takeMarkup(): void {
    const { text, at } = this;
    if (text.startsWith('<!--', at)) this.skipTo('-->', 4, 'a comment');
    else if (text.startsWith('<![CDATA[', at)) this.takeCdata();
    else if (text.startsWith('<?', at)) this.skipTo('?>', 2, 'a processing instruction');
    else if (text.startsWith('<!', at))
      this.fail('import.doctype', 'the file has a document type or entity declarations; they are never read', at);
    else if (text.startsWith('</', at)) this.closeElement();
    else this.openElement();
  }

  private skipTo(end: string, from: number, what: string): string {
    const start = this.at + from;
    const found = this.text.indexOf(end, start);
    if (found < 0) this.fail('import.truncated', `the file ends inside ${what}`, this.at);
    this.at = found + end.length;
    return this.text.slice(start, found);
  }

  private takeCdata(): void {
    const { at } = this;
    const inside = this.open.at(-1);
    const raw = this.skipTo(']]>', 9, 'a CDATA section');
    if (!inside) this.fail('import.malformed-xml', 'a CDATA section stands outside of all elements', at);
    this.checkLength(raw, at);
    inside.text += raw;
  }

  private closeElement(): void {
    const { at } = this;
    const name = this.skipTo('>', 2, 'an end tag').trim();
    const inner = this.open.pop();
    if (inner?.writtenName === name) return;
    const wanted = inner ? `</${inner.writtenName}> (of line ${inner.line})` : 'nothing';
    this.fail('import.malformed-xml', `</${name.slice(0, 40)}> closes where ${wanted} is open`, at);
  }

  private openElement(): void {
    const start = this.at;
    this.at++;
    const writtenName = this.takeName('the name of an element');
    if (this.open.length >= IMPORT_LIMITS.xmlDepth)
      this.fail('import.too-deep', `elements nest deeper than ${IMPORT_LIMITS.xmlDepth}`, start);
    if (++this.elements > IMPORT_LIMITS.xmlElements)
      this.fail('import.too-large', `there are more than ${IMPORT_LIMITS.xmlElements} elements`, start);
    const attributes = new Map<string, XmlAttribute>();
    const line = this.position(start).line;
    const closed = this.takeAttributes(attributes);
    const name = writtenName.slice(writtenName.lastIndexOf(':') + 1).toLowerCase();
    const element: XmlElement = { name, writtenName, attributes, children: [], text: '', line };
    const parent = this.open.at(-1);
    if (parent) parent.children.push(element);
    else if (this.root) this.fail('import.malformed-xml', `there is a second root element <${writtenName}>`, start);
    else this.root = element;
    if (!closed) this.open.push(element);
  }

  /** Up to the end of the start tag; true when that closes the element too. */
  private takeAttributes(attributes: Map<string, XmlAttribute>): boolean {
    const { text } = this;
    for (;;) {
      const before = this.at;
      this.skipBlanks();
      const character = text[this.at];
      if (character === undefined) this.fail('import.truncated', 'the file ends inside a tag', before);
      if (character === '>') {
        this.at++;
        return false;
      }
      if (character === '/' && text[this.at + 1] === '>') {
        this.at += 2;
        return true;
      }
      const start = this.at;
      if (start === before) this.fail('import.malformed-xml', 'a blank is missing between attributes', start);
      const name = this.takeName('the name of an attribute');
      const value = this.takeValue(name);
      const key = name.toLowerCase();
      if (attributes.has(key)) this.fail('import.malformed-xml', `the attribute "${name}" is there twice`, start);
      if (attributes.size >= IMPORT_LIMITS.xmlAttributes)
        this.fail('import.too-large', `an element has more than ${IMPORT_LIMITS.xmlAttributes} attributes`, start);
      attributes.set(key, { name, value });
    }
  }

  private takeValue(name: string): string {
    const { text } = this;
    this.skipBlanks();
    if (text[this.at] === undefined) this.fail('import.truncated', 'the file ends inside a tag', this.at);
    if (text[this.at] !== '=')
      this.fail('import.malformed-xml', `the attribute "${name.slice(0, 40)}" has no value`, this.at);
    this.at++;
    this.skipBlanks();
    const quote = text[this.at];
    if (quote === undefined) this.fail('import.truncated', 'the file ends inside a tag', this.at);
    if (quote !== '"' && quote !== "'") return this.takeName('a value');
    const start = this.at + 1;
    const end = text.indexOf(quote, start);
    if (end < 0) this.fail('import.truncated', `the file ends inside the attribute "${name.slice(0, 40)}"`, start);
    const raw = text.slice(start, end);
    this.at = end + 1;
    return this.decode(raw, start);
  }

  private takeName(what: string): string {
    nameAt.lastIndex = this.at;
    const name = nameAt.exec(this.text)?.[0];
    if (name === undefined || name.length > 1000)
      this.fail('import.malformed-xml', `${what} is missing or wrong`, this.at);
    this.at += name.length;
    return name;
  }

  private skipBlanks(): void {
    blankAt.lastIndex = this.at;
    this.at += blankAt.exec(this.text)?.[0].length ?? 0;
  }

  private decode(raw: string, at: number): string {
    this.checkLength(raw, at);
    if (!raw.includes('&')) return raw;
    const decoded = decodeEntities(raw);
    if ('text' in decoded) return decoded.text;
    return this.fail('import.unknown-entity', decoded.problem, at + decoded.index);
  }

  private checkLength(raw: string, at: number): void {
    if (raw.length > IMPORT_LIMITS.xmlValueLength)
      this.fail(
        'import.too-large',
        `a value has ${raw.length} characters; ${IMPORT_LIMITS.xmlValueLength} are read`,
        at,
      );
  }

  private fail(code: string, message: string, at: number): never {
    throw new ImportRefusal(code, message, this.position(at));
  }

  /** Counts each line once while the reader goes on; an earlier place than the last asked counts again. */
  private position(at: number): TextPosition {
    if (at < this.lineStart) {
      this.line = 1;
      this.lineStart = 0;
      this.lineEnd = this.endOfLine(0);
    }
    this.lineEnd ??= this.endOfLine(0);
    while (this.lineEnd < at) {
      this.line++;
      this.lineStart = this.lineEnd + 1;
      this.lineEnd = this.endOfLine(this.lineStart);
    }
    return { line: this.line, column: at - this.lineStart + 1 };
  }

  private endOfLine(from: number): number {
    const end = this.text.indexOf('\n', from);
    return end < 0 ? this.text.length : end;
  }
}
