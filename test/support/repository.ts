/** Where this repository is, and what its build makes, whatever folder a test runs in. */
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../..');
export const builtPlugin = join(repository, 'dist/nginx-upstream.plugin');
