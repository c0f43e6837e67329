/**
 * Which of the lines that wait a client had nginx print. What betrays such lines comes behind them: the rest of the record
 * that the client's line feed had broken up.
 */
import { once } from '../../base/once.ts';
import type { ErrorLine } from '../../model.ts';
import {
  channelsEnded,
  endsRecord,
  endsWithoutRequest,
  hasTwoContexts,
  isDebug,
  lacksConnection,
  linesBefore,
  loginChannel,
  matters,
  mayEndLogin,
  quoteChannel,
  type RequestLines,
} from '../error/forged.ts';
import type { Breakable } from './waiting-line.ts';
import type { Window } from './window.ts';

/** Of the last line that waits; `firstOfRead` is the number of the first line that has come since the last pause. */
export interface Judge {
  /** It begins like one of nginx's. */
  line(text: string, line: ErrorLine, requests: readonly RequestLines[], firstOfRead: number): void;
  /** It begins otherwise. @param isOpen the record before it still waits for its end */
  rest(text: string, requests: readonly RequestLines[], isOpen: boolean, firstOfRead: number): void;
}

export function createJudge(waiting: Window): Judge {
  const textBefore = (ago: number): string | null => waiting.ago(ago)?.merged ?? null;

  /** How many lines ago the record began of which this line is a part for certain; null where nothing says so. */
  function splitBefore(requests: readonly RequestLines[], isLine: boolean): number | null {
    return linesBefore(requests, isLine, textBefore) ?? waiting.furthestFollowed();
  }

  /** The same where a record that lacks its end lies further back, and this is, or can be, that end. */
  function splitOpen(text: string): number | null {
    const ended = once(() => channelsEnded(text));
    const isEnding = once(() => endsRecord(text));
    return waiting.furthest((first) => {
      if (first.open === null || first.line.connection === null || !waiting.hasLineBehind(first)) return false;
      return waiting.isCutHere(first) || (first.channels & ended()) !== 0 || (first.open === 'message' && isEnding());
    });
  }

  function judgeLine(text: string, line: ErrorLine, requests: readonly RequestLines[], firstOfRead: number): void {
    const entry = waiting.ago(0);
    if (entry === undefined) return;
    if (lacksConnection(line)) entry.is = 'forged';
    const split = splitBefore(requests, true);
    if (split !== null) {
      waiting.condemn(split);
      return;
    }
    if (matters(line) && hasTwoContexts(text)) {
      const ended = channelsEnded(text);
      waiting.suspect(waiting.furthest(({ channels }) => (channels & ended) !== 0) ?? 0);
      entry.is = 'forged';
    } else if (matters(line) && mayEndLogin(waiting.ago(1)?.line ?? null, line)) entry.is = 'doubtful';
    judgeQuote(text, firstOfRead);
    judgeEnd();
  }

  /**
   * It may end where nginx cut a record that a client's text had got into: behind that text stands nothing then, or what
   * completes a line that the client began. By chance real lines end there, too. What looks like the end of the record
   * before may be the client's.
   */
  function judgeEnd(): void {
    const isCut = (first: Breakable) => waiting.hasLineBehind(first) && waiting.isCutHere(first);
    const open = waiting.furthest((first) => !first.isOver && first.open !== null && isCut(first));
    if (open !== null) waiting.condemn(open);
    const begun = waiting.furthest((first) => first.mayBeBegun && isCut(first));
    if (begun !== null) waiting.doubt(begun);
  }

  /**
   * Two records that quote clients may be one, where what ends the second holds no request: a client had ended the first
   * itself, and begun the second. Records of two reads are none: clients that do no more than knock would hide failures.
   */
  function judgeQuote(text: string, firstOfRead: number): void {
    if (!endsWithoutRequest(text)) return;
    const begun = waiting.furthest(({ channels, at }) => (channels & quoteChannel) !== 0 && at >= firstOfRead);
    if (begun !== null) waiting.doubt(begun);
  }

  /** How many lines ago the record began of which this is the rest, where that looked complete; null where none did. */
  function splitClosed(text: string): number | null {
    const ended = once(() => channelsEnded(text));
    const isEnding = once(() => endsRecord(text));
    const ago = waiting.furthest(({ channels }) => {
      return (channels & ended()) !== 0 && ((channels & loginChannel) !== 0 || isEnding());
    });
    return ago ?? debugLinesBefore(text);
  }

  /**
   * How many lines before this one, which has no prefix, the debug line stands that it ends; null where it ends none.
   * nginx writes nothing of the kind behind a failure: a client's line feed has broken up what nginx had begun to quote.
   */
  function debugLinesBefore(text: string): number | null {
    const last = waiting.ago(1)?.line ?? null;
    if (last === null || !matters(last) || !text.includes('"')) return null;
    const ago = waiting.nearest(({ line }) => isDebug(line));
    return ago !== null && waiting.ago(ago)?.text.includes('"') === true ? ago : null;
  }

  return {
    line: judgeLine,
    rest(text, requests, isOpen, firstOfRead) {
      const split = splitBefore(requests, false) ?? splitOpen(text) ?? (isOpen ? null : splitClosed(text));
      if (split !== null) waiting.condemn(split);
      else {
        judgeQuote(text, firstOfRead);
        judgeEnd();
      }
    },
  };
}
