import { z } from 'zod';
import { LIMITS } from '@muster/sequence/limits.js';

const scalar = z.union([z.string().max(LIMITS.variableValueLength), z.number(), z.boolean()]).transform(String);

/** Also read-only ones, which real steps of the agent set; but not those of the engine itself. */
const simulatedName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'is no variable name')
  .refine((name) => !/^_SMSTS(InWinPE|LastAction.*|CurrentActionName)$/i.test(name), 'is set by the engine alone');

/** How one try of a step is pretended to end. */
export const simulatedStepSchema = z.strictObject({
  /** Absent: one with which the step succeeds. */
  exitCode: z.int().optional(),
  /** Variables the step would have set; an empty value deletes. */
  set: z.record(simulatedName, scalar).default({}),
  /** The step asks for a restart. */
  restart: z.boolean().default(false),
});

/** Outcomes by path of a step (`Group/Step`) or by its name; used in order, the last one repeats. */
export const simulationTableSchema = z.record(
  z.string().min(1),
  z.union([z.array(simulatedStepSchema).min(1), simulatedStepSchema.transform((one) => [one])]),
);

export type SimulatedStep = z.output<typeof simulatedStepSchema>;
export type SimulationTable = z.output<typeof simulationTableSchema>;

/** Gives out the outcomes of a table in order and knows which entries nobody asked for. */
export class SimulatedOutcomes {
  private readonly taken = new Map<string, number>();

  constructor(private readonly table: SimulationTable) {}

  /** The next outcome for a step: an entry for its path comes before one for its name; without any it succeeds. */
  next(path: string, name: string): SimulatedStep {
    const key = [path, name].find((candidate) => Object.hasOwn(this.table, candidate));
    const list = key === undefined ? undefined : this.table[key];
    if (key === undefined || !list) return { set: {}, restart: false };
    const index = this.taken.get(key) ?? 0;
    this.taken.set(key, index + 1);
    const outcome = list[Math.min(index, list.length - 1)];
    if (!outcome) throw new RangeError(`no outcome for "${key}"`);
    return outcome;
  }

  /** Gives them out from the beginning again. */
  rewind(): void {
    this.taken.clear();
  }

  /** Entries that no step used: a typing mistake, or a step that did not run. */
  unused(): string[] {
    return Object.keys(this.table).filter((key) => !this.taken.has(key));
  }
}
