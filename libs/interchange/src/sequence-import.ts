import { LIMITS } from '@muster/sequence/limits.js';
import type { ImportFinding, FindingPlace } from './findings.js';
import { IMPORT_LIMITS } from './limits.js';
import type { References } from './references.js';
import { withoutSecrets } from './secrets.js';
import type { SequenceOrigin } from './source/find-sequences.js';

/** What became of the steps of one type. */
export interface TypeCount {
  /** Type in the file; `(none)` for a step without one. */
  readonly type: string;
  /** Our types that they became. */
  readonly became: string[];
  exactly: number;
  withNote: number;
  unmapped: number;
}

/** A secret that was in the file and is not in the document. */
export interface RemovedSecret {
  readonly path: string;
  readonly pointer: string;
  readonly what: string;
  /** The variable that has to hold it now; without one it is a setting to enter again. */
  readonly variable?: string | undefined;
}

/** Everything that is gathered while one sequence is imported. */
export class SequenceImport {
  readonly findings: ImportFinding[] = [];
  readonly secrets: RemovedSecret[] = [];
  private readonly recorded: { type: string; became: string; pointer: string; mapped: boolean }[] = [];
  readonly expressions = new Map<string, number>();
  groups = 0;
  steps = 0;
  sequenceCalls = 0;
  conditions = 0;
  disabled = 0;
  private standIns = 0;
  private readonly secretVariables = new Map<string, string>();
  /** Secrets that were dropped, by pointer: nothing that is kept of the original may hold one. */
  private readonly dropped = new Map<string, string[]>();
  readonly dialect: SequenceOrigin;
  /** Whether nodes are annotated with what an export back needs. */
  readonly keepsOriginals: boolean;

  /** @param name of the sequence: variables for its secrets are called after it, for other sequences have others */
  constructor(
    readonly name: string,
    readonly references: References,
    options: { dialect?: SequenceOrigin; keepsOriginals?: boolean } = {},
  ) {
    this.dialect = options.dialect ?? 'configmgr';
    this.keepsOriginals = options.keepsOriginals ?? true;
  }

  find(place: FindingPlace, severity: ImportFinding['severity'], code: string, message: string, fix?: string): void {
    if (this.findings.length > IMPORT_LIMITS.findings) return;
    if (this.findings.length === IMPORT_LIMITS.findings) {
      const text = `there is more to know than these ${IMPORT_LIMITS.findings} findings`;
      this.findings.push({ ...place, severity: 'note', code: 'import.findings-cut', message: text });
      return;
    }
    const clean = withoutSecrets(message, () => '…');
    this.findings.push({ ...place, severity, code, message: clean, ...(fix === undefined ? {} : { fix }) });
  }

  /** Lists a secret that is dropped. `value` is what it was: it is remembered to be found again, and never shown. */
  secret(place: FindingPlace, what: string, variable?: string, value?: string): void {
    if (value !== undefined)
      this.dropped.set(place.pointer, [...(this.dropped.get(place.pointer) ?? []), value.trim()]);
    this.secrets.push({
      path: place.path,
      pointer: place.pointer,
      what,
      ...(variable === undefined ? {} : { variable }),
    });
    const fix =
      variable === undefined ? 'enter it again' : `give the device or collection a secret variable ${variable}`;
    this.find(place, 'info', 'import.secret-removed', `${what}: not imported`, fix);
  }

  /** Is a dropped secret of this node in a text? */
  holdsSecret({ pointer }: FindingPlace, text: string): boolean {
    return (this.dropped.get(pointer) ?? []).some((secret) =>
      secret.length < 4 ? text.trim() === secret : text.includes(secret),
    );
  }

  /** All texts of a value without the secrets that stand in them; `%Secret1-of-NAME%` stands in the place of the first. `again`: those that are known are not listed once more. */
  scrub<Value>(value: Value, place: FindingPlace, what: string, again = false): Value {
    if (typeof value === 'string') {
      // A document with such a text is refused as a whole, so it need not be searched.
      if (value.length > LIMITS.sequenceBytes) return value;
      return withoutSecrets(value, (secret) => {
        const known = this.secretVariables.get(secret);
        const variable = known ?? `Secret${this.secretVariables.size + 1}-of-${this.name}`;
        this.secretVariables.set(secret, variable);
        if (known === undefined || !again) this.secret(place, `a secret in the text of ${what}`, variable);
        return `%${variable}%`;
      }) as Value;
    }
    if (Array.isArray(value)) return value.map((entry: unknown) => this.scrub(entry, place, what, again)) as Value;
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, entry]) => [key, this.scrub(entry, place, `"${key}"`, again)]);
    return Object.fromEntries(entries) as Value;
  }

  /** Says what became of a step or a call. */
  record(type: string, became: string, place: FindingPlace, mapped: boolean): void {
    this.recorded.push({ type: type === '' ? '(none)' : type, became, pointer: place.pointer, mapped });
  }

  /** By type: mapped exactly, mapped with something to know, kept unmapped. Complete once all nodes are read. */
  types(): TypeCount[] {
    const noted = new Set(this.findings.filter(({ severity }) => severity === 'note').map(({ pointer }) => pointer));
    const counts = new Map<string, TypeCount>();
    for (const { type, became, pointer, mapped } of this.recorded) {
      const count = counts.get(type) ?? { type, became: [], exactly: 0, withNote: 0, unmapped: 0 };
      if (!count.became.includes(became)) count.became.push(became);
      count[mapped ? (noted.has(pointer) ? 'withNote' : 'exactly') : 'unmapped']++;
      counts.set(type, count);
    }
    return [...counts.values()];
  }

  /** A name for a variable that stands for a condition nobody can write here. */
  standIn(): string {
    return `UnmappedCondition${++this.standIns}`;
  }
}
