// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What a {@link ScriptedReceiver} does about one line. */
public interface Reply {

  void perform(ScriptedReceiver.Connection connection, ScriptedReceiver.Line line);

  /** Acknowledges this line. */
  static Reply ack() {
    return (connection, line) -> connection.answer(Wire.ack(line.id()));
  }

  /** Acknowledges this line and every one sent before it on the connection. */
  static Reply ackUpTo() {
    return (connection, line) -> connection.answer("{\"ack_up_to\":\"" + line.id() + "\"}\n");
  }

  /** Says nothing. */
  static Reply silence() {
    return (connection, line) -> {};
  }

  /** Refuses; to be tried again by the destination's backoff. */
  static Reply nack(String reason) {
    return (connection, line) ->
        connection.answer("{\"nack\":\"" + line.id() + "\",\"reason\":\"" + reason + "\"}\n");
  }

  /** Refuses for good. */
  static Reply nackForGood(String reason) {
    return (connection, line) ->
        connection.answer(
            "{\"nack\":\"" + line.id() + "\",\"reason\":\"" + reason + "\",\"retry\":false}\n");
  }

  /** Refuses; to be tried again after this time. */
  static Reply nackFor(Duration retryAfter) {
    return (connection, line) ->
        connection.answer(
            "{\"nack\":\"" + line.id() + "\",\"retry_after_ms\":" + retryAfter.toMillis() + "}\n");
  }

  /** Answers this text, as it is, without a line break added. */
  static Reply raw(String text) {
    return (connection, line) -> connection.answer(text);
  }

  /** Performs another reply later; lines that follow are read meanwhile. */
  static Reply after(Duration delay, Reply reply) {
    return (connection, line) -> connection.later(delay, line, reply);
  }

  /** Resets the connection. */
  static Reply cut() {
    return (connection, line) -> connection.reset();
  }

  /** Sends one half of the acknowledgement and closes the connection. */
  static Reply cutInsideAnswer() {
    return (connection, line) -> {
      String ack = Wire.ack(line.id());
      connection.write(ack.substring(0, ack.length() / 2).getBytes(StandardCharsets.UTF_8));
      connection.finish();
    };
  }

  /** Closes the connection in order. */
  static Reply close() {
    return (connection, line) -> connection.finish();
  }

  /** Ends the sending side; goes on reading. */
  static Reply halfClose() {
    return (connection, line) -> connection.halfClose();
  }

  /** Stops listening and resets every connection, as a program does that crashes. */
  static Reply crash() {
    return (connection, line) -> connection.crash();
  }
}
