// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.ShutdownSignalException;
import dev.outboxrelay.sink.tcp.Printable;
import org.jspecify.annotations.Nullable;

/** Says in words why a connection or channel has ended. */
final class Closing {
  private static final int MAX_CAUSES = 10;
  private static final int MAX_WORDS = 200;

  private Closing() {}

  /** The broker's own words, if it has said any. */
  static String words(Throwable problem) {
    Throwable cause = problem;
    Throwable last = problem;
    for (int each = 0; cause != null && each < MAX_CAUSES; each++) {
      String said = cause instanceof ShutdownSignalException end ? said(end) : null;
      if (said != null) {
        return "the broker says: " + Printable.text(said, MAX_WORDS);
      }
      last = cause;
      cause = cause.getCause();
    }
    String message = last.getMessage();
    return Printable.text(
        message == null
            ? "the connection broke (" + last.getClass().getSimpleName() + ")"
            : message,
        MAX_WORDS);
  }

  private static @Nullable String said(ShutdownSignalException end) {
    Method reason = end.getReason();
    if (reason instanceof AMQP.Channel.Close close) {
      return close.getReplyText();
    }
    if (reason instanceof AMQP.Connection.Close close) {
      return close.getReplyText();
    }
    return null;
  }
}
