import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { AGENT_REQUESTS } from '@muster/contracts/agent/requests.js';
import { KINDS } from '@muster/contracts/kinds/all.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
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
    if (AGENT_REQUESTS.has(schema)) return parseAgentRequest(schema, value, what);
    const kind = KINDS.find(({ input }) => input === schema);
    return kind ? parseInput(kind, value, what) : parseDocument(schema, value, what);
  }
}

function parseAgentRequest(schema: z.ZodType, value: unknown, what: string): unknown {
  try {
    return parseTolerant(schema, value);
  } catch {
    // Something that matters is wrong too: say all of it.
    return parseDocument(schema, value, what);
  }
}
