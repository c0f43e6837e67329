import { hostPath } from '../../discover/find/host-path.ts';
import { type LogSpec, parseLogSpec } from '../../source/log-spec.ts';

/** A log as nginx-upstream.conf names it, where it lies for us. */
export function toldSpec(text: string, hostPrefix: string): LogSpec {
  const spec = parseLogSpec(text);
  if (spec.is === 'file') return { ...spec, path: hostPath(spec.path, hostPrefix) };
  return spec.is === 'glob' ? { ...spec, pattern: hostPath(spec.pattern, hostPrefix) } : spec;
}
