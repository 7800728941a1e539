import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { KINDS } from '@muster/contracts/kinds/all.js';
import { parseDocument, parseInput } from '@muster/platform/errors.js';
import type { z } from 'zod';

const WHAT: Record<string, string> = {
  body: 'The body',
  query: 'The query',
  param: 'The address',
  custom: 'The value',
};

/** Validates what `@Body({schema})`, `@Query({schema})` and `@Param(name, {schema})` receive, all findings at once. */
export class SchemaPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = (metadata as { schema?: z.ZodType }).schema;
    if (!schema) return value;
    const what = WHAT[metadata.type] ?? 'The value';
    const kind = KINDS.find(({ input }) => input === schema);
    return kind ? parseInput(kind, value, what) : parseDocument(schema, value, what);
  }
}
