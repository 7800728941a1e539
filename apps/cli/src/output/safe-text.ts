// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text that came from elsewhere, harmless for a terminal: escape sequences and direction marks become `�`.
 * Tabs and line breaks stay.
 */
export function safeText(text: string): string {
  return text.replace(control, '\ufffd');
}

/** The same in one line. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\s*[\r\n]+\s*/g, ' ')).replaceAll('\t', ' ');
}
