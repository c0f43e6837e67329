import type { AccessFields } from '../../../model.ts';
import type { FormatPart, ParsedFormat } from './log-format.ts';

/**
 * What a variable's value looks like, as far as it helps to find its end. Lists have one element per attempt,
 * separated by `, ` and, after an internal redirect, ` : `
 * (src/http/ngx_http_upstream.c, ngx_http_upstream_addr_variable and its siblings).
 */
export type StepKind =
  | 'literal'
  /** Anything, also nothing. */
  | 'free'
  /** The same, but seldom short. */
  | 'long'
  /** Digits, `-` or nothing. */
  | 'number'
  /** `22/Nov/2026:07:30:45 +0000` */
  | 'timeLocal'
  /** `2026-11-22T07:30:45+00:00` */
  | 'timeIso'
  | 'status'
  | 'requestTime'
  | 'method'
  | 'proxyHost'
  | 'peers'
  | 'statuses'
  | 'times'
  /** A list of which only the length is of interest. */
  | 'numbers';

/** Where a list of times goes. */
export type TimeField = 'connectMs' | 'headerMs' | 'responseMs' | null;

export interface FormatStep {
  readonly kind: StepKind;
  /** Empty unless `kind` is `literal`. */
  readonly bytes: Uint8Array;
  readonly time: TimeField;
  /** A client can have it be what it likes. */
  readonly isClients: boolean;
}

/** What a line must look like, in order. */
export interface AccessProgram {
  readonly steps: readonly FormatStep[];
  /** A value may hold a delimiter after a backslash, and never a bare one: escape=json. */
  readonly backslash: boolean;
  /** Only the text of the format is known, so `backslash` is a guess. */
  readonly escapeUnknown: boolean;
  /** Values hold no bare quotation mark and no control character. */
  readonly quotes: boolean;
  /** The format ends with blanks: whoever copies a line loses them. */
  readonly blankEnd: boolean;
  /** A client's text may stand where a line does not separate it from the fields behind it. */
  readonly ambiguous: boolean;
  /** One pass from the left decides: every value of unknown length has a literal, or the line's end, behind it. */
  readonly deterministic: boolean;
  readonly has: AccessFields;
}

const kinds: Readonly<Record<string, StepKind>> = {
  request: 'long',
  request_uri: 'long',
  http_user_agent: 'long',
  http_referer: 'long',
  http_cookie: 'long',
  http_x_forwarded_for: 'long',
  args: 'long',
  status: 'status',
  request_time: 'requestTime',
  request_method: 'method',
  proxy_host: 'proxyHost',
  upstream_addr: 'peers',
  upstream_status: 'statuses',
  upstream_connect_time: 'times',
  upstream_header_time: 'times',
  upstream_response_time: 'times',
  upstream_first_byte_time: 'times',
  upstream_session_time: 'times',
  upstream_queue_time: 'times',
  upstream_response_length: 'numbers',
  upstream_bytes_received: 'numbers',
  upstream_bytes_sent: 'numbers',
  time_local: 'timeLocal',
  time_iso8601: 'timeIso',
  body_bytes_sent: 'number',
  bytes_sent: 'number',
  bytes_received: 'number',
  request_length: 'number',
  connection: 'number',
  connection_requests: 'number',
  pid: 'number',
};

const timeFields: Readonly<Record<string, TimeField>> = {
  upstream_connect_time: 'connectMs',
  upstream_header_time: 'headerMs',
  upstream_response_time: 'responseMs',
};

const none = new Uint8Array(0);

/** Compiles a log_format once; a variable that occurs twice is read where it stands first. */
export function compileAccess(format: ParsedFormat): AccessProgram {
  const variables = new Set<string>();
  const steps: FormatStep[] = [];
  const parts = withoutBlankEnd(format.parts);
  // ingress-nginx balances in Lua: `$proxy_host` is the same for all, the service is in its own variable.
  const upstreamName = parts.some(({ variable }) => variable === ingressName) ? ingressName : 'proxy_host';
  for (const part of parts) {
    if (part.variable === undefined) {
      steps.push({ kind: 'literal', bytes: Buffer.from(part.literal), time: null, isClients: false });
      continue;
    }
    const step = stepOf(part.variable, variables.has(part.variable), upstreamName);
    variables.add(part.variable);
    // Two values side by side of which neither is wanted are one value of unknown length.
    const last = steps.at(-1);
    if (isAnything(last) && isAnything(step)) steps[steps.length - 1] = { ...step, isClients: true };
    else steps.push(step);
  }
  const has = (name: string) => variables.has(name);
  return {
    steps,
    // escape=default writes no delimiter at all, only `\\x22`: to step over a backslash does no harm there.
    backslash: format.escape !== 'none',
    escapeUnknown: format.escape === null,
    blankEnd: parts !== format.parts,
    quotes: format.escape !== 'none',
    ambiguous: isAmbiguous(steps, format.escape !== 'none'),
    deterministic: isDeterministic(steps),
    has: {
      status: has('status'),
      upstreams: steps.some(({ kind }) => kind === 'peers' || kind === 'statuses' || kind === 'times'),
      peers: has('upstream_addr'),
      statuses: has('upstream_status'),
      connectTime: has('upstream_connect_time'),
      headerTime: has('upstream_header_time'),
      responseTime: has('upstream_response_time'),
      requestTime: has('request_time'),
      proxyHost: has(upstreamName),
      method: has('request_method'),
    },
  };
}

const ingressName = 'proxy_upstream_name';

function withoutBlankEnd(parts: readonly FormatPart[]): readonly FormatPart[] {
  const last = parts.at(-1)?.literal;
  if (last === undefined || !last.endsWith(' ') || parts.length === 1) return parts;
  const literal = last.trimEnd();
  return literal === '' ? parts.slice(0, -1) : [...parts.slice(0, -1), { literal }];
}

function stepOf(name: string, again: boolean, upstreamName: string): FormatStep {
  const own = name === 'proxy_host' && name !== upstreamName ? 'free' : (kinds[name] ?? 'free');
  const kind = name === upstreamName ? 'proxyHost' : own;
  const wanted = kind === 'number' || kind === 'timeLocal' || kind === 'timeIso' || kind === 'long' || !again;
  const isFree = !wanted || kind === 'free' || kind === 'long';
  const isClients = isFree && !harmless.test(name);
  return { kind: wanted ? kind : 'free', bytes: none, time: timeFields[name] ?? null, isClients };
}

/** Variables whose values nginx or its configuration chooses. */
const harmless =
  /^(?:status|remote_addr|remote_port|realip_remote_(?:addr|port)|server_(?:addr|port|protocol|name)|binary_remote_addr|protocol|scheme|https?[23]?|msec|hostname|pid|pipe|connection\w*|bytes_\w+|body_bytes_sent|request_(?:length|time|completion|id|method)|session_time|tcpinfo_\w+|nginx_version|upstream_(?:addr|status|cache_status|\w+_time|response_length|bytes_\w+)|proxy_(?:host|port|protocol|upstream_name|alternative_upstream_name)|ssl_(?:protocol|cipher|session_reused|session_id|early_data|client_verify|client_fingerprint)|gzip_ratio|time_\w+|limit_(?:req|conn)_status)$/;

/** Kinds whose value the record keeps, besides times; of the others only the place where they end matters. */
export const wantedKinds: ReadonlySet<StepKind> = new Set([
  'status',
  'requestTime',
  'method',
  'proxyHost',
  'peers',
  'statuses',
  'times',
]);
export const listKinds: ReadonlySet<StepKind> = new Set(['peers', 'statuses', 'times', 'numbers']);

/** Whether a literal holds what a value cannot: behind it, wherever it stands, the format is in step again. */
const isAnchor = ({ bytes }: FormatStep, quotes: boolean): boolean => quotes && bytes.some((c) => c === 34 || c < 32);

/**
 * Whether a client's text stands before a field that we want, and nothing between them that it could not hold; or behind
 * the first list, so that it could continue with it. Lists behind the first are as long as that.
 */
function isAmbiguous(steps: readonly FormatStep[], quotes: boolean): boolean {
  let isBehindClients = false;
  let hasList = false;
  return steps.some((step, i) => {
    if (step.kind === 'literal' && isAnchor(step, quotes)) isBehindClients = false;
    if (step.isClients) isBehindClients = true;
    const isOpen = listKinds.has(step.kind) && !hasList && canGoOn(steps.slice(i + 1), quotes);
    hasList ||= listKinds.has(step.kind);
    return isOpen || (isBehindClients && wantedKinds.has(step.kind));
  });
}

/** Whether a client's text in what follows a list could read as more of it: `, ` and ` : ` part its elements. */
function canGoOn(behind: readonly FormatStep[], quotes: boolean): boolean {
  const end = behind.findIndex((step) => step.kind === 'literal' && isAnchor(step, quotes));
  const near = end === -1 ? behind : behind.slice(0, end);
  const [first, second] = near;
  if (first === undefined) return false;
  const between = first.kind === 'literal' ? Buffer.from(first.bytes).toString() : '';
  if (between.startsWith(', ') || between.startsWith(' : ')) return near.some(({ isClients }) => isClients);
  const next = between === '' ? first : second;
  return next?.isClients === true && (', '.startsWith(between) || ' : '.startsWith(between));
}

const isAnything = (step: FormatStep | undefined): boolean => step?.kind === 'free' || step?.kind === 'long';

const selfDelimiting: ReadonlySet<StepKind> = new Set([
  'literal',
  'timeLocal',
  'timeIso',
  'status',
  'requestTime',
  'statuses',
  'times',
]);

function isDeterministic(steps: readonly FormatStep[]): boolean {
  return steps.every(({ kind }, i) => {
    const next = steps[i + 1];
    return next === undefined || next.kind === 'literal' || selfDelimiting.has(kind);
  });
}
