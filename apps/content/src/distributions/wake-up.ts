/** Tells the loops of this process that there is something to do: called after a commit, never needed for correctness. */
export class WakeUp {
  private readonly listeners = new Set<() => void>();

  onWake(listener: () => void): void {
    this.listeners.add(listener);
  }

  wake(): void {
    for (const listener of this.listeners) listener();
  }

  /** When something falls due later. Who ends before that says it to nobody: slow looks find it too. */
  wakeIn(milliseconds: number): void {
    setTimeout(() => this.wake(), milliseconds).unref();
  }
}
