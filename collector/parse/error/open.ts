/** Whether a record of nginx's is at its end with a physical line. */
import type { ErrorLine } from '../../model.ts';
import { isBufferCut } from './size.ts';

/**
 * What a record still waits for: the end of what an application printed, the context behind a stack trace or behind
 * a message that quotes, or the quote that closes a field.
 */
export type Open = 'output' | 'trace' | 'message' | 'field' | null;

const output = /^FastCGI sent in stderr/;
/** What Lua, njs and Perl print: their own text, over several lines where it is a stack trace. */
export const appText = /^(?:\[lua\]|lua |failed to (?:run|load) |js(?: exception)?: |perl: |call_sv\()/;
const outputEnd = /" while [A-Za-z ]{1,64}, (?:udp )?client: /;
const contextFields = /, (?:(?:udp )?client|context): /;
/** What a record still waits for behind its first line; null when it is complete, or nginx cut it. */
export function openOf(text: string, line: ErrorLine): Open {
  if (line.kind !== 'unrelated' && line.client !== null && !line.truncated) return null;
  if (isBufferCut(text)) return null;
  if (output.test(line.message)) return outputEnd.test(text) ? null : 'output';
  if (!contextFields.test(text)) {
    if (appText.test(line.message)) return 'trace';
    return line.connection !== null && text.includes('"') ? 'message' : null;
  }
  return line.truncated && !text.endsWith('"') ? 'field' : null;
}

/** Whether the record ends with this line. */
export function isEnd(text: string, open: Open): boolean {
  if (open === 'output') return outputEnd.test(text);
  return open === 'field' ? text.endsWith('"') : contextFields.test(text);
}
