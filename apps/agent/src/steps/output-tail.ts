import { maskSecrets } from '@muster/sequence/variables.js';

const keptBytes = 64 * 1024;

/** What a program printed, not masked. */
export interface CapturedOutput {
  readonly text: string;
  /** A secret is in it. */
  readonly secret: boolean;
}

/** The last part of a stream, bounded whatever a process writes. */
export class OutputTail {
  private chunks: Buffer[] = [];
  private length = 0;
  private dropped = false;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    // Rarely, so that a stream of tiny chunks costs no copy each.
    if (this.length > keptBytes * 4) this.compact();
  }

  /**
   * The last `characters` of the text, secrets masked. A secret cut by the beginning of what was kept could not be
   * recognised: that much is left out.
   */
  text(characters: number, secrets: readonly string[]): string {
    this.compact();
    const masked = maskSecrets(Buffer.concat(this.chunks).toString('utf8'), secrets);
    const cut = this.dropped ? Math.max(0, ...secrets.map((secret) => cutSecretLength(masked, secret))) : 0;
    return masked.slice(cut).trimEnd().slice(-characters);
  }

  /**
   * The last `characters` of the text as they are, for a variable, and whether it must be a secret: decided on more than is
   * kept, since a secret that is cut at the beginning could not be recognised any more.
   */
  captured(characters: number, secrets: readonly string[]): CapturedOutput {
    const text = this.text(characters, []);
    return { text, secret: this.text(characters, secrets) !== text };
  }

  private compact(): void {
    const all = Buffer.concat(this.chunks);
    const kept = all.subarray(Math.max(0, all.length - keptBytes));
    this.dropped ||= kept.length < all.length;
    this.chunks = [Buffer.from(kept)];
    this.length = kept.length;
  }
}

/** Length of the end of a secret with which a text begins. */
function cutSecretLength(text: string, secret: string): number {
  for (let length = secret.length - 1; length > 0; length--) {
    if (text.startsWith(secret.slice(-length))) return length;
  }
  return 0;
}
