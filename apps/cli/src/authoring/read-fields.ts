import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/**
 * `settings.command=ls`, `timeoutSeconds=60`, `condition-` as one object to merge: null removes.
 *
 * @throws CliError `cli.field`
 */
export function readFields(assignments: readonly string[]): Record<string, unknown> {
  const root: Fields = new Map();
  for (const assignment of assignments) {
    const { path, value } = readOne(assignment);
    let fields = root;
    for (const key of path.slice(0, -1)) {
      const inner = fields.get(key);
      const next: Fields = inner instanceof Map ? inner : new Map<string, unknown>();
      fields.set(key, next);
      fields = next;
    }
    fields.set(path.at(-1) ?? '', value);
  }
  return toObject(root);
}

type Fields = Map<string, unknown>;

function readOne(assignment: string): { path: string[]; value: unknown } {
  const [, name = '', removed, text = ''] = /^([^=]*?)(?:(-)|=([^]*))$/.exec(assignment) ?? [];
  const path = name.split('.');
  if (path.some((part) => part === '')) {
    throw new CliError(
      'cli.field',
      `"${assignment}" is neither FIELD=VALUE nor FIELD-; write settings.command=ls, or condition- to remove it`,
      EXIT_CODES.usage,
    );
  }
  return { path, value: removed ? null : valueOf(text) };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function toObject(fields: Fields): Record<string, unknown> {
  return Object.fromEntries([...fields].map(([key, value]) => [key, value instanceof Map ? toObject(value) : value]));
}
