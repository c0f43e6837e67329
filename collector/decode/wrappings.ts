/**
 * What shippers of logs, journalctl and people's own copying put around one line. Each function takes a text and gives
 * what stands inside, or undefined where the text is not of that form. Pure.
 */
import { isObject, type JsonObject, parseObject } from '../base/json.ts';

/** Keys under which shippers put the line, in the order in which they are asked. */
const keys = [
  'log',
  'message',
  'msg',
  'MESSAGE',
  'line',
  'body',
  'textPayload',
  '@message',
  'text',
  '_raw',
  'event.original',
  'original',
  'Message',
  'LogMessage',
  'LogEntry',
  'stringValue',
  // GELF; Splunk's HTTP event collector
  'full_message',
  'short_message',
  'event',
] as const;
/** Keys under which they put an object that has one of those: Elasticsearch, Google, Datadog, OpenTelemetry, Splunk. */
const containers = [
  '_source',
  'jsonPayload',
  'fields',
  'attributes',
  'event',
  'data',
  'result',
  'body',
  'content',
] as const;

/** fluentd's stdout: `TIME TAG: {…}`. */
const tagged = /^\d{4}-\d\d-\d\d[T ]\S+(?: [+-]\d{4})? [\w.*-]+: (?=\{")/;
/** logcli: `TIME {label="…"} LINE`. */
const labelled = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \{[^{}]*\} +/;
/** `kubectl logs --prefix`. */
const pod = /^\[pod\/[^\]\s]{1,300}\] /;
/** `journalctl -o verbose`. */
const verbose = /^ {4}MESSAGE=/;
/** A head of RFC 5424 with structured data, which alone can hold blanks and quotes; before it, the length that TCP needs. */
const structured =
  /^(?:\d{1,6} )?(?:<\d{1,3}>1 )?\d{4}-\d\d-\d\dT\S+ \S+ \S+ (?:\d+|-) \S+ (?:\[[^\s"=\]]+(?: [^\s"=\]]+="(?:[^"\\\]]|\\.)*")+\])+ ?\ufeff?/;
const fronts = [tagged, labelled, pod, verbose, structured];
/**
 * What compose, syslog, fluentd, `journalctl -o json-sse`, `-o json-seq` and a list put before an object. Of brackets only
 * a process's number: nginx's own lines have their level in some, and what stands in those stays.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what begins a record of json-seq
const beforeObject = /^(?:\u001e|\[|(?:[^"{}[\]]|\[\d+\]){0,200}[\s:|])(?=\{")/;
const behindObject = /\}\s*[,\]]?\s*$/;
/** logfmt: only keys before it, so that no text of a client's is treated as it. */
const logfmt = /^(?:[\w.@/-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*) +){0,30}(?:msg|message|log|line)="((?:[^"\\]|\\.)*)"/;
/** fluent-bit's stdout, in Ruby's notation without escapes: `[0] TAG: [TIME, {"log"=>"…", "stream"=>"stderr"}]`. */
const ruby =
  /^(?:\S{1,300}: )?\[\d+\] \S+: \[[^{]{1,80}(?:\{\}\], )?\{(?:"[\w.@-]+"=>"[^"]*", ){0,30}"(?:log|message|msg|MESSAGE)"=>"(.*)$/;
const rubyEnd = /(?:\\n)?"(?:, "[\w.@-]+"=>|\}\])/;
/** A member of JSON that was printed over several lines, or an element of a list. */
const member =
  /^\s*(?:"(?:log|message|msg|MESSAGE|line|_raw|textPayload|@message)"\s*:\s*)?("(?:[^"\\]|\\.)*")\s*,?\s*$/;
/** A row of separated values: each cell plain, or in quotes with its own quotes doubled. */
const rows = [',', ';', '\t'].map((mark) => ({
  row: new RegExp(`^(?:"(?:[^"]|"")*"|[^"${mark}]*)(?:${mark}(?:"(?:[^"]|"")*"|[^"${mark}]*))+$`),
  cell: new RegExp(`(?:^|${mark})"((?:[^"]|"")*)"(?=${mark}|$)`, 'g'),
}));
/** How a line of nginx's error log begins, or one that its level alone is left of. */
const errorStart = /^\s*\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[/;
const request = /^[A-Z]+ \S+ HTTP\/\d/;
/** Quotes around a line whose own are not escaped. */
const quotedError = /^\s*["'`\u2018\u201c\u00ab]+(?=\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]+\] )/;
const quotedAccess = /^\s*"(?=[\da-fA-F:.]{2,45} \S+ .{1,64} \[)(.*")"\s*,?\s*$/;
const closingQuotes = /["'`\u2019\u201d\u00bb]\s*,?\s*$/;
/** A line of nginx's that was copied out of a string: its own quotes are escaped. */
const escaped = /, (?:request|upstream|host): \\"/;
const plain = /, (?:request|upstream|host|login): "/;
/** Before a field's or a request's value. */
const typeset = /(?:: |\] )(?:[\u201c\u201d\u2033]|&(?:quot|#34);)/;
const typesetQuotes = /[\u201c\u201d\u2033]|&(?:quot|#34);/g;

const textIn = (entry: JsonObject): string | undefined =>
  keys.map((key) => entry[key]).find((value): value is string => typeof value === 'string');

/** The line that an entry of a shipper holds, at its top or in the object that it keeps its fields in. */
export function ofEntry(entry: JsonObject): string | undefined {
  // CloudWatch Logs Insights gives each field as an object.
  const found = entry['field'] === '@message' ? textIn({ log: entry['value'] }) : textIn(entry);
  if (found !== undefined) return oneLine(found);
  const inner = containers.map((key) => entry[key]).find((value) => isObject(value) && textIn(value) !== undefined);
  return isObject(inner) ? oneLine(textIn(inner) ?? '') : undefined;
}

/** What stands behind the front that a reader of logs puts before each line. */
export function behindFront(text: string): string | undefined {
  const front = fronts.map((each) => each.exec(text)).find((match) => match !== null);
  return front === undefined ? undefined : text.slice(front[0].length);
}

/** The text of a JSON object that ends its line, also where something stands before it or a comma behind it. */
export function objectIn(text: string): string | undefined {
  const front = text.startsWith('{') ? '' : beforeObject.exec(text)?.[0];
  return front === undefined ? undefined : text.slice(front.length).replace(behindObject, '}');
}

export function ofLogfmt(text: string): string | undefined {
  const value = logfmt.exec(text)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

export function ofRuby(text: string): string | undefined {
  const rest = ruby.exec(text)?.[1];
  return rest === undefined ? undefined : oneLine(rest.slice(0, rubyEnd.exec(rest)?.index ?? rest.length));
}

/** A JSON string that fills its line. */
export function ofString(text: string): string | undefined {
  const value = member.exec(text)?.[1];
  const read = value === undefined ? null : parseObject(`{"value":${value}}`)?.['value'];
  return typeof read === 'string' ? oneLine(read) : undefined;
}

/** A row that has a request as well is an access log's, and the cell a client's. */
const errorCell = (cells: readonly string[]): string | undefined =>
  cells.some((value) => request.test(value)) ? undefined : cells.find((value) => errorStart.test(value));

/** What Grafana, Kibana and CloudWatch export: the cell that begins as an error line does or else has quotes is the line. */
export function ofRow(text: string): string | undefined {
  if (!text.includes('"')) return undefined;
  for (const { row, cell } of rows) {
    if (!row.test(text)) continue;
    const cells = [...text.matchAll(cell)].map((match) => match[1] ?? '');
    const found = errorCell(cells) ?? cells.find((value) => value.includes('""'));
    if (found !== undefined) return oneLine(found.replaceAll('""', '"').trim());
  }
  return undefined;
}

/** A line between plain quotes, as people put it into a message or a spreadsheet: its own quotes come in pairs. */
export function ofQuoted(text: string): string | undefined {
  const access = quotedAccess.exec(text)?.[1];
  if (access !== undefined) return access;
  const mark = quotedError.exec(text)?.[0];
  if (mark === undefined) return undefined;
  const inner = text.slice(mark.length);
  const isPaired = mark.trim() === '"' && inner.split('"').length % 2 === 1;
  return isPaired ? inner : inner.replace(closingQuotes, '');
}

/**
 * A copy out of a string, or out of a page that was typeset. nginx always quotes a request plainly: where a line has such
 * quotes, others in it are a client's.
 */
export function ofCopy(text: string): string | undefined {
  if (escaped.test(text) && !plain.test(text)) return unescaped(text).replace(/\\$/, '"');
  if (text.includes('"') || !typeset.test(text)) return undefined;
  return text
    .replaceAll(typesetQuotes, '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** The wrapping says that it is one line, and no byte of it may make a second. */
export const oneLine = (text: string): string => text.replace(/\r?\n$/, '').replaceAll('\n', ' ');

function unescaped(text: string): string {
  return oneLine(text.replace(/\\(["\\nrt])/g, (_, c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c));
}
