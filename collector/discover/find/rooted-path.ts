import { attempt, type FileSystem } from '../../system/fs.ts';

/** Linux follows at most 40 links (path_resolution(7)). */
const mostLinks = 40;

/**
 * Where `path`, as a process whose root is `root` means it, lies for us: absolute links inside point into that root, not
 * into ours. Parts that do not exist are taken as they stand. A path that leads to a stream of its opener
 * (`/dev/stdout`, `/proc/self/fd/1`) stays outside the root: it is nobody's file. `/proc/PID/root` is stayed under.
 */
export function rootedPath(fs: FileSystem, root: string, path: string): string {
  const done: string[] = [];
  const rest = path.split('/').reverse();
  let links = 0;
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const inside = `/${[...done, part].join('/')}`;
    if (/^\/(dev\/(std(out|err|in)|fd)|proc\/self)(\/|$)/.test(inside)) return [inside, ...rest.reverse()].join('/');
    // No link by its text, which is `/`: it leads to another root.
    const isOtherRoot = /\/proc\/\d+\/root$/.test(inside);
    const target = links < mostLinks && !isOtherRoot ? attempt(() => fs.readlink(root + inside)) : null;
    if (target?.ok !== true) {
      done.push(part);
      continue;
    }
    links += 1;
    if (target.value.startsWith('/')) done.length = 0;
    rest.push(...target.value.split('/').reverse());
  }
  return `${root}/${done.join('/')}`;
}
