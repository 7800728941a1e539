import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { parseDocument } from '@muster/platform/errors.js';
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
    return schema ? parseDocument(schema, value, WHAT[metadata.type] ?? 'The value') : value;
  }
}
