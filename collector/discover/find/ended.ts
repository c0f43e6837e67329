/** How to look after an nginx that does not run: where it most likely ran, without asking an engine. */
import { shellWord } from '../../base/syntax/shell-word.ts';
import { endedContainers } from '../../system/docker.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';

const engines = [
  ['docker', '/var/lib/docker'],
  ['podman', '/var/lib/containers/storage'],
] as const;

const isNginx = (word: string): boolean => /(?:^|\/)(?:nginx|openresty|angie|tengine)$/.test(word);

/**
 * What to type. Of docker's containers root sees which ones ran nginx and have ended, and how; for others there is only
 * the list.
 */
export function lookAfterEnded(fs: FileSystem, hostPrefix: string): string {
  const isAlive = (pid: number): boolean => attempt(() => fs.stat(`${hostPrefix}/proc/${pid}`)).ok;
  const all = endedContainers(fs, `${hostPrefix}/var/lib/docker/containers`, isAlive);
  const ended = all.filter(({ words }) => words.some(isNginx));
  const [last] = [...ended].sort((a, b) => Number(b.isRestarting) - Number(a.isRestarting) || b.endedMs - a.endedMs);
  if (last !== undefined) {
    const code = last.exitCode === null ? '' : `, exit code ${last.exitCode}`;
    const how = `${last.isRestarting ? 'is started again and again' : 'has ended'}${code}`;
    return `docker logs --tail 20 ${shellWord(last.name)}    # the container ${how}`;
  }
  const here = engines.filter(([, folder]) => attempt(() => fs.stat(hostPrefix + folder)).ok);
  const lists = here.map(([program]) => `${program} ps -a`);
  return ['systemctl status nginx', ...(lists.length > 0 ? [`# in a container: ${lists.join(', ')}`] : [])].join(
    '    ',
  );
}
