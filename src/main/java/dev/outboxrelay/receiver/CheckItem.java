// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

/** The checklist of docs/reference/protocol.md, in the order in which it is gone through. */
enum CheckItem {
  CONNECTS("connects", "Listen there, and accept connections."),
  EVERY_OPERATION(
      "every-operation",
      "Members that are not there are no error: a delete has no new, a truncate no row and no key."),
  UNUSUAL_TEXT("unusual-text", "Read the line by a JSON parser, as UTF-8."),
  KEYS(
      "keys",
      "A key may be null, empty, kilobytes long, a JSON array as text, or hold any character."),
  LINE_SEPARATORS(
      "line-separators",
      "A message ends at the byte \\n and nowhere else: not at U+2028, U+2029, U+0085 or a form"
          + " feed, at which some libraries split lines."),
  NUMBERS(
      "numbers",
      "Numbers have as many digits as the row: read them as decimals or as text, or answer with a"
          + " nack."),
  ESCAPES(
      "escapes",
      "\\u0000 and a surrogate that stands alone are JSON: take them as your store can, or answer"
          + " with a nack; the id is at the beginning of the line."),
  NESTED_JSON(
      "nested-json",
      "A JSON column may be 100 levels deep, have blanks between its tokens and a member twice: take"
          + " it, or answer with a nack."),
  UNKNOWN_MEMBERS("unknown-members", "Pass over members that you do not know."),
  LARGE_MESSAGE(
      "large-message",
      "Collect pieces until the message is whole, however long it is, or answer with a nack."),
  SPLIT_MESSAGE(
      "split-message",
      "What is read at once may end anywhere, also inside a character or an escape: collect bytes,"
          + " and decode a message when it is whole."),
  BYTE_BY_BYTE(
      "byte-by-byte", "A single byte may be all that is read at once: collect until the end."),
  PIPELINING(
      "pipelining", "What is read at once may hold many messages: take them all, and answer each."),
  LATE_READING(
      "answers-read-late",
      "A write may take a part only, or wait: keep the rest, and write it when there is room."),
  REPEATED_MESSAGE(
      "repeated-message",
      "Acknowledge what you have seen before again: the first answer was lost."),
  QUIET_CONNECTION(
      "quiet-connection", "Set no time limit to a silent connection, or close it in order."),
  NEW_EPOCH("new-epoch", "A larger epoch is another relay that took over: take its messages."),
  TWO_CONNECTIONS(
      "two-connections",
      "Serve the next connection while one is open: when a relay vanishes without a word, its"
          + " connection stays, and another relay connects."),
  EMPTY_CONNECTION(
      "empty-connection",
      "A connection may end without a byte, in order or by a reset: health checks do that."),
  END_OF_STREAM(
      "end-of-stream",
      "When the other side has ended, close yours: otherwise each connection costs a file handle"
          + " for ever."),
  CONNECTION_CUT(
      "connection-cut",
      "A write to a connection that is gone fails: let it end that connection alone."),
  RESET_INSIDE_MESSAGE(
      "reset-inside-message",
      "A read may fail by a reset: let it end that connection alone, and throw away its rest."),
  HALF_A_MESSAGE(
      "half-a-message",
      "What is left over when the stream ends is no message, also where a library hands it out as a"
          + " last line: throw it away, for it comes again.");

  private final String title;
  private final String advice;

  CheckItem(String title, String advice) {
    this.title = title;
    this.advice = advice;
  }

  String title() {
    return title;
  }

  /** What to mend, to the receiver's author. */
  String advice() {
    return advice;
  }
}
