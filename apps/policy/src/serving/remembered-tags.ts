/**
 * The tags that devices last had, as they were at one serial: until something changes for a device, its polls need nothing else. Pure
 * bookkeeping; who asks the database is told by `upTo` what is missing.
 */
export class RememberedTags {
  private readonly tags = new Map<string, string>();

  /** @param known the serial up to which all changes are known; nothing is remembered yet */
  constructor(private known: number) {}

  /** What is remembered counts at this serial. */
  get upTo(): number {
    return this.known;
  }

  /** The tag of a device's policy at serial `upTo`; undefined: not known. */
  get(deviceUid: string): string | undefined {
    return this.tags.get(deviceUid);
  }

  /** Keeps what was read at a serial, unless it is older than changes that were applied meanwhile. */
  remember(deviceUid: string, tag: string, serial: number): void {
    if (serial >= this.known) this.tags.set(deviceUid, tag);
  }

  /** From `upTo` to this serial policy changed for these devices, and for no others. */
  changed(to: number, deviceUids: readonly string[]): void {
    if (deviceUids.length >= this.tags.size) this.tags.clear();
    else for (const uid of deviceUids) this.tags.delete(uid);
    this.known = Math.max(this.known, to);
  }

  /** Nobody can say what changed. */
  forgetAll(): void {
    this.tags.clear();
  }
}
