/** What a log is from where the plugin stands, found out without opening what must not be opened. */

import { folderOf } from '../../base/paths.ts';
import { shellWord } from '../../base/syntax/shell-word.ts';
import { permissions } from '../../base/text.ts';
import type { LogTarget } from '../../nginx/types.ts';
import type { FileSystem } from '../../system/fs.ts';
import { type Barrier, barriersTo, lookAt, type Reader, readRemedy, rootedPath } from '../../system/reach.ts';
import { type ContainerOutput, hasOutput, type OtherDriver, otherDriver } from '../find/container-output.ts';
import type { NginxFound } from '../find/find-nginx.ts';
import { placeOf, type View } from '../find/view.ts';

export type LogState =
  | { readonly is: 'readable' }
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly barriers: readonly Barrier[]; readonly remedy: readonly string[] }
  /** A symbolic link to `/dev/stdout` and the like, or `stderr` itself. */
  | { readonly is: 'stream'; readonly target: string; readonly other?: OtherDriver | null }
  /** `replaced`: nginx-upstream.conf names other logs to read instead. */
  | { readonly is: 'fifo' | 'folder' | 'discarded' | 'memory' | 'pattern' | 'replaced' }
  | { readonly is: 'syslog'; readonly server: string; readonly unix: boolean };

function fileState(fs: FileSystem, path: string, who: Reader): LogState {
  if (path.endsWith('/dev/null')) return { is: 'discarded' };
  const found = lookAt(fs, path);
  switch (found.is) {
    case 'file':
    case 'error': {
      const barriers = barriersTo(fs, path, who);
      const isReadable = found.is === 'file' && barriers.length === 0;
      return isReadable ? { is: 'readable' } : { is: 'unreadable', remedy: readRemedy(fs, barriers, who), barriers };
    }
    case 'absent':
      return { is: 'missing' };
    case 'stream':
      return found;
    case 'other':
      if (found.kind === 'fifo') return { is: 'fifo' };
      return found.kind === 'directory' ? { is: 'folder' } : { is: 'stream', target: path };
  }
}

/** In the own root, too: what is read is what the path leads to. */
function rooted(fs: FileSystem, path: string): string {
  return rootedPath(fs, '', path);
}

/** Of a path that nginx-upstream.conf names: it is a path of this host, whatever nginx's root is. */
export function configuredState(fs: FileSystem, path: string, who: Reader): LogState {
  const state = fileState(fs, rooted(fs, path), who);
  const pods = /^(.*\/var\/log\/pods)\//.exec(rooted(fs, path))?.[1];
  if (state.is !== 'unreadable' || pods === undefined) return state;
  // Kubelet makes a folder for each pod: the right is given once, and inherited.
  const right = `setfacl -R -m u:${who.user}:rX,d:u:${who.user}:rX ${shellWord(pods)}    # setfacl is in the package acl`;
  return { ...state, remedy: [right] };
}

/** The engine keeps no file: then a file of the image is of no use, whoever may read it. */
function notKept(output: ContainerOutput, state: LogState, fs: FileSystem): LogState {
  const other = otherDriver(output, fs);
  if (other === null) return state;
  const own = output.containers ?? output.path;
  const engine = own.slice(0, own.lastIndexOf(other.engine === 'podman' ? '/storage/' : '/') + 1);
  if (state.is === 'unreadable') {
    const isImage = state.barriers.some(({ path }) => path.startsWith(engine));
    return isImage ? { is: 'stream', target: "its container's image or output", other } : state;
  }
  return state.is === 'stream' ? { ...state, other } : state;
}

/** A stream, or a path in an image that is closed to us: then the engine's own file counts, if it has one. */
function streamState(fs: FileSystem, { output = null }: View, state: LogState, who: Reader): LogState {
  const isCandidate = state.is === 'stream' || state.is === 'unreadable';
  if (!isCandidate || output === null) return state;
  if (!hasOutput(output, fs)) return notKept(output, state, fs);
  if (output.path.includes('*')) return { is: 'pattern' };
  const engine = fileState(fs, output.path, who);
  if (engine.is !== 'unreadable' || output.containers === null) return engine;
  return { ...engine, remedy: inheritedRight(output.containers, who.user) };
}

/**
 * Given once, inherited by the containers to come: it survives docker's rotation and a restart of dockerd. Without a new
 * mask for what is there (-n), files of mode 0600 beside the logs stay closed: they hold the containers' environment.
 */
function inheritedRight(containers: string, user: string): readonly string[] {
  const engine = folderOf(containers);
  return [
    `setfacl -m u:${user}:x ${shellWord(engine)}`,
    `setfacl -R -n -m u:${user}:rX,d:u:${user}:rX,d:m::rX ${shellWord(containers)}    # setfacl is in the package acl`,
  ];
}

export function logState(fs: FileSystem, found: NginxFound, target: LogTarget, who: Reader): LogState {
  return streamState(fs, found.view, ownState(fs, found, target, who), who);
}

function ownState(fs: FileSystem, found: NginxFound, target: LogTarget, who: Reader): LogState {
  switch (target.kind) {
    case 'stderr':
      return { is: 'stream', target: 'stderr' };
    case 'memory':
      return { is: 'memory' };
    case 'syslog':
      return { is: 'syslog', server: target.server, unix: target.server.startsWith('unix:') };
    case 'file':
      if (target.glob !== null) return { is: 'pattern' };
      return fileState(fs, rooted(fs, found.view.follow(placeOf(fs, found.view, target.path))), who);
  }
}

/** What a finding says of it. */
export function barrierValues({
  barriers: [first],
  remedy,
}: Extract<LogState, { is: 'unreadable' }>): Readonly<Record<'barrier' | 'mode' | 'remedy', string>> {
  const mode = first === undefined ? '' : permissions(first.stat.mode);
  return { barrier: first?.path ?? '', mode, remedy: remedy.join('\n') };
}
