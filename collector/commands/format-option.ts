/** The value of --format, for every command that has it. */
import { type ParsedFormat, readLogFormat } from '../parse/access/format/log-format.ts';
import { UsageError } from './command.ts';

/** Variables without which a line says nothing that is counted. */
const telling = /^(status|upstream_\w+|request_time|session_time|bytes_sent|body_bytes_sent)$/;

/** @throws UsageError for what is not a format: a name, or text without a variable that shows how a request went */
export function formatOption(text: string): ParsedFormat {
  const result = readLogFormat(text);
  if ('problem' in result) throw new UsageError(`--format: ${result.problem}`);
  const variables = result.format.parts.flatMap(({ variable }) => variable ?? []);
  if (variables.length === 0) {
    const remedy =
      "give its text in single quotes ('$remote_addr … $status …'), the complete log_format directive, or combined";
    throw new UsageError(`--format: '${text}' is not the text of a log_format: ${remedy}`);
  }
  if (!variables.some((name) => telling.test(name))) {
    throw new UsageError(
      `--format: no variable of '${text}' shows how a request ended: $status or $upstream_… is needed`,
    );
  }
  return result.format;
}
