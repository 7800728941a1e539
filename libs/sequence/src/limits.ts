/**
 * Hard limits of a task sequence (sequence-model.md section 12). Where the sources are silent the
 * limit is ours and says so; all are generous for people and small enough for a hostile document.
 */
export const LIMITS = {
  /** Stored form of one sequence, UTF-8 bytes of its JSON. */
  sequenceBytes: 2 * 1024 * 1024,
  nameLength: 100,
  descriptionLength: 256,
  variableNameLength: 256,
  variableValueLength: 4000,
  /** All names and values of a run, in characters. */
  environmentCharacters: 32 * 1024 * 1024,
  /** Above it people are warned: programs of other systems may have no room for more in their environment. */
  environmentWarnCharacters: 8 * 1024,
  commandLength: 32_000,
  workingDirectoryLength: 255,
  pathLength: 4096,
  factsQueryLength: 4000,
  restartMessageLength: 512,
  /** Ours: a day. */
  restartDelaySeconds: 86_400,
  /** Characters of captured output kept in a variable or a report. */
  outputLength: 1000,
  /** Ours: the vendor names no limit for nesting. */
  nestingDepth: 100,
  /** Ours: annotations of one node, or of the sequence itself; and the characters of one. */
  annotations: 16,
  annotationNameLength: 100,
  annotationLength: 65_536,
  /** Ours: groups and child sequences around one node of a run. */
  planDepth: 1000,
  /** Ours: instructions of one run, children inlined. */
  instructions: 100_000,
  /** Ours: the vendor names no limit for arguments. */
  argumentCount: 1000,
  retryAttempts: 100,
  backoffSeconds: 3600,
  /** 999 minutes, the editor's maximum. */
  timeoutSeconds: 999 * 60,
  /** Ours: reruns of a repeatable step after interruptions, so that a step that kills its computer ends. */
  interruptionReruns: 5,
} as const;
