import { z } from 'zod';

/** Entries of installed software that one computer may tell. */
export const MOST_SOFTWARE = 5000;

/** UTF-16 units of the name of an entry. */
export const LONGEST_SOFTWARE_NAME = 256;

const text = (maximum: number) => z.string().min(1).max(maximum);

/** One package that is installed. */
export const softwareEntrySchema = z
  .strictObject({
    name: text(LONGEST_SOFTWARE_NAME),
    version: text(128).meta({ description: 'as its package manager writes it: 1:2.39.5-1+deb12u2' }),
    architecture: text(32).optional().meta({ description: 'as its package manager writes it: amd64, x86_64, noarch' }),
  })
  .meta({ id: 'SoftwareEntry', description: 'software that is installed on a computer' });

/** All that is installed, each once. */
export const softwareSchema = z.array(softwareEntrySchema).max(MOST_SOFTWARE);

export type SoftwareEntry = z.infer<typeof softwareEntrySchema>;
