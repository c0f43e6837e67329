/** A line that waits until no record that began before it can still continue. */
import type { ErrorLine } from '../../model.ts';
import type { Open } from '../error/open.ts';
import type { ByteLength } from '../error/size.ts';

export interface WaitingLine {
  readonly text: string;
  /** null where no line of nginx's begins. */
  readonly line: ErrorLine | null;
  /** What it still waited for when the next line came. */
  open: Open;
  is: 'line' | 'doubtful' | 'forged' | 'continuation' | 'foreign';
  /** The how manieth it is. */
  readonly at: number;
  /** Bytes of its end. */
  readonly lineEnd: number;
  /** As the decoded path of a request is compared. */
  readonly merged: string;
  /** Of the line from which on all are condemned, up to this one. */
  condemnedFrom: number | null;
}

export interface Begun extends WaitingLine {
  readonly line: ErrorLine;
  /** Bytes of all lines before it. */
  readonly before: ByteLength;
  /** Its end has been seen. */
  isOver: boolean;
}

/** A client's text may have broken it up. */
export interface Breakable extends Begun {
  readonly mayBeBegun: boolean;
  /** By which a client's text came into it. */
  readonly channels: number;
}
