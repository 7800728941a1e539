import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestSchema } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { describeError } from '../identity/agent-error.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { mayPass } from './may-pass.js';

const isUid = /^[0-9a-f-]{36}$/;

const preparationSchema = z.object({
  deployment: z.object({
    uid: z.string(),
    name: z.string(),
    /** Absent in files of agents before this field. */
    generation: z.number().optional(),
  }),
  body: digestSchema,
  /** `working`: content is looked for or fetched; `waiting`: until the next try; `ready`: it is there, or can be had. */
  state: z.enum(['working', 'waiting', 'ready']),
  /** Since when the run would go on if its content were there; absent: it is fetched ahead. */
  since: z.string().optional(),
  /** When it fails if its content has not come. */
  deadline: z.string().optional(),
  /** Failed ones. */
  tries: z.number().int(),
  nextTryAt: z.string().optional(),
  checkedAt: z.string().optional(),
  /** Versions that room in the cache is promised to. */
  room: z.array(digestSchema).optional(),
  /** Of the last try. */
  code: z.string().optional(),
  message: z.string().optional(),
  /** The run fails with this. */
  refused: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** What is done for the content of a run that has not begun. */
export type Preparation = z.infer<typeof preparationSchema>;

/** Preparations by deployment, `preparations/<uid>`: so that a restart keeps deadlines, and `muster-agent list` can tell. */
export class Preparations {
  private readonly known = new Map<string, Preparation>();

  /** Reads what is there; what is damaged is begun anew. Changes nothing. */
  constructor(
    private readonly folder: string,
    private readonly logger?: Logger,
  ) {
    for (const uid of existsSync(folder) ? readdirSync(folder) : []) {
      const found = isUid.test(uid) ? parse(readIfPresent(join(folder, uid))) : undefined;
      if (found) this.known.set(uid, found);
    }
  }

  of(deploymentUid: string): Preparation | undefined {
    return this.known.get(deploymentUid);
  }

  get all(): readonly Preparation[] {
    return [...this.known.values()];
  }

  /** Uids of the deployments that are prepared. */
  get deployments(): ReadonlySet<string> {
    return new Set(this.known.keys());
  }

  /** Keeps what is to be known of a run. A full disk does not stop it: a restart then begins anew. */
  note(preparation: Preparation): void {
    const { uid } = preparation.deployment;
    this.known.set(uid, preparation);
    try {
      replaceFile(join(this.folder, uid), `${JSON.stringify(preparation)}\n`);
    } catch (error) {
      if (!mayPass(error)) throw error;
      this.logger?.warn({ ...describeError(error), deployment: preparation.deployment.name }, 'a restart forgets this');
    }
  }

  forget(deploymentUid: string): void {
    if (this.known.delete(deploymentUid)) rmSync(join(this.folder, deploymentUid), { force: true });
  }
}

function parse(text: string | undefined): Preparation | undefined {
  try {
    return preparationSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
