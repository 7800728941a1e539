import { z } from 'zod';
import { AgentError } from '../identity/agent-error.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { SiteAnswer } from './transport.js';

/**
 * Parses the body of an answer; fields of a newer site are dropped.
 * @throws AgentError `server.invalid-answer`
 */
export function readAnswer<Value>(schema: z.ZodType<Value>, answer: SiteAnswer, path: string): Value {
  try {
    return parseTolerant(schema, JSON.parse(answer.body.toString('utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : 'it is not JSON';
    throw new AgentError('server.invalid-answer', `the site's answer to ${path} does not fit: ${why}`, {
      cause: error,
    });
  }
}
