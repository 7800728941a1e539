import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { LIMITS } from '@muster/sequence/limits.js';
import { writableNameProblem } from '@muster/sequence/names.js';
import type { RunStarted } from '@muster/sequence/run.js';
import { reasonOf } from '../journal/journal-error.js';
import { type SimulationTable, simulationTableSchema } from '../runner/simulation-table.js';

/** A file of the command line that cannot be used; `code` is stable. */
export class InputFileError extends Error {
  override readonly name = 'InputFileError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const value = z.string().max(LIMITS.variableValueLength);
const layer = z
  .record(z.string(), z.union([value, z.strictObject({ value, secret: z.boolean().optional() })]))
  .superRefine((variables, context) => {
    for (const name of Object.keys(variables)) {
      const problem = writableNameProblem(name.trim());
      if (problem) context.addIssue({ code: 'custom', path: [name], message: problem.message });
    }
  });

const variablesFileSchema = z.strictObject({
  media: layer.optional(),
  device: layer.optional(),
  collections: z
    .array(z.strictObject({ id: z.string().min(1), priority: z.int().min(1).max(9).optional(), variables: layer }))
    .optional(),
});

/**
 * Reads a text file.
 * @throws InputFileError `document.not-readable`: absent, a folder, no UTF-8
 */
export function readTextFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new InputFileError('document.not-readable', `cannot read ${path}: ${reasonOf(error)}`);
  }
}

/**
 * The outcomes of `--simulate FILE`; an empty file is an empty table.
 * @throws InputFileError `document.not-readable`, `simulation.invalid`
 */
export function readSimulation(path: string): SimulationTable {
  return readYaml(path, simulationTableSchema, 'simulation.invalid', {});
}

/**
 * The layers of `--variables FILE`.
 * @throws InputFileError `document.not-readable`, `variables.invalid`
 */
export function readVariables(path: string): RunStarted['variables'] {
  return readYaml(path, variablesFileSchema, 'variables.invalid', {});
}

function readYaml<S extends z.ZodType>(path: string, schema: S, code: string, empty: unknown): z.output<S> {
  const text = readTextFile(path);
  let content: unknown;
  try {
    content = (parse(text) as unknown) ?? empty;
  } catch (error) {
    throw new InputFileError(code, `${path} is not YAML: ${reasonOf(error).split('\n')[0] ?? ''}`);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `/${issue.path.map(String).join('/')}: ${issue.message}`);
  throw new InputFileError(code, `${path} is not valid: ${wrong.join('; ')}`);
}
