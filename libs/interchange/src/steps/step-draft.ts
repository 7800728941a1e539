import { quote, type FindingPlace } from '../findings.js';
import type { ReferenceKind } from '../references.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import type { SequenceImport } from '../sequence-import.js';
import type { SettingsDraft } from './mapping.js';

/** Settings in the making. Nothing reaches the report before `commit`, for a step may turn out to have no counterpart. */
export class StepDraft implements SettingsDraft {
  readonly settings: Record<string, unknown> = {};
  private readonly later: (() => void)[] = [];
  private refers = false;

  constructor(
    private readonly place: FindingPlace,
    private readonly into: SequenceImport,
  ) {}

  set(setting: string, value: unknown): void {
    this.settings[setting] = value;
  }

  note(code: string, message: string, fix?: string): void {
    this.later.push(() => this.into.find(this.place, 'note', code, message, fix));
  }

  reference(kind: ReferenceKind, id: string, displayName?: string): string {
    this.refers = true;
    return this.into.references.nameOf(kind, id, this.place, displayName);
  }

  secret(what: string, value: string): void {
    if (!isNoSecret(value)) this.later.push(() => this.into.secret(this.place, what, undefined, value));
  }

  leftOut(property: string, value: string): void {
    if (isSecretName(property)) return this.secret(`setting ${property}`, value);
    const message = `the setting ${property} has no counterpart here; it was: ${quote(value)}`;
    if (/^false$/i.test(value))
      this.later.push(() => this.into.find(this.place, 'info', 'import.setting-left-out', message));
    else this.note('import.setting-left-out', message);
  }

  /** Puts everything into the report. */
  commit(): void {
    for (const act of this.later) act();
  }

  /** Takes back the references. */
  discard(): void {
    if (this.refers) this.into.references.forget(this.place.pointer);
  }
}
