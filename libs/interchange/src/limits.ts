/**
 * What an import reads at most. Real sequences have tens of kilobytes, the largest object of a site 2 MB; everything here is
 * generous for those and small enough that a hostile file costs little.
 */
export const IMPORT_LIMITS = {
  /** One XML text, in bytes before and characters after decoding. */
  xmlLength: 16 * 1024 * 1024,
  /** Elements around one element. Real exports have ten. */
  xmlDepth: 256,
  xmlElements: 300_000,
  /** Groups and steps of one sequence: more never fit into the size that a sequence may have. */
  nodes: 20_000,
  xmlAttributes: 100,
  /** One attribute, or the text between two tags. */
  xmlValueLength: 8 * 1024 * 1024,
  /** Characters of foreign text that a finding quotes. */
  quoteLength: 200,
  /** Findings kept per sequence. */
  findings: 5000,
} as const;
