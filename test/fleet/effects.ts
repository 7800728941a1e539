/** How much came of each kind of order. An order that nothing came of has tried nothing: a trial says so. */
export class Effects {
  private readonly all = new Map<string, { count: number; unit: string }>();

  /** @param unit what is counted, in words: `runs ended` */
  ordered(kind: string, unit: string): void {
    if (!this.all.has(kind)) this.all.set(kind, { count: 0, unit });
  }

  cameOf(kind: string): void {
    const found = this.all.get(kind);
    if (found) found.count += 1;
  }

  /** 0 for what was not ordered. */
  of(kind: string): number {
    return this.all.get(kind)?.count ?? 0;
  }

  /** One line for all kinds. */
  say(): string {
    return [...this.all].map(([kind, { count, unit }]) => `${kind}: ${count} ${unit}`).join('; ');
  }
}
