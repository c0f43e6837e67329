/** `log_format` as nginx compiles it (src/http/modules/ngx_http_log_module.c: ngx_http_log_compile_format). */

import type { Problems } from '../bounds.ts';
import { ownOf, type Scope } from '../scopes.ts';
import type { Directive, EscapeMode, LogFormat, Protocol } from '../types.ts';

/** Predefined for http: ngx_http_combined_fmt. */
const combinedText =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/**
 * The arguments joined without a separator. nginx reads variables in each argument separately: where one ends in a
 * variable and the next continues with a letter, braces keep the two apart.
 */
export function joinArguments(parts: readonly string[]): string {
  let text = '';
  for (const part of parts) {
    text = /^\w/.test(part) ? text.replace(/\$(\w+)$/, '${$1}') + part : text + part;
  }
  return text;
}

function isEscapeMode(text: string): text is EscapeMode {
  return text === 'default' || text === 'json' || text === 'none';
}

function readFormat(directive: Directive, protocol: Protocol, problems: Problems): LogFormat | null {
  const [name, ...parts] = directive.args;
  if (name === undefined) {
    return null;
  }
  const mode = parts[0]?.startsWith('escape=') === true ? parts[0].slice('escape='.length) : null;
  if (mode !== null && !isEscapeMode(mode)) {
    const text = `unknown log format escaping "${mode}"`;
    problems.push({ code: 'invalid_value', file: directive.file, line: directive.line, text });
  }
  return {
    name,
    protocol,
    text: joinArguments(mode === null ? parts : parts.slice(1)),
    escape: mode !== null && isEscapeMode(mode) ? mode : 'default',
    file: directive.file,
    line: directive.line,
  };
}

/** The formats of an `http` or `stream` context, `combined` among them where nginx predefines it. */
export function readFormats(scope: Scope, protocol: Protocol, problems: Problems): readonly LogFormat[] {
  const written = ownOf(scope, 'log_format')
    .map((directive) => readFormat(directive, protocol, problems))
    .filter((format) => format !== null);
  if (protocol === 'stream' || written.some((format) => format.name === 'combined')) {
    return written;
  }
  const { file, line } = scope.directive ?? { file: '', line: 0 };
  return [{ name: 'combined', protocol, text: combinedText, escape: 'default', file, line }, ...written];
}
