import type { Coordinator } from './coordinator/coordinator.js';
import type { BodyFiles } from './objects/body-files.js';

/** What requests act on, in a process that serves them. */
export interface Serving {
  coordinator: Coordinator;
  files: BodyFiles;
  region: string;
  /** Largest body of one PUT. */
  maxObjectBytes: number;
}
