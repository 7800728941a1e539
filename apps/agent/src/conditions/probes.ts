import {
  type ProbeAnswer,
  type WorldExpression,
  type WorldExpressionKind,
  type WorldExpressionOf,
  expressionKind,
} from '@muster/sequence/conditions/model.js';
import { reasonOf } from '../journal/journal-error.js';

/** How this computer answers each kind of expression; adding a kind is one file and one entry. */
type Probes = { readonly [K in WorldExpressionKind]?: (expression: WorldExpressionOf<K>) => Promise<ProbeAnswer> };

const probes: Probes = {};

/** Answers one question about this computer. Never throws: what cannot be answered says why. */
export async function answerProbe(question: WorldExpression): Promise<ProbeAnswer> {
  const kind = expressionKind(question) as WorldExpressionKind;
  const probe = probes[kind] as ((expression: WorldExpression) => Promise<ProbeAnswer>) | undefined;
  if (!probe) {
    const message = `this computer cannot answer conditions of the kind "${kind}"`;
    return { error: { code: 'condition.kind-unsupported', message } };
  }
  try {
    return await probe(question);
  } catch (error) {
    return { error: { code: 'condition.probe-failed', message: reasonOf(error).slice(0, 1000) } };
  }
}
