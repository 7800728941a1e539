import { z } from 'zod';
import { folderSchema, instantSchema } from '../resource.js';

/** A place for task sequences: `/servers/linux`. The root is no folder of its own. */
export const namedFolderSchema = folderSchema.refine(
  (path) => path !== '/',
  'the root is always there: name a folder in it',
);

/** One folder. */
export const folderEntrySchema = z
  .strictObject({
    path: folderSchema,
    sequences: z.number().int().describe('Directly in it'),
    createdAt: instantSchema,
    createdBy: z.string(),
  })
  .meta({ id: 'Folder' });

export const folderListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(folderEntrySchema).describe('In the order of their paths'),
  })
  .meta({ id: 'FolderList' });

export const folderRequestSchema = z.strictObject({ path: namedFolderSchema }).meta({ id: 'FolderRequest' });

export const folderMoveSchema = z
  .strictObject({
    from: namedFolderSchema,
    to: namedFolderSchema.describe('Its new path, not the folder to put it into'),
  })
  .meta({ id: 'FolderMove' });

/** What moved with a folder. */
export const folderMovedSchema = z
  .strictObject({ from: folderSchema, to: folderSchema, folders: z.number().int(), sequences: z.number().int() })
  .meta({ id: 'FolderMoved' });

export type Folder = z.infer<typeof folderEntrySchema>;
export type FolderList = z.infer<typeof folderListSchema>;
export type FolderMove = z.infer<typeof folderMoveSchema>;
export type FolderMoved = z.infer<typeof folderMovedSchema>;
