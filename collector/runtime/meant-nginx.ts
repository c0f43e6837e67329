import type { JobSettings } from '../config/settings.ts';
import type { NginxRead } from '../discover/follow/read-nginx.ts';

/** A file that the settings name as a log tells which nginx is meant, if any here writes it. */
export function isMeant({ errorLogs, accessLogs }: JobSettings, hostPrefix: string): (read: NginxRead) => boolean {
  const told = [...(errorLogs ?? []), ...(accessLogs ?? []).map(({ path }) => path)].filter((path) =>
    path.startsWith('/'),
  );
  if (told.length === 0) return () => true;
  return ({ configuration }) =>
    [...configuration.errorLogs, ...configuration.accessLogs].some(
      ({ target }) =>
        target.kind === 'file' && told.some((path) => path === target.path || path === hostPrefix + target.path),
    );
}
