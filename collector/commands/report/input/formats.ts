/** Which log_formats a file may be written in: given, found in a configuration by the log's path, or well known. */
import { basename, resolve } from 'node:path';
import { shellWord } from '../../../base/syntax/shell-word.ts';
import { httpFormat, streamFormat } from '../../../discover/check/words/remedies.ts';
import { readTold } from '../../../discover/follow/read-nginx.ts';
import type { UpstreamOf } from '../../../model.ts';
import { createAttribution } from '../../../nginx/peers.ts';
import type { AccessLog, LogFormat, NginxConfiguration } from '../../../nginx/types.ts';
import {
  type FormatResult,
  type ParsedFormat,
  readArguments,
  readLogFormat,
} from '../../../parse/access/format/log-format.ts';
import { attempt, nodeFileSystem } from '../../../system/fs.ts';
import { UsageError } from '../../command.ts';
import { contentOf } from '../../content.ts';
import { formatOption } from '../../format-option.ts';

const headLength = 1024;

export interface ReportFormats {
  /** Sets of formats to try on a file, the likeliest first; the lines of a file are of one set. */
  candidates(file: string): readonly (readonly ParsedFormat[])[];
  readonly upstreamOf: UpstreamOf;
}

/** One format, whatever the file. */
export function toldFormat(text: string): ReportFormats {
  const format = formatOption(text);
  return { candidates: () => [[format]], upstreamOf: byProxyHost };
}

/** What `check` advises to write, and what a stock nginx writes: last, because its user agent can hold anything. */
export function knownFormats(): ReportFormats {
  const formats = usable([httpFormat, streamFormat, 'combined'].map(readLogFormat));
  return { candidates: () => formats.map((format) => [format]), upstreamOf: byProxyHost };
}

const byProxyHost: UpstreamOf = (peer, proxyHost) => proxyHost ?? peer;

/**
 * Those of a configuration: `path` is its main file, or `dump:FILE` with the output of `nginx -T`.
 *
 * @param name the one of them that counts, whatever the file; null: by the file's path
 */
export function configuredFormats(path: string, name: string | null = null): ReportFormats {
  const file = path.replace(/^dump:/, '');
  const found = attempt(() => nodeFileSystem.stat(file));
  if (!found.ok) throw new UsageError(`--conf ${file}: ${found.code === 'ENOENT' ? 'no such file' : found.code}`);
  if (found.value.kind === 'directory') throw new UsageError(`--conf ${file}: is a directory: name nginx's main file`);
  // Of a pipe (`<(nginx -T)`) nothing would be read, and no format found.
  if (found.value.kind !== 'file')
    throw new UsageError(`--conf ${file}: is no regular file: write its text to one and name that`);
  expectConfiguration(file);
  const { configuration } = readTold(path.startsWith('dump:') ? path : resolve(path), () => null, nodeFileSystem, '');
  const named = configuration.formats.filter((format) => format.name === name);
  if (name !== null && named.length === 0)
    throw new UsageError(`--format ${name}: ${noSuchFormat(configuration, file)}`);
  const all = [...(name === null ? configuration.formats : named)].sort((a, b) => variables(b) - variables(a));
  const combined = name === null ? usable([readLogFormat('combined')]) : [];
  const others = [...usable(all.map(compiled)), ...combined].map((format) => [format]);
  return {
    candidates(log) {
      const here = name === null ? formatsAt(configuration, log) : [];
      return here.length > 0 ? [usable(here.map(compiled)), ...others] : others;
    },
    upstreamOf: createAttribution(configuration).upstreamOf as UpstreamOf,
  };
}

/** PowerShell writes the output of `nginx -T` in UTF-16, in which no directive is found. */
function expectConfiguration(file: string): void {
  const head = Buffer.alloc(headLength);
  const read = attempt(() => {
    const fd = nodeFileSystem.open(file);
    try {
      return nodeFileSystem.read(fd, head, headLength, 0);
    } finally {
      nodeFileSystem.close(fd);
    }
  });
  const content = read.ok ? contentOf(head.subarray(0, read.value)) : null;
  if (content === null) return;
  const convert = content.convert.replace('FILE', () => shellWord(file));
  throw new UsageError(`--conf ${file}: ${content.what}: make text of it and name that: ${convert} > nginx.txt`);
}

function noSuchFormat({ formats }: NginxConfiguration, file: string): string {
  const names = formats.map((format) => format.name).join(', ');
  return `no such log_format in ${file}${names === '' ? '' : `, which has ${names}`}`;
}

const variables = ({ text }: LogFormat): number => text.split('$').length;

const compiled = ({ name, text, escape: mode }: LogFormat): FormatResult =>
  readArguments(name, [`escape=${mode}`, text]);

function usable(results: readonly FormatResult[]): readonly ParsedFormat[] {
  return results.flatMap((result) => ('problem' in result ? [] : [result.format]));
}

/** By path, also of a rotated file; else by the file's name alone: logs are copied elsewhere to be checked. */
function formatsAt({ accessLogs }: NginxConfiguration, file: string): readonly LogFormat[] {
  const [whole, name] = [resolve(file), basename(file)];
  const byPath = accessLogs.filter((log) => isOf(log, (path) => isRotated(whole, path)));
  const found =
    byPath.length > 0 ? byPath : accessLogs.filter((log) => isOf(log, (path) => isRotated(name, basename(path))));
  return [...new Set(found.flatMap(({ format }) => format ?? []))];
}

const isOf = ({ target }: AccessLog, matches: (path: string) => boolean): boolean =>
  target.kind === 'file' && matches(target.path);

/** `access.log`, `access.log.1`, `access.log.2.gz`, `access.log-20261122`, and `access-20261122.log`. */
function isRotated(file: string, log: string): boolean {
  const stem = log.replace(/\.log$/, '');
  return file === log || file.startsWith(`${log}.`) || file.startsWith(`${log}-`) || file.startsWith(`${stem}-2`);
}
