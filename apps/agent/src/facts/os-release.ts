/** The assignments of an os-release file (os-release(5)): quotes and backslashes of the shell are taken off. */
export function parseOsRelease(text: string): Record<string, string | undefined> {
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*?))\s*$/.exec(line);
    if (match?.[1]) found[match[1]] = (match[2] ?? match[3] ?? match[4] ?? '').replaceAll(/\\(["'$`\\])/g, '$1');
  }
  return found;
}
