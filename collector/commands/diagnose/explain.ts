/** `diagnose --explain CAUSE`: the section of docs/troubleshooting.md, which the build puts into the program. */
import { peerCauses } from '../../model.ts';
import { UsageError } from '../command.ts';
import { type Terminal, wrapped } from '../terminal.ts';

/**
 * @param page the text of docs/troubleshooting.md
 * @returns lines to print
 * @throws UsageError for what is no cause
 */
export function explain(page: string, cause: string, { paint, width }: Terminal): readonly string[] {
  if (!(peerCauses as readonly string[]).includes(cause)) {
    throw new UsageError(`--explain ${cause}: the causes are ${peerCauses.join(', ')}`);
  }
  const section = page.split(/^### /m).find((each) => each.startsWith(`${cause}\n`)) ?? cause;
  const [, ...rest] = section.split(/\n#+ /)[0]?.split('\n') ?? [];
  const paragraphs = rest
    .join('\n')
    .trim()
    .split(/\n{2,}/);
  const lines = paragraphs.map((each) => wrapped(each.replaceAll('\n', ' '), '', width));
  return [paint('bold', cause), '', ...lines.flatMap((each, at) => (at === 0 ? each : ['', ...each]))];
}
