/** What systemd's unit files say of a unit, as systemd reads them: masks, aliases, drop-ins, instances of templates, variables. */
import { once } from '../../base/once.ts';
import { lastPart } from '../../base/paths.ts';
import { attempt } from '../../system/fs.ts';
import { behindPrefix, type HostFiles, namesIn, textAt } from './host-files.ts';

/** Earlier ones hide later ones (systemd.unit(5)). */
const folders = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
] as const;
const mostUnits = 2000;
const mostInstances = 500;
const mostFolders = 100;
const mostDropIns = 10;
const mostVariableFiles = 10;

/** Where a name is only a link: `/dev/null` for a mask, another name for an alias. */
function linkOf(path: string, files: HostFiles): string | null {
  const link = attempt(() => files.fs.readlink(behindPrefix(path, files)));
  return link.ok ? link.value : null;
}

/** The link that masks a unit; null for one that can be started. */
export function maskOf(unit: string, files: HostFiles): string | null {
  const paths = folders.slice(0, 2).map((folder) => `${folder}/${unit}`);
  return paths.find((path) => linkOf(path, files) === '/dev/null') ?? null;
}

export interface UnitFile {
  /** As systemctl takes it: an enabled instance for a template. */
  readonly name: string;
  readonly path: string;
  readonly isMasked: boolean;
  /** Its lines, drop-ins after it, with the specifiers of its name. */
  text(): string;
}

/** The main folder by name, and all folders that have drop-ins for it. */
interface Found {
  readonly paths: ReadonlyMap<string, string>;
  readonly masked: ReadonlySet<string>;
  readonly dropIns: ReadonlyMap<string, readonly string[]>;
}

function findFiles(files: HostFiles): Found {
  const paths = new Map<string, string>();
  const masked = new Set<string>();
  const dropIns = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const name of namesIn(folder, files)) {
      const path = `${folder}/${name}`;
      if (/\.(?:socket|service)\.d$/.test(name)) {
        const unit = name.slice(0, -'.d'.length);
        dropIns.set(unit, [...(dropIns.get(unit) ?? []), path]);
      }
      if (!/\.(?:socket|service)$/.test(name) || paths.has(name) || paths.size >= mostUnits) continue;
      const link = linkOf(path, files);
      if (link === '/dev/null') masked.add(name);
      // An alias: the unit is found by its own name.
      else if (link === null || lastPart(link) === name) paths.set(name, path);
    }
  }
  return { paths, masked, dropIns };
}

/** `app@8081.service`, enabled in a target: /etc/systemd/system/multi-user.target.wants. */
function enabledInstances(files: HostFiles): readonly string[] {
  const [own] = folders;
  const wants = namesIn(own, files).filter((name) => /\.(?:wants|requires)$/.test(name));
  const names = wants.slice(0, mostFolders).flatMap((folder) => namesIn(`${own}/${folder}`, files));
  return [...new Set(names.filter((name) => /^[^@/]+@[^@/]+\.(?:socket|service)$/.test(name)))].slice(0, mostInstances);
}

/** `app@8081.service` is made of `app@.service`. */
const templateOf = (name: string): string => name.replace(/@[^@]*(\.\w+)$/, '@$1');

/** systemd.unit(5), those that places are written with. */
function withSpecifiers(text: string, name: string): string {
  const [, prefix = '', instance = ''] = /^([^@]*?)(?:@(.*))?\.\w+$/.exec(name) ?? [];
  const values: Readonly<Record<string, string>> = {
    i: instance,
    I: instance,
    p: prefix,
    n: name,
    t: '/run',
    '%': '%',
  };
  return text.replace(/%([iIpnt%])/g, (_, letter: string) => values[letter] ?? '');
}

/** Every unit of this host once: templates only by their enabled instances. */
export function unitFiles(files: HostFiles): readonly UnitFile[] {
  const { paths, masked, dropIns } = findFiles(files);
  function textOf(name: string): string {
    const template = templateOf(name);
    const parts = [...new Set([template, name])].flatMap((each) => dropIns.get(each) ?? []);
    const more = parts.flatMap((folder) =>
      namesIn(folder, files)
        .filter((file) => file.endsWith('.conf'))
        .sort()
        .map((file) => `${folder}/${file}`),
    );
    const main = paths.get(name) ?? paths.get(template) ?? '';
    const texts = [main, ...more.slice(0, mostDropIns)].map((path) => textAt(path, files));
    return withSpecifiers(texts.join('\n'), name);
  }
  const plain = [...paths.keys()].filter((name) => !/@\.\w+$/.test(name));
  const names = [...plain, ...enabledInstances(files)].filter((name) => paths.has(name) || paths.has(templateOf(name)));
  return [...new Set(names)].map((name) => ({
    name,
    path: paths.get(name) ?? paths.get(templateOf(name)) ?? '',
    isMasked: masked.has(name),
    text: once(() => textOf(name)),
  }));
}

/** What a setting is in the end: each line adds to those before it, and an empty one takes them back. */
export function settingsOf(text: string, key: string): readonly string[] {
  const values: string[] = [];
  for (const [, value = ''] of text.replaceAll('\\\n', ' ').matchAll(new RegExp(`^${key}[ \\t]*=[ \\t]*(.*)$`, 'gm'))) {
    if (value.trim() === '') values.length = 0;
    else values.push(value.trim());
  }
  return values;
}

/** Variables that name what the application itself asks for, not where it listens. */
const asks = /(?:^|[\s"'])\w*(?:URL|URI|DSN|UPSTREAM|BACKEND|PROXY|REMOTE)\w*=(?:"[^"]*"|'[^']*'|\S*)/gi;

const withoutAsked = (text: string): string => text.replace(asks, (all) => (/URLS\w*=/i.test(all) ? all : ' '));

/** The environment of a service: its own lines, and the files that it names and that may be read. */
export function environmentOf(text: string, files: HostFiles): readonly string[] {
  const paths = settingsOf(text, 'EnvironmentFile').map((path) => path.replace(/^-/, '').replace(/^"(.*)"$/, '$1'));
  const named = paths.filter((path) => /^\/[^*?[]*$/.test(path)).slice(0, mostVariableFiles);
  const lines = named.flatMap((path) => textAt(path, files).split('\n'));
  return [...settingsOf(text, 'Environment'), ...lines.filter((line) => !/^\s*[#;]/.test(line))].map(withoutAsked);
}
