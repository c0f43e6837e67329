/** The files of this machine, as the reader of configurations sees them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ConfigurationFiles } from '../../../collector/nginx/types.ts';

export const disk: ConfigurationFiles = {
  readFile(path) {
    try {
      return { text: readFileSync(path, 'utf8') };
    } catch {
      return { failure: 'missing' };
    }
  },
  readFolder(path) {
    try {
      return readdirSync(path);
    } catch {
      return null;
    }
  },
};
