import { attribute, childrenNamed, type XmlElement } from '../xml/xml-element.js';

/** One `variable` of a step: `property` is the setting, `name` the variable that it is published as. */
export interface SourceProperty {
  readonly property: string;
  readonly name: string;
  readonly value: string;
  readonly hidden: boolean;
}

/** A step as the file has it. Remembers which of its facts were used, so that nothing is lost unseen. */
export class SourceStep {
  readonly type: string;
  readonly name: string;
  readonly action: string;
  readonly properties: readonly SourceProperty[];
  private readonly used = new Set<SourceProperty>();

  constructor(readonly element: XmlElement) {
    this.type = (attribute(element, 'type') ?? '').trim();
    this.name = attribute(element, 'name') ?? '';
    this.action = childrenNamed(element, 'action')
      .map(({ text }) => text.trim())
      .filter((text) => text !== '')
      .join('\n');
    this.properties = childrenNamed(element, 'defaultvarlist').flatMap((list) => readVariables(list));
  }

  /** The value of a property, or of a variable of that name; undefined when neither is there. Counts as used. */
  take(property: string): string | undefined {
    const found = this.find(property);
    for (const one of found) this.used.add(one);
    return found.at(-1)?.value;
  }

  /** The same for a property that a table will take. */
  peek(property: string): string | undefined {
    return this.find(property).at(-1)?.value;
  }

  /** The entries of a list that is written as numbered properties: `Partitions0Type` of `Partitions`. By number. */
  takeList(prefix: string): Map<string, string>[] {
    const pattern = new RegExp(`^${prefix}(\\d{1,4})([A-Za-z]*)$`, 'i');
    const entries = new Map<number, Map<string, string>>();
    for (const one of this.properties) {
      const match = pattern.exec(one.property);
      if (!match) continue;
      this.used.add(one);
      const index = Number(match[1]);
      const entry = entries.get(index) ?? new Map<string, string>();
      entries.set(index, entry.set((match[2] ?? '').toLowerCase(), one.value));
    }
    return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  }

  /** Says that properties are derived from others and need no place of their own. */
  ignore(...properties: (string | RegExp)[]): void {
    for (const one of this.properties)
      if (
        properties.some((which) =>
          typeof which === 'string' ? sameWord(one.property, which) : which.test(one.property),
        )
      )
        this.used.add(one);
  }

  /** Properties that nobody took. */
  rest(): SourceProperty[] {
    return this.properties.filter((one) => !this.used.has(one));
  }

  private find(property: string): SourceProperty[] {
    const wanted = property.toLowerCase();
    const same = this.properties.filter((one) => one.property.toLowerCase() === wanted);
    return same.length > 0 ? same : this.properties.filter((one) => one.name.toLowerCase() === wanted);
  }

  markUsed(property: SourceProperty): void {
    this.used.add(property);
  }
}

/** The `variable` elements of a list. Pretty-printers put blanks around values; scripts are encoded, so trimming is safe. */
export function readVariables(list: XmlElement): SourceProperty[] {
  return childrenNamed(list, 'variable').map((variable) => {
    const name = (attribute(variable, 'name') ?? '').trim();
    return {
      name,
      property: (attribute(variable, 'property') ?? name).trim(),
      value: variable.text.trim(),
      hidden: sameWord(attribute(variable, 'hidden') ?? '', 'true'),
    };
  });
}

export function sameWord(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
