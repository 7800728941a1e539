import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { AGENT_REQUESTS } from '@muster/contracts/agent/requests.js';
import { KINDS } from '@muster/contracts/kinds/all.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import { unstorableTexts } from '@muster/contracts/unstorable-text.js';
import { MusterError, parseDocument, parseInput } from '@muster/platform/errors.js';
import type { z } from 'zod';

const WHAT: Record<string, string> = {
  body: 'The body',
  query: 'The query',
  param: 'The address',
  custom: 'The value',
};

/**
 * Validates what `@Body({schema})`, `@Query({schema})` and `@Param(name, {schema})` receive, all findings at once. What has no schema, as
 * the messages of gRPC, must at least be text that can be kept and asked for.
 */
export class SchemaPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = (metadata as { schema?: z.ZodType }).schema;
    const what = WHAT[metadata.type] ?? 'The value';
    if (!schema) return keepable(value, what);
    if (AGENT_REQUESTS.has(schema)) return parseAgentRequest(schema, value, what);
    const kind = KINDS.find(({ input }) => input === schema);
    return kind ? parseInput(kind, value, what) : parseDocument(schema, value, what);
  }
}

function keepable(value: unknown, what: string): unknown {
  const findings = unstorableTexts(value);
  const [first] = findings;
  if (!first) return value;
  const message = `${what} is not valid: ${first.path || '/'}: ${first.message}`;
  throw new MusterError('invalid', 'document.invalid', message, { findings });
}

function parseAgentRequest(schema: z.ZodType, value: unknown, what: string): unknown {
  try {
    return parseTolerant(schema, value);
  } catch {
    // Something that matters is wrong too: say all of it.
    return parseDocument(schema, value, what);
  }
}
