/** A folder on the network: what is mounted, and how. */
export interface Share {
  readonly kind: 'cifs' | 'nfs';
  readonly server: string;
  /** Name of the share or path of the export. */
  readonly path: string;
  /** As mount programs want it: `//server/share/folder`, `server:/export`. */
  readonly source: string;
}

/** Reads `\\server\share\folder`, `//server/share/folder` (SMB) and `server:/export` (NFS); undefined for what is neither. */
export function parseShare(text: string): Share | undefined {
  const trimmed = text.trim();
  const smb = /^[\\/]{2}([^\\/:\s]+)[\\/]+([^\\/].*)$/.exec(trimmed);
  if (smb?.[1] !== undefined && smb[2] !== undefined) {
    const path = smb[2].split(/[\\/]+/).filter((part) => part !== '');
    if (path.some((part) => part === '..')) return undefined;
    return { kind: 'cifs', server: smb[1], path: path.join('/'), source: `//${smb[1]}/${path.join('/')}` };
  }
  // One letter before the colon is a drive.
  const nfs = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]+):(\/(?!\/).*)$/.exec(trimmed);
  if (nfs?.[1] === undefined || nfs[2] === undefined) return undefined;
  return { kind: 'nfs', server: nfs[1], path: nfs[2], source: `${nfs[1]}:${nfs[2]}` };
}
