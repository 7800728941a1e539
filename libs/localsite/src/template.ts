import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from './repository.js';

/** Replaces every `@NAME@` of the text by its value; a placeholder without a value is a bug and throws. */
export function fillTemplate(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/@([A-Z_]+)@/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`template placeholder ${placeholder} has no value`);
    return String(value);
  });
}

/** Reads a file of `deploy/local` and fills its placeholders. */
export function readTemplate(name: string, values: Readonly<Record<string, string | number>>): string {
  return fillTemplate(readFileSync(join(repositoryFolder(), 'deploy', 'local', name), 'utf8'), values);
}
