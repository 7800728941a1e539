const MOST_BYTES = 32 * 1024 * 1024;

/** The bodies asked for last, by digest: a deployment to many devices is one body asked for many times. */
export class BodyCache {
  private readonly kept = new Map<string, Buffer>();
  private bytes = 0;

  /** From memory, or loaded; what does not exist is not remembered. */
  async get(digest: string, load: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const hit = this.find(digest);
    if (hit) return hit;
    const loaded = await load();
    if (loaded) this.keep(digest, loaded);
    return loaded;
  }

  /** From memory alone. */
  find(digest: string): Buffer | undefined {
    const hit = this.kept.get(digest);
    if (!hit) return undefined;
    // A map keeps the order of insertion: the first is the one asked for longest ago.
    this.kept.delete(digest);
    this.kept.set(digest, hit);
    return hit;
  }

  /** Remembers a body of which the caller knows that it has this digest. */
  keep(digest: string, body: Buffer): void {
    if (this.kept.has(digest)) return;
    this.kept.set(digest, body);
    this.bytes += body.length;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= MOST_BYTES) return;
      this.kept.delete(oldest);
      this.bytes -= old.length;
    }
  }
}
