import type { JsonSchema } from '@muster/sequence/steps/registry-schemas.js';

/** One line of a table of settings. */
export interface SettingRow {
  /** `partitions[].type` for what stands inside a list. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly description: string;
}

/** Lines for all fields of an object schema, those of nested objects below their parent. */
export function settingRows(schema: JsonSchema, defs = definitionsOf(schema), prefix = ''): SettingRow[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const own = Object.entries(asSchema(schema['properties'])).flatMap(([name, value]) => {
    const field = resolve(asSchema(value), defs);
    const row: SettingRow = {
      name: `${prefix}${name}`,
      type: typeOf(asSchema(value), defs),
      required: required.includes(name),
      default: asSchema(value)['default'] ?? field['default'],
      description: String(asSchema(value)['description'] ?? field['description'] ?? ''),
    };
    const nested = nestedObject(field, defs);
    return nested ? [row, ...settingRows(nested.schema, defs, `${prefix}${name}${nested.suffix}.`)] : [row];
  });
  const forms = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => alternatives(schema, keyword));
  const known = new Set(own.map(({ name }) => name));
  const others = forms.flatMap((form) => settingRows(resolve(form, defs), defs, prefix));
  return [...own, ...others.filter(({ name }) => !known.has(name) && known.add(name))];
}

/** A type in words: `whole number 0 to 99`, `` `GPT` or `MBR` ``. That variables may stand anywhere is not repeated. */
export function typeOf(schema: JsonSchema, defs: JsonSchema): string {
  const reference = schema['$ref'];
  if (typeof reference === 'string' && reference.endsWith('/Condition')) return 'condition';
  const { anyOf = schema['oneOf'], enum: words, const: word, type, ...limits } = resolve(schema, defs);
  if (Array.isArray(anyOf)) return oneOfTypes(anyOf.map(asSchema), defs);
  if (Array.isArray(words)) return words.map((entry) => `\`${String(entry)}\``).join(', ');
  if (word !== undefined) return `\`${String(word)}\``;
  if (type === 'integer' || type === 'number') {
    const kind = type === 'integer' ? 'whole number' : 'number';
    return [kind, range(limits['minimum'], limits['maximum'])].join(' ').trim();
  }
  if (type === 'boolean') return 'true or false';
  if (type === 'string') return ['text', characters(limits['minLength'], limits['maxLength'])].join(' ').trim();
  if (type === 'array') {
    const entry = typeOf(asSchema(limits['items']), defs);
    return entry === 'object' ? 'list' : `list: ${entry}`;
  }
  if (type === 'object') {
    const values = asSchema(limits['additionalProperties']);
    return limits['properties'] === undefined && Object.keys(values).length > 0
      ? `names with ${typeOf(values, defs)}`
      : 'object';
  }
  return 'anything';
}

function oneOfTypes(forms: readonly JsonSchema[], defs: JsonSchema): string {
  // The free text beside another form is there for %NAME%, or for a list written with commas.
  const main = forms.filter((form) => form['type'] !== 'string' || form['enum'] !== undefined);
  const kept = main.length > 0 ? main : forms;
  const words = [...new Set(kept.map((form) => typeOf(form, defs)))].join(' or ');
  return kept.every((form) => form['type'] === 'array') && kept.length < forms.length
    ? `${words}; or one text with commas`
    : words;
}

function nestedObject(field: JsonSchema, defs: JsonSchema): { schema: JsonSchema; suffix: string } | undefined {
  if (field['type'] === 'object' && field['properties'] !== undefined) return { schema: field, suffix: '' };
  if (field['type'] !== 'array') return undefined;
  const items = asSchema(field['items']);
  if (String(items['$ref']).endsWith('/Condition')) return undefined;
  const schema = resolve(items, defs);
  return schema['properties'] === undefined ? undefined : { schema, suffix: '[]' };
}

function range(minimum: unknown, maximum: unknown): string {
  const low = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return `${low} to ${high}`;
  if (low !== undefined) return `from ${low}`;
  return high === undefined ? '' : `up to ${high}`;
}

function characters(minimum: unknown, maximum: unknown): string {
  const words = range(typeof minimum === 'number' && minimum > 0 ? minimum : undefined, maximum);
  return words === '' ? '' : `of ${words} characters`;
}

function resolve(schema: JsonSchema, defs: JsonSchema): JsonSchema {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? asSchema(defs[reference.replace('#/$defs/', '')]) : schema;
}

function definitionsOf(schema: JsonSchema): JsonSchema {
  return asSchema(schema['$defs']);
}

function alternatives(schema: JsonSchema, keyword: string): JsonSchema[] {
  const forms = schema[keyword];
  return Array.isArray(forms) ? forms.map(asSchema) : [];
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}
