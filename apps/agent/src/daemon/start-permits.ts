import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestSchema } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const isUid = /^[0-9a-f-]{36}$/;

const permitSchema = z.object({
  deployment: z.object({ uid: z.string(), name: z.string() }),
  body: digestSchema,
  /** The run that is asked for has this id however often it is asked for: the site gives one permit for it. */
  runId: z.string(),
  /** How far the rollout was when it was asked. */
  change: z.int(),
  /** Granted: the run begins before, or asks again. */
  startBefore: z.string().optional(),
  /** Refused: asked again then, or when the rollout is further. */
  askAgainAt: z.string().optional(),
  /** Times without an answer, one after the other. */
  failures: z.int().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** What the site last said of the start of a deployment. */
export type StartPermit = z.infer<typeof permitSchema>;

/** What is to be done before a run of a deployment that is rolled out may begin. */
export type PermitVerdict =
  /** With when it is too old. */
  | { readonly verdict: 'start'; readonly runId: string; readonly until: number }
  | { readonly verdict: 'ask'; readonly runId: string | undefined }
  | { readonly verdict: 'wait'; readonly until: number; readonly says: string };

/**
 * Judges what is known of the permit of a deployment; undefined: it needs none. A refusal counts until it is time to ask
 * again or the rollout is further, and only for the body that it was about.
 */
export function judgePermit(
  { body, rollout }: Assignment,
  known: StartPermit | undefined,
  now: number,
): PermitVerdict | undefined {
  if (!rollout) return undefined;
  if (!known || known.body !== body) return { verdict: 'ask', runId: undefined };
  const { runId, startBefore, askAgainAt, change, code, message } = known;
  const good = Date.parse(startBefore ?? '');
  if (now < good) return { verdict: 'start', runId, until: good };
  const until = Date.parse(askAgainAt ?? '');
  if (now < until && change === rollout.change)
    return { verdict: 'wait', until, says: `waits for a start permit: ${message ?? code ?? ''}` };
  return { verdict: 'ask', runId };
}

/** Permits by deployment, `permits/<uid>`: so that a permit is used after a restart, and `muster-agent list` can tell of refusals. */
export class StartPermits {
  private readonly known = new Map<string, StartPermit>();

  /** Reads what is there; what is damaged is asked for anew. Changes nothing. */
  constructor(
    private readonly folder: string,
    private readonly logger?: Logger,
  ) {
    for (const uid of existsSync(folder) ? readdirSync(folder) : []) {
      const found = isUid.test(uid) ? parse(readIfPresent(join(folder, uid))) : undefined;
      if (found) this.known.set(uid, found);
    }
  }

  judge(assignment: Assignment, now: number): PermitVerdict | undefined {
    return judgePermit(assignment, this.known.get(assignment.deployment.uid), now);
  }

  of(deploymentUid: string): StartPermit | undefined {
    return this.known.get(deploymentUid);
  }

  /** On return it is durable: a run id that was asked for is asked for again after a crash. */
  note(permit: StartPermit): void {
    const { uid, name } = permit.deployment;
    replaceFile(join(this.folder, uid), `${JSON.stringify(permit)}\n`);
    this.known.set(uid, permit);
    this.logger?.debug({ deployment: name, code: permit.code }, 'start permit noted');
  }

  /** The run has begun, or the deployment is gone. */
  forget(deploymentUid: string): void {
    if (this.known.delete(deploymentUid)) rmSync(join(this.folder, deploymentUid), { force: true });
  }

  /** Forgets what no deployment here asks for any more, and permits of runs that have begun: only a crash leaves such. */
  keepOnly(assignments: readonly Assignment[], hasBegun: (runId: string) => boolean): void {
    const wanted = new Set(assignments.filter(({ rollout }) => rollout).map(({ deployment }) => deployment.uid));
    for (const [uid, { runId }] of this.known) if (!wanted.has(uid) || hasBegun(runId)) this.forget(uid);
  }
}

function parse(text: string | undefined): StartPermit | undefined {
  try {
    return permitSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
